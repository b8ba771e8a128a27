//! Failure messages for lines that are not valid http(s) URLs: what is wrong, and how to correct it.
//!
//! Messages quote only text that went through `redact`, because a password must not get into a record.

use url::{ParseError, Url};

use super::lines::MAX_LINE;
use super::looks_like::is_header;
use super::redact::{begins_with_credentials, redact};
use crate::model::{Failure, FailureKind, Stage, Unsendable, parse_url};

fn failure(message: impl Into<String>) -> Failure {
    Failure::new(FailureKind::InvalidUrl, Stage::List, message)
}

pub(super) fn too_long() -> Failure {
    failure(format!("the line is longer than {} KiB: a list has one URL on each line", MAX_LINE / 1024))
}

pub(super) fn not_utf8(bytes: &[u8]) -> Failure {
    if bytes.contains(&0) {
        failure("not UTF-8, but probably UTF-16: save the list as UTF-8")
    } else {
        failure("not UTF-8: save the list as UTF-8, and percent-encode other bytes (%FF)")
    }
}

/// The failure for a URL of a sitemap.
pub(super) fn not_decoded() -> Failure {
    failure("a byte of it is not valid in the encoding of the sitemap")
}

pub(super) fn no_scheme(text: &str) -> Failure {
    let text = redact(text);
    if is_row(&text) {
        return failure(
            "this looks like a row of a table, but a list has one URL on each line (--input-format csv reads a table)",
        );
    }
    if let Some(rest) = text.strip_prefix("//") {
        return failure(match suggestion("https", rest) {
            Some(url) => format!("no scheme: write {url}"),
            None => "no scheme: a URL starts with https:// or http://".to_owned(),
        });
    }
    if text.starts_with(['/', '?']) {
        return failure(format!("no scheme and no host: write https://HOST{text}, or give --site"));
    }
    for scheme in ["http", "https"] {
        if let Some(url) = text.strip_prefix(scheme).and_then(|rest| rest.strip_prefix("//"))
            && let Some(url) = suggestion(scheme, url)
        {
            return failure(format!("no `:` after the scheme: write {url}"));
        }
    }
    failure(match suggestion("https", &text) {
        Some(url) => format!("no scheme: write {url}, or give --site"),
        None => "no scheme: a URL starts with https:// or http://".to_owned(),
    })
}

/// The failure for a URL with an unsupported scheme. By the standard, `host:80` is a URL with the scheme `host`.
pub(super) fn scheme(text: &str, url: &Url) -> Failure {
    let port = text[url.scheme().len()..].trim_start_matches(':');
    if port.starts_with(|first: char| first.is_ascii_digit())
        && let Some(url) = suggestion("http", &redact(text))
    {
        return failure(format!("no scheme: write {url}"));
    }
    if begins_with_credentials(text) {
        // What looks like a scheme is the name of a user, which is not shown.
        return no_scheme(text);
    }
    failure(format!("the scheme is `{}`: only http and https can be fetched", url.scheme()))
}

pub(super) fn leaves_the_site(text: &str) -> Failure {
    let rest = redact(text);
    let rest = rest.trim_start_matches(['/', '\\']);
    failure(match suggestion("https", rest) {
        Some(url) => format!("two slashes name another host, not the site: write {url} or /{rest}"),
        None => "two slashes name another host, not the site: write a single slash".to_owned(),
    })
}

pub(super) fn broken(error: ParseError) -> Failure {
    let message = match error {
        ParseError::EmptyHost => "no host: a URL looks like https://host/path",
        ParseError::InvalidPort => "the port is not a number from 0 to 65535",
        ParseError::InvalidIpv4Address => "the host ends in a number but is not an IPv4 address such as 192.0.2.1",
        ParseError::InvalidIpv6Address => "the host in brackets is not an IPv6 address such as [2001:db8::1]",
        ParseError::InvalidDomainCharacter | ParseError::IdnaError => {
            "the host is not a valid domain name: it contains a forbidden character or invalid Punycode"
        }
        other => return failure(format!("{other}: a URL looks like https://host/path")),
    };
    failure(message)
}

/// The failure for a line with these columns.
pub(super) fn columns<'a>(columns: impl Iterator<Item = &'a str>) -> Failure {
    let is_url = |text: &str| parse_url(text, None).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let number = columns.enumerate().find(|(_, column)| is_url(column)).map_or(1, |(at, _)| at + 1);
    failure(format!(
        "white space inside: this looks like a row of a table, but a list has one URL on each line (cut -f {number} extracts \
         column {number} of a table)"
    ))
}

pub(super) fn several_urls() -> Failure {
    failure(
        "white space before another URL: this looks like a row of a table, but a list has one URL on each line (write %20 \
         for white space that belongs to the URL)",
    )
}

/// The failure for a cell or a string that is empty.
pub(super) fn empty() -> Failure {
    failure("no URL: it is empty")
}

/// The failure for a cell or a string with more than a URL.
pub(super) fn white_space() -> Failure {
    failure("white space inside: this must be one URL (write %20 for white space that belongs to it)")
}

/// The failure for a row with more or fewer cells than the header.
pub(super) fn ragged(cells: usize, columns: usize, line: u64) -> Failure {
    let noun = if cells == 1 { "cell" } else { "cells" };
    failure(format!(
        "line {line}: the row has {cells} {noun}, but the header has {columns}: is a separator not quoted?"
    ))
}

/// The failure for a value of JSON that has no URL.
pub(super) fn value(why: &str, line: u64) -> Failure {
    failure(format!("line {line}: {why}"))
}

pub(super) fn nul() -> Failure {
    failure(
        "a NUL character inside: the list is probably UTF-16 without a byte-order mark, or not text: save it as UTF-8",
    )
}

/// The failure for a URL for which no request can be made.
pub(super) fn unsendable(why: &Unsendable) -> Failure {
    failure(why.to_string())
}

/// Whether a text without a scheme has cells, one of which is a URL or the name of a column of URLs.
fn is_row(text: &str) -> bool {
    let is_after = |separator: char| {
        ["http://", "https://"].iter().any(|scheme| {
            let scheme = format!("{separator}{scheme}");
            text.contains(&scheme) || text.contains(&scheme.replace(separator, &format!("{separator}\"")))
        })
    };
    is_header(text) || [',', ';', '|'].into_iter().any(is_after)
}

/// The URL that the author probably meant, if it is valid.
fn suggestion(scheme: &str, rest: &str) -> Option<String> {
    let url = format!("{scheme}://{rest}");
    parse_url(&url, None).is_ok().then_some(url)
}
