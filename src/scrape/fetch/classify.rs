//! Turns the errors of the HTTP client into failures.
//!
//! An error of the client is a chain of errors from other crates. The kind of failure is found by the type of an error
//! in the chain, or by its text if the type is not enough (errors of the resolver have no codes).

use std::error::Error as StdError;
use std::io;

use hyper_util::client::legacy::connect::Connected;
use reqwest::StatusCode;
use url::Url;

use super::guard::NotPublic;
use super::route::Via;
use super::shortage;
use super::tls_words;
use crate::model::{Failure, FailureKind, Retry, Stage, how_long, shown_url};
use crate::scrape::settings::FetchSettings;

/// Makes the failure of a request without an answer. `via` is the proxy that it used, if any.
pub(super) fn no_answer(error: reqwest::Error, shown: &Url, via: Option<&Via>, settings: &FetchSettings) -> Failure {
    let error = error.without_url();
    let host = shown.host_str().unwrap_or_default();
    // A shortage on this machine is neither the host's fault nor the proxy's.
    if let Some(missing) = shortage::of(&error) {
        let failure = connect(format!("connect to host `{host}`: {missing}"));
        return with_causes(Failure { retry: Retry::Local, ..failure }, &error);
    }
    if let Some(failure) = via.and_then(|via| proxy_failure(&error, shown, via, settings)) {
        return with_causes(failure, &error);
    }
    let (kind, retry, message) = if error.is_dns() {
        let unknown = chain(&error).any(|cause| says_no_such_name(&cause.to_string()));
        (FailureKind::Dns, if unknown { Retry::No } else { Retry::Yes }, format!("find the address of host `{host}`"))
    } else if let Some(tls) = find::<rustls::Error>(&error) {
        let (why, retry) = tls_words::why(tls);
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        (FailureKind::Tls, retry, format!("set up TLS with host `{host}`{why}"))
    } else if error.is_timeout() && error.is_connect() {
        let message = format!("connect to host `{host}` within {}", how_long(settings.connect_timeout));
        (FailureKind::Timeout, Retry::Yes, message)
    } else if error.is_connect() {
        (FailureKind::Connect, Retry::Yes, format!("connect to host `{host}`"))
    } else if let Some(parse) = find::<hyper::Error>(&error).filter(|error| error.is_parse()) {
        (
            FailureKind::Protocol,
            Retry::No,
            format!("understand the answer from {}{}", shown_url(shown), why_not_http(parse)),
        )
    } else if is_broken_off(&error) {
        (FailureKind::Connect, Retry::Yes, format!("get an answer from {}: the connection broke", shown_url(shown)))
    } else {
        (FailureKind::Protocol, Retry::Yes, format!("get an answer from {}", shown_url(shown)))
    };
    with_causes(Failure { retry, ..Failure::new(kind, Stage::Fetch, message) }, &error)
}

/// Explains an invalid head of an answer, for errors that the client misnames or describes in a single word.
fn why_not_http(error: &hyper::Error) -> &'static str {
    if error.is_parse_too_large() {
        ": its headers have more than 408 KiB, or more than 24,576 lines"
    } else if error.is_parse_status() {
        ": its first line does not have a three-digit status one space after `HTTP/1.1`"
    } else if error.to_string().contains("version") {
        ": its first line does not begin with `HTTP/1.1` or `HTTP/1.0`"
    } else {
        ""
    }
}

/// Makes a failure of the proxy, or of the connection through it.
fn proxy_failure(error: &reqwest::Error, shown: &Url, via: &Via, settings: &FetchSettings) -> Option<Failure> {
    if !error.is_connect() {
        return None;
    }
    let (host, proxy) = (shown.host_str().unwrap_or_default(), &via.shown);
    let says = |text: &str| chain(error).any(|cause| cause.to_string().contains(text));
    // An HTTP proxy receives requests for http URLs directly. All other requests need a tunnel first.
    let is_sent_to_proxy = via.kind.reads_headers() && shown.scheme() == "http";
    if says("error resolving for socks proxy") {
        return Some(Failure {
            kind: FailureKind::Dns,
            ..connect(format!("find the address of host `{host}`")).retryable()
        });
    }
    if says("proxy authorization required") || says("credentials not accepted") || says("user/pass authentication") {
        return Some(wants_credentials(host, via));
    }
    if error.is_timeout() {
        let limit = how_long(settings.connect_timeout);
        let failure = connect(format!("connect to host `{host}` through the proxy {proxy} within {limit}"));
        return Some(Failure { kind: FailureKind::Timeout, ..failure.retryable() });
    }
    if is_sent_to_proxy || error.is_dns() || says("failed to create underlying connection") {
        return Some(connect(format!("reach the proxy {proxy} on the way to host `{host}`")).retryable());
    }
    // TLS beyond the tunnel concerns this client and the host, not the proxy.
    let is_beyond = find::<rustls::Error>(error).is_some();
    (!is_beyond).then(|| connect(format!("connect to host `{host}` through the proxy {proxy}")).retryable())
}

/// Makes the failure for a proxy that answers instead of the host and requires a user name and a password.
pub(super) fn refused_by_proxy(status: StatusCode, shown: &Url, via: Option<&Via>) -> Option<Failure> {
    let via = via.filter(|via| via.kind.reads_headers() && shown.scheme() == "http")?;
    let is_refused = status == StatusCode::PROXY_AUTHENTICATION_REQUIRED;
    is_refused.then(|| wants_credentials(shown.host_str().unwrap_or_default(), via))
}

fn wants_credentials(host: &str, via: &Via) -> Failure {
    let proxy = &via.shown;
    connect(format!(
        "connect to host `{host}` through the proxy {proxy}: the proxy denies access (407, wrong or no user name and password)"
    ))
}

fn connect(message: String) -> Failure {
    Failure::new(FailureKind::Connect, Stage::Fetch, message)
}

/// Returns the error of the resolver if no address of the name is allowed.
pub(super) fn not_public(error: &reqwest::Error) -> Option<NotPublic> {
    find::<NotPublic>(error).copied()
}

/// Whether the server closed the connection without an error and says that it has not processed the request (RFC 9113,
/// 6.8).
///
/// A single refused stream (`REFUSED_STREAM`) does not count: it means that the server is overloaded.
pub(super) fn is_unseen(error: &reqwest::Error) -> bool {
    find::<h2::Error>(error)
        .is_some_and(|error| error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR))
}

/// Makes the failure of an incomplete body. The client reports a reset connection as a decode error.
pub(super) fn broken_body(error: reqwest::Error, shown: &Url) -> Failure {
    let error = error.without_url();
    let is_malformed =
        |error: &io::Error| matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData);
    let shown = shown_url(shown);
    let failure = if find::<io::Error>(&error).is_some_and(is_malformed) {
        Failure::new(FailureKind::Protocol, Stage::Fetch, format!("read {shown}: its body is malformed HTTP"))
    } else {
        Failure::new(FailureKind::Truncated, Stage::Fetch, format!("read all of {shown}: the body is incomplete"))
            .retryable()
    };
    with_causes(failure, &error)
}

/// Adds the chain of causes, without repetitions.
pub(super) fn with_causes(failure: Failure, error: &(dyn StdError + 'static)) -> Failure {
    let mut failure = failure.caused_by(error);
    failure.causes.dedup();
    failure
}

/// Whether the head of an HTTP/1 answer exceeded the client's limit of lines or bytes.
pub(super) fn is_long_head(error: &reqwest::Error) -> bool {
    find::<hyper::Error>(error).is_some_and(hyper::Error::is_parse_too_large)
}

/// Returns the connection on which a request failed.
pub(super) fn connection(error: &reqwest::Error) -> Option<&Connected> {
    find::<hyper_util::client::legacy::Error>(error)?.connect_info()
}

/// Whether the connection ended before the answer began.
pub(super) fn is_broken_off(error: &reqwest::Error) -> bool {
    find::<io::Error>(error).is_some()
        || find::<hyper::Error>(error)
            .is_some_and(|error| error.is_incomplete_message() || error.is_canceled() || error.is_closed())
}

/// Whether this is the text of getaddrinfo for a name that does not exist: in glibc, musl, macOS or Windows.
fn says_no_such_name(text: &str) -> bool {
    const SAYINGS: [&str; 5] = [
        "Name or service not known",
        "No address associated with hostname",
        "Name does not resolve",
        "nodename nor servname provided",
        "No such host is known",
    ];
    SAYINGS.iter().any(|saying| text.contains(saying))
}

/// Iterates over the error and all its causes. `io::Error` does not return its inner error as `source`, so this looks
/// inside.
fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'e (dyn StdError + 'static) = *error;
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inside.map(|inside| inside as &(dyn StdError + 'static)).or_else(|| error.source())
    })
}

/// Iterates over the I/O errors in the chain.
pub(super) fn io_errors<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e io::Error> {
    chain(error).filter_map(|cause| cause.downcast_ref())
}

fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    chain(error).find_map(|cause| cause.downcast_ref::<T>())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{chain, find, says_no_such_name};

    #[test]
    fn an_error_inside_an_io_error_is_found() {
        let inner = rustls::Error::NoCertificatesPresented;
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, inner.clone()));
        assert_eq!(find::<rustls::Error>(&error), Some(&inner));
        assert_eq!(chain(&error).count(), 3);
        assert_eq!(find::<rustls::Error>(&io::Error::from(io::ErrorKind::NotFound)), None);
    }

    #[test]
    fn only_a_name_that_does_not_exist_is_not_retried() {
        let cases = [
            ("failed to lookup address information: Name or service not known", true),
            ("failed to lookup address information: No address associated with hostname", true),
            ("failed to lookup address information: nodename nor servname provided, or not known", true),
            ("No such host is known. (os error 11001)", true),
            ("failed to lookup address information: Temporary failure in name resolution", false),
            ("failed to lookup address information: System error", false),
        ];
        for (text, is_final) in cases {
            assert_eq!(says_no_such_name(text), is_final, "{text}");
        }
    }
}
