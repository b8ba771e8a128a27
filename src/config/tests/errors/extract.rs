//! `[extract]`
#![expect(clippy::needless_raw_string_hashes, reason = "most of the texts have quotes in them")]

use super::Row;

pub(super) const ROWS: &[Row] = &[
    (
        "bad selectors in every form",
        r#"[extract]
title = "h1::txt"
links = [ 'a::ulr' ]
price = { css = "p, .price::text_content" }
[extract.quotes]
each = "div::text"
text = "span["
"#,
        r#"5 errors in the settings

`extract.title` is not a valid selector: unknown pseudo-element `::txt`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> gleaner.toml:2:12
  |
2 | title = "h1::txt"
  |            ^^^^^
  = help: did you mean `::text`?

`extract.links` is not a valid selector: unknown pseudo-element `::ulr`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> gleaner.toml:3:13
  |
3 | links = [ 'a::ulr' ]
  |             ^^^^^
  = help: did you mean `::url`?

`extract.price.css` is not a valid selector: unknown pseudo-element `::text_content`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> gleaner.toml:4:27
  |
4 | price = { css = "p, .price::text_content" }
  |                           ^^^^^^^^^^^^^^
  = help: did you mean `::text-content`?

`extract.quotes.each` is not a valid selector: `each` selects elements and cannot end in `::text`
 --> gleaner.toml:6:12
  |
6 | each = "div::text"
  |            ^^^^^^

`extract.quotes.text` is not a valid selector: the selector ends too early
 --> gleaner.toml:7:14
  |
7 | text = "span["
  |              ^"#,
    ),
    (
        "a selector with escapes: the place is the whole string",
        r#"[extract]
title = "h\u0031::txt"
"#,
        r#"`extract.title` is not a valid selector: unknown pseudo-element `::txt`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> gleaner.toml:2:9
  |
2 | title = "h\u0031::txt"
  |         ^^^^^^^^^^^^^^
  = help: did you mean `::text`?"#,
    ),
    (
        "lists with too much or nothing in them",
        r#"[extract]
a = ["a::url", "b::url"]
b = []
c = [1]
d = 4
"#,
        r#"4 errors in the settings

`extract.a` must be one selector in brackets (which gives a list of its matches)
 --> gleaner.toml:2:5
  |
2 | a = ["a::url", "b::url"]
  |     ^^^^^^^^^^^^^^^^^^^^
  = help: first_of = ["h1::text", "h2::text"] gives the first that has a value; selectors joined with commas, ["h1::text, h2::text"], give the matches of all of them

`extract.b` must be one selector in brackets (which gives a list of its matches)
 --> gleaner.toml:3:5
  |
3 | b = []
  |     ^^
  = help: first_of = ["h1::text", "h2::text"] gives the first that has a value; selectors joined with commas, ["h1::text, h2::text"], give the matches of all of them

`extract.c` must be one selector in brackets (which gives a list of its matches)
 --> gleaner.toml:4:5
  |
4 | c = [1]
  |     ^^^
  = help: first_of = ["h1::text", "h2::text"] gives the first that has a value; selectors joined with commas, ["h1::text, h2::text"], give the matches of all of them

`extract.d` must be a selector
 --> gleaner.toml:5:5
  |
5 | d = 4
  |     ^
  = help: write "h1::text" (the first match), ["a::url"] (every match), or a table with css or each"#,
    ),
    (
        "tables without a source and with a bad `each`",
        r#"[extract]
a = { }
b = { selector = "p" }
d = { each = "div" }
e = { each = ["div"], x = "p" }
"#,
        r#"4 errors in the settings

`extract.a` needs a source, such as `css`, or `each` (an object per match)
 --> gleaner.toml:2:1
  |
2 | a = { }
  | ^
  = help: the sources are css, xpath, json, structured, table, links, feed, article, const, fact, first_of; extract.a.each = "SELECTOR" makes objects

`extract.b` needs a source, such as `css`, or `each` (an object per match)
 --> gleaner.toml:3:7
  |
3 | b = { selector = "p" }
  |       ^^^^^^^^
  = help: did you mean `css`?

`extract.d` has `each`, but no fields
 --> gleaner.toml:4:1
  |
4 | d = { each = "div" }
  | ^
  = help: add the fields of its objects, such as text = "span::text"

`extract.e.each` must be a selector, such as "div.quote"
 --> gleaner.toml:5:14
  |
5 | e = { each = ["div"], x = "p" }
  |              ^^^^^^^
  = help: or a table: { xpath = "//div" }, { json = "$.items[*]" } or { css = "div", has = "a" }"#,
    ),
    (
        "each without a field to be in",
        r#"[extract]
each = "div"
text = "p"
"#,
        r#"`extract.each` must be inside of a field
 --> gleaner.toml:2:1
  |
2 | each = "div"
  | ^^^^
  = help: write it below [extract.NAME], with the fields of the objects"#,
    ),
    (
        "an array of tables",
        r#"[[extract.quotes]]
each = "div"
text = "p"
"#,
        r#"`extract.quotes` must be one table
 --> gleaner.toml:1:1
  |
1 | [[extract.quotes]]
  | ^^^^^^^^^^^^^^^^^^
  = help: write [extract.quotes] with single brackets: its `each` makes the list; a table with another source makes a list with all = true"#,
    ),
    (
        "bad options",
        r#"[extract]
a = { css = "p", type = "int", trim = "no" }
b = { css = "p", requird = true, colour = 1 }
c = { css = ["p"], default = "x" }
d = { css = "p", required = true, default = "" }
e = { css = "p", re = '€(a' }
f = { css = "p", type = "date", default = 1 }
g = { re = '(\d+)(\.\d+)?', css = "p" }
"#,
        r#"9 errors in the settings

`extract.a.type` must be one of "string", "number", "integer", "boolean", "html", "markdown", "url", "date", "datetime", "json"
 --> gleaner.toml:2:25
  |
2 | a = { css = "p", type = "int", trim = "no" }
  |                         ^^^^^
  = help: did you mean "integer"?

`extract.a.trim` must be true or false
 --> gleaner.toml:2:39
  |
2 | a = { css = "p", type = "int", trim = "no" }
  |                                       ^^^^

unknown option `extract.b.requird`
 --> gleaner.toml:3:18
  |
3 | b = { css = "p", requird = true, colour = 1 }
  |                  ^^^^^^^
  = help: did you mean `required`?

unknown option `extract.b.colour`
 --> gleaner.toml:3:34
  |
3 | b = { css = "p", requird = true, colour = 1 }
  |                                  ^^^^^^
  = help: the options of a value are all, has, not, re, trim, replace, split, strip, lower, upper, map, join, type, decimal, locale, format, timezone, default, required

`extract.c.default` cannot be used for a list
 --> gleaner.toml:4:20
  |
4 | c = { css = ["p"], default = "x" }
  |                    ^^^^^^^
  = help: a list without matches is empty

`extract.d.default` contradicts `required = true`
 --> gleaner.toml:5:35
  |
5 | d = { css = "p", required = true, default = "" }
  |                                   ^^^^^^^
  = help: a page without a match fails or gets the default: remove one of the two

`extract.e.re` is not a valid regular expression: unclosed group
 --> gleaner.toml:6:25
  |
6 | e = { css = "p", re = '€(a' }
  |                         ^

`extract.f.default` must be a date in quotes, as `type` is "date"
 --> gleaner.toml:7:43
  |
7 | f = { css = "p", type = "date", default = 1 }
  |                                           ^

`extract.g.re` has 2 groups, but a single value takes only one
 --> gleaner.toml:8:12
  |
8 | g = { re = '(\d+)(\.\d+)?', css = "p" }
  |            ^^^^^^^^^^^^^^^
  = help: write (?:...) for the groups that do not count, (?P<extract>...) for the one that counts, or a name for each, as in (?P<year>...), to get an object; a list, css = ["..."], takes all of them"#,
    ),
];
