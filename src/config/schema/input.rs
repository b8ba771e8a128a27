//! `[input]`

use super::{Affects, Keys, Read, Section, Setting, put};
use crate::config::element::{choice, field_path, keep, text};
use crate::input::Format;

pub(super) const INPUT: Section = Section {
    name: "input",
    doc: "How lists are read.",
    keys: Keys::Known(&[
        Setting {
            name: "format",
            read: Read::Value(|s, n| put(&mut s.plan.input.format, n, |n| choice::read(n, FORMATS))),
            form: || choice::form(FORMATS),
            default: "\"auto\"",
            affects: Affects::Output,
            doc: "\"txt\" (a URL on each line), \"csv\", \"tsv\" (a table with a header), \"jsonl\" or \"ndjson\" (both: a \
                  value of JSON on each line), \"json\" (an array), \"sitemap\" (also an index, RSS or Atom), \"warc\" (an \
                  archive of answers), or \"auto\" = by the extension of each list; any other \
                  extension and standard input are txt. Compressed lists (gzip, zstd) are unpacked.",
        },
        Setting {
            name: "url_column",
            read: Read::Value(|s, n| put(&mut s.plan.input.url_column, n, text::read)),
            form: text::form,
            default: "\"\"",
            affects: Affects::Output,
            doc: "The column of a table that has the URLs: its name, or its number from 1. \"\" = the only column, or the one \
                  called url, link or href.",
        },
        Setting {
            name: "url_field",
            read: Read::Value(|s, n| put(&mut s.plan.input.url_field, n, field_path::read)),
            form: field_path::form,
            default: "\"url\"",
            affects: Affects::Output,
            doc: "Where a value of JSON has its URL, or a list of URLs: keys, joined by dots, such as \"data.links\".",
        },
        Setting {
            name: "keep",
            read: Read::Value(|s, n| put(&mut s.plan.input.keep, n, keep::read)),
            form: keep::form,
            default: "\"all\"",
            affects: Affects::Output,
            doc: "The other columns of a table, or the other keys of a value of JSON, that each record repeats as `input`: \
                  \"all\", or a list of names; [] = none.",
        },
    ]),
    remarks: "",
};

/// `None` is by the extension of the list.
const FORMATS: &[(&str, Option<Format>)] = &[
    ("auto", None),
    ("txt", Some(Format::Text)),
    ("csv", Some(Format::Csv)),
    ("tsv", Some(Format::Tsv)),
    ("jsonl", Some(Format::Jsonl)),
    // Another name for the same format.
    ("ndjson", Some(Format::Jsonl)),
    ("json", Some(Format::Json)),
    ("sitemap", Some(Format::Sitemap)),
    ("warc", Some(Format::Warc)),
];
