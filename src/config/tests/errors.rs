//! What people read when their settings are wrong: the whole text, for every source.
#![expect(clippy::needless_raw_string_hashes, reason = "most of the texts have quotes in them")]

use super::{file, nothing};
use crate::config::{CookiesPlan, Flag, ProblemKind};

/// (what is wrong, the file, the text of the error)
type Row = (&'static str, &'static str, &'static str);

/// A setting from outside of a file.
#[derive(Debug)]
enum Elsewhere {
    Variable(&'static str, &'static str),
    Flag(&'static str, &'static str, &'static str),
    Header(&'static str),
    Set(&'static str),
}

#[track_caller]
fn assert_errors(table: &[Row]) {
    for (what, written, expected) in table {
        assert_eq!(file(written).error().to_string(), *expected, "{what}");
    }
}

#[test]
fn settings_that_are_wrong_are_shown_at_their_place_with_the_way_out() {
    assert_errors(SETTINGS);
}

#[test]
fn rules_that_are_wrong_are_shown_at_their_place_with_the_way_out() {
    assert_errors(RULES);
}

#[test]
fn flags_and_variables_get_the_same_errors_as_files() {
    for (written, expected) in ELSEWHERE {
        let case = match written {
            Elsewhere::Variable(name, value) => nothing().variable(name, value),
            Elsewhere::Flag(name, setting, value) => nothing().flag(Flag::new(*name, *setting, *value)),
            Elsewhere::Header(line) => nothing().flag(Flag::header("-H", *line)),
            Elsewhere::Set(assignment) => nothing().set(assignment),
        };
        assert_eq!(case.error().to_string(), *expected, "{written:?}");
    }
}

#[test]
fn everything_that_is_wrong_is_reported_in_the_order_of_the_sources() {
    let error = file("[pool]\nworkers = 0\n[pol]\n")
        .variable("GLEANER_FETCH_TIMEOUT", "1")
        .variable("GLEANER_EXTRACT_A", "{")
        .flag(Flag::set("pool.workers=2"))
        .flag(Flag::set("pool.workers"))
        .error();
    let found: Vec<(ProblemKind, String)> = error
        .problems()
        .iter()
        .map(|problem| (problem.kind(), problem.place().map_or(String::new(), ToString::to_string)))
        .collect();
    let expected = [
        (ProblemKind::BadValue, "gleaner.toml:2:11"),
        (ProblemKind::UnknownName, "gleaner.toml:3:2"),
        (ProblemKind::Syntax, "environment variable GLEANER_EXTRACT_A"),
        (ProblemKind::BadValue, "environment variable GLEANER_FETCH_TIMEOUT"),
        (ProblemKind::Syntax, "flag --set"),
    ];
    assert_eq!(found, expected.map(|(kind, place)| (kind, place.to_owned())));
}

#[test]
fn within_a_file_the_order_is_that_of_the_lines() {
    let error = file("\u{feff}pool.workers = 0\nfetch.timeout = 1\npool.concurrency = 0\n").error();
    let places: Vec<String> =
        error.problems().iter().filter_map(|problem| problem.place().map(ToString::to_string)).collect();
    let expected = ["gleaner.toml:1:16", "gleaner.toml:2:17", "gleaner.toml:3:20"];
    assert_eq!(places, expected);
}

#[test]
fn a_contradiction_names_both_sides() {
    let error = file("[pool]\nmax_tasks_per_worker = 3\n").set("pool.quota_jitter=4").error();
    assert_eq!(error.problems()[0].kind(), ProblemKind::Conflict);
    let expected = "`pool.quota_jitter` must be less than `pool.max_tasks_per_worker`, which is 3\n \
                    --> flag --set\n  |\n  | --set pool.quota_jitter=4\n  |                         ^\n  \
                    = help: that was set by gleaner.toml:2:24";
    assert_eq!(error.to_string(), expected);
    let plan = nothing().set("pool.quota_jitter=4").plan();
    assert_eq!((plan.pool.quota, plan.pool.quota_jitter), (None, 4));
}

#[test]
fn files_of_cookies_without_cookies_are_a_contradiction() {
    let error = file("[cookies]\nload = \"in.txt\"\n").set("cookies.save=out.txt").error();
    let kinds: Vec<ProblemKind> = error.problems().iter().map(super::super::Problem::kind).collect();
    assert_eq!(kinds, [ProblemKind::Conflict, ProblemKind::Conflict]);
    let expected = "2 errors in the settings\n\n\
                    `cookies.load` is of no use while `cookies.enabled` is false\n --> gleaner.toml:2:8\n  |\n\
                    2 | load = \"in.txt\"\n  |        ^^^^^^^^\n  \
                    = help: set cookies.enabled = true, or leave cookies.load out\n\n\
                    `cookies.save` is of no use while `cookies.enabled` is false\n --> flag --set\n  |\n  \
                    | --set cookies.save=out.txt\n  |                    ^^^^^^^\n  \
                    = help: set cookies.enabled = true, or leave cookies.save out";
    assert_eq!(error.to_string(), expected);
    let plan = file("[cookies]\nload = \"in.txt\"\n").set("cookies.enabled=true").plan();
    assert_eq!(plan.cookies, Some(CookiesPlan { load: Some("in.txt".into()), save: None }));
    assert_eq!(plan.scrape.fetch.kept_headers, ["set-cookie"]);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let missing = nothing().config("nope.toml").error();
    let first = missing.problems()[0].message().to_owned();
    assert!(first.starts_with("cannot read the settings file `nope.toml`: "), "{first}");
    assert!(missing.to_string().ends_with("\n --> nope.toml"), "{missing}");
    assert_eq!(missing.problems()[0].kind(), ProblemKind::Unreadable);

    // The file belongs to whoever runs this test, so any other user must not read it unasked.
    let mut foreign = file("[pool]\nworkers = 1\n");
    foreign.sources.user += 1;
    let error = foreign.error();
    assert_eq!(error.problems()[0].kind(), ProblemKind::Untrusted);
    let text = error.to_string();
    for part in ["`gleaner.toml`", "belongs to another user", " --> gleaner.toml", "--config gleaner.toml"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(foreign.config("gleaner.toml").plan().pool.workers.get(), 1, "a file that was named is read");

    let folder = nothing().config(".").error();
    assert_eq!(folder.problems()[0].kind(), ProblemKind::Unreadable);

    let latin = file(b"[pool]\nworkers = 1 # f\xFCr alle\n").error().to_string();
    let expected = "the settings file is not UTF-8\n --> gleaner.toml:2:16\n  |\n\
                    2 | workers = 1 # f\u{fffd}r alle\n  |                ^\n  \
                    = help: save it as UTF-8, which TOML requires";
    assert_eq!(latin, expected);
}

#[test]
fn errors_are_fragments_without_a_full_stop() {
    for (what, written, _) in SETTINGS.iter().chain(RULES) {
        for problem in file(written).error().problems() {
            let message = problem.message();
            assert!(!message.ends_with('.'), "{what}: {message}");
            assert!(!message.starts_with(char::is_uppercase), "{what}: {message}");
        }
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
        r#"`extract.title` is no selector: unknown pseudo-element `::txt`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
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
        r#"`Accept` is no header
 --> flag -H
  |
  | -H Accept
  |    ^^^^^^
  = help: write "Name: Value""#,
    ),
    (
        Elsewhere::Header("a b: c"),
        r#"`fetch.headers.a b` is no header name
 --> flag -H
  |
  | -H a b: c
  |    ^^^
  = help: letters, digits and any of !#$%&'*+-.^_`|~ may stand in one"#,
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
        r#"`pool.workers` sets nothing
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
        r#"`pool` is a section, no setting
 --> flag --set
  |
  | --set pool=4
  |            ^
  = help: write [pool] with its settings below it, or pool.NAME = VALUE"#,
    ),
    (
        Elsewhere::Set("extract.a={ css = 'a::txt' }"),
        r#"`extract.a.css` is no selector: unknown pseudo-element `::txt`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
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
  = help: the shell takes quotes away: put all of it between single quotes, such as --set 'extract.links=["a::url"]'"#,
    ),
    (
        Elsewhere::Set("fetch.headers={X-A=1}"),
        r#"`fetch.headers.X-A` must be a string
 --> flag --set
  |
  | --set fetch.headers={X-A=1}
  |                          ^
  = help: write it with quotes: "1"
  = help: the shell takes quotes away: put all of it between single quotes, such as --set 'extract.links=["a::url"]'"#,
    ),
    (
        Elsewhere::Set("hosts.books.example.delay=1s"),
        r#"unknown setting `hosts."books".example`
 --> flag --set
  |
  | --set hosts.books.example.delay=1s
  |                   ^^^^^^^
  = help: the name of a host stands in quotes: hosts."books.example"
  = help: the shell takes quotes away: put all of it between single quotes, such as --set 'extract.links=["a::url"]'"#,
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
];

const SETTINGS: &[Row] = &[
    (
        "a misspelt setting",
        r#"[pool]
worker = 4
"#,
        r#"unknown setting `pool.worker`
 --> gleaner.toml:2:1
  |
2 | worker = 4
  | ^^^^^^
  = help: did you mean `pool.workers`?"#,
    ),
    (
        "three bad values, all reported",
        r#"[pool]
workers = 0
max_tasks_per_worker = -1

[fetch]
timeout = 5
"#,
        r#"3 errors in the settings

`pool.workers` must be "auto" or a whole number, 1 or more
 --> gleaner.toml:2:11
  |
2 | workers = 0
  |           ^

`pool.max_tasks_per_worker` must be a whole number, 0 or more
 --> gleaner.toml:3:24
  |
3 | max_tasks_per_worker = -1
  |                        ^^
  = help: 0 = workers are never replaced

`fetch.timeout` must be a duration such as "50ms", "2s" or "1m"
 --> gleaner.toml:6:11
  |
6 | timeout = 5
  |           ^
  = help: give it a unit: "5s""#,
    ),
    (
        "half a task is no quota",
        r#"[pool]
max_tasks_per_worker = 0.5
"#,
        r#"`pool.max_tasks_per_worker` must be a whole number, 0 or more
 --> gleaner.toml:2:24
  |
2 | max_tasks_per_worker = 0.5
  |                        ^^^
  = help: 0 = workers are never replaced"#,
    ),
    (
        "a word is no quota",
        r#"[pool]
max_tasks_per_worker = "x"
"#,
        r#"`pool.max_tasks_per_worker` must be a whole number, 0 or more
 --> gleaner.toml:2:24
  |
2 | max_tasks_per_worker = "x"
  |                        ^^^
  = help: 0 = workers are never replaced"#,
    ),
    (
        "a quoted number",
        r#"[pool]
concurrency = "8"
"#,
        r#"`pool.concurrency` must be a whole number, 1 or more
 --> gleaner.toml:2:15
  |
2 | concurrency = "8"
  |               ^^^
  = help: write 8 without quotes"#,
    ),
    (
        "a setting without its section",
        r#"workers = 4
"#,
        r#"unknown section `workers`
 --> gleaner.toml:1:1
  |
1 | workers = 4
  | ^^^^^^^
  = help: did you mean `pool.workers`?"#,
    ),
    (
        "a setting in the wrong section, and one by the name that Scrapy gives it",
        r#"[output]
max_body = 1

[fetch]
retry_times = 2
"#,
        r#"2 errors in the settings

unknown setting `output.max_body`
 --> gleaner.toml:2:1
  |
2 | max_body = 1
  | ^^^^^^^^
  = help: did you mean `fetch.max_body`?

unknown setting `fetch.retry_times`
 --> gleaner.toml:5:1
  |
5 | retry_times = 2
  | ^^^^^^^^^^^
  = help: did you mean `fetch.max_retries`?"#,
    ),
    (
        "a misspelt section",
        r#"[pol]
workers = 4
"#,
        r#"unknown section `pol`
 --> gleaner.toml:1:2
  |
1 | [pol]
  |  ^^^
  = help: did you mean `pool`?"#,
    ),
    (
        "a section that is none, reported once",
        r#"[colours]
red = 1
green = 2
"#,
        r#"unknown section `colours`
 --> gleaner.toml:1:2
  |
1 | [colours]
  |  ^^^^^^^
  = help: the sections are pool, fetch, politeness, hosts, network, tls, limits, cookies, cache, extraction, extract, output"#,
    ),
    (
        "a section that is no table",
        r#"pool = 4
"#,
        r#"`pool` is a section, no setting
 --> gleaner.toml:1:8
  |
1 | pool = 4
  |        ^
  = help: write [pool] with its settings below it, or pool.NAME = VALUE"#,
    ),
    (
        "a jitter as large as the quota",
        r#"[pool]
max_tasks_per_worker = 5
quota_jitter = 5
"#,
        r#"`pool.quota_jitter` must be less than `pool.max_tasks_per_worker`, which is 5
 --> gleaner.toml:3:16
  |
3 | quota_jitter = 5
  |                ^
  = help: that was set by gleaner.toml:2:24"#,
    ),
    (
        "words that are none of the choices",
        r#"[output]
format = "xml"
order = "Input"
record = true
"#,
        r#"3 errors in the settings

`output.format` must be one of "auto", "json", "jsonl", "ndjson"
 --> gleaner.toml:2:10
  |
2 | format = "xml"
  |          ^^^^^

`output.order` must be one of "input", "completion"
 --> gleaner.toml:3:9
  |
3 | order = "Input"
  |         ^^^^^^^
  = help: did you mean "input"?

`output.record` must be one of "full", "data"
 --> gleaner.toml:4:10
  |
4 | record = true
  |          ^^^^"#,
    ),
    (
        "a bad unit inside of a duration",
        r#"[fetch]
idle_timeout = '1m 5secconds'
"#,
        r#"`fetch.idle_timeout` must be a duration such as "50ms", "2s" or "1m"
 --> gleaner.toml:2:21
  |
2 | idle_timeout = '1m 5secconds'
  |                     ^^^^^^^^
  = help: the units are ms, s, m, h and days"#,
    ),
    (
        "a path without quotes",
        "[cache]\npath = true\n",
        "`cache.path` must be a string
 --> gleaner.toml:2:8
  |
2 | path = true
  |        ^^^^
  = help: write the name of a file, or \"\" for none",
    ),
    (
        "an address policy that is none",
        r#"[network]
private_addresses = "Deny"
"#,
        r#"`network.private_addresses` must be one of "direct", "allow", "deny"
 --> gleaner.toml:2:21
  |
2 | private_addresses = "Deny"
  |                     ^^^^^^
  = help: did you mean "deny"?"#,
    ),
    (
        "no time at all",
        r#"[fetch]
connect_timeout = "0s"
"#,
        r#"`fetch.connect_timeout` must be longer than zero
 --> gleaner.toml:2:19
  |
2 | connect_timeout = "0s"
  |                   ^^^^"#,
    ),
    (
        "bad sizes",
        r#"[output]
window_memory = "64 XB"
[fetch]
max_body = 0
"#,
        r#"2 errors in the settings

`output.window_memory` must be a size such as "64KiB", "16MiB" or "512MB", or a whole number of bytes
 --> gleaner.toml:2:17
  |
2 | window_memory = "64 XB"
  |                 ^^^^^^^
  = help: the units are B, KiB, MiB, GiB (powers of 1024) and KB, MB, GB (powers of 1000)

`fetch.max_body` must be more than zero
 --> gleaner.toml:4:12
  |
4 | max_body = 0
  |            ^"#,
    ),
    (
        "bad headers",
        r#"[fetch]
headers = { Accept = 1, "User-Agent" = "x", TE = "gzip" }
"#,
        r#"3 errors in the settings

`fetch.headers.Accept` must be a string
 --> gleaner.toml:2:22
  |
2 | headers = { Accept = 1, "User-Agent" = "x", TE = "gzip" }
  |                      ^
  = help: write it with quotes: "1"

`fetch.headers.User-Agent` has a setting of its own
 --> gleaner.toml:2:25
  |
2 | headers = { Accept = 1, "User-Agent" = "x", TE = "gzip" }
  |                         ^^^^^^^^^^^^
  = help: set fetch.user_agent

`fetch.headers.TE` cannot be set: it belongs to the connection
 --> gleaner.toml:2:45
  |
2 | headers = { Accept = 1, "User-Agent" = "x", TE = "gzip" }
  |                                             ^^"#,
    ),
    (
        "headers that are no table",
        r#"[fetch]
headers = "Accept: text/html"
"#,
        r#"`fetch.headers` must be a table
 --> gleaner.toml:2:11
  |
2 | headers = "Accept: text/html"
  |           ^^^^^^^^^^^^^^^^^^^
  = help: write { NAME = "value" }"#,
    ),
    (
        "a line break in a user agent",
        r#"[fetch]
user_agent = '''me
Host: you'''
"#,
        r#"`fetch.user_agent` must not have control characters (a line break is one)
 --> gleaner.toml:2:19
  |
2 | user_agent = '''me
  |                   ^"#,
    ),
    (
        "values without quotes, a duplicate, and a table that is not closed",
        r#"[pool]
workers = auto
task_timeout = 5s
workers = 2
[fetch
"#,
        r#"4 errors in the settings

the value needs quotes
 --> gleaner.toml:2:11
  |
2 | workers = auto
  |           ^^^^
  = help: write "auto"

the value needs quotes
 --> gleaner.toml:3:16
  |
3 | task_timeout = 5s
  |                ^^
  = help: write "5s"

duplicate key
 --> gleaner.toml:4:1
  |
4 | workers = 2
  | ^^^^^^^

unclosed table, expected `]`
 --> gleaner.toml:5:7
  |
5 | [fetch
  |       ^"#,
    ),
];

const RULES: &[Row] = &[
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

`extract.title` is no selector: unknown pseudo-element `::txt`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> gleaner.toml:2:12
  |
2 | title = "h1::txt"
  |            ^^^^^
  = help: did you mean `::text`?

`extract.links` is no selector: unknown pseudo-element `::ulr`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> gleaner.toml:3:13
  |
3 | links = [ 'a::ulr' ]
  |             ^^^^^
  = help: did you mean `::url`?

`extract.price.css` is no selector: unknown pseudo-element `::text_content`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
 --> gleaner.toml:4:27
  |
4 | price = { css = "p, .price::text_content" }
  |                           ^^^^^^^^^^^^^^
  = help: did you mean `::text-content`?

`extract.quotes.each` is no selector: `each` selects elements and takes no `::text`
 --> gleaner.toml:6:12
  |
6 | each = "div::text"
  |            ^^^^^^

`extract.quotes.text` is no selector: the selector ends too early
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
        r#"`extract.title` is no selector: unknown pseudo-element `::txt`, expected ::text, ::text-content, ::attr(name), ::url or ::inner-html
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

`extract.a` must be one selector in brackets (a list of its matches)
 --> gleaner.toml:2:5
  |
2 | a = ["a::url", "b::url"]
  |     ^^^^^^^^^^^^^^^^^^^^
  = help: several selectors make one with commas: ["h1::text, h2::text"]

`extract.b` must be one selector in brackets (a list of its matches)
 --> gleaner.toml:3:5
  |
3 | b = []
  |     ^^
  = help: several selectors make one with commas: ["h1::text, h2::text"]

`extract.c` must be one selector in brackets (a list of its matches)
 --> gleaner.toml:4:5
  |
4 | c = [1]
  |     ^^^
  = help: several selectors make one with commas: ["h1::text, h2::text"]

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
  = help: `css` takes one value, `each` makes an object of each element: keep one of them

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
        r#"`extract.each` needs a field to be in
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

`extract.c.default` is not for lists
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
  = help: a page without it fails, or it gets the default: keep one of them

`extract.e.re` is no regular expression: unclosed group
 --> gleaner.toml:6:25
  |
6 | e = { css = "p", re = '€(a' }
  |                         ^

`extract.f.type` must be one of "string", "number", "integer", "boolean", "html"
 --> gleaner.toml:7:25
  |
7 | f = { css = "p", type = "date", default = 1 }
  |                         ^^^^^^

`extract.g.re` has 2 groups, and a single value is one of them
 --> gleaner.toml:8:12
  |
8 | g = { re = '(\d+)(\.\d+)?', css = "p" }
  |            ^^^^^^^^^^^^^^^
  = help: write the groups that do not count as (?:...), or name the one that counts (?P<extract>...); a list, css = ["..."], takes them all"#,
    ),
];
