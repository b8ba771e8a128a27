//! What fetching needs of the system: files, variables of the environment, and perhaps UNIX sockets. For whoever confines the
//! process that fetches.

use std::path::{Path, PathBuf};

use super::{FetchSettings, Proxies};

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

/// Where curl and others read proxies.
const PROXY_VARIABLES: &[&str] = &[
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    // With it, `HTTP_PROXY` is what a client of a CGI script says, and no proxy.
    "REQUEST_METHOD",
];

/// Names of the environment variables that fetching by these settings reads.
pub fn needed_variables(settings: &FetchSettings) -> Vec<String> {
    let of_hosts = settings.hosts.values().filter_map(|host| host.proxy.as_ref());
    let has_proxies = of_hosts.chain([&settings.proxies]).any(|proxies| *proxies == Proxies::OfEnvironment);
    let proxies = if has_proxies { PROXY_VARIABLES } else { &[] };
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().chain(proxies).map(|name| (*name).to_owned()).collect()
}

/// Services in the `hosts` line of `nsswitch.conf` that look into files or ask servers by themselves. All others ask a daemon of
/// this machine by a UNIX socket.
const WITHOUT_DAEMON: &[&str] = &["files", "dns", "myhostname", "db", "hesiod", "nis", "ldap"];

/// Whether names are looked up here by asking a daemon (nscd, systemd-resolved, Avahi, sssd), for which UNIX sockets are
/// needed.
pub fn asks_daemons_for_names() -> bool {
    let switch = std::fs::read_to_string("/etc/nsswitch.conf").unwrap_or_default();
    names_a_daemon(&switch) || Path::new("/var/run/nscd/socket").exists()
}

fn names_a_daemon(switch: &str) -> bool {
    let lines = switch.lines().map(|line| line.split('#').next().unwrap_or_default());
    let hosts = lines.filter_map(|line| line.trim().strip_prefix("hosts:")).next_back().unwrap_or_default();
    // What to do after an answer stands in brackets, perhaps with spaces.
    let mut depth = 0;
    let services = hosts.split_whitespace().filter(|word| {
        let is_service = depth == 0 && !word.starts_with('[');
        depth += word.matches('[').count();
        depth -= word.matches(']').count().min(depth);
        is_service
    });
    services.into_iter().any(|service| !WITHOUT_DAEMON.contains(&service))
}

#[cfg(test)]
mod tests {
    use super::names_a_daemon;

    #[test]
    fn whether_a_daemon_is_asked_stands_in_the_line_of_hosts() {
        let table = [
            ("", false),
            ("passwd: files systemd\n", false),
            ("hosts: files dns\n", false),
            ("hosts:\tfiles myhostname dns # mdns4 is off\n", false),
            ("# hosts: mdns4\nhosts: files dns", false),
            ("hosts: files [NOTFOUND=return] dns", false),
            ("hosts: files [ NOTFOUND = return ] dns", false),
            ("hosts: files mdns4_minimal [NOTFOUND=return] dns", true),
            ("hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns", true),
            ("  hosts: files sss dns", true),
            ("hosts: files dns wins\nnetworks: files", true),
        ];
        for (switch, expected) in table {
            assert_eq!(names_a_daemon(switch), expected, "{switch}");
        }
    }
}
