//! Where to listen.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs as _};

/// Why the live page or the metrics cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct Error {
    context: String,
    #[source]
    source: Option<io::Error>,
}

impl Error {
    pub(super) fn start(error: io::Error) -> Self {
        let context = "start the thread of the live page and the metrics (is there a limit on processes or open files, \
                       ulimit -u, ulimit -n?)";
        Self { context: context.to_owned(), source: Some(error) }
    }
}

/// Listens at an address that is written as `HOST:PORT`. Returns also the address that the system gave. `own` is where this
/// process listens already, for the live page.
pub(super) fn listen(what: &str, written: &str, own: Option<SocketAddr>) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |advice: &str, source| Error { context: format!("serve {what} at `{written}`{advice}"), source };
    if host_and_port(written).is_none() {
        return Err(failed(": write the address as HOST:PORT, such as 127.0.0.1:8080", None));
    }
    // Names have several addresses, of which one may be free.
    let addresses: Vec<SocketAddr> = written.to_socket_addrs().map_err(|error| failed("", Some(error)))?.collect();
    let is_own = |at: &SocketAddr| {
        own.is_some_and(|own| {
            own.port() == at.port() && (own.ip() == at.ip() || own.ip().is_unspecified() || at.ip().is_unspecified())
        })
    };
    let listen = || {
        let listener = TcpListener::bind(&*addresses)?;
        listener.set_nonblocking(true)?;
        let at = listener.local_addr()?;
        Ok((listener, at))
    };
    listen().map_err(|error: io::Error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse if addresses.iter().any(is_own) => {
                ": the live page (--ui) has this port, choose another one (0 is any free port)"
            }
            io::ErrorKind::AddrInUse => ": another program has this port, choose another one (0 is any free port)",
            io::ErrorKind::AddrNotAvailable => ": this machine does not have that address",
            io::ErrorKind::PermissionDenied => ": choose a port from 1024 on",
            _ => "",
        };
        failed(advice, Some(error))
    })
}

/// Whether a text is an address to listen at, written as `HOST:PORT`.
pub fn is_address(text: &str) -> bool {
    host_and_port(text).is_some()
}

/// The parts of an address that is written as `HOST:PORT`; an IPv6 address is in brackets.
pub(super) fn host_and_port(written: &str) -> Option<(&str, u16)> {
    let (host, port) = written.rsplit_once(':')?;
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let is_host = !host.is_empty() && (is_bracketed || !host.contains([':', '[', ']', '/', '@']));
    let is_port = port.bytes().all(|byte| byte.is_ascii_digit());
    Some((host, port.parse().ok()?)).filter(|_| is_host && is_port)
}

/// Whether only this machine can reach an address. An IPv4 address may be written as one of IPv6 (`::ffff:127.0.0.1`).
pub(super) fn is_loopback(at: SocketAddr) -> bool {
    at.ip().to_canonical().is_loopback()
}

/// An address for people to open. Nobody can connect to an address that stands for all of a machine.
pub(super) fn reachable(at: SocketAddr) -> SocketAddr {
    match at.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), at.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), at.port()),
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        let table = [
            ("127.0.0.1:80", Some(("127.0.0.1", 80))),
            ("[::1]:0", Some(("[::1]", 0))),
            ("localhost:65535", Some(("localhost", 65_535))),
            ("localhost:65536", None),
            ("localhost:+80", None),
            ("localhost:", None),
            ("localhost", None),
            (":80", None),
            ("::1:80", None),
            ("http://h:80", None),
            ("h/x:80", None),
            ("", None),
        ];
        for (written, expected) in table {
            assert_eq!(host_and_port(written), expected, "{written}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_listened_at_is_an_error_with_a_way_out() {
        let (_taken, at) = listen("it", "127.0.0.1:0", None).expect("a free port");
        let table = [
            (at.to_string(), "choose another one"),
            ("8080".to_owned(), "such as 127.0.0.1:8080"),
            ("192.0.2.1:8080".to_owned(), "does not have that address"),
        ];
        for (written, expected) in table {
            let error = listen("it", &written, None).expect_err("it cannot be listened at").to_string();
            assert!(error.starts_with(&format!("serve it at `{written}`")) && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn loopback_is_known_in_any_notation() {
        let table = [
            ("127.0.0.1:9", true),
            ("127.1.2.3:9", true),
            ("[::1]:9", true),
            ("[::ffff:127.0.0.1]:9", true),
            ("0.0.0.0:9", false),
            ("[::]:9", false),
            ("[::ffff:192.0.2.1]:9", false),
            ("192.0.2.1:9", false),
        ];
        for (at, expected) in table {
            assert_eq!(is_loopback(at.parse().expect("an address")), expected, "{at}");
        }
    }

    #[test]
    fn people_get_an_address_that_they_can_open() {
        for (at, expected) in [("0.0.0.0:9", "127.0.0.1:9"), ("[::]:9", "[::1]:9"), ("192.0.2.1:9", "192.0.2.1:9")] {
            assert_eq!(reachable(at.parse().expect("an address")).to_string(), expected);
        }
    }
}
