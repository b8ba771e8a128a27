//! Pages as rows of a table.
//!
//! The columns follow from the rules alone, so a header can be written before the first page. A worker writes the cells
//! of its pages, so no other process reads their data.
//!
//! - `columns`: which columns the rules give
//! - `cells`: turns the JSON of a page into rows
//! - `kinds`: which types the values of the fields have, for outputs whose columns have types
//! - `seen`: which columns data has, if no rules are known
//! - `error`: why rules give no columns

mod cells;
mod columns;
mod error;
mod kinds;
mod seen;

use serde::{Deserialize, Serialize};

pub use cells::Table;
pub use columns::Columns;
pub use error::ColumnsError;
pub use kinds::kinds;
pub use seen::Seen;

use crate::model::Dialect;

/// How pages become rows of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSettings {
    /// How cells are written.
    pub dialect: Dialect,
    /// The field of which each element gives a row of its own. If it is `None`, a page is one row.
    pub rows: Option<String>,
    /// What stands between the values of a list of strings, numbers and booleans. If it is empty, such a list is JSON.
    pub list_separator: String,
}
