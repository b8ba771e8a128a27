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
  = help: join several selectors with commas: ["h1::text, h2::text"]

`extract.b` must be one selector in brackets (which gives a list of its matches)
 --> gleaner.toml:3:5
  |
3 | b = []
  |     ^^
  = help: join several selectors with commas: ["h1::text, h2::text"]

`extract.c` must be one selector in brackets (which gives a list of its matches)
 --> gleaner.toml:4:5
  |
4 | c = [1]
  |     ^^^
  = help: join several selectors with commas: ["h1::text, h2::text"]

`extract.d` must be a selector
 --> gleaner.toml:5:5
  |
5 | d = 4
  |     ^
  = help: write "h1::text" (the first match), ["a::url"] (every match), or a table with css or each"#,
    ),
    (
        "tables that say neither or both",
        r#"[extract]
a = { }
b = { selector = "p" }
c = { each = "div", css = "p" }
d = { each = "div" }
e = { each = ["div"], x = "p" }
"#,
        r#"5 errors in the settings

`extract.a` needs `css` (a value) or `each` (an object per element)
 --> gleaner.toml:2:1
  |
2 | a = { }
  | ^
  = help: add css = "SELECTOR", or extract.a.each = "SELECTOR" to make objects

`extract.b` needs `css` (a value) or `each` (an object per element)
 --> gleaner.toml:3:7
  |
3 | b = { selector = "p" }
  |       ^^^^^^^^
  = help: did you mean `css`?

`extract.c.css` cannot stand beside `each`
 --> gleaner.toml:4:21
  |
4 | c = { each = "div", css = "p" }
  |                     ^^^
  = help: `css` takes one value, `each` makes an object of each element: remove one of them

`extract.d` has `each`, but no fields
 --> gleaner.toml:5:1
  |
5 | d = { each = "div" }
  | ^
  = help: add the fields of its objects, such as text = "span::text"

`extract.e.each` must be a selector, such as "div.quote"
 --> gleaner.toml:6:14
  |
6 | e = { each = ["div"], x = "p" }
  |              ^^^^^^^"#,
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
  = help: write [extract.quotes] with single brackets: its `each` makes the list"#,
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

`extract.a.type` must be one of "string", "number", "integer", "boolean", "html"
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
  = help: the options of a value are css, type, required, default, trim, re

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

`extract.f.type` must be one of "string", "number", "integer", "boolean", "html"
 --> gleaner.toml:7:25
  |
7 | f = { css = "p", type = "date", default = 1 }
  |                         ^^^^^^

`extract.g.re` has 2 groups, but a single value takes only one
 --> gleaner.toml:8:12
  |
8 | g = { re = '(\d+)(\.\d+)?', css = "p" }
  |            ^^^^^^^^^^^^^^^
  = help: write (?:...) for the groups that do not count, or (?P<extract>...) for the one that counts; a list, css = ["..."], takes all of them"#,
    ),
];
