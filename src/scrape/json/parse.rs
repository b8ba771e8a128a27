//! Reads JSON (RFC 8259) into a value that keeps its digits and the order of its keys.
//!
//! `serde_json` cannot do this: its numbers lose digits unless a feature is on that changes every other use of it, and
//! its objects sort their keys. The same reader also reads what people write into `application/ld+json` scripts.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::Json;

/// How deep lists and objects may nest. It bounds the recursion of everything that walks a value.
pub(in crate::scrape) const MAX_DEPTH: usize = 128;

/// Objects with at most this many keys are searched for a repeated key pair by pair.
const FEW_KEYS: usize = 12;

/// A text that is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub(in crate::scrape) struct JsonError {
    /// The place of the error in the text, in bytes.
    pub(in crate::scrape) offset: usize,
    /// The line of the error, from 1.
    pub(in crate::scrape) line: usize,
    /// The column of the error in characters, from 1.
    pub(in crate::scrape) column: usize,
    /// What is wrong there.
    pub(in crate::scrape) message: String,
}

/// Reads a text that is one value of JSON. A byte-order mark before it is ignored.
///
/// The last value of a repeated key wins. Half of a surrogate pair becomes U+FFFD. The value takes at most 20 bytes of
/// memory for each byte of text: that is a list of digits.
///
/// # Errors
/// Fails if the text is not valid JSON, or if it nests more than `MAX_DEPTH` deep.
pub(in crate::scrape) fn parse(text: &str) -> Result<Json, JsonError> {
    parse_part(text, 0..text.len())
}

/// Reads a part of a text like `parse`. The places of errors are those in the whole text.
pub(super) fn parse_part(text: &str, part: Range<usize>) -> Result<Json, JsonError> {
    let mut reader = Reader::new(&text[..part.end], part.start, Dialect::Strict);
    let value = reader.blank().and_then(|()| reader.value(0));
    let value = value.map_err(|problem| problem.in_text(text))?;
    let end = reader.blank().and_then(|()| match reader.bytes.get(reader.at) {
        None => Ok(()),
        Some(b'{' | b'[') if reader.bytes[part.start..reader.at].contains(&b'\n') => {
            Err(reader.problem("there is another value after the first: one value a line (JSON lines) is not JSON"))
        }
        Some(_) => Err(reader.expected("the end of the text")),
    });
    end.map(|()| value).map_err(|problem| problem.in_text(text))
}

/// Reads the values that a script of a page contains, in the way of programs that read pages. Unlike JSON, the text may
/// have:
///
/// - several values, with or without a comma or semicolon between them
/// - comments of JavaScript and HTML, and the marks of a CDATA section
/// - a comma after the last element, and control characters and unknown escapes in strings
/// - `NaN` and `Infinity`, which become `null`
///
/// Also returns why reading stopped, if it stopped before the end. The values before that place are complete.
pub(in crate::scrape) fn parse_script(text: &str) -> (Vec<Json>, Option<JsonError>) {
    let mut reader = Reader::new(text, 0, Dialect::Script);
    let mut values = Vec::new();
    loop {
        while let Ok(()) = reader.blank()
            && matches!(reader.bytes.get(reader.at), Some(b',' | b';'))
        {
            reader.at += 1;
        }
        if reader.at == reader.bytes.len() {
            return (values, None);
        }
        match reader.value(0) {
            Ok(value) => values.push(value),
            Err(problem) => return (values, Some(problem.in_text(text))),
        }
    }
}

/// What counts as JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// RFC 8259
    Strict,
    /// What `parse_script` describes.
    Script,
}

/// What is wrong, and where: a place between two characters.
struct Problem {
    at: usize,
    message: String,
}

impl Problem {
    fn in_text(self, text: &str) -> JsonError {
        let before = &text[..self.at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let column = 1 + before[line_start..].chars().count();
        JsonError { offset: before.len(), line, column, message: self.message }
    }
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    dialect: Dialect,
    /// The place of the last `-->`, once it was looked for.
    last_comment_end: Option<usize>,
    /// The elements of the lists that are open. A list moves to memory of its own size when it closes.
    elements: Vec<Json>,
    /// The same for objects.
    entries: Vec<(String, Json)>,
}

impl<'t> Reader<'t> {
    /// Reading begins at `at`.
    fn new(text: &'t str, at: usize, dialect: Dialect) -> Self {
        let at = if text[at..].starts_with('\u{feff}') { at + '\u{feff}'.len_utf8() } else { at };
        Self {
            text,
            bytes: text.as_bytes(),
            at,
            dialect,
            last_comment_end: None,
            elements: Vec::new(),
            entries: Vec::new(),
        }
    }

    #[cold]
    fn problem(&self, message: &str) -> Problem {
        Problem { at: self.at, message: message.to_owned() }
    }

    #[cold]
    fn expected(&self, what: &str) -> Problem {
        let found = match self.text[self.at..].chars().next() {
            None => "the end of the text".to_owned(),
            Some(found) => format!("{found:?}"),
        };
        Problem { at: self.at, message: format!("expected {what}, found {found}") }
    }

    fn value(&mut self, depth: usize) -> Result<Json, Problem> {
        match self.bytes.get(self.at) {
            Some(b'"') => self.string().map(Json::String),
            Some(b'{' | b'[') if depth == MAX_DEPTH => {
                Err(self.problem(&format!("the lists and objects nest more than {MAX_DEPTH} deep")))
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'N') if self.dialect == Dialect::Script => self.word("NaN", Json::Null),
            Some(b'I') if self.dialect == Dialect::Script => self.word("Infinity", Json::Null),
            _ => Err(self.expected("a value")),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, Problem> {
        let rest = &self.bytes[self.at..];
        let is_longer = rest.get(word.len()).is_some_and(u8::is_ascii_alphanumeric);
        if !rest.starts_with(word.as_bytes()) || is_longer {
            return Err(self.expected("a value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Json, Problem> {
        let first = self.elements.len();
        self.at += 1;
        loop {
            self.blank()?;
            if self.closes(b']', self.elements.len() == first) {
                break;
            }
            let element = self.value(depth + 1)?;
            self.elements.push(element);
            if self.ends(b']', "a comma or \"]\" after an element of a list")? {
                break;
            }
        }
        Ok(Json::Array(self.elements.drain(first..).collect()))
    }

    fn object(&mut self, depth: usize) -> Result<Json, Problem> {
        let first = self.entries.len();
        self.at += 1;
        loop {
            self.blank()?;
            if self.closes(b'}', self.entries.len() == first) {
                break;
            }
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(self.expected("a key in double quotes"));
            }
            let key = self.string()?;
            self.blank()?;
            if self.bytes.get(self.at) != Some(&b':') {
                return Err(self.expected("a colon after a key"));
            }
            self.at += 1;
            self.blank()?;
            let value = self.value(depth + 1)?;
            self.entries.push((key, value));
            if self.ends(b'}', "a comma or \"}\" after a value of an object")? {
                break;
            }
        }
        let mut entries = self.entries.drain(first..).collect();
        keep_last_of_each_key(&mut entries);
        Ok(Json::Object(entries))
    }

    /// Passes the closing bracket, if it may be here: after the opening one, or in a script after a comma.
    fn closes(&mut self, bracket: u8, is_first: bool) -> bool {
        let may_close = is_first || self.dialect == Dialect::Script;
        let closes = may_close && self.bytes.get(self.at) == Some(&bracket);
        self.at += usize::from(closes);
        closes
    }

    /// Passes what follows an element. Returns whether it is the closing bracket.
    fn ends(&mut self, bracket: u8, expected: &str) -> Result<bool, Problem> {
        self.blank()?;
        match self.bytes.get(self.at) {
            Some(b',') => {
                self.at += 1;
                Ok(false)
            }
            Some(byte) if *byte == bracket => {
                self.at += 1;
                Ok(true)
            }
            _ => Err(self.expected(expected)),
        }
    }

    /// Reads a number of the grammar of RFC 8259, section 6.
    fn number(&mut self) -> Result<Json, Problem> {
        let start = self.at;
        self.at += usize::from(self.bytes[start] == b'-');
        if self.dialect == Dialect::Script && self.bytes.get(self.at) == Some(&b'I') {
            return self.word("Infinity", Json::Null);
        }
        match self.bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.bytes.get(self.at) {
            self.at += 1;
            self.at += usize::from(matches!(self.bytes.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        if let Some(b'0'..=b'9' | b'.') = self.bytes.get(self.at) {
            return Err(self.problem("a number does not begin with 0 and has at most one point"));
        }
        Ok(Json::Number(self.text[start..self.at].into()))
    }

    fn digits(&mut self) -> Result<(), Problem> {
        let count = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.expected("a digit")) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<String, Problem> {
        let start = self.at;
        self.at += 1;
        let mut text = self.plain(start)?;
        if self.bytes[self.at] == b'"' {
            self.at += 1;
            return Ok(text.to_owned());
        }
        let mut out = String::new();
        loop {
            out.push_str(text);
            if self.bytes[self.at] == b'"' {
                self.at += 1;
                out.shrink_to_fit();
                return Ok(out);
            }
            self.at += 1;
            out.push(self.escaped()?);
            text = self.plain(start)?;
        }
    }

    /// Returns the text up to the next quote or backslash, which exists.
    fn plain(&mut self, start: usize) -> Result<&'t str, Problem> {
        let rest = &self.bytes[self.at..];
        let Some(length) = memchr::memchr2(b'"', b'\\', rest) else {
            return Err(Problem { at: start, message: "a string is not closed".to_owned() });
        };
        if self.dialect == Dialect::Strict
            && let Some(control) = rest[..length].iter().position(|byte| *byte < b' ')
        {
            self.at += control;
            return Err(self.problem("a string contains a line break or another control character"));
        }
        let text = &self.text[self.at..self.at + length];
        self.at += length;
        Ok(text)
    }

    /// Reads what follows a backslash.
    fn escaped(&mut self) -> Result<char, Problem> {
        let Some(found) = self.text[self.at..].chars().next() else {
            return Err(self.expected("an escape"));
        };
        let meaning = match found {
            '"' | '\\' | '/' => found,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return self.unicode(),
            _ if self.dialect == Dialect::Script => found,
            _ => return Err(self.expected("one of the escapes that JSON has")),
        };
        self.at += found.len_utf8();
        Ok(meaning)
    }

    /// Reads `uXXXX`, or two of them that are a surrogate pair.
    fn unicode(&mut self) -> Result<char, Problem> {
        let Some(first) = self.code_unit(self.at) else {
            return Err(self.problem("\\u needs four hexadecimal digits"));
        };
        self.at += 5;
        if let 0xd800..=0xdbff = first
            && self.bytes.get(self.at) == Some(&b'\\')
            && let Some(second @ 0xdc00..=0xdfff) = self.code_unit(self.at + 1)
        {
            self.at += 6;
            let both = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return Ok(char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn code_unit(&self, at: usize) -> Option<u32> {
        let digits = self.bytes.get(at..at + 5)?.strip_prefix(b"u")?;
        digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))
    }

    /// Passes white space. In a script, also passes comments.
    fn blank(&mut self) -> Result<(), Problem> {
        loop {
            while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
                self.at += 1;
            }
            if self.dialect == Dialect::Strict || !self.comment()? {
                return Ok(());
            }
        }
    }

    /// Passes a comment or another thing without meaning, if one is here.
    fn comment(&mut self) -> Result<bool, Problem> {
        let rest = &self.text[self.at..];
        let length = match rest.as_bytes() {
            [b'/', b'/', ..] => rest.find(['\n', '\r']).unwrap_or(rest.len()),
            [b'/', b'*', ..] => match rest[2..].find("*/") {
                Some(end) => end + 4,
                None => return Err(self.problem("a comment is not closed")),
            },
            [b'<', ..] if rest.starts_with("<!--") => self.length_of_html_comment(),
            [b'-', ..] if rest.starts_with("-->") => 3,
            [b'<', ..] if rest.starts_with("<![CDATA[") => 9,
            [b']', ..] if rest.starts_with("]]>") => 3,
            // A byte-order mark and other white space than that of JSON.
            [0xc2..=0xff | b'\x0b' | b'\x0c', ..] => {
                rest.len() - rest.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace()).len()
            }
            _ => 0,
        };
        self.at += length;
        Ok(length > 0)
    }

    /// Scripts hide their whole text in a comment, or have a real comment before the text. Returns the length of the
    /// opening mark or of the real comment.
    fn length_of_html_comment(&mut self) -> usize {
        const MARK: usize = "<!--".len();
        let inside = &self.text[self.at + MARK..];
        // Looking for the end of each mark would take quadratic time if there is no end.
        let last_end = *self.last_comment_end.get_or_insert_with(|| self.text.rfind("-->").unwrap_or(0));
        if inside.trim_start().starts_with(['{', '[']) || last_end < self.at + MARK {
            return MARK;
        }
        inside.find("-->").map_or(MARK, |end| MARK + end + "-->".len())
    }
}

/// A repeated key keeps its first place and gets its last value, as in JavaScript and Python.
fn keep_last_of_each_key(entries: &mut Vec<(String, Json)>) {
    let repeats = if entries.len() <= FEW_KEYS {
        entries.iter().enumerate().any(|(nth, (key, _))| entries[..nth].iter().any(|(other, _)| other == key))
    } else {
        let mut seen = HashSet::with_capacity(entries.len());
        !entries.iter().all(|(key, _)| seen.insert(key.as_str()))
    };
    if !repeats {
        return;
    }
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<(String, Json)> = Vec::new();
    for (key, value) in entries.drain(..) {
        if let Some(at) = places.get(&key) {
            kept[*at].1 = value;
        } else {
            places.insert(key.clone(), kept.len());
            kept.push((key, value));
        }
    }
    *entries = kept;
}
