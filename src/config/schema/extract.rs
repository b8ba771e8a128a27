//! `[extract]`

use super::{Keys, Section};
use crate::config::rules;

pub(super) const EXTRACT: Section = Section {
    name: "extract",
    doc: "What is taken from each page: one field a line, in the order of the output. Without any fields, a record has the \
          page's title, description, canonical, language, headings and links.",
    keys: Keys::Free(rules::put),
    remarks: r#"title = "h1::text"                        # a string: the first match, or null
links = ["a::url"]                        # in brackets: every match, as a list
price = { css = ".price::text", type = "number", required = true }

[extract.quotes]                          # a table with `each`: one object for each matching element
each   = "div.quote"
text   = "span.text::text"
tags   = ["a.tag::text"]

After the selector: ::text (the element's own text), ::text-content (all text in it), ::attr(name), ::url (its link, made absolute) or ::inner-html. Without any of these, the field is the element's HTML.

Options: type = "string" (default), "number", "integer", "boolean" or "html"; required = true (a page without a match fails); default = the value if nothing matches; re = a regular expression for the part to keep: its group, if it has one (a single value may have at most one group); trim = false keeps white space at both ends."#,
};
