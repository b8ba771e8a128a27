//! The cookies of a run, as a browser without scripts keeps them: RFC 6265 with those parts of its revision
//! (draft-ietf-httpbis-rfc6265bis, "6265bis" below) that make it stricter.
//!
//! - `jar`: what is kept, for whom, in which bounds; the two questions of a run: what goes with a request, what came back
//! - `set_cookie`: a `Set-Cookie` line; `date`: its `Expires`
//! - `cookie`: one cookie, and what no cookie may be
//! - `scope`: which hosts and paths a cookie is for
//! - `file`: `cookies.txt`, as Netscape had it and curl and wget read and write it; `error`: what can be wrong with one
//!
//! Text here is bytes, one character for each (Latin-1): what a server sets comes back to it byte for byte, whatever its
//! encoding. The time is an argument everywhere.
//!
//! Absent on purpose: `SameSite` and `Partitioned`, which are about pages that make requests on behalf of others; here
//! every request is one that the user asked for.

#[cfg(test)]
mod any_bytes_tests;
mod cookie;
mod date;
mod error;
mod file;
mod jar;
#[cfg(test)]
mod jar_tests;
mod scope;
mod set_cookie;

use std::time::{SystemTime, UNIX_EPOCH};

pub use error::{Error, ErrorKind};
pub use jar::Jar;

/// Seconds since 1970, by which cookies expire. Earlier times are 0.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
