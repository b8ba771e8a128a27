//! The files that fetching reads, for whoever confines the process that fetches.

use std::path::PathBuf;

/// What looking up a name reads: glibc's own resolver, the name services that `nsswitch.conf` may call in (their code
/// is loaded at the first look-up), and musl's.
///
/// Of `resolv.conf` and `hosts` this names the files of now. Where they are links into a folder of their own, as
/// systemd-resolved, `NetworkManager` and resolvconf have it, the folder is named as well, so that a rewritten file is
/// found.
const NAMES: &[&str] = &[
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/mdns.allow",
    "/etc/ld.so.cache",
    "/run/systemd/resolve",
    "/run/NetworkManager",
    "/run/resolvconf",
    "/run/nscd",
    "/var/run/nscd",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
];

/// Where systems keep the certificates that they trust: those of `openssl-probe`, and what these are links to. Whole
/// folders such as `/etc/ssl` are not among them, since private keys live beside.
const TRUST: &[&str] = &[
    "/etc/ssl/certs",
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust",
    "/etc/ca-certificates",
    "/etc/security/certificates",
    "/opt/etc/ssl/certs",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/pki",
    "/var/lib/ca-certificates",
];

/// Everything that a [`Scraper`](super::Scraper) may read once it is made: what TLS and the look-up of names need. Many
/// of these files exist on some systems only. Those of `SSL_CERT_FILE` and `SSL_CERT_DIR` are among them.
pub fn needed_files() -> Vec<PathBuf> {
    let file = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let folders = std::env::var_os("SSL_CERT_DIR").unwrap_or_default();
    let folders = std::env::split_paths(&folders).filter(|path| !path.as_os_str().is_empty());
    NAMES.iter().chain(TRUST).map(PathBuf::from).chain(file).chain(folders).collect()
}
