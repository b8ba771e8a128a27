//! The names of elements in feeds, whatever prefixes they are written with.

use crate::scrape::document::{Dom, Namespace};

/// The vocabularies that feeds use. The first one is RSS or Atom itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vocabulary {
    Feed,
    DublinCore,
    DublinCoreTerms,
    Content,
    Itunes,
    Rdf,
    Xhtml,
    Other,
}

/// The namespaces of each vocabulary, with the usual prefixes, which count if a feed was read by the rules of HTML.
const VOCABULARIES: &[(Vocabulary, &str, &[&str])] = &[
    (
        Vocabulary::Feed,
        "atom",
        &[
            "",
            "http://www.w3.org/2005/Atom",
            "http://purl.org/atom/ns#",
            "http://purl.org/rss/1.0/",
            "http://my.netscape.com/rdf/simple/0.9/",
            "http://backend.userland.com/rss",
            "http://backend.userland.com/rss2",
            "http://backend.userland.com/RSS2",
            "http://blogs.law.harvard.edu/tech/rss",
            "http://purl.org/rss/1.0/modules/rss091#",
        ],
    ),
    (Vocabulary::DublinCore, "dc", &["http://purl.org/dc/elements/1.1/", "http://purl.org/dc/elements/1.0/"]),
    (Vocabulary::DublinCoreTerms, "dcterms", &["http://purl.org/dc/terms/"]),
    (Vocabulary::Content, "content", &["http://purl.org/rss/1.0/modules/content/"]),
    (Vocabulary::Itunes, "itunes", &["http://www.itunes.com/dtds/podcast-1.0.dtd"]),
    (Vocabulary::Rdf, "rdf", &["http://www.w3.org/1999/02/22-rdf-syntax-ns#"]),
    (Vocabulary::Xhtml, "xhtml", &["http://www.w3.org/1999/xhtml"]),
];

/// Returns the vocabulary and the local name of the element at `at`, in lower case: feeds often get the case wrong.
pub(super) fn name_of(dom: &Dom, at: u32) -> (Vocabulary, String) {
    let node = dom.node(at);
    let written = dom.name_text(node.name()).to_ascii_lowercase();
    if dom.is_xml() {
        return (of_namespace(dom.uri(at)), written);
    }
    // By the rules of HTML, the prefix is a part of the name.
    match written.split_once(':') {
        Some((prefix, local)) => (of_prefix(prefix), local.to_owned()),
        None if node.namespace() == Namespace::Html => (Vocabulary::Feed, written),
        None => (Vocabulary::Other, written),
    }
}

fn of_namespace(uri: &str) -> Vocabulary {
    let found = VOCABULARIES.iter().find(|(.., uris)| uris.contains(&uri));
    found.map_or(Vocabulary::Other, |(vocabulary, ..)| *vocabulary)
}

fn of_prefix(prefix: &str) -> Vocabulary {
    let found = VOCABULARIES.iter().find(|(_, usual, _)| *usual == prefix);
    found.map_or(Vocabulary::Other, |(vocabulary, ..)| *vocabulary)
}
