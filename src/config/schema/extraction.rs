//! `[extraction]`

use super::{Affects, Keys, Read, Section, Setting, put};
use crate::config::element::choice;
use crate::scrape::PageParser;

pub(super) const EXTRACTION: Section = Section {
    name: "extraction",
    doc: "How pages are read before fields are taken from them.",
    keys: Keys::Known(&[Setting {
        name: "parser",
        read: Read::Value(|s, n| put(&mut s.plan.scrape.parser, n, |n| choice::read(n, PARSERS))),
        default: "\"own\"",
        affects: Affects::Data,
        doc: "What parses pages: \"own\" = Gleaner's parser, which follows the HTML Standard, or \"reference\" = html5ever, \
              which takes several times as long. They differ in a few rare cases (docs/html.md lists them). Choose \
              \"reference\" if the data of a page is wrong, and please report that page. The summary counts the pages that \
              html5ever parsed.",
    }]),
    remarks: "",
};

const PARSERS: &[(&str, PageParser)] = &[("own", PageParser::Own), ("reference", PageParser::Reference)];
