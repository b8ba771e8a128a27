//! A certificate authority for one test, and a server certificate that it signed.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// The settings of a TLS server on `localhost`, and the certificate that its clients must trust.
pub(crate) struct Authority {
    /// The settings of the server. It offers no protocols by ALPN.
    pub(crate) server: rustls::ServerConfig,
    folder: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut authority = rcgen::CertificateParams::new(Vec::new()).expect("no names");
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority_key = rcgen::KeyPair::generate().expect("a key");
        let signed = authority.self_signed(&authority_key).expect("a certificate");
        let issuer = rcgen::Issuer::new(authority, authority_key);
        let key = rcgen::KeyPair::generate().expect("a key");
        let leaf = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        let leaf: CertificateDer<'static> = leaf.signed_by(&key, &issuer).expect("a certificate").der().clone();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("known versions")
            .with_no_client_auth()
            .with_single_cert(vec![leaf], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .expect("a key that fits");
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Self { server, folder };
        fs::write(authority.trusted(), signed.pem()).expect("written");
        authority
    }

    /// The file for `SSL_CERT_FILE`.
    pub(crate) fn trusted(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }
}
