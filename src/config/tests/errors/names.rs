//! Names that do not exist, and text that is not valid TOML.
#![expect(clippy::needless_raw_string_hashes, reason = "most of the texts have quotes in them")]

use super::Row;

pub(super) const ROWS: &[Row] = &[
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
  = help: the sections are pool, fetch, politeness, hosts, network, tls, limits, cookies, cache, extraction, extract, input, output"#,
    ),
    (
        "a section that is no table",
        r#"pool = 4
"#,
        r#"`pool` is a section, not a setting
 --> gleaner.toml:1:8
  |
1 | pool = 4
  |        ^
  = help: write [pool] with its settings below it, or pool.NAME = VALUE"#,
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
