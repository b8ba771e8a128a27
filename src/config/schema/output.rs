//! `[output]`

use super::{Affects, Keys, Read, Section, Setting, put};
use crate::config::element::{choice, count, list, short_text, size, truth};
use crate::config::written::Node;
use crate::sink::{Column, Format, Order, Shape};

pub(super) const OUTPUT: Section = Section {
    name: "output",
    doc: "What is written.",
    keys: Keys::Known(&[
        Setting {
            name: "format",
            read: Read::Value(|s, n| put(&mut s.plan.format, n, |n| choice::read(n, FORMATS))),
            form: || choice::form(FORMATS),
            default: "\"auto\"",
            affects: Affects::Output,
            doc: "\"json\" (one array), \"jsonl\" or \"ndjson\" (both: one record a line), \"csv\", \"tsv\", \"parquet\", \"sqlite\" \
                  (both need features), or \"auto\" = by the extension of the output file; without an extension, json. A \
                  name that ends in .gz or .zst means that the file is compressed.",
        },
        Setting {
            name: "record",
            read: Read::Value(|s, n| put(&mut s.plan.sink.shape, n, |n| choice::read(n, RECORDS))),
            form: || choice::form(RECORDS),
            default: "\"full\"",
            affects: Affects::Output,
            doc: "\"full\" = data or failure, with URL, status, attempts and times. \"data\" = only the data, null for a \
                  failure.",
        },
        Setting {
            name: "columns",
            read: Read::Value(|s, n| {
                put(&mut s.plan.sink.table.columns, n, |n| list::read(n, |n| choice::read(n, &Column::ALL)))
            }),
            form: || list::form(&choice::form(&Column::ALL)),
            default: "[\n    \"seq\", \"url\", \"final_url\", \"status\", \"failure_kind\", \"failure_stage\", \
                      \"failure_message\", \"attempts\",\n    \"elapsed_ms\", \"bytes\", \"worker\", \
                      \"fetched_at\", \"warnings\",\n]",
            affects: Affects::Output,
            doc: "csv, tsv, parquet and sqlite: the columns about the task, in this order: \"seq\", \"url\", \"final_url\", \"status\", \
                  \"failure_kind\", \"failure_stage\", \"failure_message\", \"attempts\", \"elapsed_ms\", \"bytes\", \
                  \"worker\", \"fetched_at\", \"warnings\". The columns of the fields follow.",
        },
        Setting {
            name: "input_prefix",
            read: Read::Value(|s, n| put(&mut s.plan.sink.table.input_prefix, n, short_text::read)),
            form: short_text::form,
            default: "\"\"",
            affects: Affects::Output,
            doc: "csv and tsv: what the names of the columns of the list begin with in the output, such as \"list_\". It keeps \
                  them apart from all other columns, which must have other names.",
        },
        Setting {
            name: "rows",
            read: Read::Value(|s, n| {
                let name = |n: &Node| short_text::read(n).map(|name| Some(name).filter(|name| !name.is_empty()));
                put(&mut s.plan.table.rows, n, name)
            }),
            form: short_text::form,
            default: "\"\"",
            affects: Affects::Output,
            doc: "csv and tsv: the field with `each` of which every element becomes a row. The other columns are repeated. \
                  \"\" = one row for each page.",
        },
        Setting {
            name: "list_separator",
            read: Read::Value(|s, n| put(&mut s.plan.table.list_separator, n, short_text::read)),
            form: short_text::form,
            default: "\"\"",
            affects: Affects::Output,
            doc: "csv and tsv: what stands between the values of a list of strings, numbers and booleans. \"\" = such a list \
                  is JSON, as are all other lists.",
        },
        Setting {
            name: "dialect",
            read: Read::Value(|s, n| put(&mut s.plan.table.dialect.excel, n, |n| choice::read(n, DIALECTS))),
            form: || choice::form(DIALECTS),
            default: "\"plain\"",
            affects: Affects::Output,
            doc: "csv and tsv: \"plain\" = lines end with LF. \"excel\" = they end with CR LF, and the file begins with a \
                  byte-order mark.",
        },
        Setting {
            name: "escape_formulas",
            read: Read::Value(|s, n| put(&mut s.plan.table.dialect.escape_formulas, n, truth::read)),
            form: truth::form,
            default: "false",
            affects: Affects::Output,
            doc: "For dialect = \"excel\": puts an apostrophe before texts that begin with = + - @, a tab or a carriage return, \
                  which spreadsheets run as formulas.",
        },
        Setting {
            name: "order",
            read: Read::Value(|s, n| put(&mut s.plan.sink.order, n, |n| choice::read(n, ORDERS))),
            form: || choice::form(ORDERS),
            default: "\"input\"",
            affects: Affects::Output,
            doc: "\"input\" = in the order of the list. \"completion\" = each record as soon as its page is done; no record \
                  waits for another one.",
        },
        Setting {
            name: "window_memory",
            read: Read::Value(|s, n| put(&mut s.plan.sink.window_memory, n, size::read)),
            form: size::form,
            default: "\"64MiB\"",
            affects: Affects::Nothing,
            doc: "In the order of the list, a finished record waits for those before it. Up to this much may wait in memory; \
                  the rest waits in a file beside the output, or in a temporary file (TMPDIR) if the output is not a file.",
        },
        Setting {
            name: "ahead_limit",
            read: Read::Value(|s, n| put(&mut s.plan.ahead_limit, n, count::positive)),
            form: count::positive_form,
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
    ("csv", Some(Format::Csv)),
    ("tsv", Some(Format::Tsv)),
    ("parquet", Some(Format::Parquet)),
    ("sqlite", Some(Format::Sqlite)),
];

const RECORDS: &[(&str, Shape)] = &[("full", Shape::Full), ("data", Shape::Data)];

/// Whether the table is for Excel.
const DIALECTS: &[(&str, bool)] = &[("plain", false), ("excel", true)];

const ORDERS: &[(&str, Order)] = &[("input", Order::Input), ("completion", Order::Completion)];
