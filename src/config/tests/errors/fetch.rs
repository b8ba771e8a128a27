//! `[fetch]`
#![expect(clippy::needless_raw_string_hashes, reason = "most of the texts have quotes in them")]

use super::Row;

pub(super) const ROWS: &[Row] = &[
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

`fetch.headers.User-Agent` has its own setting
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
];
