//! `[cache]`

use super::Row;

pub(super) const ROWS: &[Row] = &[(
    "a path without quotes",
    "[cache]\npath = true\n",
    "`cache.path` must be a string
 --> gleaner.toml:2:8
  |
2 | path = true
  |        ^^^^
  = help: write the name of a file, or \"\" for none",
)];
