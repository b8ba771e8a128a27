//! Writes values.

use std::borrow::Cow;

use super::super::markdown;
use super::super::number::{self, MarkCount};
use super::super::plan::{Kind, Root, Shaped, Value};
use super::super::rules::Arity;
use super::super::value;
use super::super::warnings::Problem;
use super::elements::Taken;
use super::items::{Flow, Item};
use super::{Failed, Gave, MAX_DATA, Missing, Run, Scope, Step};
use crate::model::whole;
use crate::scrape::json::{self, Json};

/// The values of one field that are written so far.
struct Written {
    number: usize,
    missing: Missing,
    count: usize,
    bad: usize,
    /// The texts that `join` has joined.
    joined: Option<String>,
}

impl<'o> Run<'_, 'o> {
    pub(super) fn value(
        &mut self,
        rule: &'o Value,
        number: usize,
        scope: Scope<'_>,
        missing: Missing,
    ) -> Result<Gave, Failed> {
        let mut written = Written { number, missing, count: 0, bad: 0, joined: None };
        let (start, is_list) = (self.out.len(), rule.is_list());
        if is_list {
            self.out.push(b'[');
        }
        let taken = Taken { trim: rule.steps.trim, markdown: matches!(rule.kind, Kind::Markdown) };
        let mut flow = self.items(&rule.source, taken, scope, |run, item| run.item(rule, item, &mut written));
        if let Some(joined) = written.joined.take_if(|joined| written.count == 0 && !joined.is_empty())
            && !matches!(flow, Flow::Break(Some(_)))
        {
            flow = self.text(rule, &joined, &mut written);
        }
        if let Flow::Break(Some(failure)) = flow {
            return Err(failure);
        }
        if written.count == 0 && missing == Missing::Counts {
            if rule.required {
                return Err(self.missing(&rule.source.shown).into());
            }
            self.out.truncate(start);
            self.out.extend_from_slice(&rule.default);
        } else if is_list {
            self.out.push(b']');
        }
        let counts = &mut self.counts[number];
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        counts.values = counts.values.saturating_add(count(written.count - written.bad));
        counts.bad = counts.bad.saturating_add(count(written.bad));
        counts.empty += u32::from(written.count == 0);
        Ok(match (written.count, written.bad) {
            (0, _) => Gave::Nothing,
            (count, bad) if count == bad => Gave::BadValue,
            _ => Gave::Value,
        })
    }

    fn item(&mut self, rule: &'o Value, item: Item<'_>, written: &mut Written) -> Flow {
        let json = match item {
            Item::Text(text) => return self.shape(rule, text, written),
            Item::NotJson(text) => return self.bad(rule, &text, written),
            Item::Json(json) => json,
        };
        if matches!(rule.kind, Kind::Json) && !rule.steps.changes_text {
            return self.json(rule, json, written);
        }
        match json {
            Json::Null if rule.arity == Arity::One || rule.steps.join.is_some() => Flow::Continue(()),
            Json::Null => self.finished(rule, b"null", written),
            Json::String(text) => self.shape(rule, Cow::Borrowed(text), written),
            // A number of JSON may have an exponent, which a number of a text cannot have.
            Json::Number(digits) if matches!(rule.kind, Kind::Number(_)) && !rule.steps.changes_text => {
                self.finished(rule, digits.as_bytes(), written)
            }
            // It has a point as its decimal mark, whatever the page's texts have.
            Json::Number(digits) if matches!(rule.kind, Kind::Integer(_)) && !rule.steps.changes_text => {
                match whole(digits) {
                    Some(whole) => self.finished(rule, whole.to_string().as_bytes(), written),
                    None => self.bad(rule, digits, written),
                }
            }
            Json::Number(digits) => self.shape(rule, Cow::Borrowed(digits), written),
            Json::Bool(truth) => self.shape(rule, Cow::Borrowed(if *truth { "true" } else { "false" }), written),
            Json::Array(_) | Json::Object(_) => {
                let mut text = Vec::new();
                json::value(&mut text, json);
                self.bad(rule, &String::from_utf8_lossy(&text), written)
            }
        }
    }

    /// Writes a value of JSON as it is.
    fn json(&mut self, rule: &'o Value, json: &Json, written: &mut Written) -> Flow {
        let is_empty = match json {
            Json::Null => true,
            Json::String(text) => text.is_empty(),
            // Data that the page does not have is missing, not an empty list.
            Json::Array(values) => values.is_empty() && rule.source.json.is_none(),
            Json::Object(entries) => entries.is_empty() && rule.source.json.is_none(),
            Json::Bool(_) | Json::Number(_) => false,
        };
        if is_empty && rule.arity == Arity::One {
            return Flow::Continue(());
        }
        self.begin(written);
        json::value(&mut self.out, json);
        self.end(rule)
    }

    /// Applies the steps of a rule to one selected text.
    fn shape(&mut self, rule: &'o Value, text: Cow<'_, str>, written: &mut Written) -> Flow {
        let before = written.count;
        let is_one = rule.arity == Arity::One;
        // A shortcut: most rules have no step but `trim`.
        if !rule.steps.changes_text {
            let text = if rule.steps.trim { value::trim(text) } else { text };
            let flow = if is_one && text.is_empty() { Flow::Continue(()) } else { self.text(rule, &text, written) };
            if let Cow::Owned(text) = text {
                self.spare = text;
            }
            return flow;
        }
        rule.steps.apply(text, is_one, &mut |shaped| match shaped {
            Shaped::Text(text) | Shaped::Unlisted(text) if text.is_empty() && is_one && !rule.is_list() => {
                Flow::Continue(())
            }
            Shaped::Text(text) if rule.steps.join.is_some() => self.join(rule, &text, written),
            Shaped::Text(text) => self.text(rule, &text, written),
            Shaped::Unlisted(text) => self.bad(rule, &text, written),
            Shaped::Listed(listed) if rule.steps.join.is_some() => self.join(rule, &listed.text, written),
            // The settings are checked to have values of the rule's type.
            Shaped::Listed(listed) => self.finished(rule, &listed.json, written),
            Shaped::Object(json) => self.finished(rule, &json, written),
        })?;
        // The parts of the first text are the value.
        let is_enough = written.count > before || written.joined.as_ref().is_some_and(|joined| !joined.is_empty());
        if is_one && is_enough { Flow::Break(None) } else { Flow::Continue(()) }
    }

    fn join(&mut self, rule: &'o Value, text: &str, written: &mut Written) -> Flow {
        let joint = rule.steps.join.as_deref().unwrap_or_default();
        match &mut written.joined {
            Some(joined) => {
                joined.push_str(joint);
                joined.push_str(text);
            }
            None => written.joined = Some(text.to_owned()),
        }
        let length = written.joined.as_ref().map_or(0, String::len);
        if self.out.len() + length > MAX_DATA { Flow::Break(Some(self.too_large().into())) } else { Flow::Continue(()) }
    }

    /// Writes a text as the type of a rule.
    fn text(&mut self, rule: &'o Value, text: &str, written: &mut Written) -> Flow {
        if self.out.len() + text.len() > MAX_DATA {
            return Flow::Break(Some(self.too_large().into()));
        }
        let start = self.out.len();
        self.begin(written);
        if self.typed(rule, text, written.number) {
            return self.end(rule);
        }
        self.out.truncate(start);
        written.count -= 1;
        self.bad(rule, text, written)
    }

    /// Writes finished JSON.
    fn finished(&mut self, rule: &'o Value, json: &[u8], written: &mut Written) -> Flow {
        self.begin(written);
        self.out.extend_from_slice(json);
        self.end(rule)
    }

    fn begin(&mut self, written: &mut Written) {
        if written.count > 0 {
            self.out.push(b',');
        }
        written.count += 1;
    }

    fn end(&self, rule: &Value) -> Flow {
        if self.out.len() > MAX_DATA {
            return Flow::Break(Some(self.too_large().into()));
        }
        if rule.is_list() { Flow::Continue(()) } else { Flow::Break(None) }
    }

    /// Writes `null` for a value that does not fit its type, with a warning, or fails the page.
    fn bad(&mut self, rule: &'o Value, text: &str, written: &mut Written) -> Flow {
        if written.missing == Missing::Counts && (self.strict || rule.required) {
            return Flow::Break(Some(self.bad_value(rule.kind.name(), text).into()));
        }
        let nth = written.count;
        self.begin(written);
        written.bad += 1;
        self.out.extend_from_slice(b"null");
        if rule.is_list() {
            self.path.push(Step::Index(nth));
        }
        self.warn(Problem::BadValue, text);
        if rule.is_list() {
            self.path.pop();
        }
        self.end(rule)
    }

    /// Writes a text as a type. Returns `false` and may write anything if the text does not fit the type.
    fn typed(&mut self, rule: &'o Value, text: &str, number: usize) -> bool {
        let made_at = || self.facts.made_at();
        let made = match &rule.kind {
            Kind::String | Kind::Html => {
                json::string(&mut self.out, text);
                return true;
            }
            Kind::Number(notation) => {
                let read = self.number(text, *notation, number);
                return read.is_some_and(|digits| self.push(digits.as_bytes()));
            }
            Kind::Integer(notation) => {
                let read = self.number(text, *notation, number);
                let whole = read.and_then(|digits| digits.parse::<i64>().ok());
                return whole.is_some_and(|whole| self.push(whole.to_string().as_bytes()));
            }
            Kind::Boolean => {
                return value::boolean(text).is_some_and(|truth| self.push(if truth { b"true" } else { b"false" }));
            }
            Kind::Json => {
                return json::parse(text).is_ok_and(|json| {
                    json::value(&mut self.out, &json);
                    true
                });
            }
            // The text of an element is Markdown already.
            Kind::Markdown => match (&rule.source.root, &rule.source.json) {
                (Root::Css(_) | Root::XPath(_), None) => Some(text.to_owned()),
                _ => markdown::of_markup(text, self.links),
            },
            Kind::Url => self.links.and_then(|links| links.resolve(text)).map(String::from),
            Kind::Date(dates) => dates.date(text, made_at()),
            Kind::DateTime(dates) => dates.datetime(text, made_at()),
        };
        made.is_some_and(|text| {
            json::string(&mut self.out, &text);
            true
        })
    }

    fn push(&mut self, json: &[u8]) -> bool {
        self.out.extend_from_slice(json);
        true
    }

    /// Reads a number. Counts which decimal mark it seems to have, and whether it was read as another number.
    fn number(&mut self, text: &str, notation: number::Notation, number: usize) -> Option<String> {
        let read = number::decimal(text, notation);
        let mut marks = MarkCount::default();
        marks.add(text, notation, read.as_deref());
        let counts = &mut self.counts[number];
        counts.points += u32::from(marks.point > 0);
        counts.commas += u32::from(marks.comma > 0);
        counts.misread += u32::from(marks.misread > 0);
        read
    }
}
