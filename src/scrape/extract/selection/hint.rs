//! Pseudo-classes of other programs, and the way to write them here.

/// Name, explanation, and what to write instead.
const INSTEAD: &[(&str, &str, &str)] = &[
    ("first", "a single value takes the first match anyway", ":first-child"),
    ("last", "it is jQuery's, and CSS counts among siblings", ":last-child"),
    ("eq", "it is jQuery's, and CSS counts among siblings, from 1", ":nth-child(1)"),
    ("nth", "it is jQuery's, and CSS counts among siblings, from 1", ":nth-child(1)"),
    ("gt", "it is jQuery's, and CSS counts among siblings, from 1", ":nth-child(n+2)"),
    ("lt", "it is jQuery's, and CSS counts among siblings, from 1", ":nth-child(-n+2)"),
    ("even", "it is jQuery's, which counts from 0", ":nth-child(odd)"),
    ("odd", "it is jQuery's, which counts from 0", ":nth-child(even)"),
    ("visible", "no page is shown here, so only attributes can tell", ":not([hidden])"),
    ("hidden", "no page is shown here, so only attributes can tell", "[hidden]"),
    ("header", "it is jQuery's", ":is(h1, h2, h3, h4, h5, h6)"),
    ("parent", "it is jQuery's", ":not(:empty)"),
    ("input", "it is jQuery's", ":is(input, select, textarea, button)"),
    ("button", "it is jQuery's", ":is(button, [type=\"button\"])"),
    ("checkbox", "it is jQuery's", "[type=\"checkbox\"]"),
    ("radio", "it is jQuery's", "[type=\"radio\"]"),
    ("submit", "it is jQuery's", "[type=\"submit\"]"),
    ("selected", "it is jQuery's", "[selected]"),
    ("checked", "nobody has used the page, so only attributes can tell", "[checked]"),
    ("disabled", "nobody has used the page, so only attributes can tell", "[disabled]"),
    ("enabled", "nobody has used the page, so only attributes can tell", ":not([disabled])"),
    ("link", "nobody has used the page, so all links are the same", "[href]"),
    ("any-link", "nobody has used the page, so all links are the same", "[href]"),
    ("visited", "nobody has used the page, so all links are the same", "[href]"),
    ("lang", "only attributes are compared", "[lang|=\"en\"]"),
    ("matches", "it is an old name", ":is(..)"),
    ("any", "it is an old name", ":is(..)"),
    ("-soup-contains-own", "only the text of everything below an element is searched", ":contains(\"text\")"),
    ("icontains", "case matters here; XPath has `re:test(., \"text\", \"i\")`", ":contains(\"text\")"),
];

/// Returns an explanation for a pseudo-class that is not CSS or cannot be known here, and what to write instead. The
/// name is in lower case.
pub(super) fn instead_of(name: &str) -> Option<(&'static str, &'static str)> {
    INSTEAD.iter().find(|(known, ..)| *known == name).map(|(_, why, instead)| (*why, *instead))
}
