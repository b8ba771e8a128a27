//! Where the matches of a JSON path stand, and why one matches nothing.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::css::{list, part};
use super::near::Names;
use super::report::Hint;
use crate::scrape::json::{Json, JsonPath};

/// The most segments of a path that are looked at.
const MOST_SEGMENTS: usize = 30;
/// The most values whose keys are compared.
const MOST_VALUES: usize = 10_000;

/// Returns the path of each of some values in a document. Values of JSON nest less than 128 deep, so the recursion is
/// bounded.
pub(super) fn paths(root: &Json, values: &[&Json]) -> Vec<String> {
    let wanted = values.iter().enumerate().map(|(nth, value)| (std::ptr::from_ref::<Json>(value), nth));
    let mut search = Search { wanted: HashMap::new(), paths: vec![String::new(); values.len()] };
    for (value, nth) in wanted {
        search.wanted.entry(value).or_default().push(nth);
    }
    search.visit(root, &mut String::from("$"));
    search.paths
}

struct Search {
    wanted: HashMap<*const Json, Vec<usize>>,
    paths: Vec<String>,
}

impl Search {
    fn visit(&mut self, json: &Json, path: &mut String) {
        for nth in self.wanted.remove(&std::ptr::from_ref(json)).unwrap_or_default() {
            self.paths[nth].clone_from(path);
        }
        if self.wanted.is_empty() {
            return;
        }
        let length = path.len();
        match json {
            Json::Array(values) => {
                for (nth, value) in values.iter().enumerate() {
                    write!(path, "[{nth}]").expect("a string takes all text");
                    self.visit(value, path);
                    path.truncate(length);
                }
            }
            Json::Object(entries) => {
                for (key, value) in entries {
                    path.push_str(&member(key));
                    self.visit(value, path);
                    path.truncate(length);
                }
            }
            _ => {}
        }
    }
}

/// Writes the segment that selects a key.
pub(in crate::scrape::extract) fn member(key: &str) -> String {
    let begins = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if begins && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return format!(".{key}");
    }
    let mut out = String::from("['");
    for c in key.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            c if u32::from(c) < 0x20 => write!(out, "\\u{:04x}", u32::from(c)).expect("a string takes all text"),
            c => out.push(c),
        }
    }
    out + "']"
}

/// Explains why a path selects nothing. `None` if there is nothing to say.
pub(super) fn hint(root: &Json, path: &str) -> Option<Hint> {
    let (mut before, mut start) = (vec![root], 1);
    for end in cut(path).into_iter().take(MOST_SEGMENTS) {
        let found = JsonPath::new(&path[..end]).ok()?.select(root).ok()?;
        if !found.is_empty() {
            (before, start) = (found, end);
            continue;
        }
        let longest = Some(part(&path[..start], before.len()));
        let mut hint = Hint { longest, stops_at: Some(path[..end].to_owned()), ..Hint::default() };
        explain(root, (&path[..start], &path[start..end], &path[end..]), &before, &mut hint);
        return Some(hint);
    }
    None
}

/// Says what stands where a segment selects nothing.
fn explain(root: &Json, (head, segment, tail): (&str, &str, &str), before: &[&Json], hint: &mut Hint) {
    let (mut keys, mut inner) = (Names::default(), Names::default());
    let mut list_length = None;
    for value in before.iter().take(MOST_VALUES) {
        match value {
            Json::Object(entries) => entries.iter().for_each(|(key, _)| keys.add(key)),
            Json::Array(values) => {
                list_length.get_or_insert(values.len());
                for value in values.iter().take(100) {
                    if let Json::Object(entries) = value {
                        entries.iter().for_each(|(key, _)| inner.add(key));
                    }
                }
            }
            _ => {}
        }
    }
    let name = name_of(segment).unwrap_or_default();
    let mut instead: Vec<String> = keys.near(&name).iter().map(|key| member(key)).collect();
    if let Some(length) = list_length {
        hint.notes.push(format!("`{head}` is a list of {length}"));
        instead.push(format!("[*]{segment}"));
        instead.extend(inner.near(&name).iter().map(|key| format!("[*]{}", member(key))));
        list(&mut hint.notes, "keys of its elements", inner.frequent().into_iter().map(str::to_owned));
    } else if keys.frequent().is_empty() {
        hint.notes.push(format!("`{head}` is {}", kind_of(before[0])));
    } else {
        list(&mut hint.notes, "keys there", keys.frequent().into_iter().map(str::to_owned));
    }
    if !segment.starts_with("..") && !name.is_empty() {
        instead.push(format!("..{}", member(&name).trim_start_matches('.')));
    }
    let count = |path: &str| {
        let found = JsonPath::new(path).ok().and_then(|path| path.select(root).ok().map(|found| found.len()));
        found.unwrap_or_default()
    };
    for instead in &instead {
        let (whole, begin) = (format!("{head}{instead}{tail}"), format!("{head}{instead}"));
        let suggestion = match count(&whole) {
            0 => part(&begin, count(&begin)),
            all => part(&whole, all),
        };
        if suggestion.matches > 0 && hint.did_you_mean.len() < 3 && !hint.did_you_mean.contains(&suggestion) {
            hint.did_you_mean.push(suggestion);
        }
    }
    if !hint.did_you_mean.is_empty() && list_length.is_none() {
        hint.notes.clear();
    }
}

/// Returns the key that a segment selects, if it selects one.
fn name_of(segment: &str) -> Option<String> {
    let plain = segment.trim_start_matches('.');
    match plain.strip_prefix('[') {
        None => (plain != "*").then(|| plain.to_owned()),
        Some(quoted) => {
            let quoted = quoted.trim_end_matches(']').trim();
            let inner = quoted.strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?;
            Some(inner.replace('\\', ""))
        }
    }
}

fn kind_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null, which has no keys",
        Json::Bool(_) => "true or false, which has no keys",
        Json::Number(_) => "a number, which has no keys",
        Json::String(_) => "a text, which has no keys",
        Json::Array(_) => "an empty list",
        Json::Object(_) => "an empty object",
    }
}

/// Returns where the segments of a path end.
fn cut(path: &str) -> Vec<usize> {
    let (mut ends, mut depth, mut quote, mut escaped) = (Vec::new(), 0_usize, None, false);
    let mut before = None;
    for (at, c) in path.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            (None, _) => {
                let begins = (c == '.' && before != Some('.')) || (c == '[' && before != Some('.'));
                if depth == 0 && at > 1 && begins {
                    ends.push(at);
                }
                depth += usize::from(matches!(c, '(' | '['));
            }
        }
        before = Some(c);
    }
    if path.len() > 1 {
        ends.push(path.len());
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::{cut, hint, paths};
    use crate::scrape::json::{JsonPath, parse};

    const PAGE: &str = r#"{"items": [{"name": "a", "og:price": 1}, {"name": "b"}], "next": null, "it's": {"x": 1}}"#;

    #[test]
    fn a_path_is_cut_into_segments() {
        let table: [(&str, &[&str]); 5] = [
            ("$", &[]),
            ("$.a[0]['b.c'].d", &[".a", "[0]", "['b.c']", ".d"]),
            ("$..a..[0]", &["..a", "..[0]"]),
            ("$[?@.a == 'x.y' && @['b']].c", &["[?@.a == 'x.y' && @['b']]", ".c"]),
            ("$['it\\'s'].x", &["['it\\'s']", ".x"]),
        ];
        for (path, expected) in table {
            let mut start = 1;
            let mut segments = Vec::new();
            for end in cut(path) {
                segments.push(&path[start..end]);
                start = end;
            }
            assert_eq!(segments, expected, "{path}");
        }
    }

    #[test]
    fn values_have_paths_that_select_them() {
        let root = parse(PAGE).expect("JSON");
        let found = JsonPath::new("$..*").expect("a path").select(&root).expect("few");
        let paths = paths(&root, &found);
        assert!(paths.contains(&"$.items[0]['og:price']".to_owned()), "{paths:?}");
        assert!(paths.contains(&"$['it\\'s'].x".to_owned()), "{paths:?}");
        for (path, value) in paths.iter().zip(&found) {
            assert_eq!(JsonPath::new(path).expect("a path").select(&root).expect("one"), [*value], "{path}");
        }
    }

    #[test]
    fn a_path_that_selects_nothing_is_explained() {
        let root = parse(PAGE).expect("JSON");
        let table: [(&str, &str, &str, &str, &str); 7] = [
            ("$.itms[*].name", "$", "$.itms", "$.items[*].name 2", ""),
            ("$.items.name", "$.items", "$.items.name", "$.items[*].name 2", "`$.items` is a list of 2"),
            ("$.items[*].title", "$.items[*]", "$.items[*].title", "", "keys there: name, og:price"),
            ("$.items[7].name", "$.items", "$.items[7]", "", "`$.items` is a list of 2"),
            ("$.next.url", "$.next", "$.next.url", "", "`$.next` is null, which has no keys"),
            ("$.x", "$", "$.x", "$..x 1", ""),
            ("$.items[0]['og:prise']", "$.items[0]", "$.items[0]['og:prise']", "$.items[0]['og:price'] 1", ""),
        ];
        for (path, longest, stops_at, did_you_mean, note) in table {
            let hint = hint(&root, path).unwrap_or_else(|| panic!("{path} has no hint"));
            assert_eq!(hint.longest.as_ref().map(|part| part.selector.as_str()), Some(longest), "{path}");
            assert_eq!(hint.stops_at.as_deref(), Some(stops_at), "{path}");
            let first = hint.did_you_mean.first().map(|part| format!("{} {}", part.selector, part.matches));
            assert_eq!(first.unwrap_or_default(), did_you_mean, "{path}");
            assert_eq!(hint.notes.first().map(String::as_str).unwrap_or_default(), note, "{path}");
        }
        assert_eq!(super::hint(&root, "$.items"), None);
    }
}
