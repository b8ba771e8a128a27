//! Completes the plan of a run whose output has columns: they follow from the rules and from the format.

use std::collections::HashSet;

use anyhow::bail;

use super::args::RunArgs;
use crate::config::Plan;
use crate::input::Input;
use crate::model::Dialect;
use crate::scrape::{Columns, TableSettings, kinds};
use crate::sink::{CarriedColumns, Column, Format, Shape};

/// Fills in what only the format decides. Fails for settings that contradict the format, and for columns of the same
/// name.
pub(super) fn complete(plan: &mut Plan, args: &RunArgs, input: &Input, format: Format) -> anyhow::Result<()> {
    let TableSettings { dialect: Dialect { excel, escape_formulas, .. }, rows, list_separator: _ } = &plan.table;
    let Some(delimiter) = format.delimiter() else {
        if rows.is_some() {
            bail!(
                "make rows of a field: output.rows (--rows) needs csv or tsv; choose it with --format, or leave it out"
            );
        }
        if format.is_converted() {
            choose_columns(plan, args, input)?;
            plan.sink.table.fields = kinds(&plan.scrape.extract).into_iter().map(|(name, _)| name).collect();
            return check_names(plan);
        }
        if args.columns.is_some() {
            bail!(
                "choose columns: --columns needs csv, tsv, parquet or sqlite; choose it with --format, or leave it out"
            );
        }
        if args.input_prefix.is_some() {
            bail!("name columns: --input-prefix needs csv or tsv; choose it with --format, or leave it out");
        }
        return Ok(());
    };
    if *escape_formulas && !excel {
        bail!("escape formulas: output.escape_formulas needs output.dialect = \"excel\"");
    }
    choose_columns(plan, args, input)?;
    let columns = Columns::new(&plan.scrape.extract, plan.table.rows.as_deref())?;
    plan.table.dialect.delimiter = delimiter;
    plan.sink.table.fields = columns.names();
    plan.sink.table.dialect = plan.table.dialect;
    check_names(plan)?;
    plan.scrape.table = Some(plan.table.clone());
    Ok(())
}

/// Chooses the columns besides the fields.
fn choose_columns(plan: &mut Plan, args: &RunArgs, input: &Input) -> anyhow::Result<()> {
    if plan.sink.shape == Shape::Data {
        if args.columns.is_some() {
            bail!(
                "choose columns: output.record = \"data\" writes only the fields; leave out --columns, or use \"full\""
            );
        }
        plan.sink.table.columns.clear();
    } else {
        plan.sink.table.carried = match input.carried_columns()? {
            Some(names) if names.is_empty() => CarriedColumns::None,
            Some(names) => CarriedColumns::Named(names),
            None => CarriedColumns::Whole,
        };
    }
    Ok(())
}

/// Fails if two columns have one name.
pub(super) fn check_names(plan: &Plan) -> anyhow::Result<()> {
    let (own, fields) = (&plan.sink.table.columns, &plan.sink.table.fields);
    for (nth, column) in own.iter().enumerate() {
        let name = column.name();
        if own[..nth].contains(column) {
            bail!("write the column `{name}` twice: name it once in output.columns");
        }
        if fields.iter().any(|field| field == name) {
            let others = own.iter().filter(|other| *other != column).map(|other| Column::name(*other));
            let others = others.collect::<Vec<_>>().join(",");
            bail!(
                "write the field `{name}`: a column about the task has the same name; rename the field, or leave that \
                 column out of output.columns (--columns {others})"
            );
        }
    }
    for name in plan.sink.table.carried_header() {
        if own.iter().any(|column| column.name() == name) || fields.contains(&name) {
            bail!(
                "write the column `{name}` of the list: the output has another column of this name; give the columns of the \
                 list other names with --input-prefix list_ (output.input_prefix), leave it out with --keep, or choose other \
                 columns with --columns"
            );
        }
    }
    let mut seen = HashSet::new();
    match fields.iter().find(|field| !seen.insert(*field)) {
        Some(name) => bail!("write two fields as the column `{name}`: rename one of them"),
        None => Ok(()),
    }
}
