//! Finds the URLs in a value of JSON, and what it carries. Nothing here follows the depth of a value by recursion.

use std::vec;

use serde_json::value::RawValue;
use url::Url;

use super::{Entry, Unreadable, did_you_mean};
use crate::input::options::Options;
use crate::input::{invalid, task};
use crate::model::{Carried, Failure, entries};

/// The deepest value that is carried. Most readers of JSON refuse deeper ones.
const MAX_DEPTH: usize = 100;

/// Turns values into entries. One value may give many.
pub(super) struct Values<'a> {
    options: &'a Options,
    base: Option<&'a Url>,
    /// What the last value still gives, and what it carries.
    urls: vec::IntoIter<Found>,
    carried: Carried,
    /// The number of values, and whether any of them has the first key of the URL's path, or is not an object.
    count: u64,
    has_key: bool,
    /// The keys of the first value that lacks that key.
    keys: Vec<String>,
}

/// A URL as it is written, or the text of what is not a URL and why.
type Found = Result<String, Box<(String, Failure)>>;

impl<'a> Values<'a> {
    pub(super) fn new(options: &'a Options, base: Option<&'a Url>) -> Self {
        let (urls, carried) = (Vec::new().into_iter(), Carried::default());
        Self { options, base, urls, carried, count: 0, has_key: false, keys: Vec::new() }
    }

    /// The next entry of the last value.
    pub(super) fn take(&mut self, seq: u64) -> Option<Entry<'static>> {
        Some(match self.urls.next()? {
            Ok(url) => Entry::of(task::from_value(&url, self.carried.clone(), seq, self.base), &url),
            Err(bad) => {
                let (text, failure) = *bad;
                let mut task = task::invalid(&text, seq, failure);
                task.input = self.carried.clone();
                Entry::of(task, &text)
            }
        })
    }

    /// Makes entries of a value. `line` is where it begins.
    ///
    /// # Errors
    /// If it is not JSON.
    pub(super) fn read(&mut self, value: &str, line: u64) -> serde_json::Result<()> {
        let value: &RawValue = serde_json::from_str(value)?;
        self.count += 1;
        self.carried = Carried::default();
        let found = match value.get().as_bytes().first() {
            Some(b'{') => self.of_object(value, line)?,
            other => {
                self.has_key = true;
                match other {
                    // A list of URLs alone.
                    Some(b'"') => strings(value, line),
                    _ => vec![bad(value, invalid::value("not an object", line))],
                }
            }
        };
        self.urls = found.into_iter();
        Ok(())
    }

    /// Makes an entry of a value that cannot be read.
    pub(super) fn refuse(&mut self, text: &str, why: &str, line: u64) {
        self.count += 1;
        self.has_key = true;
        self.carried = Carried::default();
        self.urls = vec![Err(Box::new((text.to_owned(), invalid::value(why, line))))].into_iter();
    }

    /// Fails if not one of the values has the key of the URL. Must be called at the end of the list: without this error, a
    /// misspelt key would look like an empty list.
    pub(super) fn end(&self) -> Result<(), Unreadable> {
        if self.has_key || self.count == 0 {
            return Ok(());
        }
        let path = &self.options.url_field;
        let key = path.split('.').next().unwrap_or_default();
        let near = did_you_mean(key, self.keys.iter().map(String::as_str));
        let keys: Vec<String> = self.keys.iter().take(30).map(|key| format!("`{key}`")).collect();
        Err(Unreadable::Broken(format!(
            "none of its {} values has a URL at `{path}`{near}; choose the key with --url-field (the first value has {})",
            self.count,
            if keys.is_empty() { "no keys".to_owned() } else { keys.join(", ") }
        )))
    }

    fn of_object(&mut self, object: &RawValue, line: u64) -> serde_json::Result<Vec<Found>> {
        let members = entries(object.get())?;
        let (first, rest) = match self.options.url_field.split_once('.') {
            Some((first, rest)) => (first, Some(rest)),
            None => (self.options.url_field.as_str(), None),
        };
        let Some((_, value)) = members.iter().find(|(key, _)| key == first) else {
            if self.keys.is_empty() {
                self.keys = members.into_iter().map(|(key, _)| key).collect();
            }
            return Ok(Vec::new());
        };
        self.has_key = true;
        let found = match follow(value, rest) {
            Followed::Value(value) => strings(&value, line),
            Followed::Nothing => return Ok(Vec::new()),
            Followed::Blocked(value) => vec![bad(&value, invalid::value("no object on the way to the URL", line))],
        };
        if found.is_empty() {
            return Ok(found);
        }
        let kept = members.iter().filter(|(key, _)| key != first && self.options.keep.has(key));
        let kept: Option<Vec<(&str, String)>> =
            kept.map(|(key, value)| Some((key.as_str(), compact(value.get())?))).collect();
        let Some(kept) = kept else {
            let why =
                format!("a value nests deeper than {MAX_DEPTH} levels and cannot be carried (--keep chooses others)");
            return Ok(vec![bad(object, invalid::value(&why, line))]);
        };
        self.carried = Carried::of_values(kept.iter().map(|(key, value)| (*key, value.as_str())));
        Ok(found)
    }
}

enum Followed {
    Value(Box<RawValue>),
    /// A key is missing, or a value on the way is null.
    Nothing,
    /// This is in the way.
    Blocked(Box<RawValue>),
}

/// Follows the rest of a path.
fn follow(value: &RawValue, path: Option<&str>) -> Followed {
    let mut value = value.to_owned();
    for key in path.into_iter().flat_map(|path| path.split('.')) {
        if value.get() == "null" {
            return Followed::Nothing;
        }
        let Ok(members) = entries(value.get()) else { return Followed::Blocked(value) };
        match members.into_iter().find(|(name, _)| name == key) {
            Some((_, next)) => value = next,
            None => return Followed::Nothing,
        }
    }
    Followed::Value(value)
}

/// The URLs that a value is: a string, or a list of strings.
fn strings(value: &RawValue, line: u64) -> Vec<Found> {
    let one = |value: &RawValue| match value.get() {
        "null" => None,
        json => Some(serde_json::from_str::<String>(json).map_err(|_| {
            let why = if json.starts_with('"') { "the URL has half a surrogate pair" } else { "not a string" };
            Box::new((shown(json), invalid::value(why, line)))
        })),
    };
    if value.get().starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
        return items.into_iter().filter_map(one).collect();
    }
    one(value).into_iter().collect()
}

fn bad(value: &RawValue, failure: Failure) -> Found {
    Err(Box::new((shown(value.get()), failure)))
}

/// The value on one line, if it is not too deep.
fn shown(json: &str) -> String {
    compact(json).unwrap_or_else(|| json.chars().filter(|c| !c.is_control()).collect())
}

/// The same JSON without white space between its tokens; `None` if it is deeper than `MAX_DEPTH`.
fn compact(json: &str) -> Option<String> {
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if in_string {
            in_string = is_escaped || c != '"';
            is_escaped = c == '\\' && !is_escaped;
        } else {
            match c {
                ' ' | '\t' | '\n' | '\r' => continue,
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                '"' => in_string = true,
                _ => {}
            }
            if depth > MAX_DEPTH {
                return None;
            }
        }
        text.push(c);
    }
    Some(text)
}
