//! `[network]`

use super::Row;

pub(super) const ROWS: &[Row] = &[(
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
)];
