//! `[tls]`: files -> values. They are read here because workers must not read the user's files, and because what is wrong
//! with them must be found before the first request.

use std::fs::File;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::bounded;
use super::draft::{Placed, TlsFiles};
use super::error::{Complaint, Problem, ProblemKind};
use crate::scrape::{ClientCertificate, TlsSettings};

/// Reads the `files` into `settings`. Relative paths begin in `folder`.
pub(super) fn read(files: &TlsFiles, folder: &Path, settings: &mut TlsSettings, problems: &mut Vec<Problem>) {
    let mut reader = Reader { folder, problems };
    settings.authorities = files.ca_file.as_ref().map(|file| reader.authorities(file)).unwrap_or_default();
    settings.client = reader.client(files.client_certificate.as_ref(), files.client_key.as_ref());
}

/// The paths of the `files`.
pub(super) fn paths(files: &TlsFiles, folder: &Path) -> Vec<PathBuf> {
    let TlsFiles { ca_file, client_certificate, client_key } = files;
    [ca_file, client_certificate, client_key].into_iter().flatten().map(|file| folder.join(&file.value)).collect()
}

struct Reader<'a> {
    folder: &'a Path,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn authorities(&mut self, file: &Placed<PathBuf>) -> Vec<Vec<u8>> {
        const NAME: &str = "tls.ca_file";
        let Some(bytes) = self.read(NAME, file) else { return Vec::new() };
        let certificates = self.certificates(NAME, file, &bytes).unwrap_or_default();
        for certificate in &certificates {
            if let Err(error) = RootCertStore::empty().add(certificate.clone()) {
                let message = format!("names a file with a certificate that is not valid for an authority ({error})");
                self.refuse(NAME, file, Complaint::new(message));
            }
        }
        certificates.iter().map(|certificate| certificate.to_vec()).collect()
    }

    fn client(
        &mut self,
        file: Option<&Placed<PathBuf>>,
        key_file: Option<&Placed<PathBuf>>,
    ) -> Option<ClientCertificate> {
        const NAME: &str = "tls.client_certificate";
        const KEY: &str = "tls.client_key";
        let Some(file) = file else {
            if let Some(key_file) = key_file {
                let message = format!("`{KEY}` needs `{NAME}`");
                let problem = Problem::new(ProblemKind::Conflict, message, key_file.place.clone());
                self.problems.push(problem.with_help(format!("set {NAME} to the file of the certificate of this key")));
            }
            return None;
        };
        let bytes = self.read(NAME, file)?;
        let chain = self.certificates(NAME, file, &bytes);
        let (key_name, key_file) = key_file.map_or((NAME, file), |key_file| (KEY, key_file));
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

    /// The bytes of a file; `None` if it cannot be read.
    fn read(&mut self, setting: &str, file: &Placed<PathBuf>) -> Option<Vec<u8>> {
        match File::open(self.folder.join(&file.value)).and_then(|file| bounded::read(file, bounded::LARGEST)) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.refuse(setting, file, Complaint::new(format!("names a file that cannot be read: {error}")));
                None
            }
        }
    }

    /// The certificates of a file, which must have at least one.
    fn certificates(
        &mut self,
        setting: &str,
        file: &Placed<PathBuf>,
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

    fn refuse(&mut self, setting: &str, file: &Placed<PathBuf>, complaint: Complaint) {
        self.problems.push(complaint.about(setting, &file.place, Some(&file.value.to_string_lossy())));
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
