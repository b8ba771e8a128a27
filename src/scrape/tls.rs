//! TLS settings beyond the defaults. They hold no paths: a worker reads no files except the system's own.

use std::fmt;

use reqwest::{Certificate, ClientBuilder, Identity, tls::Version};
use serde::{Deserialize, Serialize};

/// How servers are verified, and how this client identifies itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsSettings {
    /// Certificates of trusted authorities, in addition to the system's own, as DER.
    pub authorities: Vec<Vec<u8>>,
    /// The certificate that is shown to servers that ask for one.
    pub client: Option<ClientCertificate>,
    /// The oldest accepted version.
    pub min_version: TlsVersion,
    /// Whether any server certificate is accepted, even an invalid one or one for another host.
    pub insecure: bool,
}

/// A certificate with its chain and its private key, as PEM. Its `Debug` form does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientCertificate {
    pem: Vec<u8>,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum TlsVersion {
    #[default]
    Tls12,
    Tls13,
}

impl ClientCertificate {
    /// Takes PEM with the client's own certificate first, further certificates, and one private key.
    pub fn of_pem(pem: Vec<u8>) -> Self {
        Self { pem }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

impl TlsSettings {
    /// Applies the settings to a client. The client reads the system's trust anchors when it is built, unless
    /// verification is off.
    pub(super) fn apply(&self, builder: ClientBuilder) -> reqwest::Result<ClientBuilder> {
        let mut builder = builder.tls_version_min(match self.min_version {
            TlsVersion::Tls12 => Version::TLS_1_2,
            TlsVersion::Tls13 => Version::TLS_1_3,
        });
        if let Some(client) = &self.client {
            builder = builder.identity(Identity::from_pem(&client.pem)?);
        }
        if self.insecure {
            return Ok(builder.tls_danger_accept_invalid_certs(true));
        }
        let authorities =
            self.authorities.iter().map(|der| Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
        Ok(if authorities.is_empty() { builder } else { builder.tls_certs_merge(authorities) })
    }
}
