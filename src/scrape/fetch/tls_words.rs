//! Explains TLS errors in plain words.

use rustls::{AlertDescription as Alert, CertificateError as Certificate, Error};

use crate::model::Retry;

/// Returns why TLS failed, if it is known, and whether a retry may help.
pub(super) fn why(error: &Error) -> (Option<&'static str>, Retry) {
    let words = match error {
        Error::InvalidCertificate(certificate) => of_certificate(certificate),
        Error::NoCertificatesPresented => "it sends no certificate",
        Error::AlertReceived(Alert::CertificateRequired) => {
            "it requires a client certificate (see `tls.client_certificate`)"
        }
        Error::AlertReceived(
            Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied,
        ) => "it rejects the client certificate (see `tls.client_certificate`)",
        Error::AlertReceived(Alert::ProtocolVersion) | Error::PeerIncompatible(_) => {
            "it supports no accepted version of TLS (see `tls.min_version`)"
        }
        Error::UnsupportedNameType | Error::InvalidCertRevocationList(_) => "its certificate cannot be checked",
        Error::InvalidMessage(_) => return (Some("its answer is not valid TLS"), Retry::Yes),
        _ => return (None, Retry::Yes),
    };
    (Some(words), Retry::No)
}

fn of_certificate(error: &Certificate) -> &'static str {
    match error {
        Certificate::Expired | Certificate::ExpiredContext { .. } => "its certificate has expired",
        Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => "its certificate is not valid yet",
        Certificate::UnknownIssuer => {
            "its certificate has an issuer that is not trusted (a private one can be added with `tls.ca_file`)"
        }
        Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        Certificate::Revoked => "its certificate has been revoked",
        Certificate::BadEncoding => "its certificate is malformed",
        Certificate::InvalidPurpose | Certificate::InvalidPurposeContext { .. } => "its certificate is not for servers",
        _ => "its certificate cannot be trusted",
    }
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, CertificateError, Error, PeerIncompatible};

    use super::why;
    use crate::model::Retry;

    #[test]
    fn permanent_tls_errors_are_explained_and_not_retried() {
        let table = [
            (Error::InvalidCertificate(CertificateError::Expired), Some("expired"), Retry::No),
            (Error::InvalidCertificate(CertificateError::NotValidYet), Some("not valid yet"), Retry::No),
            (Error::InvalidCertificate(CertificateError::UnknownIssuer), Some("issuer"), Retry::No),
            (Error::InvalidCertificate(CertificateError::NotValidForName), Some("another name"), Retry::No),
            (Error::InvalidCertificate(CertificateError::Revoked), Some("revoked"), Retry::No),
            (Error::AlertReceived(AlertDescription::CertificateRequired), Some("client_certificate"), Retry::No),
            (Error::AlertReceived(AlertDescription::UnknownCA), Some("client_certificate"), Retry::No),
            (Error::AlertReceived(AlertDescription::ProtocolVersion), Some("min_version"), Retry::No),
            (Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13), Some("min_version"), Retry::No),
            (Error::AlertReceived(AlertDescription::InternalError), None, Retry::Yes),
            (Error::DecryptError, None, Retry::Yes),
        ];
        for (error, says, retry) in table {
            let (words, found) = why(&error);
            assert_eq!(found, retry, "{error}");
            assert_eq!(words.is_some(), says.is_some(), "{error}");
            assert!(words.unwrap_or_default().contains(says.unwrap_or_default()), "{error}: {words:?}");
        }
    }
}
