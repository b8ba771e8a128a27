//! `[extraction]`

use super::{Affects, Keys, Read, Section, Setting, put};
use crate::config::checks;
use crate::config::element::{choice, text, truth};
use crate::config::error::Complaint;
use crate::config::rules::DECIMALS;
use crate::config::written::Node;
use crate::scrape::PageParser;
use crate::scrape::extract::{Decimal, Preset};

pub(super) const EXTRACTION: Section = Section {
    name: "extraction",
    doc: "How pages are read, and how their values are written.",
    keys: Keys::Known(&[
        Setting {
            name: "locale",
            read: Read::Value(|s, n| put(&mut s.notation.locale, n, read_locale)),
            form: text::form,
            default: "\"\"",
            affects: Affects::Data,
            doc: "The language of all pages, such as \"de\" or \"de-CH\": how numbers are written, what months are called, \
                  and the order of day and month. \"\" = not known. A field may have its own `locale`.",
        },
        Setting {
            name: "decimal",
            read: Read::Value(|s, n| put(&mut s.notation.decimal, n, read_decimal)),
            form: decimal_form,
            default: "\"auto\"",
            affects: Affects::Data,
            doc: "The decimal mark of all numbers, \",\" or \".\". It goes before that of the locale. \"auto\" = by the \
                  locale; without a locale, by each number itself, where 1.234 is less than two. A field may have its own \
                  `decimal`.",
        },
        Setting {
            name: "strict",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.extract.strict, n, truth::read)),
            form: truth::form,
            default: "false",
            affects: Affects::Data,
            doc: "Whether a value that does not fit its type fails the whole page. Otherwise the value is null, and the \
                  record has a warning.",
        },
        Setting {
            name: "preset",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.extract.preset, n, |n| choice::read(n, PRESETS))),
            form: || choice::form(PRESETS),
            default: "\"auto\"",
            affects: Affects::Data,
            doc: "A ready-made set of fields: \"page\" (what a page says about itself, its headings and links), \"article\" \
                  (the main text), \"links\" (all links with their texts) or \"metadata\" (Open Graph, JSON-LD, microdata). \
                  The fields of [extract] join it and replace those of the same name. \"auto\" = page if [extract] has no \
                  fields, or else none.",
        },
        Setting {
            name: "parser",
            read: Read::Value(|s, n| put(&mut s.plan.scrape.parser, n, |n| choice::read(n, PARSERS))),
            form: || choice::form(PARSERS),
            default: "\"own\"",
            affects: Affects::Data,
            doc: "What parses pages: \"own\" = Gleaner's parser, which follows the HTML Standard, or \"reference\" = html5ever, \
                  which takes several times as long. They differ in a few rare cases (docs/html.md lists them). Choose \
                  \"reference\" if the data of a page is wrong, and please report that page. The summary counts the pages that \
                  html5ever parsed.",
        },
    ]),
    remarks: "",
};

const PARSERS: &[(&str, PageParser)] = &[("own", PageParser::Own), ("reference", PageParser::Reference)];

const PRESETS: &[(&str, Option<Preset>)] = &[
    ("auto", None),
    ("page", Some(Preset::Page)),
    ("article", Some(Preset::Article)),
    ("links", Some(Preset::Links)),
    ("metadata", Some(Preset::Metadata)),
];

fn read_locale(node: &Node) -> Result<Option<String>, Complaint> {
    let name = node.string().ok_or_else(|| Complaint::new("must be a string"))?;
    if name.is_empty() {
        return Ok(None);
    }
    checks::locale(name).map(|name| Some(name.to_owned()))
}

fn read_decimal(node: &Node) -> Result<Option<Decimal>, Complaint> {
    choice::read(node, &decimals())
}

fn decimal_form() -> serde_json::Value {
    choice::form(&decimals())
}

fn decimals() -> Vec<(&'static str, Option<Decimal>)> {
    let auto = [("auto", None)].into_iter();
    auto.chain(DECIMALS.iter().map(|(word, mark)| (*word, Some(*mark)))).collect()
}
