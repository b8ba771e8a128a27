//! `[output]`

use super::Row;

pub(super) const ROWS: &[Row] = &[(
    "words that are not one of the choices",
    r#"[output]
format = "xml"
order = "Input"
record = true
"#,
    r#"3 errors in the settings

`output.format` must be one of "auto", "json", "jsonl", "ndjson", "csv", "tsv", "parquet", "sqlite"
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
)];
