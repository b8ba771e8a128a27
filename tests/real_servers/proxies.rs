//! squid, as a proxy and in front of nginx, and microsocks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::nginx::Nginx;
use super::server::Server;
use super::support::{PROMPTLY, wait_until};

/// The password that the locked proxies require.
pub(crate) const PASSWORD: &str = "proxysecret";

/// `proxysecret` as `htpasswd` writes it.
const HASHED: &str = "$apr1$gleaner$SimD.ShvMQ8K5B9RFf.gf.";

/// The path of the helper on Debian.
const BASIC_AUTH: &str = "/usr/lib/squid/basic_ncsa_auth";

pub(crate) struct Squid(Server);

impl Squid {
    /// A proxy that wants the user name `reader` and the password.
    pub(crate) fn locked() -> Self {
        Self::start(|folder, port| {
            let passwords = format!("{folder}/passwords");
            fs::write(&passwords, format!("reader:{HASHED}\n")).expect("written");
            // squid reads the file as a user of its own, so the umask must not restrict it.
            fs::set_permissions(&passwords, fs::Permissions::from_mode(0o644)).expect("our own file");
            format!(
                "http_port 127.0.0.1:{port}
                auth_param basic program {BASIC_AUTH} {folder}/passwords
                acl known proxy_auth REQUIRED
                http_access allow known
                http_access deny all
                cache deny all"
            )
        })
    }

    /// A caching reverse proxy in front of nginx.
    pub(crate) fn in_front_of(nginx: &Nginx) -> Self {
        let peer = nginx.port();
        Self::start(|_, port| {
            format!(
                "http_port 127.0.0.1:{port} accel no-vhost defaultsite=127.0.0.1
                cache_peer 127.0.0.1 parent {peer} 0 no-query no-digest originserver
                never_direct allow all
                http_access allow all
                cache_mem 32 MB"
            )
        })
    }

    fn start(settings: impl Fn(&str, u16) -> String) -> Self {
        Self(Server::start("squid", 1, |command, folder, ports| {
            let own = settings(&folder.display().to_string(), ports[0]);
            let folder = folder.display();
            // Without this name, squid would try to find the name of this machine.
            let text = format!(
                "{own}
                visible_hostname localhost
                pid_filename none
                memory_cache_shared off
                coredump_dir {folder}
                cache_log {folder}/error.log
                logformat test %Ss/%>Hs %rm %ru
                access_log stdio:{folder}/access.log logformat=test
                buffered_logs off
                pinger_enable off
                shutdown_lifetime 0 seconds"
            );
            let text: String = text.lines().flat_map(|line| [line.trim_start(), "\n"]).collect();
            let file = folder.to_string() + "/squid.conf";
            fs::write(&file, text).expect("written");
            command.args(["-N", "-f", &file]);
        }))
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.ports[0]
    }

    /// Waits until the log has `count` lines and returns it. Each line is a request: its result (`TCP_MEM_HIT/200`),
    /// method and URL.
    #[track_caller]
    pub(crate) fn log(&self, count: usize) -> Vec<String> {
        // The check whether squid listens makes a connection without a request.
        let is_request = |line: &&str| !line.contains("error:transaction-end-before-headers");
        let lines = || self.0.read("access.log").lines().filter(is_request).map(str::to_owned).collect::<Vec<_>>();
        wait_until("all requests in squid's log", PROMPTLY, || lines().len() >= count);
        lines()
    }
}

pub(crate) struct Microsocks(Server);

impl Microsocks {
    /// A proxy that wants the user name `reader` and the password.
    pub(crate) fn locked() -> Self {
        Self(Server::start("microsocks", 1, |command, _, ports| {
            command.args(["-i", "127.0.0.1", "-p", &ports[0].to_string(), "-u", "reader", "-P", PASSWORD]);
        }))
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.ports[0]
    }

    /// Its log: one line for each connection that it made.
    pub(crate) fn log(&self) -> String {
        self.0.read("output.log")
    }
}
