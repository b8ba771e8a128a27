//! The conversion of the finished records to Parquet or `SQLite`.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use anyhow::bail;
use gleaner_pool::{Pool, Sandbox};

use super::identity;
use crate::config::Plan;
use crate::convert::{Conversion, ConvertJob, Converted, Schema, Target};
use crate::model::ValueKind;
use crate::scrape::kinds;
use crate::sink::{self, Format};

/// The most memory of the worker that converts, in bytes, if workers have no larger limit. It holds the largest record
/// several times, and a row group.
const MEMORY: u64 = 1 << 30;

/// What the records of a run are converted to.
#[derive(Debug)]
pub(super) struct Plans {
    target: Target,
    schema: Schema,
    sandbox: Sandbox,
    memory: u64,
}

/// The format that this one is converted to; `None` if it is written as the records come.
///
/// # Errors
/// If this program was built without it.
pub(super) fn target(format: Format) -> anyhow::Result<Option<Target>> {
    let (target, way_out) = match format {
        Format::Json | Format::Jsonl | Format::Csv | Format::Tsv => return Ok(None),
        Format::Parquet => {
            (Target::Parquet, "write out.jsonl and convert it: duckdb -c \"COPY (FROM 'out.jsonl') TO 'out.parquet'\"")
        }
        Format::Sqlite => {
            (Target::Sqlite, "write out.csv and import it: sqlite3 out.db \".import --csv out.csv records\"")
        }
    };
    if !target.is_built_in() {
        let (name, feature) = (target.name(), target.feature());
        bail!(
            "write the output as {name}: this program was built without the feature `{feature}`: \
             `cargo install --path . --features {feature}` in the folder of its source builds it in, or {way_out}"
        );
    }
    Ok(Some(target))
}

/// The conversion of a run whose columns are known.
///
/// # Errors
/// If the format cannot have these columns.
pub(super) fn of(plan: &Plan, target: Target) -> anyhow::Result<Plans> {
    with_fields(plan, target, kinds(&plan.scrape.extract))
}

/// The conversion of records with these fields.
///
/// # Errors
/// If the format cannot have these columns.
pub(super) fn with_fields(plan: &Plan, target: Target, fields: Vec<(String, ValueKind)>) -> anyhow::Result<Plans> {
    let table = &plan.sink.table;
    let mut schema = Schema::of_run(&table.carried, &table.columns, fields, plan.sink.shape);
    check(target, &schema)?;
    schema.about = vec![
        ("gleaner.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("gleaner.rules".to_owned(), identity::rules_of_data(plan)),
    ];
    let memory = plan.pool.max_memory.unwrap_or_default().max(MEMORY);
    Ok(Plans { target, schema, sandbox: plan.pool.sandbox, memory })
}

fn check(target: Target, schema: &Schema) -> anyhow::Result<()> {
    let (format, count) = (target.name(), schema.columns.len());
    if let Some(most) = target.most_columns().filter(|most| count > *most) {
        bail!(
            "write {count} columns: a table of {format} has at most {most}; extract fewer fields, leave out columns of \
             the list with --keep, or choose fewer of the task with --columns"
        );
    }
    if !target.folds_case() {
        return Ok(());
    }
    let mut seen: HashMap<String, &str> = HashMap::new();
    for column in &schema.columns {
        if let Some(other) = seen.insert(column.name.to_ascii_lowercase(), &column.name) {
            bail!(
                "write the columns `{other}` and `{}`: their names are the same for {format}, which ignores case; \
                 rename the field, or leave out the column of the list with --keep",
                column.name
            );
        }
    }
    Ok(())
}

impl Plans {
    /// The conversion, in a worker process of its own.
    pub(super) fn in_a_worker(self) -> sink::Conversion {
        Box::new(move |records, into| {
            let Converted { misfits, first_misfit, .. } = self.convert(records, into)?;
            if let Some((record, column)) = first_misfit {
                tracing::warn!(
                    "{misfits} values do not fit the types of their columns and are null; the first is `{column}` of \
                     record {record}"
                );
            }
            Ok(())
        })
    }

    fn convert(self, records: &Path, into: &Path) -> io::Result<Converted> {
        let memory = usize::try_from(self.memory).unwrap_or(usize::MAX);
        let pool = Pool::<ConvertJob>::builder().workers(1).max_memory_per_worker(memory).sandbox(self.sandbox);
        let conversion = Conversion::new(self.target, self.schema, records, into);
        let pool = pool.build(conversion).map_err(io::Error::other)?;
        let converted = pool.run_one(()).map_err(io::Error::other)?;
        pool.close();
        converted.map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::Column;

    fn schema(names: impl IntoIterator<Item = String>) -> Schema {
        let column = |name: String| Column { key: name.clone(), name, inner: None, kind: ValueKind::Text };
        Schema { columns: names.into_iter().map(column).collect(), about: Vec::new() }
    }

    #[test]
    fn columns_that_a_format_cannot_have_are_refused_with_a_way_out() {
        let many = || schema((0..2001).map(|nth| format!("c{nth}")));
        let alike = || schema(["Title", "seq", "title"].map(str::to_owned));
        for good in [many(), alike()] {
            check(Target::Parquet, &good).expect("Parquet has no limit and does not ignore case");
        }
        check(Target::Sqlite, &schema((0..2000).map(|nth| format!("c{nth}")))).expect("SQLite's limit");
        let error = check(Target::Sqlite, &many()).expect_err("too many").to_string();
        assert!(error.contains("write 2001 columns: a table of SQLite has at most 2000; extract fewer"), "{error}");
        let error = check(Target::Sqlite, &alike()).expect_err("the same").to_string();
        assert!(error.contains("`Title` and `title`: their names are the same for SQLite"), "{error}");
    }

    #[test]
    fn a_format_that_is_not_built_in_names_its_feature_and_another_way() {
        for (format, feature) in [(Format::Parquet, "parquet"), (Format::Sqlite, "sqlite")] {
            match target(format) {
                Ok(target) => assert!(target.is_some_and(Target::is_built_in)),
                Err(error) => {
                    let error = error.to_string();
                    let install = format!(
                        "`cargo install --path . --features {feature}` in the folder of its source builds it in, or write out."
                    );
                    assert!(error.contains(&install), "{error}");
                }
            }
        }
        assert!(target(Format::Csv).expect("always built in").is_none());
    }
}
