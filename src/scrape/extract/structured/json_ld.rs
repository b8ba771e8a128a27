//! JSON-LD: the objects in `<script type="application/ld+json">`.

use std::borrow::Cow;

use crate::model::excerpt;
use crate::scrape::document::{Dom, known};
use crate::scrape::json::{Json, JsonError, parse_script};

/// What the scripts of a page say.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::scrape::extract) struct JsonLd {
    /// A list of the values of all scripts. Lists at the top of a script are spread.
    pub(in crate::scrape::extract) list: Json,
    /// The scripts that could not be read to their end.
    pub(in crate::scrape::extract) unread: Vec<UnreadScript>,
}

/// A script that is not JSON, from some place on.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::scrape::extract) struct UnreadScript {
    /// The beginning of the script.
    pub(in crate::scrape::extract) text: String,
    /// Where and why reading stopped.
    pub(in crate::scrape::extract) error: JsonError,
}

/// How much of an unread script is kept, in bytes.
const EXCERPT: usize = 200;

/// Returns the JSON-LD of a page, as extruct does, with these differences:
///
/// - `type` is compared without case and without parameters
/// - a script may have several values, comments anywhere, and `&quot;` in place of quotes
/// - a script that cannot be read costs only what follows the error
///
/// Values that are empty or false at the top of a script are left out. `@graph` stays as it is.
pub(in crate::scrape::extract) fn json_ld(dom: &Dom) -> JsonLd {
    let (mut list, mut unread) = (Vec::new(), Vec::new());
    for script in dom.elements(dom.whole()).filter(|at| is_json_ld(dom, *at)) {
        let text = text_of(dom, script);
        let (mut values, mut error) = parse_script(&text);
        if error.is_some()
            && let Some(unescaped) = without_entities(&text)
        {
            (values, error) = parse_script(&unescaped);
        }
        for value in values {
            match value {
                Json::Array(values) => list.extend(values.into_iter().filter(says_something)),
                Json::Object(entries) if !entries.is_empty() => list.push(Json::Object(entries)),
                _ => {}
            }
        }
        if let Some(error) = error {
            unread.push(UnreadScript { text: excerpt(text.trim(), EXCERPT).into_owned(), error });
        }
    }
    JsonLd { list: Json::Array(list), unread }
}

fn is_json_ld(dom: &Dom, at: u32) -> bool {
    dom.node(at).name() == known::SCRIPT
        && dom.attribute(at, known::TYPE).is_some_and(|kind| {
            let essence = kind.split(';').next().unwrap_or(kind);
            essence.trim().eq_ignore_ascii_case("application/ld+json")
        })
}

/// Returns the text of a script. It is usually one node.
fn text_of(dom: &Dom, script: u32) -> Cow<'_, str> {
    let mut texts = dom.texts(dom.descendants(script));
    let first = texts.next().unwrap_or("");
    match texts.next() {
        None => Cow::Borrowed(first),
        Some(second) => Cow::Owned([first, second].into_iter().chain(texts).collect()),
    }
}

/// Replaces the references that templates of pages write for quotes and ampersands, if there are quotes among them.
fn without_entities(text: &str) -> Option<String> {
    const QUOTES: [&str; 4] = ["&quot;", "&#34;", "&#x22;", "&QUOT;"];
    if !QUOTES.iter().any(|quote| text.contains(quote)) {
        return None;
    }
    let text = QUOTES.iter().fold(text.to_owned(), |text, quote| text.replace(quote, "\""));
    let others = [("&#39;", "'"), ("&#x27;", "'"), ("&apos;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")];
    Some(others.iter().fold(text, |text, (reference, character)| text.replace(reference, character)))
}

/// Whether Python takes a value for true. extruct drops other values.
fn says_something(value: &Json) -> bool {
    match value {
        Json::Null | Json::Bool(false) => false,
        Json::Bool(true) => true,
        Json::Number(digits) => {
            digits.split(['e', 'E']).next().is_some_and(|it| it.contains(|c| ('1'..='9').contains(&c)))
        }
        Json::String(text) => !text.is_empty(),
        Json::Array(values) => !values.is_empty(),
        Json::Object(entries) => !entries.is_empty(),
    }
}
