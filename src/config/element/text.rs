//! A text that is taken as it is.

use crate::config::error::Complaint;
use crate::config::written::Node;

/// Any string.
pub(in crate::config) fn read(node: &Node) -> Result<String, Complaint> {
    node.string().map(str::to_owned).ok_or_else(|| Complaint::new("must be a string"))
}
