//! Changes the selected text: `re`, `trim`, `replace`, `split`, `strip`, `lower` or `upper`, and `map`, in this order.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use super::super::pattern::{Pattern, PatternError};
use super::super::rules::{self, Case, Scalar};
use super::super::value;

/// Compiled steps.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Steps {
    pub(super) pattern: Option<Pattern>,
    pub(in crate::scrape::extract) trim: bool,
    replace: Vec<(String, String)>,
    pub(in crate::scrape::extract) split: Option<String>,
    strip: Option<Vec<char>>,
    case: Option<Case>,
    map: Option<HashMap<String, Listed>>,
    pub(in crate::scrape::extract) join: Option<String>,
    /// Whether there is any step but `trim`.
    pub(in crate::scrape::extract) changes_text: bool,
}

/// A value of `map`.
#[derive(Debug)]
pub(in crate::scrape::extract) struct Listed {
    pub(in crate::scrape::extract) json: Vec<u8>,
    /// The value as text, for `join` and for types.
    pub(in crate::scrape::extract) text: String,
}

impl Listed {
    fn new(value: &Scalar) -> Self {
        let json = value::scalar(value);
        let text = match value {
            Scalar::String(text) => text.clone(),
            Scalar::Integer(_) | Scalar::Float(_) | Scalar::Boolean(_) => String::from_utf8_lossy(&json).into_owned(),
        };
        Self { json, text }
    }
}

/// What the steps make of a text.
#[derive(Debug)]
pub(in crate::scrape::extract) enum Shaped<'t> {
    /// A text, which is then read as a type.
    Text(Cow<'t, str>),
    /// A value of `map`.
    Listed(&'t Listed),
    /// A text that `map` does not list.
    Unlisted(Cow<'t, str>),
    /// The named groups of a match, as JSON.
    Object(Vec<u8>),
}

impl Steps {
    pub(super) fn new(rule: &rules::Steps) -> Result<Self, PatternError> {
        let map = rule.map.iter().map(|(text, to)| (text.clone(), Listed::new(to)));
        Ok(Self {
            pattern: rule.re.as_deref().map(Pattern::new).transpose()?,
            trim: rule.trim,
            replace: rule.replace.clone(),
            split: rule.split.clone(),
            strip: rule.strip.as_ref().map(|characters| characters.chars().collect()),
            case: rule.case,
            map: (!rule.map.is_empty()).then(|| map.collect()),
            join: rule.join.clone(),
            changes_text: rules::Steps { trim: rule.trim, ..rules::Steps::default() } != *rule,
        })
    }

    /// Calls `found` for each result that the steps make from one selected text, until `found` breaks. `is_one`:
    /// whether only the first match that is not empty is wanted.
    pub(in crate::scrape::extract) fn apply<B>(
        &self,
        text: Cow<'_, str>,
        is_one: bool,
        found: &mut impl FnMut(Shaped<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match &self.pattern {
            None => self.apply_rest(text, is_one, found),
            Some(pattern) if pattern.makes_objects() => {
                pattern.objects_in(&text, self.trim, |object| found(Shaped::Object(object)))
            }
            Some(pattern) if is_one && self.split.is_some() => {
                let mut first = None;
                let _: ControlFlow<()> = pattern.find_in(&text, |string| {
                    if string.is_empty() || self.trim && value::is_blank(&string) {
                        return ControlFlow::Continue(());
                    }
                    first = Some(string);
                    ControlFlow::Break(())
                });
                first.map_or(ControlFlow::Continue(()), |first| self.apply_rest(first, is_one, found))
            }
            Some(pattern) => pattern.find_in(&text, |string| self.apply_rest(string, is_one, found)),
        }
    }

    fn apply_rest<B>(
        &self,
        text: Cow<'_, str>,
        is_one: bool,
        found: &mut impl FnMut(Shaped<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let mut text = if self.trim { value::trim(text) } else { text };
        for (from, to) in &self.replace {
            if text.contains(from.as_str()) {
                text = Cow::Owned(text.replace(from.as_str(), to));
            }
        }
        match &self.split {
            // An empty match has no parts. The next match may have some.
            Some(_) if is_one && text.is_empty() => ControlFlow::Continue(()),
            Some(mark) => text.split(mark.as_str()).try_for_each(|part| self.finish(Cow::Borrowed(part), found)),
            None => self.finish(text, found),
        }
    }

    fn finish<B>(
        &self,
        mut text: Cow<'_, str>,
        found: &mut impl FnMut(Shaped<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        if let Some(characters) = &self.strip {
            text = match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(characters.as_slice())),
                Cow::Owned(text) => Cow::Owned(text.trim_matches(characters.as_slice()).to_owned()),
            };
        }
        match self.case {
            Some(Case::Lower) => text = Cow::Owned(text.to_lowercase()),
            Some(Case::Upper) => text = Cow::Owned(text.to_uppercase()),
            None => {}
        }
        let Some(map) = &self.map else { return found(Shaped::Text(text)) };
        match map.get(text.as_ref()) {
            Some(listed) => found(Shaped::Listed(listed)),
            None => found(Shaped::Unlisted(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::ops::ControlFlow;

    use super::super::super::rules::{Case, Scalar, Steps as Rule};
    use super::{Shaped, Steps};

    /// What the steps make of a text: texts as they are, values with `=`, unlisted texts with `?`.
    fn shaped(rule: &Rule, text: &str) -> Vec<String> {
        let mut all = Vec::new();
        let done = Steps::new(rule).expect("a pattern").apply(Cow::Borrowed(text), false, &mut |shaped| {
            all.push(match shaped {
                Shaped::Text(text) => text.into_owned(),
                Shaped::Listed(listed) => format!("={}", String::from_utf8_lossy(&listed.json)),
                Shaped::Object(json) => format!("={}", String::from_utf8_lossy(&json)),
                Shaped::Unlisted(text) => format!("?{text}"),
            });
            ControlFlow::<()>::Continue(())
        });
        assert_eq!(done, ControlFlow::Continue(()));
        all
    }

    #[test]
    fn each_step_changes_the_text_in_its_turn() {
        let text = |text: &str| Some(text.to_owned());
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        let listed = vec![
            ("in stock".to_owned(), Scalar::Boolean(true)),
            ("sold out".to_owned(), Scalar::Boolean(false)),
            ("few".to_owned(), Scalar::Integer(3)),
            (String::new(), Scalar::String("-".to_owned())),
        ];
        let table: Vec<(Rule, &str, &[&str])> = vec![
            (Rule::default(), " a b ", &["a b"]),
            (Rule { trim: false, ..Rule::default() }, " a b ", &[" a b "]),
            (Rule { re: text("[0-9]+"), ..Rule::default() }, "a1b22", &["1", "22"]),
            (Rule { re: text("([a-z])([0-9]+)"), ..Rule::default() }, "a1b22", &["a", "1", "b", "22"]),
            (
                Rule { re: text("(?P<n>[a-z])(?P<v>[0-9]+)?"), ..Rule::default() },
                "a1b",
                &[r#"={"n":"a","v":"1"}"#, r#"={"n":"b","v":null}"#],
            ),
            (Rule { replace: vec![pair("a", "b"), pair("b", "c")], ..Rule::default() }, "a-b", &["c-c"]),
            (Rule { replace: vec![pair(".", "")], ..Rule::default() }, "1.2.3", &["123"]),
            (Rule { split: text(","), ..Rule::default() }, " a, b,,c ", &["a", " b", "", "c"]),
            (Rule { split: text(","), strip: text(" "), ..Rule::default() }, " a, b ", &["a", "b"]),
            (Rule { split: text(", "), ..Rule::default() }, "", &[""]),
            (Rule { strip: text("()."), ..Rule::default() }, "(a.b.)", &["a.b"]),
            (Rule { strip: text("é"), ..Rule::default() }, "éaé", &["a"]),
            (Rule { case: Some(Case::Lower), ..Rule::default() }, "ÄB", &["äb"]),
            (Rule { case: Some(Case::Upper), ..Rule::default() }, "ß", &["SS"]),
            (Rule { map: listed.clone(), case: Some(Case::Lower), ..Rule::default() }, "In Stock", &["=true"]),
            (Rule { map: listed.clone(), ..Rule::default() }, "few", &["=3"]),
            (Rule { map: listed.clone(), ..Rule::default() }, " ", &["=\"-\""]),
            (Rule { map: listed, ..Rule::default() }, "In Stock", &["?In Stock"]),
            (
                Rule {
                    re: text("[:](.*)"),
                    replace: vec![pair(";", ",")],
                    split: text(","),
                    strip: text(" x"),
                    case: Some(Case::Upper),
                    ..Rule::default()
                },
                "tags: xa; b,c x",
                &["A", "B", "C"],
            ),
        ];
        for (rule, text, expected) in table {
            assert_eq!(shaped(&rule, text), expected, "{rule:?} of {text:?}");
        }
    }
}
