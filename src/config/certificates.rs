//! `[tls]`: files -> values. They are read here, since a worker reads none of ours, and so that what is wrong with them is
//! found before the first request.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::error::{Complaint, Problem, ProblemKind};
use super::settings::{Given, Tls};
use crate::scrape::{ClientCertificate, TlsSettings};

/// What `tls` means, with paths that begin in `folder`.
pub(super) fn resolve(tls: &Tls, folder: &Path, problems: &mut Vec<Problem>) -> TlsSettings {
    let mut reader = Reader { folder, problems };
    TlsSettings {
        authorities: reader.authorities(tls.ca_file.given()),
        client: reader.client(tls.client_certificate.given(), tls.client_key.given()),
        min_version: tls.min_version.given().value,
        insecure: tls.insecure.given().value,
    }
}

/// The files that `tls` names.
pub(super) fn files(tls: &Tls, folder: &Path) -> Vec<PathBuf> {
    let names = [tls.ca_file.given(), tls.client_certificate.given(), tls.client_key.given()];
    names.into_iter().filter_map(|given| Some(folder.join(given.value.as_ref()?))).collect()
}

struct Reader<'a> {
    folder: &'a Path,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn authorities(&mut self, file: &Given<Option<PathBuf>>) -> Vec<Vec<u8>> {
        const NAME: &str = "tls.ca_file";
        let Some(bytes) = self.read(NAME, file) else { return Vec::new() };
        let certificates = self.certificates(NAME, file, &bytes).unwrap_or_default();
        for certificate in &certificates {
            if let Err(error) = RootCertStore::empty().add(certificate.clone()) {
                let message = format!("names a file with a certificate that is none of an authority ({error})");
                self.refuse(NAME, file, Complaint::new(message));
            }
        }
        certificates.iter().map(|certificate| certificate.to_vec()).collect()
    }

    fn client(
        &mut self,
        file: &Given<Option<PathBuf>>,
        key_file: &Given<Option<PathBuf>>,
    ) -> Option<ClientCertificate> {
        const NAME: &str = "tls.client_certificate";
        const KEY: &str = "tls.client_key";
        if file.value.is_none() && key_file.value.is_some() {
            let problem =
                Problem::new(ProblemKind::Conflict, format!("`{KEY}` needs `{NAME}`"), key_file.place.clone());
            self.problems
                .push(problem.with_help(format!("set {NAME} to the file of the certificate that it is the key of")));
            return None;
        }
        let bytes = self.read(NAME, file)?;
        let chain = self.certificates(NAME, file, &bytes);
        let (key_name, key_file) = if key_file.value.is_none() { (NAME, file) } else { (KEY, key_file) };
        let key = if key_name == NAME { bytes } else { self.read(key_name, key_file)? };
        let Ok(key) = PrivateKeyDer::from_pem_slice(&key) else {
            let complaint = Complaint::new("names a file without a private key");
            let help = if key_name == NAME {
                "name the key's own file in tls.client_key"
            } else {
                "a key is PEM, and is not encrypted: -----BEGIN PRIVATE KEY-----"
            };
            self.refuse(key_name, key_file, complaint.with_help(help));
            return None;
        };
        let chain = chain?;
        let provider = rustls::crypto::ring::default_provider();
        if let Err(error) = CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider) {
            self.refuse(
                key_name,
                key_file,
                Complaint::new(format!("names a key that does not fit the certificate ({error})")),
            );
            return None;
        }
        let label = match &key {
            PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
            PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
            _ => "PRIVATE KEY",
        };
        let mut all: String = chain.iter().map(|certificate| pem("CERTIFICATE", certificate)).collect();
        all.push_str(&pem(label, key.secret_der()));
        Some(ClientCertificate::of_pem(all.into_bytes()))
    }

    /// The bytes of a file; nothing where none is named, or where it cannot be read.
    fn read(&mut self, setting: &str, file: &Given<Option<PathBuf>>) -> Option<Vec<u8>> {
        match std::fs::read(self.folder.join(file.value.as_deref()?)) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.refuse(setting, file, Complaint::new(format!("names a file that cannot be read: {error}")));
                None
            }
        }
    }

    /// The certificates of a file, of which there must be one.
    fn certificates(
        &mut self,
        setting: &str,
        file: &Given<Option<PathBuf>>,
        pem: &[u8],
    ) -> Option<Vec<CertificateDer<'static>>> {
        match CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>() {
            Ok(certificates) if !certificates.is_empty() => Some(certificates),
            Ok(_) | Err(_) => {
                let complaint = Complaint::new("names a file without a certificate");
                self.refuse(setting, file, complaint.with_help("certificates are PEM: -----BEGIN CERTIFICATE-----"));
                None
            }
        }
    }

    fn refuse(&mut self, setting: &str, file: &Given<Option<PathBuf>>, complaint: Complaint) {
        let name = file.value.as_deref().map(Path::to_string_lossy);
        self.problems.push(complaint.about(setting, &file.place, name.as_deref()));
    }
}

/// DER as PEM (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let mut lines = BASE64_STANDARD.encode(der);
    for at in (64..lines.len()).step_by(64).rev() {
        lines.insert(at, '\n');
    }
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}
