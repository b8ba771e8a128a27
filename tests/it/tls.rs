//! https: trusted certificates, client certificates, and the errors if they fail. The tests create all certificates.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use crate::raw_server::proxy::Proxy;
use crate::support::{Finished, Run, records, scrape};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{ALL_VERSIONS, RootCertStore, ServerConfig, SupportedProtocolVersion};

/// A private certificate authority.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
}

/// A certificate with its key.
struct Signed {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self { issuer: Issuer::new(params, key), certificate }
    }

    fn sign(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Signed {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        change(&mut params);
        let key = KeyPair::generate().expect("a key");
        Signed { certificate: params.signed_by(&key, &self.issuer).expect("a certificate"), key }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).expect("an authority");
        roots
    }
}

impl Signed {
    fn chain(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (vec![self.certificate.der().clone()], PrivatePkcs8KeyDer::from(self.key.serialize_der()).into())
    }
}

/// Starts a server that answers every request with a page; returns its URL. With `clients`, it requires a client
/// certificate of that authority.
fn serve(signed: &Signed, versions: &[&'static SupportedProtocolVersion], clients: Option<&Authority>) -> String {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .expect("known versions");
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(clients) => {
            let roots = Arc::new(clients.roots());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::new(default_provider()));
            config.with_client_cert_verifier(verifier.build().expect("a verifier"))
        }
    };
    let (chain, key) = signed.chain();
    let config = Arc::new(config.with_single_cert(chain, key).expect("a key that fits"));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let session = rustls::ServerConnection::new(Arc::clone(&config)).expect("a session");
            let mut stream = rustls::StreamOwned::new(session, stream);
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
                head.push(byte[0]);
            }
            // A client that does not trust the certificate has closed the connection.
            let _ =
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\nconnection: close\r\n\r\n<title>T</title>");
            stream.conn.send_close_notify();
            let _ = stream.flush();
            // Waits until the client closes the connection, so that the answer is not lost.
            let _ = stream.sock.read(&mut [0; 1024]);
        }
    });
    format!("https://localhost:{port}/")
}

fn run(url: &str, sets: &[String]) -> Finished {
    let mut command = scrape([url, "-w", "1", "--max-retries", "3", "-f", "jsonl", "--no-robots"]);
    for set in sets {
        command.args(["--set", set]);
    }
    Run::to_end(command)
}

fn set(name: &str, value: impl AsRef<Path>) -> String {
    format!("tls.{name}={}", value.as_ref().display())
}

/// The message of a `tls` failure, which is never retried.
#[track_caller]
fn refusal(run: Finished) -> String {
    let run = run.exited(3);
    let record = records(&run.stdout).remove(0);
    let failure = record.failure.expect("a failure");
    assert_eq!((&*failure.kind, &*failure.stage, record.attempts), ("tls", "fetch", 1), "{failure:?}");
    failure.message
}

#[test]
fn a_private_authority_is_trusted_in_addition_to_those_of_the_system() {
    let folder = tempfile::tempdir().expect("a folder");
    let (authority, other) = (Authority::new("one"), Authority::new("two"));
    let url = serve(&authority.sign("localhost", |_| {}), ALL_VERSIONS, None);
    let file = folder.path().join("ca.pem");
    // Several certificates in one file.
    fs::write(&file, other.certificate.pem() + &authority.certificate.pem()).expect("written");
    let message = refusal(run(&url, &[]));
    assert!(message.contains("host `localhost`") && message.contains("issuer that is not trusted"), "{message}");
    let run = run(&url, &[set("ca_file", &file)]).exited(0);
    assert_eq!(records(&run.stdout)[0].status, Some(200));
    assert!(!run.stderr.contains("certificates are not checked"), "{}", run.stderr);
}

#[test]
fn an_invalid_certificate_is_refused_with_the_reason_unless_insecure() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("one");
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority.certificate.pem()).expect("written");
    let expired = authority.sign("localhost", |params| params.not_after = date_time_ymd(2001, 1, 1));
    let early = authority.sign("localhost", |params| params.not_before = date_time_ymd(3000, 1, 1));
    let table = [
        (expired, "its certificate has expired"),
        (early, "its certificate is not valid yet"),
        (authority.sign("elsewhere.example", |_| {}), "its certificate is for another name"),
    ];
    for (signed, reason) in table {
        let url = serve(&signed, ALL_VERSIONS, None);
        let message = refusal(run(&url, &[set("ca_file", &file)]));
        assert!(message.contains(reason), "{message}");
        let mut command = scrape([&url, "-w", "2", "-f", "jsonl", "--no-robots", "--insecure"]);
        command.args(["--set", &set("ca_file", &file)]);
        let run = Run::to_end(command).exited(0);
        assert_eq!(run.stderr.matches("certificates are not checked").count(), 1, "{}", run.stderr);
    }
}

#[test]
fn a_client_certificate_is_sent_if_the_server_asks_for_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("written");
        path
    };
    let (authority, clients) = (Authority::new("one"), Authority::new("two"));
    let client = clients.sign("me", |_| {});
    let stranger = authority.sign("me", |_| {});
    let ca = set("ca_file", file("ca.pem", authority.certificate.pem()));
    let certificate = file("client.pem", client.certificate.pem() + &clients.certificate.pem());
    let key = file("client.key", client.key.serialize_pem());
    let both = file("both.pem", client.key.serialize_pem() + &client.certificate.pem());
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13][..]] {
        let server = || serve(&authority.sign("localhost", |_| {}), versions, Some(&clients));
        let sets = [ca.clone(), set("client_certificate", &certificate), set("client_key", &key)];
        run(&server(), &sets).exited(0);
        run(&server(), &[ca.clone(), set("client_certificate", &both)]).exited(0);
        let message = refusal(run(&server(), std::slice::from_ref(&ca)));
        assert!(message.contains("tls.client_certificate"), "{message}");
        let strange = file("strange.pem", stranger.key.serialize_pem() + &stranger.certificate.pem());
        let message = refusal(run(&server(), &[ca.clone(), set("client_certificate", strange)]));
        assert!(message.contains("tls.client_certificate"), "{message}");
    }
}

#[test]
fn tls_versions_below_the_minimum_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("one");
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority.certificate.pem()).expect("written");
    let sets = [set("ca_file", &file), "tls.min_version=1.3".to_owned()];
    let old = serve(&authority.sign("localhost", |_| {}), &[&rustls::version::TLS12], None);
    let message = refusal(run(&old, &sets));
    assert!(message.contains("tls.min_version"), "{message}");
    run(&old, &sets[..1]).exited(0);
    run(&serve(&authority.sign("localhost", |_| {}), ALL_VERSIONS, None), &sets).exited(0);
}

#[test]
fn missing_and_invalid_tls_files_are_errors_before_the_first_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("one");
    let client = authority.sign("me", |_| {});
    let other = authority.sign("other", |_| {});
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    write("garbage.pem", "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n");
    write("none.pem", "hello\n");
    write("no.der.pem", "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n");
    write("client.pem", &client.certificate.pem());
    write("other.key", &other.key.serialize_pem());
    let table = [
        ("ca_file = \"nope.pem\"", "`tls.ca_file` names a file that cannot be read: ", "2:11"),
        ("ca_file = \"none.pem\"", "`tls.ca_file` names a file without a certificate", "2:11"),
        ("ca_file = \"garbage.pem\"", "`tls.ca_file` names a file without a certificate", "2:11"),
        (
            "ca_file = \"no.der.pem\"",
            "`tls.ca_file` names a file with a certificate that is not valid for an authority",
            "2:11",
        ),
        ("client_certificate = \"client.pem\"", "`tls.client_certificate` names a file without a private key", "2:22"),
        ("client_key = \"other.key\"", "`tls.client_key` needs `tls.client_certificate`", "2:14"),
        (
            "client_certificate = \"client.pem\"\nclient_key = \"other.key\"",
            "`tls.client_key` names a key that does not fit the certificate",
            "3:14",
        ),
        (
            "client_certificate = \"client.pem\"\nclient_key = \"none.pem\"",
            "`tls.client_key` names a file without a private key",
            "3:14",
        ),
        ("min_version = \"1.1\"", "`tls.min_version` must be one of \"1.2\", \"1.3\"", "2:15"),
    ];
    for (settings, expected, place) in table {
        write("gleaner.toml", &format!("[tls]\n{settings}\n"));
        let mut command = scrape(["http://127.0.0.1:9/"]);
        command.current_dir(folder.path());
        let run = Run::to_end(command).exited(2);
        assert!(
            run.stderr.contains(expected) && run.stderr.contains(&format!("gleaner.toml:{place}\n")),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn an_https_proxy_is_trusted_like_any_https_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("one");
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority.certificate.pem()).expect("written");
    let proxy = serve(&authority.sign("localhost", |_| {}), ALL_VERSIONS, None);
    let proxies = format!("network.proxies={}", proxy.trim_end_matches('/'));
    run("http://nowhere.example/", &[proxies.clone(), set("ca_file", &file)]).exited(0);
    let refused = run("http://nowhere.example/", &[proxies, "fetch.max_retries=0".to_owned()]).exited(3);
    let failure = records(&refused.stdout).remove(0).failure.expect("a failure");
    assert_eq!(failure.kind, "connect");
    assert!(failure.message.contains("reach the proxy https://localhost:"), "{failure:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_through_proxies_checks_the_certificate_of_the_requested_host() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new("one");
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority.certificate.pem()).expect("written");
    let signed = authority.sign("shop.example", |_| {});
    for scheme in ["http", "socks5h"] {
        let server = serve(&signed, ALL_VERSIONS, None);
        let port = server.trim_end_matches('/').rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let proxy = Proxy::start(([127, 0, 0, 1], port).into(), true).await;
        let sets = [format!("network.proxies={}", proxy.unlocked(scheme)), set("ca_file", &file)];
        let (page, other) = tokio::task::block_in_place(|| {
            (run("https://shop.example/", &sets).exited(0), run("https://other.example/", &sets))
        });
        assert_eq!(records(&page.stdout)[0].status, Some(200));
        assert!(refusal(other).contains("another name"));
        assert!(proxy.asked()[0].ends_with(" shop.example:443"), "{:?}", proxy.asked());
    }
}
