//! Decides which environment variables a worker gets. The others may hold keys, tokens and settings of other programs. A
//! page that takes over a worker must not find them there.

use std::ffi::{OsStr, OsString};

/// Variables that any program may need: language, time zone, paths of libraries, backtraces of panics, and the options of
/// the C library's resolver. A star at the end stands for any ending.
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

/// Selects the variables in `all` that a worker gets: those that any program may need, and those that `besides` names.
pub(super) fn inherited(
    all: impl Iterator<Item = (OsString, OsString)>,
    besides: &[String],
) -> impl Iterator<Item = (OsString, OsString)> {
    all.filter(move |(name, _)| {
        ALWAYS.iter().copied().chain(besides.iter().map(String::as_str)).any(|wanted| matches(name, wanted))
    })
}

fn matches(name: &OsStr, wanted: &str) -> bool {
    let name = name.as_encoded_bytes();
    wanted.strip_suffix('*').map_or(name == wanted.as_bytes(), |start| name.starts_with(start.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::inherited;

    #[test]
    fn a_worker_gets_only_the_variables_that_any_program_needs_and_those_that_are_named() {
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
