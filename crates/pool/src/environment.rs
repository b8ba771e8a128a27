//! Which variables of the environment a worker gets. What is in the others (keys, tokens, the settings of other programs) is
//! nothing that a page should find in a worker that it has taken over.

use std::ffi::{OsStr, OsString};

/// What any program may need: its language and time zone, where its libraries are, how it tells of a panic, and how the C
/// library looks names up. A star at the end stands for any end.
const ALWAYS: &[&str] = &[
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TZDIR",
    "LD_*",
    "DYLD_*",
    "RUST_BACKTRACE",
    "RUST_LIB_BACKTRACE",
    "RUST_MIN_STACK",
    "RES_OPTIONS",
    "LOCALDOMAIN",
    "RESOLV_*",
];

/// Those of `all` that a worker gets: what any program may need, and what `besides` names.
pub(super) fn inherited(
    all: impl Iterator<Item = (OsString, OsString)>,
    besides: &[String],
) -> impl Iterator<Item = (OsString, OsString)> {
    all.filter(move |(name, _)| {
        ALWAYS.iter().copied().chain(besides.iter().map(String::as_str)).any(|wanted| is_named(name, wanted))
    })
}

fn is_named(name: &OsStr, wanted: &str) -> bool {
    let name = name.as_encoded_bytes();
    wanted.strip_suffix('*').map_or(name == wanted.as_bytes(), |start| name.starts_with(start.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::inherited;

    #[test]
    fn a_worker_gets_what_it_needs_and_what_is_named_and_nothing_else() {
        let besides = ["SSL_CERT_FILE".to_owned(), "MY_*".to_owned()];
        let table = [
            ("LANG", true),
            ("LC_ALL", true),
            ("TZ", true),
            ("RUST_BACKTRACE", true),
            ("RES_OPTIONS", true),
            ("LD_PRELOAD", true),
            ("SSL_CERT_FILE", true),
            ("MY_", true),
            ("MY_OWN", true),
            ("MYOWN", false),
            ("SSL_CERT_DIR", false),
            ("LANGUAGES", false),
            ("lang", false),
            ("PATH", false),
            ("HOME", false),
            ("AWS_SECRET_ACCESS_KEY", false),
            ("GLEANER_FETCH_HEADERS", false),
            ("HTTP_PROXY", false),
            ("SSH_AUTH_SOCK", false),
            ("LC", false),
        ];
        for (name, is_there) in table {
            let all = [(name.into(), "x".into())].into_iter();
            assert_eq!(inherited(all, &besides).count() == 1, is_there, "{name}");
        }
    }
}
