//! Flags and environment variables.
#![expect(clippy::needless_raw_string_hashes, reason = "most of the texts have quotes in them")]

use super::super::nothing;
use crate::config::Flag;

/// A setting from outside of a file.
#[derive(Debug)]
enum Elsewhere {
    Variable(&'static str, &'static str),
    Flag(&'static str, &'static str, &'static str),
    Header(&'static str),
    Set(&'static str),
    Select(&'static str),
}

#[test]
fn flags_and_variables_get_the_same_errors_as_files() {
    for (written, expected) in ELSEWHERE {
        let case = match written {
            Elsewhere::Variable(name, value) => nothing().variable(name, value),
            Elsewhere::Flag(name, setting, value) => nothing().flag(Flag::new(*name, *setting, *value)),
            Elsewhere::Header(line) => nothing().flag(Flag::header("-H", *line)),
            Elsewhere::Set(assignment) => nothing().set(assignment),
            Elsewhere::Select(selection) => nothing().flag(Flag::select(*selection)),
        };
        assert_eq!(case.error().to_string(), *expected, "{written:?}");
    }
}

const ELSEWHERE: &[(Elsewhere, &str)] = &[
    (
        Elsewhere::Variable("GLEANER_POOL_WORKER", "4"),
        r#"unknown setting `pool.worker`
 --> environment variable GLEANER_POOL_WORKER
  |
  | GLEANER_POOL_WORKER=4
  | ^^^^^^^^^^^^^^^^^^^
  = help: did you mean GLEANER_POOL_WORKERS?"#,
    ),
    (
        Elsewhere::Variable("GLEANER_OUTPUT_RECORD", "Data"),
        r#"`output.record` must be one of "full", "data"
 --> environment variable GLEANER_OUTPUT_RECORD
  |
  | GLEANER_OUTPUT_RECORD=Data
  |                       ^^^^
  = help: did you mean data?"#,
    ),
    (
        Elsewhere::Variable("GLEANER_EXTRACT_TITLE", "h1::txt"),
        r#"`extract.title` is not a valid selector: unknown pseudo-element `::txt`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> environment variable GLEANER_EXTRACT_TITLE
  |
  | GLEANER_EXTRACT_TITLE=h1::txt
  |                         ^^^^^
  = help: did you mean `::text`?"#,
    ),
    (
        Elsewhere::Variable("GLEANER_FETCH_HEADERS", "{ A = 1"),
        r#"unclosed inline table, expected `}`
 --> environment variable GLEANER_FETCH_HEADERS
  |
  | GLEANER_FETCH_HEADERS={ A = 1
  |                              ^"#,
    ),
    (
        Elsewhere::Flag("--workers", "pool.workers", "0"),
        r#"`pool.workers` must be "auto" or a whole number, 1 or more
 --> flag --workers
  |
  | --workers 0
  |           ^"#,
    ),
    (
        Elsewhere::Flag("-t", "fetch.timeout", "5"),
        r#"`fetch.timeout` must be a duration such as "50ms", "2s" or "1m"
 --> flag -t
  |
  | -t 5
  |    ^
  = help: give it a unit: 5s"#,
    ),
    (
        Elsewhere::Header("Accept"),
        r#"`Accept` is not a header
 --> flag -H
  |
  | -H Accept
  |    ^^^^^^
  = help: write "Name: Value""#,
    ),
    (
        Elsewhere::Header("a b: c"),
        r#"`fetch.headers.a b` is not a valid header name
 --> flag -H
  |
  | -H a b: c
  |    ^^^
  = help: a name has letters, digits and any of !#$%&'*+-.^_`|~"#,
    ),
    (
        Elsewhere::Set("pool.task_timout=5s"),
        r#"unknown setting `pool.task_timout`
 --> flag --set
  |
  | --set pool.task_timout=5s
  |            ^^^^^^^^^^^
  = help: did you mean `pool.task_timeout`?"#,
    ),
    (
        Elsewhere::Set("pool.workers"),
        r#"`pool.workers` does not set anything
 --> flag --set
  |
  | --set pool.workers
  |       ^^^^^^^^^^^^
  = help: write KEY=VALUE, such as pool.workers=4"#,
    ),
    (
        Elsewhere::Set("pool.workers="),
        r#"`pool.workers` must be "auto" or a whole number, 1 or more
 --> flag --set
  |
  | --set pool.workers=
  |                    ^"#,
    ),
    (
        Elsewhere::Set("pool=4"),
        r#"`pool` is a section, not a setting
 --> flag --set
  |
  | --set pool=4
  |            ^
  = help: write [pool] with its settings below it, or pool.NAME = VALUE"#,
    ),
    (
        Elsewhere::Set("extract.a={ css = 'a::txt' }"),
        r#"`extract.a.css` is not a valid selector: unknown pseudo-element `::txt`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> flag --set
  |
  | --set extract.a={ css = 'a::txt' }
  |                           ^^^^^
  = help: did you mean `::text`?"#,
    ),
    (
        Elsewhere::Set("extract.ü=h1"),
        r#"invalid unquoted key, expected letters, numbers, `-`, `_`
 --> flag --set
  |
  | --set extract.ü=h1
  |               ^
  = help: the shell removes quotes: put all of it between single quotes, such as --set 'extract.links=["a::url"]'"#,
    ),
    (
        Elsewhere::Set("fetch.headers={X-A=1}"),
        r#"`fetch.headers.X-A` must be a string
 --> flag --set
  |
  | --set fetch.headers={X-A=1}
  |                          ^
  = help: write it with quotes: "1"
  = help: the shell removes quotes: put all of it between single quotes, such as --set 'extract.links=["a::url"]'"#,
    ),
    (
        Elsewhere::Set("hosts.books.example.delay=1s"),
        r#"unknown setting `hosts."books".example`
 --> flag --set
  |
  | --set hosts.books.example.delay=1s
  |                   ^^^^^^^
  = help: put the name of the host in quotes: hosts."books.example"
  = help: the shell removes quotes: put all of it between single quotes, such as --set 'extract.links=["a::url"]'"#,
    ),
    (
        Elsewhere::Set("extract.a.each=div"),
        r#"`extract.a` has `each`, but no fields
 --> flag --set
  |
  | --set extract.a.each=div
  |               ^
  = help: add the fields of its objects, such as text = "span::text""#,
    ),
    (
        Elsewhere::Select("title"),
        r#"`title` does not name a field
 --> flag --select
  |
  | --select title
  |          ^^^^^
  = help: write NAME=SELECTOR, such as title=h1::text"#,
    ),
    (
        Elsewhere::Select("a..b=h1"),
        r#"`a..b=h1` has no name before `=`, or an empty one between dots
 --> flag --select
  |
  | --select a..b=h1
  |          ^^^^^^^
  = help: write NAME=SELECTOR, such as title=h1::text"#,
    ),
    (
        Elsewhere::Select("ü b=h1::txt"),
        r#"`extract.ü b` is not a valid selector: unknown pseudo-element `::txt`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> flag --select
  |
  | --select ü b=h1::txt
  |                ^^^^^
  = help: did you mean `::text`?"#,
    ),
    (
        Elsewhere::Select("links=[a::url]"),
        r#"`extract.links` is not a valid selector: expected an attribute selector such as [href] or [rel="next"]
 --> flag --select
  |
  | --select links=[a::url]
  |                ^^^^^^^^
  = help: the shell removes quotes: put all of it between single quotes, such as --select 'links=["a::url"]'"#,
    ),
    (
        Elsewhere::Select("name=$.["),
        r#"`extract.name.json` is not a valid JSON path: expected a name or "*" (names with other characters: ['my-name']), found '['
 --> flag --select
  |
  | --select name=$.[
  |                 ^"#,
    ),
];
