//! `[cache]`

use super::{Affects, Keys, Read, Section, Setting, put};
use crate::config::element::file;

pub(super) const CACHE: Section = Section {
    name: "cache",
    doc: "Answers of earlier runs, so that a page that has not changed is neither sent nor parsed again (RFC 9111, a private \
          cache). For each page, the cache keeps the extracted data and what the server says about caching.",
    keys: Keys::Known(&[Setting {
        name: "path",
        read: Read::Value(|s, n| {
            put(&mut s.plan.cache, n, file::read)?;
            // Only in a run with a cache do records say whether their data is from it. Which file it is does not matter.
            Ok(s.plan.cache.is_some().to_string())
        }),
        form: file::form,
        default: "\"\"",
        affects: Affects::Output,
        doc: "The file; \"\" = no cache. Its folder must exist, and only one run at a time may use it. A page that its server \
              calls fresh is not requested at all. Any other page is requested with `If-None-Match` or \
              `If-Modified-Since`; if it has not changed, its data comes from the cache. A page is fresh only if its \
              server says so. To ask the server for every page anyway, set the header Cache-Control = \"no-cache\" in \
              fetch.headers.\n\
              \n\
              An entry is used only by runs with the same rules, request headers and version, and with the same loaded \
              cookies, proxies and trusted certificates. So a run that checks certificates does not use what a run with \
              --insecure has stored.\n\
              \n\
              The file grows with the pages and with each such change. You can delete it while no run uses it; the next \
              run then fetches all pages again.",
    }]),
    remarks: "",
};
