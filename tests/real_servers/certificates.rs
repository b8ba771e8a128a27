//! Valid and invalid certificates, as PEM.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};

/// A certificate and its key.
pub(crate) struct Signed {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// A private certificate authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) certificate: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// A valid certificate for `localhost` and 127.0.0.1.
    pub(crate) fn valid(&self) -> Signed {
        self.sign(&["localhost", "127.0.0.1"], |_| {})
    }

    pub(crate) fn expired(&self) -> Signed {
        self.sign(&["localhost"], |params| params.not_after = date_time_ymd(2001, 1, 1))
    }

    pub(crate) fn of_another_host(&self) -> Signed {
        self.sign(&["elsewhere.example"], |_| {})
    }

    fn sign(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Signed {
        let mut params = params(names);
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Signed { certificate: certificate.pem(), key: key.serialize_pem() }
    }
}

/// A self-signed certificate for `localhost`.
pub(crate) fn self_signed() -> Signed {
    let key = KeyPair::generate().expect("a key");
    let certificate = params(&["localhost"]).self_signed(&key).expect("a certificate");
    Signed { certificate: certificate.pem(), key: key.serialize_pem() }
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).expect("names")
}
