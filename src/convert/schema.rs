//! The columns of an output whose columns have types, and where their values are in a record.

use serde::{Deserialize, Serialize};

use crate::model::ValueKind;
use crate::sink::{self, CarriedColumns, Shape};

/// The columns, in order, and what the file says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The columns. No two have the same name.
    pub columns: Vec<Column>,
    /// Names and values of the file's own description, if the format has one.
    pub about: Vec<(String, String)>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The key of its value in a record.
    pub key: String,
    /// If the value is inside the object at `key`: the key in there.
    pub inner: Option<String>,
    /// The type of its values.
    pub kind: ValueKind,
}

impl Column {
    /// A column for the key `inner` of the object at `key`, which has the same name.
    fn inside(key: &str, inner: &str, kind: ValueKind) -> Self {
        Self { name: inner.to_owned(), key: key.to_owned(), inner: Some(inner.to_owned()), kind }
    }

    /// A column about the task.
    fn about(column: sink::Column) -> Self {
        use sink::Column as Of;
        let (key, inner) = match column {
            Of::FailureKind => ("failure", Some("kind")),
            Of::FailureStage => ("failure", Some("stage")),
            Of::FailureMessage => ("failure", Some("message")),
            other => (other.name(), None),
        };
        let kind = match column {
            Of::Seq | Of::Status | Of::Attempts | Of::Bytes | Of::Worker => ValueKind::Integer,
            Of::ElapsedMs => ValueKind::Number,
            Of::FetchedAt => ValueKind::DateTime,
            Of::Url | Of::FinalUrl | Of::FailureKind | Of::FailureStage | Of::FailureMessage | Of::Warnings => {
                ValueKind::Text
            }
        };
        let (key, inner) = (key.to_owned(), inner.map(str::to_owned));
        Self { name: column.name().to_owned(), key, inner, kind }
    }
}

impl Schema {
    /// The columns of a run, as in a table: first what the list carries, then what is known about the task, then the
    /// fields. With `Shape::Data` there are only the fields.
    pub fn of_run(
        carried: &CarriedColumns,
        about: &[sink::Column],
        fields: Vec<(String, ValueKind)>,
        shape: Shape,
    ) -> Self {
        let mut columns: Vec<Column> = Vec::new();
        if shape == Shape::Full {
            match carried {
                CarriedColumns::None => {}
                CarriedColumns::Named(names) => {
                    columns.extend(names.iter().map(|name| Column::inside("input", name, ValueKind::Text)));
                }
                CarriedColumns::Whole => columns.extend(carried.names().map(|name| Column {
                    name: name.to_owned(),
                    key: "input".to_owned(),
                    inner: None,
                    kind: ValueKind::Text,
                })),
            }
            columns.extend(about.iter().copied().map(Column::about));
        }
        columns.extend(fields.into_iter().map(|(name, kind)| match shape {
            Shape::Full => Column::inside("data", &name, kind),
            Shape::Data => Column { key: name.clone(), name, inner: None, kind },
        }));
        Self { columns, about: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_where_the_record_has_their_values() {
        let fields = || vec![("title".to_owned(), ValueKind::Text), ("n".to_owned(), ValueKind::Integer)];
        let shown = |schema: &Schema| {
            let column = |it: &Column| match &it.inner {
                Some(inner) => format!("{}={}.{inner}", it.name, it.key),
                None => format!("{}={}", it.name, it.key),
            };
            schema.columns.iter().map(column).collect::<Vec<_>>().join(" ")
        };
        let named = CarriedColumns::Named(vec!["sku".to_owned()]);
        let about = [sink::Column::Seq, sink::Column::FailureKind, sink::Column::Warnings];
        let full = Schema::of_run(&named, &about, fields(), Shape::Full);
        assert_eq!(
            shown(&full),
            "sku=input.sku seq=seq failure_kind=failure.kind warnings=warnings title=data.title n=data.n"
        );
        let whole = Schema::of_run(&CarriedColumns::Whole, &[], fields(), Shape::Full);
        assert_eq!(shown(&whole), "input=input title=data.title n=data.n");
        assert_eq!(shown(&Schema::of_run(&named, &about, fields(), Shape::Data)), "title=title n=n");
        // Each column about a task has a key of its own in a record.
        let all = sink::Column::ALL.map(|(_, column)| Column::about(column));
        assert!(all.iter().all(|column| column.name == column.key || column.key == "failure"), "{all:?}");
    }
}
