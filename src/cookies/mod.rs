//! The cookies of a run, as a browser without scripts keeps them: RFC 6265 with the stricter rules of its revision
//! (draft-ietf-httpbis-rfc6265bis, "6265bis" below).
//!
//! - `jar`: the stored cookies, and limits on them; which cookies go with a request, and which ones an answer sets
//! - `set_cookie`: parses a `Set-Cookie` line; `date`: its `Expires`
//! - `cookie`: one cookie, and which cookies are not valid
//! - `scope`: which hosts and paths a cookie is for
//! - `file`: `cookies.txt` in Netscape's format, as curl and wget read and write it; `error`: what can be wrong with
//!   such a file
//! - `any_bytes_tests`: tests with arbitrary files and headers
//! - `jar_tests`: tests of the jar
//!
//! Each character of a text stands for one byte (Latin-1). So a server gets its values back byte for byte, in any
//! encoding. The time is always an argument.
//!
//! Deliberately absent: `SameSite` and `Partitioned`, which concern pages that make requests to other sites. Here the
//! user asked for every request.

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

/// Seconds since 1970, the unit of expiry times. Earlier times are 0.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
