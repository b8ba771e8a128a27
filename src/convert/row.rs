//! Finds the values of the columns in a record. No value is read here, so its depth does not matter.

use serde_json::value::RawValue;

use super::{Column, Error, Schema};
use crate::model::Entries;

/// Where the columns' values are.
pub(super) struct Places<'s> {
    columns: Vec<(&'s Column, usize)>,
}

impl<'s> Places<'s> {
    pub(super) fn new(schema: &'s Schema) -> Self {
        let mut columns: Vec<(&Column, usize)> = Vec::with_capacity(schema.columns.len());
        let mut before: Option<&str> = None;
        let mut nth = 0;
        for column in &schema.columns {
            // Columns of one object stand in its order, so the value of each is usually the entry with its number.
            nth = if column.inner.is_some() && before == Some(column.key.as_str()) { nth + 1 } else { 0 };
            before = Some(&column.key);
            columns.push((column, if column.inner.is_some() { nth } else { columns.len() }));
        }
        Self { columns }
    }

    /// The values of the columns in a record, as JSON. `None` where there is no value. `null` is a record without values.
    ///
    /// # Errors
    /// If the line is not an object of JSON.
    pub(super) fn find<'r>(&self, nth: u64, line: &'r [u8]) -> Result<Vec<(&'s Column, Option<&'r str>)>, Error> {
        let bad = |reason| Error::Record { nth, reason };
        let text = str::from_utf8(line).map_err(|error| bad(serde::de::Error::custom(error)))?;
        let record = object(text).map_err(bad)?;
        let mut values = Vec::with_capacity(self.columns.len());
        let mut inside: (&str, Entries<'r>) = ("", Entries::default());
        for (column, nth) in &self.columns {
            let value = match &column.inner {
                None => record.get(*nth, &column.key),
                Some(inner) => {
                    if inside.0 != column.key {
                        let value = record.get(0, &column.key).map_or("null", RawValue::get);
                        inside = (&column.key, object(value).unwrap_or_default());
                    }
                    inside.1.get(*nth, inner)
                }
            };
            values.push((*column, value.map(RawValue::get).filter(|json| *json != "null")));
        }
        Ok(values)
    }
}

/// The entries of an object. Nothing for null.
fn object(json: &str) -> serde_json::Result<Entries<'_>> {
    if json.trim_ascii() == "null" { Ok(Entries::default()) } else { Entries::read(json) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ValueKind;

    fn column(name: &str, key: &str, inner: Option<&str>) -> Column {
        Column { name: name.to_owned(), key: key.to_owned(), inner: inner.map(str::to_owned), kind: ValueKind::Text }
    }

    #[test]
    fn values_are_found_whatever_the_order_of_the_keys_is() {
        let columns = vec![
            column("sku", "input", Some("sku")),
            column("seq", "seq", None),
            column("a", "data", Some("a")),
            column("b", "data", Some("b")),
            column("kind", "failure", Some("kind")),
        ];
        let schema = Schema { columns, about: Vec::new() };
        let places = Places::new(&schema);
        let table = [
            (r#"{"seq":1,"input":{"sku":"x"},"data":{"a":[1],"b":{"c":2}},"failure":null}"#, r#""x" 1 [1] {"c":2} -"#),
            (r#" {"failure":{"kind":"dns"} , "data":null,"seq":2} "#, r#"- 2 - - "dns""#),
            (r#"{"data":{"b":1,"x":0,"a":2},"input":{}}"#, "- - 2 1 -"),
            (r#"{"data":[1],"input":"x","failure":7}"#, "- - - - -"),
            ("null", "- - - - -"),
            ("{}", "- - - - -"),
        ];
        for (line, expected) in table {
            let values = places.find(0, line.as_bytes()).expect(line);
            let shown = values.iter().map(|(_, value)| value.unwrap_or("-")).collect::<Vec<_>>().join(" ");
            assert_eq!(shown, expected, "{line}");
        }
        for line in ["", "[1]", "{", "{} {}", "{\"a\":}", "1"] {
            let error = places.find(7, line.as_bytes()).expect_err(line).to_string();
            assert!(error.starts_with("read record 7: it is not an object of JSON on one line: "), "{error}");
        }
        assert!(places.find(0, b"{\"a\":\"\xff\"}").is_err());
    }
}
