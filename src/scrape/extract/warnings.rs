//! The warnings of one page: what was wrong with single values.

use serde_json::{Value, json as value};

use crate::scrape::json;

/// The most warnings of one record.
const MOST: usize = 20;

/// The most characters of a value in a warning.
const LONGEST_VALUE: usize = 200;

/// The most characters of the path of a field in a warning. With it, all warnings of a record are smaller than what the
/// coordinator believes.
const LONGEST_FIELD: usize = 1000;

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// A value does not fit its type, so it is `null`.
    BadValue,
    /// The page is not well-formed XML, so it was read as HTML.
    NotWellFormed,
    /// There is more than can be read: nodes of a path, cells of a table, or warnings of a record.
    TooMany,
}

impl Problem {
    const ALL: [Self; 3] = [Self::BadValue, Self::NotWellFormed, Self::TooMany];

    fn as_str(self) -> &'static str {
        match self {
            Self::BadValue => "bad_value",
            Self::NotWellFormed => "not_well_formed",
            Self::TooMany => "too_many",
        }
    }
}

/// The warnings of one page, as JSON.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    /// The objects, with commas between them.
    json: Vec<u8>,
    /// How many warnings there are, with those that are not written.
    count: usize,
}

/// How many warnings there were at some moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    length: usize,
    count: usize,
}

impl Warnings {
    /// Adds a warning. `field` is a path such as `quotes[3].price`; `None` stands for the whole document.
    pub(crate) fn add(&mut self, field: Option<&str>, problem: Problem, value: &str) {
        self.count += 1;
        // The last place is for the number of the warnings that have no place.
        if self.count < MOST {
            self.write(field, problem, value);
        }
    }

    fn write(&mut self, field: Option<&str>, problem: Problem, value: &str) {
        let out = &mut self.json;
        if !out.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"field\":");
        match field {
            Some(field) => json::string(out, cut(field, LONGEST_FIELD)),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"problem\":");
        json::string(out, problem.as_str());
        out.extend_from_slice(b",\"value\":");
        json::string(out, cut(value, LONGEST_VALUE));
        out.push(b'}');
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { length: self.json.len(), count: self.count }
    }

    /// Forgets the warnings since a moment. Returns whether there were some.
    pub(super) fn rewind(&mut self, mark: Mark) -> bool {
        let were_some = self.count > mark.count;
        self.json.truncate(mark.length);
        self.count = mark.count;
        were_some
    }

    /// Whether the next warning is only counted.
    pub(super) fn are_full(&self) -> bool {
        self.count + 1 >= MOST
    }

    /// Returns the warnings as a list on one line of JSON, at most 20. It is empty if there are no warnings.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.count >= MOST {
            let left_out = self.count + 1 - MOST;
            self.write(None, Problem::TooMany, &format!("{left_out} more warnings"));
        }
        if self.json.is_empty() {
            return self.json;
        }
        self.json.insert(0, b'[');
        self.json.push(b']');
        self.json
    }
}

/// The JSON Schema (draft-07) of the warnings of a record that has some.
pub fn warnings_schema() -> Value {
    value!({
        "type": "array",
        "minItems": 1,
        "maxItems": MOST,
        "items": {
            "type": "object",
            "properties": {
                "field": { "type": ["string", "null"], "maxLength": LONGEST_FIELD },
                "problem": { "enum": Problem::ALL.map(Problem::as_str) },
                "value": { "type": "string", "maxLength": LONGEST_VALUE },
            },
            "required": ["field", "problem", "value"],
            "additionalProperties": false,
        },
    })
}

/// Returns the first characters of a text.
fn cut(text: &str, most: usize) -> &str {
    &text[..text.char_indices().nth(most).map_or(text.len(), |(end, _)| end)]
}

#[cfg(test)]
mod tests {
    use super::{Problem, Warnings};

    #[test]
    fn a_page_without_warnings_has_an_empty_text() {
        assert_eq!(Warnings::default().finish(), b"");
    }

    #[test]
    fn warnings_are_a_list_with_short_values() {
        let mut warnings = Warnings::default();
        warnings.add(None, Problem::NotWellFormed, "line 1");
        let mark = warnings.mark();
        warnings.add(Some("b"), Problem::TooMany, "");
        warnings.rewind(mark);
        warnings.add(Some("a[0].b"), Problem::BadValue, &"é".repeat(300));
        let expected = format!(
            r#"[{{"field":null,"problem":"not_well_formed","value":"line 1"}},{{"field":"a[0].b","problem":"bad_value","value":"{}"}}]"#,
            "é".repeat(200)
        );
        assert_eq!(String::from_utf8_lossy(&warnings.finish()), expected);
    }

    /// `coordinator/plausible.rs` takes a longer list for a lie of the worker.
    #[test]
    fn the_longest_warnings_have_less_than_a_mebibyte() {
        for longest in ["\u{1}", "\u{10ffff}", "\""] {
            let mut warnings = Warnings::default();
            (0..30)
                .for_each(|_| warnings.add(Some(&longest.repeat(60_000)), Problem::BadValue, &longest.repeat(60_000)));
            let length = warnings.finish().len();
            assert!(length < 1 << 20, "{longest:?}: {length}");
        }
    }

    #[test]
    fn the_twentieth_warning_tells_how_many_are_left_out() {
        for (added, wanted, left_out) in [(19, 19, None), (20, 20, Some("1 more")), (1000, 20, Some("981 more"))] {
            let mut warnings = Warnings::default();
            (0..added).for_each(|n| warnings.add(Some("f"), Problem::BadValue, &n.to_string()));
            let all: Vec<serde_json::Value> = serde_json::from_slice(&warnings.finish()).expect("JSON");
            assert_eq!(all.len(), wanted, "{added}");
            let last = &all[all.len() - 1];
            match left_out {
                Some(words) => assert!(last["value"].as_str().is_some_and(|value| value.starts_with(words)), "{last}"),
                None => assert_eq!(last["value"], "18"),
            }
        }
    }
}
