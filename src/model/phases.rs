use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long the phases of a request took, as far as it had them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Looking up the address and connecting. `None` if an open connection was used.
    pub connect: Option<Duration>,
    /// From when the request was made, without connecting, until the head of the answer came.
    pub first_byte: Option<Duration>,
    /// Reading the body.
    pub body: Option<Duration>,
    /// Decoding and parsing the page.
    pub parse: Option<Duration>,
    /// Extracting and writing the data.
    pub extract: Option<Duration>,
}
