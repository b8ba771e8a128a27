//! `[tls]`

use super::{Affects, Keys, Read, Section, Setting, placed_file, put};
use crate::config::element::{choice, file, truth};
use crate::scrape::TlsVersion;

pub(super) const TLS: Section = Section {
    name: "tls",
    doc: "Which https servers are trusted, and how Gleaner identifies itself to them. Files are PEM. Relative paths begin in \
          the folder where you run Gleaner. \"\" = no file.",
    keys: Keys::Known(&[
        Setting {
            name: "ca_file",
            read: Read::Value(|s, n| put(&mut s.tls.ca_file, n, placed_file)),
            form: file::form,
            default: "\"\"",
            affects: Affects::Nothing,
            doc: "Certificates of authorities that are trusted besides those of this system, such as a company's own.",
        },
        Setting {
            name: "client_certificate",
            read: Read::Value(|s, n| put(&mut s.tls.client_certificate, n, placed_file)),
            form: file::form,
            default: "\"\"",
            affects: Affects::Nothing,
            doc: "Your own certificate, with its chain, for servers that ask for one.",
        },
        Setting {
            name: "client_key",
            read: Read::Value(|s, n| put(&mut s.tls.client_key, n, placed_file)),
            form: file::form,
            default: "\"\"",
            affects: Affects::Nothing,
            doc: "The private key of that certificate, not encrypted, if it is not in the same file.",
        },
        Setting {
            name: "min_version",
            read: Read::Value(|s, n| {
                put(&mut s.plan.scrape.fetch.tls.min_version, n, |n| choice::read(n, TLS_VERSIONS))
            }),
            form: || choice::form(TLS_VERSIONS),
            default: "\"1.2\"",
            affects: Affects::Nothing,
            doc: "The oldest version of TLS that is used: \"1.2\" or \"1.3\".",
        },
        Setting {
            name: "insecure",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.fetch.tls.insecure, n, truth::read)),
            form: truth::form,
            default: "false",
            affects: Affects::Nothing,
            doc: "Whether any certificate of a server is accepted, even one that has expired or belongs to somebody else. \
                  Then anybody on the way can answer instead of the server, and read what is sent to it.",
        },
    ]),
    remarks: "",
};

const TLS_VERSIONS: &[(&str, TlsVersion)] = &[("1.2", TlsVersion::Tls12), ("1.3", TlsVersion::Tls13)];
