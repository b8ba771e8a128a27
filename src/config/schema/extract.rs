//! `[extract]`

use super::{Keys, Section};
use crate::config::rules;

pub(super) const EXTRACT: Section = Section {
    name: "extract",
    doc: "What is taken from each page: one field a line, in the order of the output. Without any fields, a record has what \
          the page says about itself, its headings and its links (preset = \"page\").",
    keys: Keys::Free(rules::put),
    remarks: r#"title = "h1::text"                        # a string: the first match that is not empty, or null
links = ["a::url"]                        # in brackets: every match, as a list
price = { css = ".price::text", type = "number", required = true }
name = { first_of = ["h1::text", { xpath = "//title/text()" }] }   # the first rule that gives a value
offers = { structured = "json_ld", json = "$..offers.price", all = true }

[extract.quotes]                          # a table with `each`: one object for each match
each   = "div.quote"
text   = "span.text::text"
tags   = ["a.tag::text"]

After a CSS selector: ::text (the element's own text), ::text-content (all text in it), ::attr(name), ::url (its link, made absolute) or ::inner-html. Without any of these, the field is the element's HTML.

Sources, one a rule: css; xpath; json = a path into a page of JSON (or into what css, xpath, structured, table, links, feed or article gives); structured = "json_ld", "open_graph" or "microdata"; table = a selector of HTML tables, which gives their rows; links = true; feed = true; article = true; const = a fixed value; fact = "url", "final_url", "status", "header:NAME", "fetched_at", "seq" or "input:COLUMN". has and not are selectors of what must (not) be inside the matched element.

A list: brackets, or all = true.

Steps, in this order: re = a regular expression for the part to keep: its group, if it has one; groups with names give an object; trim = false keeps white space at both ends; replace = [["from", "to"]]; split = the text between the parts of a list; strip = the characters to remove at both ends; lower or upper = true; map = { "in stock" = true }; join = the text between all values, which makes them one.

Types: type = "string" (default), "number", "integer", "boolean", "html", "markdown", "url", "date", "datetime" or "json" (default for JSON). decimal = "," or "." and locale = "de" say how numbers and dates are written; format = "%d.%m.%Y" and timezone = "Europe/Berlin" are for dates.

default = the value if nothing matches; required = true (a page without a match fails).

first_of = [rule, ..]: the first rule that gives a value. The steps and types beside it count for all of its rules that do not have their own.

each = a selector, { xpath = ".." }, { json = ".." }, or with conditions { css = "..", has = "..", not = ".." }. All other keys of its table are fields. In JSON, $ is the match."#,
};
