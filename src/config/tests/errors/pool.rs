//! `[pool]`
#![expect(clippy::needless_raw_string_hashes, reason = "most of the texts have quotes in them")]

use super::super::{file, nothing};
use super::Row;
use crate::config::ProblemKind;

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

pub(super) const ROWS: &[Row] = &[
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
];
