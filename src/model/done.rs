use serde::{Deserialize, Serialize};

use super::Seqs;

/// The finished part of an earlier run over the same list. The resumed run skips these tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// The tasks that already have records.
    pub seqs: Seqs,
    /// Checkpoints of the list as the earlier run read it, ascending. No task of `seqs` comes after the last one.
    pub points: Vec<ListPoint>,
}

/// A checkpoint of a list: the number of tasks so far, and a checksum of their lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPoint {
    /// The number of tasks before this point.
    pub tasks: u64,
    /// The CRC-32 of their lines as written, with a newline after each. It detects a changed list, not a forged one.
    pub crc: u32,
}
