use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::escape_controls;

/// What the list says about a task besides its URL, such as the other columns of its row: an object of JSON on one
/// line. Tasks of one entry share it. The values of the list keep their digits and spellings.
///
/// It is as small as a pointer, because there may be a hundred thousand tasks.
///
/// The reader of the list makes it. It goes into the task's record, and to the worker if a rule needs it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Carried(Option<Arc<String>>);

impl Carried {
    /// The cells of a row, as strings.
    pub fn of_cells<'a>(cells: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut object = Object::default();
        for (name, cell) in cells {
            object.key(name);
            object.string(cell);
        }
        object.end()
    }

    /// The keys and values of an object. The values are JSON on one line.
    pub fn of_values<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut object = Object::default();
        for (name, value) in values {
            object.key(name);
            object.json(value);
        }
        object.end()
    }

    /// The object as one line of JSON; `None` if nothing is carried.
    pub fn json(&self) -> Option<&str> {
        self.0.as_deref().map(String::as_str)
    }

    /// The number of bytes of [`json`](Self::json).
    pub fn weight(&self) -> usize {
        self.json().map_or(0, str::len)
    }

    /// Names and values as texts, in the order of the list. A string has no quotes, and any other value is JSON. `null`
    /// is no value and is left out.
    pub fn texts(&self) -> Vec<(String, String)> {
        let entries = self.json().and_then(|json| entries(json).ok()).unwrap_or_default();
        let text = |value: &RawValue| match value.get() {
            "null" => None,
            json => Some(serde_json::from_str(json).unwrap_or_else(|_| json.to_owned())),
        };
        entries.into_iter().filter_map(|(name, value)| Some((name, text(&value)?))).collect()
    }
}

/// The keys and values of an object of JSON, in its order. If a key occurs twice, its last value counts, as for most
/// readers of JSON.
///
/// # Errors
/// If the text is not an object.
pub fn entries(json: &str) -> serde_json::Result<Vec<(String, Box<RawValue>)>> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let entries = deserializer.deserialize_map(Entries)?;
    deserializer.end()?;
    Ok(entries)
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, Box<RawValue>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // A map from keys to places keeps an object with very many keys from taking quadratic time.
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut entries: Self::Value = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
            if let Some(&place) = places.get(&key) {
                entries[place].1 = value;
            } else {
                places.insert(key.clone(), entries.len());
                entries.push((key, value));
            }
        }
        Ok(entries)
    }
}

/// An object that is being written.
#[derive(Default)]
struct Object(Vec<u8>);

impl Object {
    fn key(&mut self, name: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        self.string(name);
        self.0.push(b':');
    }

    fn string(&mut self, text: &str) {
        let start = self.0.len();
        let mut serializer = serde_json::Serializer::new(&mut self.0);
        text.serialize(&mut serializer).expect("a string is always JSON, and memory takes it");
        escape_controls(&mut self.0, start);
    }

    fn json(&mut self, value: &str) {
        let start = self.0.len();
        self.0.extend_from_slice(value.as_bytes());
        escape_controls(&mut self.0, start);
    }

    fn end(mut self) -> Carried {
        if self.0.is_empty() {
            return Carried::default();
        }
        self.0.push(b'}');
        Carried(Some(Arc::new(String::from_utf8(self.0).expect("made of UTF-8"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_strings_and_values_stay_as_they_are_written() {
        let cells = Carried::of_cells([("sku", "1.50"), ("a \"b\"", "x\ny\u{7f}"), ("", "")]);
        assert_eq!(cells.json(), Some("{\"sku\":\"1.50\",\"a \\\"b\\\"\":\"x\\ny\\u007f\",\"\":\"\"}"));
        let values = Carried::of_values([("n", "1.50"), ("list", "[1,{\"a\":null}]"), ("s", "\"\u{9b}\"")]);
        assert_eq!(values.json(), Some("{\"n\":1.50,\"list\":[1,{\"a\":null}],\"s\":\"\\u009b\"}"));
        assert_eq!((Carried::of_cells([]).json(), Carried::default().weight()), (None, 0));
    }

    #[test]
    fn a_rule_gets_strings_without_quotes_and_other_values_as_json() {
        let carried = Carried::of_values([
            ("a", "\"x\\u00e9\""),
            ("n", "12345678901234567890.0"),
            ("none", "null"),
            ("list", "[1,\"b\"]"),
        ]);
        let texts = carried.texts();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (&**name, &**text)).collect();
        assert_eq!(texts, [("a", "xé"), ("n", "12345678901234567890.0"), ("list", "[1,\"b\"]")]);
        assert!(Carried::default().texts().is_empty());
    }

    #[test]
    fn the_last_value_of_a_repeated_key_counts() {
        let of = |json| {
            let entries = entries(json).map_err(|error| error.to_string())?;
            Ok::<_, String>(entries.iter().map(|(key, value)| format!("{key}={}", value.get())).collect::<Vec<_>>())
        };
        assert_eq!(of(r#"{"a":1, "b": 2.0 ,"a":[3]}"#), Ok(vec!["a=[3]".to_owned(), "b=2.0".to_owned()]));
        for bad in ["[]", "1", "{", "{} x", "{\"a\":}"] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }
}
