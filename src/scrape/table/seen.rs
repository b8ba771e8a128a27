//! Finds out which columns data has, if no rules are known: by looking at all of it once.

use serde_json::value::RawValue;

use crate::model::{Entries, ValueKind};

/// Deeper values are taken as they are.
const DEEPEST: usize = 16;

/// An object with more different keys, over all data, is taken as it is.
const MOST_KEYS: usize = 4096;

/// The fields of all data that was added, in the order of their first appearance.
#[derive(Debug, Default)]
pub struct Seen(Vec<(String, Kind)>);

/// What the values of one place have in common.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// There was no value but null.
    Nothing,
    Boolean,
    Integer,
    Number,
    /// Texts, or values of several types.
    Text,
    List(Box<Kind>),
    Object(Vec<(String, Kind)>),
}

impl Seen {
    /// Adds the data of a page, which is valid JSON.
    ///
    /// # Errors
    /// If it is neither an object nor null, or if there are too many different fields. The text says which.
    pub fn add(&mut self, json: &str) -> Result<(), String> {
        match json.as_bytes().first() {
            Some(b'n') => Ok(()),
            Some(b'{') if add_keys(&mut self.0, json, 0) => Ok(()),
            Some(b'{') => Err(format!("brings the number of fields above {MOST_KEYS}, which are too many columns")),
            _ => Err("has data that is not an object, so it has no columns".to_owned()),
        }
    }

    /// The fields and their types. A field without any value is text.
    pub fn kinds(&self) -> Vec<(String, ValueKind)> {
        of_fields(&self.0)
    }
}

/// Adds an object to the fields of others. Returns false if there are too many.
fn add_keys(fields: &mut Vec<(String, Kind)>, json: &str, depth: usize) -> bool {
    let Ok(entries) = Entries::read(json) else { return false };
    for (nth, (key, value)) in entries.iter().enumerate() {
        let usual = fields.get(nth).is_some_and(|(known, _)| known == key);
        let place = if usual { Some(nth) } else { fields.iter().position(|(known, _)| known == key) };
        let place = place.unwrap_or_else(|| {
            fields.push((key.to_owned(), Kind::Nothing));
            fields.len() - 1
        });
        fields[place].1.add(value.get(), depth + 1);
        if fields.len() > MOST_KEYS {
            return false;
        }
    }
    true
}

impl Kind {
    /// Widens the type so that it has this value, too.
    fn add(&mut self, json: &str, depth: usize) {
        let first = json.as_bytes().first().copied().unwrap_or(b'n');
        if first == b'n' || *self == Self::Text {
            return;
        }
        if depth >= DEEPEST {
            *self = Self::Text;
            return;
        }
        match (first, &mut *self) {
            (b't' | b'f', Self::Nothing | Self::Boolean) => *self = Self::Boolean,
            (b'-' | b'0'..=b'9', Self::Nothing | Self::Integer) => *self = of_number(json),
            (b'-' | b'0'..=b'9', Self::Number) if of_number(json) != Self::Text => {}
            (b'{', Self::Nothing) => {
                *self = Self::Object(Vec::new());
                self.add(json, depth);
            }
            (b'{', Self::Object(fields)) => {
                if !add_keys(fields, json, depth) {
                    *self = Self::Text;
                }
            }
            (b'[', Self::Nothing) => {
                *self = Self::List(Box::new(Self::Nothing));
                self.add(json, depth);
            }
            (b'[', Self::List(element)) => {
                let elements: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
                elements.into_iter().for_each(|value| element.add(value.get(), depth + 1));
            }
            _ => *self = Self::Text,
        }
    }
}

/// An integer of more than 64 bits would lose digits as a number, so it is text.
fn of_number(json: &str) -> Kind {
    if json.contains(['.', 'e', 'E']) {
        Kind::Number
    } else if json.parse::<i64>().is_ok() {
        Kind::Integer
    } else {
        Kind::Text
    }
}

fn of_fields(fields: &[(String, Kind)]) -> Vec<(String, ValueKind)> {
    fields.iter().map(|(name, kind)| (name.clone(), of_kind(kind))).collect()
}

fn of_kind(kind: &Kind) -> ValueKind {
    match kind {
        Kind::Nothing | Kind::Text => ValueKind::Text,
        Kind::Boolean => ValueKind::Boolean,
        Kind::Integer => ValueKind::Integer,
        Kind::Number => ValueKind::Number,
        Kind::List(element) => of_kind(element).listed(),
        Kind::Object(fields) => ValueKind::Object(of_fields(fields)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ValueKind::{Boolean, Integer, Number, Object, Text};

    fn kinds(data: &[&str]) -> Vec<(String, ValueKind)> {
        let mut seen = Seen::default();
        data.iter().for_each(|json| seen.add(json).expect("objects"));
        seen.kinds()
    }

    #[test]
    fn fields_come_in_the_order_of_their_first_appearance_with_the_type_of_all_values() {
        let object = |fields: &[(&str, ValueKind)]| {
            fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect::<Vec<_>>()
        };
        let table: [(&[&str], _); 12] = [
            (&[], object(&[])),
            (&["null"], object(&[])),
            (&[r#"{"b":1,"a":"x"}"#, r#"{"c":true,"b":2}"#], object(&[("b", Integer), ("a", Text), ("c", Boolean)])),
            (&[r#"{"a":null}"#], object(&[("a", Text)])),
            (&[r#"{"a":null}"#, r#"{"a":1}"#], object(&[("a", Integer)])),
            (&[r#"{"a":1}"#, r#"{"a":1.5}"#], object(&[("a", Number)])),
            (&[r#"{"a":1.5}"#, r#"{"a":1}"#], object(&[("a", Number)])),
            (&[r#"{"a":1}"#, r#"{"a":"1"}"#], object(&[("a", Text)])),
            (&[r#"{"a":12345678901234567890}"#], object(&[("a", Text)])),
            (&[r#"{"a":[]}"#, r#"{"a":[1,null]}"#], object(&[("a", Integer.listed())])),
            (
                &[r#"{"a":[{"x":1}]}"#, r#"{"a":[{"y":"z"},{"x":2}]}"#],
                object(&[("a", Object(object(&[("x", Integer), ("y", Text)])).listed())]),
            ),
            (&[r#"{"a":{"x":1}}"#, r#"{"a":[1]}"#], object(&[("a", Text)])),
        ];
        for (data, expected) in table {
            assert_eq!(kinds(data), expected, "{data:?}");
        }
    }

    #[test]
    fn what_has_no_columns_is_refused_and_what_is_too_deep_is_one_value() {
        for other in ["1", "\"x\"", "[{}]"] {
            assert!(Seen::default().add(other).expect_err(other).contains("is not an object"));
        }
        let many: Vec<String> = (0..5000).map(|n| format!("\"k{n}\":1")).collect();
        let many = format!("{{{}}}", many.join(","));
        assert!(Seen::default().add(&many).expect_err("many").contains("too many columns"));
        assert_eq!(kinds(&[&format!("{{\"a\":{many}}}")]), [("a".to_owned(), Text)]);
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(format!("{:?}", kinds(&[&deep])).matches("List").count() < DEEPEST);
    }
}
