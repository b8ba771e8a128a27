//! `[cookies]`

use super::{Affects, Keys, Read, Section, Setting, placed_file, put};
use crate::config::element::{file, truth};

pub(super) const COOKIES: Section = Section {
    name: "cookies",
    doc: "Cookies that servers set.",
    keys: Keys::Known(&[
        Setting {
            name: "enabled",
            read: Read::Value(|s, n| put(&mut s.cookies.enabled, n, truth::read)),
            form: truth::form,
            default: "false",
            // With cookies, a server shows another page.
            affects: Affects::Data,
            doc: "Whether cookies that servers set are sent back to them, as browsers do it. All workers share them. This is \
                  off because with cookies, what a page shows depends on the pages before it: the same list may give \
                  different data in the next run, or with another number of workers. For a list of pages behind a login, \
                  load the cookies of a browser. If the first lines of the list must be done before the others, use one \
                  worker with a concurrency of 1.",
        },
        Setting {
            name: "load",
            read: Read::Value(|s, n| put(&mut s.cookies.load, n, placed_file)),
            form: file::form,
            default: "\"\"",
            // Cookies expire, as tokens do: an interrupted run may continue with others.
            affects: Affects::Nothing,
            doc: "A file with the cookies that the run begins with, in the format of cookies.txt, which curl, wget and \
                  browser extensions write; \"\" = none. The file must exist, unless `save` names the same file.",
        },
        Setting {
            name: "save",
            read: Read::Value(|s, n| put(&mut s.cookies.save, n, placed_file)),
            form: file::form,
            default: "\"\"",
            affects: Affects::Nothing,
            doc: "The file to which all cookies are written when the run ends, also when it is interrupted, for the next run \
                  to load; \"\" = none. Only you can read the file. A run that resumes another one begins with what `load` \
                  names; if `load` and `save` name the same file, it begins with the cookies of the other run.",
        },
    ]),
    remarks: "",
};
