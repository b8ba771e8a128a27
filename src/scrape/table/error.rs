use thiserror::Error;

/// Why rules give no columns. The text fits after "failed to".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ColumnsError {
    /// The field that gives rows does not exist, or is not a list of objects.
    #[error("make rows of the field `{name}`: {}", rows_hint(.each))]
    NoRows {
        /// The field.
        name: String,
        /// The fields that can give rows.
        each: Vec<String>,
    },
}

fn rows_hint(each: &[String]) -> String {
    let all = each.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if each.is_empty() {
        "output.rows must name a field with `each`, and no field has one".to_owned()
    } else {
        format!("output.rows must name a field with `each`, which is one of {all}")
    }
}
