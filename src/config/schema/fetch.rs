//! `[fetch]`

use super::{Affects, Keys, Read, Section, Setting, put};
use crate::config::element::{count, duration, header, list, media_type, size, status, truth, user_agent};

pub(super) const FETCH: Section = Section {
    name: "fetch",
    doc: "How pages are fetched.",
    keys: Keys::Known(&[
        Setting {
            name: "timeout",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.fetch.timeout, n, duration::positive)),
            form: duration::positive_form,
            default: "\"30s\"",
            affects: Affects::Nothing,
            doc: "The time from sending the request to the last byte of the body. Each hop of a redirect has this time \
                  again. If it is not set, it is at most three quarters of pool.task_timeout.",
        },
        Setting {
            name: "connect_timeout",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.fetch.connect_timeout, n, duration::positive)),
            form: duration::positive_form,
            default: "\"10s\"",
            affects: Affects::Nothing,
            doc: "The time for looking up the name, and for setting up the connection with TLS. Unlike the other two \
                  limits, it includes the time in which another page keeps the worker from looking at its connections. \
                  That is well under a second, so do not set this much lower than one second.",
        },
        Setting {
            name: "idle_timeout",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.fetch.idle_timeout, n, duration::positive)),
            form: duration::positive_form,
            default: "\"15s\"",
            affects: Affects::Nothing,
            doc: "The time between two pieces of the body. The page fails if its server sends nothing for this long.",
        },
        Setting {
            name: "max_body",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.fetch.max_body, n, size::positive)),
            form: size::positive_form,
            default: "\"16MiB\"",
            affects: Affects::Data,
            doc: "The largest body, after decompression. A larger one is a failure (`too_large`); it is never cut off \
                  silently.",
        },
        Setting {
            name: "max_redirects",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.max_redirects, n, count::any)),
            form: count::any_form,
            default: "10",
            affects: Affects::Output,
            doc: "How many redirects in a row are followed; 0 = none. A redirect back to a URL that this page has already \
                  visited is never followed, unless it sets a new cookie.",
        },
        Setting {
            name: "max_retries",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.max_retries, n, count::any)),
            form: count::any_form,
            default: "2",
            affects: Affects::Nothing,
            doc: "How many times a page is tried again after a failure that may pass (a timeout, a 503); 0 = never. The \
                  pause grows with every try.",
        },
        Setting {
            name: "max_host_retries",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.max_host_retries, n, count::any)),
            form: count::any_form,
            default: "100",
            affects: Affects::Nothing,
            doc: "How many such tries all pages of one host may take together; 0 = none. Each page that the host serves \
                  gives one try back. A try after a redirect counts for the host of the URL in the list.",
        },
        Setting {
            name: "retry_statuses",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.fetch.retry_statuses, n, |n| list::read(n, status::read))),
            form: || list::form(&status::form()),
            default: "[408, 429, 500, 502, 503, 504, 522, 524]",
            affects: Affects::Nothing,
            doc: "The HTTP statuses after which a page is tried again.",
        },
        Setting {
            name: "max_retry_after",
            read: Read::Value(|s, n| put(&mut s.plan.schedule.max_retry_after, n, duration::read)),
            form: duration::form,
            default: "\"5m\"",
            affects: Affects::Nothing,
            doc: "A server may say how long to wait before the next try (`Retry-After`). If it asks for more than this, the \
                  page fails at once. If three different pages in a row get such an answer, all other pages of the host \
                  fail at once, too.",
        },
        Setting {
            name: "meta_refresh",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.fetch.meta_refresh, n, truth::read)),
            form: truth::form,
            default: "false",
            affects: Affects::Data,
            doc: "Whether a page that leads elsewhere by itself within five seconds is treated as a redirect. A page does \
                  this with <meta http-equiv=\"refresh\" content=\"0; url=..\"> or with a Refresh header.",
        },
        Setting {
            name: "content_types",
            read: Read::Value(|s, n| {
                put(&mut s.plan.scrape.fetch.content_types, n, |n| list::read(n, media_type::read))
            }),
            form: || list::form(&media_type::form()),
            default: "[]",
            affects: Affects::Data,
            doc: "Any type of text or XML is read as a page. If no header gives the type, the first bytes do. The types \
                  listed here are read as HTML pages, too: a type such as \"application/octet-stream\", or all types of a \
                  kind: \"application/*\". JSON is read if a rule can read it: one with a `json` path, or `feed`.\n\
                  A page may be compressed by gzip or zstd even if no header says so. For a sitemap.xml.gz, list \
                  \"application/gzip\", \"application/x-gzip\" or \"application/octet-stream\", depending on what its \
                  server sends.",
        },
        Setting {
            name: "user_agent",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.fetch.user_agent, n, user_agent::read)),
            form: user_agent::form,
            default: "\"gleaner/{version}\"",
            affects: Affects::Output,
            doc: "The User-Agent header. {version} stands for Gleaner's version. Say how to reach you, so that the owner of \
                  a site can write to you before blocking you: \"gleaner/{version} (+https://example.org/about-our-robot)\", \
                  or a mail address.",
        },
        Setting {
            name: "headers",
            read: Read::Headers(|s| &mut s.headers),
            form: header::form,
            default: "{ }",
            affects: Affects::Output,
            doc: "Further headers for every request, such as { Accept-Language = \"en\", Cookie = \"seen=1\" }. They go to \
                  every host in the list. If a redirect leads to another host, only headers that hold no secrets (Accept, \
                  Accept-Language, Cache-Control and the like) go with it.\n\
                  \n\
                  In the value of a header, ${NAME} stands for the environment variable of that name, so that a token need \
                  not be in the file: { X-Api-Key = \"${API_KEY}\" }. $$ is a dollar sign; so is any other $ without a { \
                  after it.",
        },
    ]),
    remarks: "",
};
