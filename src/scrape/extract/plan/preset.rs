//! The ready-made sets of fields.

use super::super::rules::{Arity, Extraction, Fields, Preset, Root, Rule, Structured, ValueRule};

/// Returns the fields of a run: those of its preset and of its settings together.
pub fn joined(extraction: &Extraction) -> Fields {
    let preset = match extraction.preset {
        None if extraction.fields.is_empty() => Some(Preset::Page),
        preset => preset,
    };
    let mut joined = preset.map(fields).unwrap_or_default();
    for (name, rule) in &extraction.fields {
        match joined.iter_mut().find(|(known, _)| known == name) {
            Some((_, replaced)) => replaced.clone_from(rule),
            None => joined.push((name.clone(), rule.clone())),
        }
    }
    joined
}

fn fields(preset: Preset) -> Fields {
    let single = |name: &str, root: Root| (name.to_owned(), Rule::Value(ValueRule::of(root.into(), Arity::One)));
    let css = |name: &str, arity: Arity, css: &str| (name.to_owned(), Rule::Value(ValueRule::new(css, arity)));
    let structured = |name: &str, what: Structured| single(name, Root::Structured(what));
    // An SVG image may have a title too.
    let title = css("title", Arity::One, "title:not(svg title)::text-content");
    let description = css("description", Arity::One, "meta[name=description i]::attr(content)");
    let canonical = css("canonical", Arity::One, "link[rel~=canonical i]::url");
    let language = css("language", Arity::One, "html::attr(lang)");
    let published = structured("published", Structured::Published);
    let author = structured("author", Structured::Author);
    let open_graph = structured("open_graph", Structured::OpenGraph);
    let json_ld = structured("json_ld", Structured::JsonLd);
    match preset {
        Preset::Page => vec![
            title,
            description,
            canonical,
            language,
            published,
            author,
            css("headings", Arity::Many, ":is(h1, h2, h3, h4, h5, h6)::text-content"),
            css("links", Arity::Many, "a::url"),
            open_graph,
            json_ld,
        ],
        Preset::Article => vec![canonical, single("article", Root::Article { markdown: false })],
        Preset::Links => vec![title, single("links", Root::Links)],
        Preset::Metadata => vec![
            title,
            description,
            canonical,
            language,
            published,
            author,
            open_graph,
            json_ld,
            structured("microdata", Structured::Microdata),
        ],
    }
}
