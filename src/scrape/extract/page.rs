//! The rules of a run without `[extract]`: they extract the page's description of itself.

use super::rules::{Arity, Fields, Rule, ValueRule};

/// Returns the rules that replace a missing `[extract]`.
pub(super) fn fields() -> Fields {
    let rules = [
        // An SVG image may have a title too.
        ("title", Arity::One, "title:not(svg title)::text-content"),
        ("description", Arity::One, "meta[name=description i]::attr(content)"),
        ("canonical", Arity::One, "link[rel~=canonical i]::url"),
        ("language", Arity::One, "html::attr(lang)"),
        ("headings", Arity::Many, ":is(h1, h2, h3, h4, h5, h6)::text-content"),
        ("links", Arity::Many, "a::url"),
    ];
    rules.map(|(name, arity, css)| (name.to_owned(), Rule::Value(ValueRule::new(css, arity)))).into()
}
