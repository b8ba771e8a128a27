//! The files, environment variables and perhaps UNIX sockets that fetching needs. The sandbox of the worker process
//! must allow them.

use std::path::{Path, PathBuf};

use super::FetchSettings;
use crate::model::Proxies;

/// Files that a name look-up reads. They are those of glibc's resolver, of the name services that `nsswitch.conf` may
/// name (whose code is loaded at the first look-up), and of musl's resolver.
///
/// `resolv.conf` and `hosts` are often links into another folder (systemd-resolved, `NetworkManager`, resolvconf). That
/// folder is listed too, so that a file that is rewritten later stays readable.
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

/// Where systems keep their trusted certificates: the paths of `openssl-probe`, and the targets of links among them.
/// Whole folders such as `/etc/ssl` are not listed, because they also hold private keys.
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

/// All files that a [`Scraper`](super::Scraper) may read after it is made, for TLS and for name look-ups. Many of them
/// exist only on some systems. The paths in `SSL_CERT_FILE` and `SSL_CERT_DIR` are included.
pub fn needed_files() -> Vec<PathBuf> {
    let file = std::env::var_os("SSL_CERT_FILE").map(PathBuf::from);
    let folders = std::env::var_os("SSL_CERT_DIR").unwrap_or_default();
    let folders = std::env::split_paths(&folders).filter(|path| !path.as_os_str().is_empty());
    NAMES.iter().chain(TRUST).map(PathBuf::from).chain(file).chain(folders).collect()
}

/// The environment variables in which curl and others look for proxies.
const PROXY_VARIABLES: &[&str] = &[
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    // If it is set, this is a CGI script and `HTTP_PROXY` comes from its client: it is not a proxy then.
    "REQUEST_METHOD",
];

/// Returns the names of the environment variables that fetching with these settings reads.
pub fn needed_variables(settings: &FetchSettings) -> Vec<String> {
    let proxies = if settings.proxies == Proxies::OfEnvironment { PROXY_VARIABLES } else { &[] };
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().chain(proxies).map(|name| (*name).to_owned()).collect()
}

/// Services in the `hosts` line of `nsswitch.conf` that read files or ask servers themselves. All others ask a local
/// daemon through a UNIX socket.
const WITHOUT_DAEMON: &[&str] = &["files", "dns", "myhostname", "db", "hesiod", "nis", "ldap"];

/// Whether name look-ups on this machine ask a daemon (nscd, systemd-resolved, Avahi, sssd), which needs UNIX sockets.
pub fn asks_daemons_for_names() -> bool {
    let switch = std::fs::read_to_string("/etc/nsswitch.conf").unwrap_or_default();
    names_a_daemon(&switch) || Path::new("/var/run/nscd/socket").exists()
}

fn names_a_daemon(switch: &str) -> bool {
    let lines = switch.lines().map(|line| line.split('#').next().unwrap_or_default());
    let hosts = lines.filter_map(|line| line.trim().strip_prefix("hosts:")).next_back().unwrap_or_default();
    // The action after a service's answer is in brackets, which may contain spaces.
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
    fn the_hosts_line_tells_whether_look_ups_ask_a_daemon() {
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
