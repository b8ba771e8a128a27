//! An array of JSON. Its values are read one by one, so an array of any length takes the memory of one value.

use std::io::Read;

use url::Url;

use super::value::Values;
use super::{BUFFER, Entries, Entry, MAX_ENTRY, Place, Unreadable, not_utf8};
use crate::input::options::Options;
use crate::input::utf8::Utf8;
use crate::model::ValueScan;

pub(super) struct Json<'a, R> {
    list: Utf8<R>,
    values: Values<'a>,
    buffer: Box<[u8]>,
    /// Start and end of the bytes in `buffer` that have been read and not taken yet.
    start: usize,
    end: usize,
    place: Place,
    state: State,
    /// The value that is being read, and where it begins.
    value: Vec<u8>,
    begin: Place,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The bracket of the array.
    Array,
    /// A value, or the end of an empty array.
    FirstValue,
    /// A value.
    Value,
    /// The rest of a value.
    Inside(ValueScan),
    /// Nothing but white space.
    AfterArray,
}

impl<'a, R: Read> Json<'a, R> {
    pub(super) fn new(list: Utf8<R>, options: &'a Options, base: Option<&'a Url>) -> Self {
        Self {
            list,
            values: Values::new(options, base),
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            place: Place::BEGINNING,
            state: State::Array,
            value: Vec::new(),
            begin: Place::BEGINNING,
        }
    }

    /// Takes bytes up to the end of a value. Returns whether the value is complete.
    fn next_value(&mut self) -> Result<bool, Unreadable> {
        while let Some(&byte) = self.buffer[self.start..self.end].first() {
            let is_space = matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            match self.state {
                State::Inside(mut scan) => {
                    let unread = &self.buffer[self.start..self.end];
                    let end = unread.iter().position(|byte| scan.ends_before(*byte));
                    let length = end.unwrap_or(unread.len());
                    self.value.extend_from_slice(&unread[..length]);
                    self.advance(length);
                    if self.value.len() > MAX_ENTRY {
                        return Err(self.broken_value(&format!("is longer than {} KiB", MAX_ENTRY / 1024)));
                    }
                    if end.is_none() {
                        self.state = State::Inside(scan);
                        continue;
                    }
                    let is_last = self.buffer[self.start] == b']';
                    self.advance(1);
                    self.state = if is_last { State::AfterArray } else { State::Value };
                    return Ok(true);
                }
                _ if is_space => {}
                State::Array if byte == b'[' => self.state = State::FirstValue,
                State::Array => return Err(self.broken("it does not begin with `[`: a list in JSON is an array (--input-format jsonl reads a value on each line)")),
                State::FirstValue if byte == b']' => self.state = State::AfterArray,
                State::FirstValue | State::Value if matches!(byte, b',' | b']') => {
                    return Err(self.broken("a value is missing"));
                }
                State::FirstValue | State::Value => {
                    (self.begin, self.state) = (self.place, State::Inside(ValueScan::default()));
                    self.value.clear();
                    continue;
                }
                State::AfterArray => return Err(self.broken("something follows the array")),
            }
            self.advance(1);
        }
        Ok(false)
    }

    fn advance(&mut self, length: usize) {
        self.place.advance(&self.buffer[self.start..self.start + length]);
        self.start += length;
    }

    fn broken(&self, what: &str) -> Unreadable {
        Unreadable::Broken(format!(
            "it is not valid JSON at line {} (byte {}): {what}",
            self.place.line, self.place.byte
        ))
    }

    fn broken_value(&self, what: &str) -> Unreadable {
        Unreadable::Broken(format!(
            "the value that begins at line {} (byte {}) {what}",
            self.begin.line, self.begin.byte
        ))
    }

    fn read_value(&mut self) -> Result<(), Unreadable> {
        let Ok(text) = str::from_utf8(&self.value) else {
            return Err(not_utf8(&format!("the value that begins at line {}", self.begin.line), &self.value));
        };
        let result = self.values.read(text, self.begin.line);
        result.map_err(|error| self.broken_value(&format!("is not valid JSON ({})", reason(&error))))
    }
}

/// What is wrong, without the place, which counts from the beginning of the value.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

impl<R: Read> Entries for Json<'_, R> {
    fn take(&mut self, seq: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        loop {
            if let Some(entry) = self.values.take(seq) {
                return Ok(Some(entry));
            }
            if !self.next_value()? {
                return Ok(None);
            }
            self.read_value()?;
        }
    }

    fn refill(&mut self) -> Result<usize, Unreadable> {
        self.start = 0;
        self.end = self.list.read(&mut self.buffer)?;
        Ok(self.end)
    }

    fn take_rest(&mut self, _: u64) -> Result<Option<Entry<'_>>, Unreadable> {
        match self.state {
            State::Array | State::AfterArray => self.values.end().map(|()| None),
            State::FirstValue | State::Value | State::Inside(_) => {
                Err(self.broken("it ends before the `]` of the array: is the file complete?"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Read, read};
    use super::*;
    use crate::input::options::{Format, Keep};

    fn at(path: &str) -> Options {
        Options { url_field: path.to_owned(), ..Options::default() }
    }

    /// The same values as an array, and as lines.
    fn both(values: &[&str], options: &Options) -> [Read; 2] {
        let array = format!(" [ {} ]\n", values.join(" ,\n"));
        [read(array.as_bytes(), Format::Json, options), read(values.join("\n").as_bytes(), Format::Jsonl, options)]
    }

    #[test]
    fn a_url_or_each_url_of_a_list_is_a_task_that_carries_the_other_keys() {
        let table: [(&str, &str, &[&str]); 19] = [
            ("url", r#"{"url": "http://h/a"}"#, &["http://h/a = http://h/a"]),
            (
                "url",
                r#"{"n": 1.50, "url": "http://u:p@h/a", "x": [1, {"a b": null}]}"#,
                &[r#"http://u:p@h/a = http://h/a {"n":1.50,"x":[1,{"a b":null}]}"#],
            ),
            (
                "url",
                r#"{"url": "http://h/\u0061", "n": 12345678901234567890.10}"#,
                &[r#"http://h/a = http://h/a {"n":12345678901234567890.10}"#],
            ),
            ("url", r#"{"url": "http://h/a", "n": 1, "n": 2}"#, &[r#"http://h/a = http://h/a {"n":2}"#]),
            ("url", r#""http://h/a""#, &["http://h/a = http://h/a"]),
            (
                "url",
                r#"{"url": ["http://h/a", null, "http://h/b"], "n": ","}"#,
                &[r#"http://h/a = http://h/a {"n":","}"#, r#"http://h/b = http://h/b {"n":","}"#],
            ),
            ("url", r#"{"url": null}"#, &[]),
            ("url", r#"{"url": []}"#, &[]),
            ("url", r#"{"url": 1.0, "n": 1}"#, &[r#"not a string = 1.0 {"n":1}"#]),
            ("url", r#"{"url": [["http://h/a"], true]}"#, &["not a string = [\"http://h/a\"]", "not a string = true"]),
            ("url", r#"{"url": ""}"#, &["no URL = "]),
            ("url", r#"{"url": "\ud800"}"#, &["half a surrogate = \"\\ud800\""]),
            ("url", "5", &["not an object = 5"]),
            (
                "data.links",
                r#"{"seq": 3, "data": {"links": ["http://h/a"], "x": 1}}"#,
                &[r#"http://h/a = http://h/a {"seq":3}"#],
            ),
            ("data.links", r#"{"data": null}"#, &[]),
            ("data.links", r#"{"data": {"x": 1}}"#, &[]),
            ("data.links", r#"{"data": 5}"#, &["no object on the way to the URL = 5"]),
            ("a.b.c", r#"{"a": {"b": {"c": "http://h/a"}}}"#, &["http://h/a = http://h/a"]),
            ("url", r#"{"url": "http://h/]},\"[{"}"#, &["http://h/]%7D,%22[%7B = http://h/]},\"[{"]),
        ];
        for (path, value, expected) in table {
            for read in both(&[value], &at(path)) {
                read.is(expected, value);
            }
        }
    }

    #[test]
    fn what_is_carried_can_be_chosen() {
        let value = r#"{"url": "http://h/a", "a": 1, "b": 2}"#;
        for (keep, expected) in
            [(&["b", "c"][..], "http://h/a = http://h/a {\"b\":2}"), (&[], "http://h/a = http://h/a")]
        {
            let keep = Keep::Only(keep.iter().map(ToString::to_string).collect());
            for read in both(&[value], &Options { keep, ..Options::default() }) {
                read.is(&[expected], value);
            }
        }
    }

    #[test]
    fn a_value_that_is_too_deep_to_carry_fails_alone() {
        let deep = format!("{{\"url\": \"http://h/a\", \"x\": {}{}}}", "[".repeat(50_000), "]".repeat(50_000));
        for read in both(&[&deep, r#"{"url": "http://h/b"}"#], &at("url")) {
            let failure = read.tasks[0].url.as_ref().expect_err("too deep");
            assert!(failure.message.contains("a value nests deeper than 100 levels"), "{}", failure.message);
            assert_eq!((read.tasks.len(), read.tasks[1].line.as_str()), (2, "http://h/b"));
        }
    }

    #[test]
    fn a_line_that_is_not_json_fails_and_the_next_one_is_read() {
        let text = format!(
            "{{\"url\": \"http://h/a\"}}\r\n\r\n{{\"url\": \r\n{}\r\n{{\"url\": \"http://h/b\"}}",
            "x".repeat(2 * MAX_ENTRY)
        );
        let read = read(text.as_bytes(), Format::Jsonl, &at("url"));
        let (cut, long) = ("{\"url\":", "x".repeat(256));
        read.is(
            &[
                "http://h/a = http://h/a",
                &format!("line 3: not valid JSON (EOF while parsing a value) = {cut}"),
                &format!("line 4: longer than 1024 KiB = {long}…"),
                "http://h/b = http://h/b",
            ],
            "lines",
        );
    }

    #[test]
    fn a_list_that_cannot_be_read_is_an_error_at_its_place_after_the_tasks_before_it() {
        let a = r#"{"url": "http://h/a"}"#;
        let long = format!("[{a},\n\"{}\"]", "x".repeat(2 * MAX_ENTRY));
        let table: [(Format, String, usize, &str); 13] = [
            (Format::Json, String::new(), 0, ""),
            (Format::Json, "[]".to_owned(), 0, ""),
            (Format::Json, "{}".to_owned(), 0, "it does not begin with `[`"),
            (Format::Json, format!("[{a},\n{a}"), 1, "line 2 (byte 45): it ends before the `]` of the array"),
            (Format::Json, format!("[{a},\n{a},"), 2, "it ends before the `]` of the array"),
            (Format::Json, format!("[{a},\n]"), 1, "line 2 (byte 24): a value is missing"),
            (Format::Json, format!("[{a}\n{a}]"), 0, "the value that begins at line 1 (byte 1) is not valid JSON"),
            (Format::Json, format!("[{a}]\n[{a}]"), 1, "line 2 (byte 24): something follows the array"),
            (
                Format::Json,
                format!("[{a},\n{{\"url\" 1}}]"),
                1,
                "the value that begins at line 2 (byte 24) is not valid JSON",
            ),
            (Format::Json, long, 1, "the value that begins at line 2 (byte 24) is longer than 1024 KiB"),
            (
                Format::Json,
                r#"[{"link": "http://h/a"}]"#.to_owned(),
                0,
                "has a URL at `url`; choose the key with --url-field",
            ),
            (Format::Jsonl, r#"{"uri": "http://h/a", "n": 1}"#.to_owned(), 0, "did you mean `uri`?"),
            (Format::Jsonl, r#"{"link": 1, "n": 1}"#.to_owned(), 0, "(the first value has `link`, `n`)"),
        ];
        for (format, text, tasks, part) in table {
            let read = read(text.as_bytes(), format, &at("url"));
            let error = read.error.as_deref().unwrap_or_default();
            assert_eq!((read.tasks.len(), error.is_empty()), (tasks, part.is_empty()), "{text:.60}: {error}");
            assert!(error.contains(part), "{text:.60}: {error}");
        }
        for format in [Format::Json, Format::Jsonl] {
            let read = read(b"[\"http://h/\xe9\"]", format, &at("url"));
            assert!(read.error.is_some_and(|error| error.contains("is not UTF-8 but probably windows-1252")));
        }
    }
}
