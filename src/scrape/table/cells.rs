//! Turns the JSON of a page into rows. The extractor wrote the JSON, so its form is known: one object with all fields, in
//! the order of the rules.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::columns::{Columns, Field, Spread};
use super::{ColumnsError, TableSettings};
use crate::model::{Dialect, Entries, Failure, FailureKind, RowsHead, Stage};
use crate::scrape::extract::Extraction;

/// The most bytes of rows that one page may give: the largest answer that a worker can send. A page with many elements
/// repeats its other fields in each row.
const MOST_BYTES: usize = 64 << 20;

/// Why the data of a page can be read.
const WRITTEN: &str = "the extractor writes JSON";

/// Makes the rows of pages.
#[derive(Debug)]
pub struct Table {
    columns: Columns,
    settings: TableSettings,
    head: RowsHead,
}

impl Table {
    /// The table that these rules and settings give.
    ///
    /// # Errors
    /// If the settings name a field that cannot give rows.
    pub fn new(extraction: &Extraction, settings: TableSettings) -> Result<Self, ColumnsError> {
        Ok(Self::of_columns(Columns::new(extraction, settings.rows.as_deref())?, settings))
    }

    /// The table with these columns.
    pub fn of_columns(columns: Columns, settings: TableSettings) -> Self {
        let head = RowsHead::new(settings.dialect.delimiter, columns.names().len());
        Self { columns, settings, head }
    }

    /// What the rows of every page begin with.
    pub fn head(&self) -> RowsHead {
        self.head
    }

    /// Turns the data of a page into rows, in the form of [`rows_of`](crate::model::rows_of). The data is valid JSON.
    ///
    /// # Errors
    /// Fails as `too_large` at stage `extract` if the rows are larger than an answer can be.
    ///
    /// # Panics
    /// If the data is not valid JSON.
    pub fn rows(&self, data: &[u8]) -> Result<Bytes, Failure> {
        let page = object(str::from_utf8(data).expect(WRITTEN));
        let fields = &self.columns.fields;
        let values = |range: std::ops::Range<usize>| {
            let mut cells = Vec::new();
            for (nth, field) in fields[range.clone()].iter().enumerate() {
                self.spread(&field.spread, page.get(range.start + nth, &field.name), &mut cells);
            }
            cells
        };
        let mut out = self.head.to_bytes().to_vec();
        let Some(at) = self.columns.rows else {
            out.extend_from_slice(without_delimiter(&values(0..fields.len())));
            return if out.len() > MOST_BYTES { Err(too_large()) } else { Ok(out.into()) };
        };
        let (before, after) = (values(0..at), values(at + 1..fields.len()));
        let mut elements = page.get(at, &fields[at].name).map_or_else(Vec::new, elements);
        if elements.is_empty() {
            elements.push(RawValue::NULL);
        }
        let mut row = Vec::new();
        for (nth, element) in elements.into_iter().enumerate() {
            row.clear();
            row.extend_from_slice(&before);
            self.spread(&fields[at].spread, Some(element), &mut row);
            row.extend_from_slice(&after);
            if nth > 0 {
                out.push(0);
            }
            out.extend_from_slice(without_delimiter(&row));
            if out.len() > MOST_BYTES {
                return Err(too_large());
            }
        }
        Ok(out.into())
    }

    /// Appends the cells of a value, each after a delimiter.
    fn spread(&self, spread: &Spread, value: Option<&RawValue>, cells: &mut Vec<u8>) {
        match spread {
            Spread::Cell => {
                cells.push(self.settings.dialect.delimiter);
                if let Some(value) = value {
                    self.cell(value.get(), cells);
                }
            }
            Spread::Object(fields) => {
                let object = value.map_or_else(Entries::default, |value| object(value.get()));
                for (nth, Field { name, spread }) in fields.iter().enumerate() {
                    self.spread(spread, object.get(nth, name), cells);
                }
            }
        }
    }

    /// Appends a value of JSON as one cell: nothing for null, a string without quotes and escapes, a list by the
    /// settings, and anything else as JSON.
    fn cell(&self, json: &str, cells: &mut Vec<u8>) {
        let TableSettings { dialect, list_separator, .. } = &self.settings;
        match json.as_bytes() {
            [b'n', ..] => {}
            [b'"', ..] => dialect.text(&text(json), cells),
            [b'[', ..] if !list_separator.is_empty() => match joined(json, list_separator) {
                Some(text) => dialect.text(&text, cells),
                None => verbatim(*dialect, json, cells),
            },
            _ => verbatim(*dialect, json, cells),
        }
    }
}

/// Appends what is not a text, so it cannot be a formula.
fn verbatim(dialect: Dialect, json: &str, cells: &mut Vec<u8>) {
    Dialect { escape_formulas: false, ..dialect }.text(json, cells);
}

/// The values of a list with a separator between them. `None` if they are not all strings, numbers, booleans and null.
fn joined(list: &str, separator: &str) -> Option<String> {
    let values: Vec<&RawValue> = serde_json::from_str(list).expect(WRITTEN);
    let mut joined = String::new();
    for (nth, value) in values.into_iter().enumerate() {
        if nth > 0 {
            joined.push_str(separator);
        }
        match value.get().as_bytes() {
            [b'[' | b'{', ..] => return None,
            [b'n', ..] => {}
            [b'"', ..] => joined.push_str(&text(value.get())),
            _ => joined.push_str(value.get()),
        }
    }
    Some(joined)
}

/// The entries of an object. Nothing for any other value.
fn object(json: &str) -> Entries<'_> {
    if json.starts_with('{') { Entries::read(json).expect(WRITTEN) } else { Entries::default() }
}

/// The text of a string of JSON.
fn text(json: &str) -> String {
    serde_json::from_str(json).expect(WRITTEN)
}

/// The elements of a list. Nothing for null.
fn elements(list: &RawValue) -> Vec<&RawValue> {
    if list.get().starts_with('[') { serde_json::from_str(list.get()).expect(WRITTEN) } else { Vec::new() }
}

fn without_delimiter(cells: &[u8]) -> &[u8] {
    cells.get(1..).unwrap_or_default()
}

fn too_large() -> Failure {
    let message = format!(
        "write the page as rows: they are larger than {MOST_BYTES} bytes, because each row repeats the other fields; \
         extract less of the page, or leave out output.rows"
    );
    Failure::new(FailureKind::TooLarge, Stage::Extract, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::rows_of;
    use crate::scrape::extract::{Arity, Fields, Rule, ValueRule};

    fn rows_with(rules: &[&str], settings: TableSettings, data: &str) -> Result<Vec<String>, Failure> {
        let value = |name: &str| (name.to_owned(), Rule::Value(ValueRule::new("p", Arity::One)));
        // A name such as `items/x y` is a field with `each`.
        let fields: Fields = rules
            .iter()
            .map(|rule| match rule.split_once('/') {
                None => value(rule),
                Some((name, inner)) => (name.to_owned(), Rule::each("li", inner.split(' ').map(value).collect())),
            })
            .collect();
        let table = Table::new(&fields.into(), settings).expect("columns");
        let data = table.rows(data.as_bytes())?;
        assert_eq!(RowsHead::of(&data), Some(table.head()));
        Ok(rows_of(&data).map(|row| String::from_utf8_lossy(row).into_owned()).collect())
    }

    #[test]
    fn each_kind_of_value_has_its_cell() {
        // (the value, its cell, its cell if lists have a separator)
        let table = [
            ("null", "", ""),
            ("true", "true", "true"),
            ("false", "false", "false"),
            ("-1.50", "-1.50", "-1.50"),
            ("12345678901234567890", "12345678901234567890", "12345678901234567890"),
            (r#""""#, "", ""),
            (r#""plain""#, "plain", "plain"),
            (r#""a,b""#, "\"a,b\"", "\"a,b\""),
            (r#""say \"a\"""#, "\"say \"\"a\"\"\"", "\"say \"\"a\"\"\""),
            (r#""a\nb\rc""#, "\"a\nb\rc\"", "\"a\nb\rc\""),
            (r#""a\u0000b""#, "a\u{FFFD}b", "a\u{FFFD}b"),
            (r#""caf\u00e9 👩‍🔧""#, "café 👩‍🔧", "café 👩‍🔧"),
            ("[]", "[]", ""),
            (r#"["a"]"#, "\"[\"\"a\"\"]\"", "a"),
            (r#"["a","b,c",1,true,null]"#, "\"[\"\"a\"\",\"\"b,c\"\",1,true,null]\"", "\"a|b,c|1|true|\""),
            (r#"[["a"]]"#, "\"[[\"\"a\"\"]]\"", "\"[[\"\"a\"\"]]\""),
            (r#"[{"x":1}]"#, "\"[{\"\"x\"\":1}]\"", "\"[{\"\"x\"\":1}]\""),
            ("[1,2]", "\"[1,2]\"", "1|2"),
            (r#"{"x":"\u0000"}"#, "\"{\"\"x\"\":\"\"\\u0000\"\"}\"", "\"{\"\"x\"\":\"\"\\u0000\"\"}\""),
            (r#""=1""#, "=1", "=1"),
        ];
        for (value, plain, separated) in table {
            let data = format!("{{\"a\":{value},\"b\":7}}");
            let rows = rows_with(&["a", "b"], TableSettings::default(), &data).expect("small");
            assert_eq!(rows, [format!("{plain},7")], "{value}");
            let settings = TableSettings { list_separator: "|".to_owned(), ..TableSettings::default() };
            assert_eq!(rows_with(&["a", "b"], settings, &data).expect("small"), [format!("{separated},7")], "{value}");
        }
    }

    #[test]
    fn only_texts_are_escaped_as_formulas() {
        let dialect = Dialect { escape_formulas: true, ..Dialect::default() };
        let settings = TableSettings { dialect, list_separator: ";".to_owned(), ..TableSettings::default() };
        for (value, cell) in [(r#""=1""#, "'=1"), ("-1", "-1"), (r#"["-a","b"]"#, "'-a;b"), (r#""-1""#, "'-1")] {
            let data = format!("{{\"a\":{value}}}");
            assert_eq!(rows_with(&["a"], settings.clone(), &data).expect("small"), [cell], "{value}");
        }
    }

    #[test]
    fn each_element_gives_a_row_and_no_element_gives_one_row() {
        let rules = ["a", "items/x y", "b"];
        let table = [
            (r#"{"a":1,"items":[],"b":2}"#, &["1,,,2"][..]),
            (r#"{"a":1,"items":null,"b":2}"#, &["1,,,2"]),
            (r#"{"a":1,"items":[{"x":"p","y":"q"}],"b":2}"#, &["1,p,q,2"]),
            (
                r#"{"a":"k,","items":[{"x":1,"y":null},{"y":4,"x":3},{"y":"5"}],"b":"\n"}"#,
                &["\"k,\",1,,\"\n\"", "\"k,\",3,4,\"\n\"", "\"k,\",,5,\"\n\""],
            ),
        ];
        for (data, expected) in table {
            let settings = TableSettings { rows: Some("items".to_owned()), ..TableSettings::default() };
            assert_eq!(rows_with(&rules, settings, data).expect("small"), expected, "{data}");
        }
        let settings = TableSettings { rows: Some("items".to_owned()), ..TableSettings::default() };
        let first = rows_with(&["items/x", "b"], settings.clone(), r#"{"items":[{"x":1},{"x":2}],"b":3}"#);
        assert_eq!(first.expect("small"), ["1,3", "2,3"], "at the beginning");
        let only = rows_with(&["items/x"], settings, r#"{"items":[{"x":null},{"x":2}]}"#);
        assert_eq!(only.expect("small"), ["", "2"], "alone");
    }

    #[test]
    fn rows_that_repeat_a_large_field_fail_their_page() {
        let (large, items) = ("x".repeat(1 << 20), vec!["{\"x\":1}"; 100].join(","));
        let settings = TableSettings { rows: Some("items".to_owned()), ..TableSettings::default() };
        let data = format!("{{\"a\":\"{large}\",\"items\":[{items}]}}");
        let failure = rows_with(&["a", "items/x"], settings, &data).expect_err("too large");
        assert_eq!((failure.kind, failure.stage), (FailureKind::TooLarge, Stage::Extract));
        // Quotes take two bytes in a cell.
        let quotes = format!("{{\"a\":\"{}\"}}", "\\\"".repeat(32 << 20));
        let failure = rows_with(&["a"], TableSettings::default(), &quotes).expect_err("too large");
        assert_eq!(failure.kind, FailureKind::TooLarge);
    }

    #[test]
    fn nesting_does_not_use_the_stack() {
        let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
        let settings = TableSettings { list_separator: ";".to_owned(), ..TableSettings::default() };
        assert_eq!(rows_with(&["a"], settings, &format!("{{\"a\":{deep}}}")).expect("small"), [deep]);
    }
}
