use serde::{Deserialize, Serialize};

use super::Seqs;

/// What an earlier run over the same list has done: those tasks are passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// The tasks that have their records.
    pub seqs: Seqs,
    /// How the list began when it was read then, ascending. None of `seqs` lies behind the last one.
    pub points: Vec<ListPoint>,
}

/// The beginning of a list: so many tasks, and what their lines add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPoint {
    /// How many tasks.
    pub tasks: u64,
    /// The CRC-32 of their lines as written, a newline after each: tells a list that was changed, not one that was forged.
    pub crc: u32,
}
