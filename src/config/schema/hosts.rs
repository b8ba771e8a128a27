//! `[hosts]`

use super::{Affects, Keys, Read, Section, Setting, placed_template, put};
use crate::config::element::{count, duration, header, template, truth};

pub(super) const HOSTS: Section = Section {
    name: "hosts",
    doc: "What is different for one host: a table with its name in quotes, and with its port if that is not 80 or 443.",
    keys: Keys::Hosts(&[
        Setting {
            name: "delay",
            read: Read::Value(|h, n| put(&mut h.rules.delay, n, |n| duration::read(n).map(Some))),
            form: duration::form,
            default: "\"1s\"",
            affects: Affects::Nothing,
            doc: "instead of politeness.delay",
        },
        Setting {
            name: "concurrency",
            read: Read::Value(|h, n| put(&mut h.rules.concurrency, n, |n| count::any(n).map(Some))),
            form: count::any_form,
            default: "2",
            affects: Affects::Nothing,
            doc: "instead of politeness.per_host_concurrency; 0 = no limit",
        },
        Setting {
            name: "robots",
            read: Read::Value(|h, n| put(&mut h.rules.robots, n, |n| truth::read(n).map(Some))),
            form: truth::form,
            default: "false",
            affects: Affects::Output,
            doc: "instead of politeness.robots",
        },
        Setting {
            name: "headers",
            read: Read::Headers(|h| &mut h.headers),
            form: header::form,
            default: "{ X-Api-Key = \"${BOOKS_KEY}\" }",
            affects: Affects::Output,
            doc: "added to fetch.headers; override those of the same name",
        },
        Setting {
            name: "basic",
            read: Read::Secret(|h, n| put(&mut h.basic, n, |n| placed_template(n).map(Some))),
            form: template::form,
            default: "\"user:${BOOKS_PASSWORD}\"",
            affects: Affects::Nothing,
            doc: "a user name and a password; those in a URL override it",
        },
        Setting {
            name: "proxy",
            read: Read::Url(|h, n| put(&mut h.proxy, n, |n| placed_template(n).map(Some))),
            form: template::form,
            default: "\"none\"",
            affects: Affects::Nothing,
            doc: "or the URL of a proxy, instead of network.proxies",
        },
        Setting {
            name: "bearer",
            read: Read::Secret(|h, n| put(&mut h.bearer, n, |n| placed_template(n).map(Some))),
            form: template::form,
            default: "\"${API_TOKEN}\"",
            affects: Affects::Nothing,
            doc: "a token, instead of `basic`",
        },
    ]),
    remarks: "The headers, passwords and tokens of a host are sent to this host and to no other. If a redirect leads to the \
              host, they are sent over https, or if the URL in the list has the same origin.",
};
