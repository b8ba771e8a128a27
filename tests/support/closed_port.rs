//! A port that refuses connections.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::OwnedFd;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};

/// A port of 127.0.0.1 that refuses connections until this is dropped. It is bound, so that no server of another test can
/// get it, and nobody listens.
#[derive(Debug)]
pub(crate) struct ClosedPort {
    _socket: OwnedFd,
    pub(crate) addr: SocketAddr,
}

impl ClosedPort {
    pub(crate) fn new() -> Self {
        let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("loopback has a free port");
        let addr =
            getsockname(&socket).ok().and_then(|addr| addr.try_into().ok()).expect("a bound socket has an address");
        Self { _socket: socket, addr }
    }
}

impl fmt::Display for ClosedPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.addr.fmt(f)
    }
}
