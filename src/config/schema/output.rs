//! `[output]`

use super::{Affects, Keys, Read, Section, Setting, put};
use crate::config::element::{choice, count, size};
use crate::sink::{Format, Order, Shape};

pub(super) const OUTPUT: Section = Section {
    name: "output",
    doc: "What is written.",
    keys: Keys::Known(&[
        Setting {
            name: "format",
            read: Read::Value(|s, n| put(&mut s.plan.format, n, |n| choice::read(n, FORMATS))),
            default: "\"auto\"",
            affects: Affects::Output,
            doc: "\"json\" (one array), \"jsonl\" or \"ndjson\" (both: one record a line), or \"auto\" = by the extension of \
                  the output file; without an extension, json.",
        },
        Setting {
            name: "record",
            read: Read::Value(|s, n| put(&mut s.plan.sink.shape, n, |n| choice::read(n, RECORDS))),
            default: "\"full\"",
            affects: Affects::Output,
            doc: "\"full\" = data or failure, with URL, status, attempts and times. \"data\" = only the data, null for a \
                  failure.",
        },
        Setting {
            name: "order",
            read: Read::Value(|s, n| put(&mut s.plan.sink.order, n, |n| choice::read(n, ORDERS))),
            default: "\"input\"",
            affects: Affects::Output,
            doc: "\"input\" = in the order of the list. \"completion\" = each record as soon as its page is done; no record \
                  waits for another one.",
        },
        Setting {
            name: "window_memory",
            read: Read::Value(|s, n| put(&mut s.plan.sink.window_memory, n, size::read)),
            default: "\"64MiB\"",
            affects: Affects::Nothing,
            doc: "In the order of the list, a finished record waits for those before it. Up to this much may wait in memory; \
                  the rest waits in a file beside the output, or in a temporary file (TMPDIR) if the output is not a file.",
        },
        Setting {
            name: "ahead_limit",
            read: Read::Value(|s, n| put(&mut s.plan.ahead_limit, n, count::positive)),
            default: "1000000",
            affects: Affects::Nothing,
            doc: "How many tasks may be finished ahead of the earliest unfinished one. When this many are, no task is \
                  started until the earliest one is finished. Each of them takes a little memory, even if its record waits \
                  on disk.",
        },
    ]),
    remarks: "",
};

/// `None` is by the extension of the output.
const FORMATS: &[(&str, Option<Format>)] = &[
    ("auto", None),
    ("json", Some(Format::Json)),
    ("jsonl", Some(Format::Jsonl)),
    // Another name for the same format.
    ("ndjson", Some(Format::Jsonl)),
];

const RECORDS: &[(&str, Shape)] = &[("full", Shape::Full), ("data", Shape::Data)];

const ORDERS: &[(&str, Order)] = &[("input", Order::Input), ("completion", Order::Completion)];
