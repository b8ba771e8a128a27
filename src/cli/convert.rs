//! `gleaner convert`: an output in another format.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::args::ConvertArgs;
use super::words::say;
use super::{Stop, conversion, files, log, output_format, run, table};
use crate::config::Plan;
use crate::convert::Target;
use crate::dataset::{Dataset, Reader};
use crate::exit_code::Exit;
use crate::model::{ListPoint, Outcome, Record, ValueKind, counted};
use crate::own_files;
use crate::scrape::{Columns, Seen, Table, kinds};
use crate::sink::{self, CarriedColumns, Format, LeftOver, Made, Order, Shape, Sink};

/// So many records go to the sink at once.
const BATCH: usize = 64;

/// No more are read while so many bytes wait to be written.
const BACKLOG: u64 = 64 << 20;

pub(super) fn run(args: &ConvertArgs) -> Result<Exit, Stop> {
    let mut plan = run::settings(&args.settings, args.flags())?.plan;
    log::start(0, false);
    let Prepared { mut reader, options, table, plans } = prepare(args, &mut plan).map_err(Stop::usage)?;
    let sink = Sink::open_with(&options, plans.map(conversion::Plans::in_a_worker)).map_err(Stop::usage)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.context("set up the event loop").map_err(Stop::usage)?;
    let written = runtime.block_on(write(&mut reader, sink, table.as_ref()));
    let written = written.map_err(|error| Stop { advice: discard(&options.destination), ..Stop::on_the_way(error) })?;
    if !args.quiet {
        say(&format!("{} converted", counted(written.records, "record")));
    }
    Ok(Exit::Success)
}

/// A conversion that is ready to start.
struct Prepared {
    reader: Reader,
    options: sink::Options,
    /// Makes the rows of a table.
    table: Option<Table>,
    /// Makes the final file of JSON Lines, if the format needs that.
    plans: Option<conversion::Plans>,
}

/// Opens the input, and finds out what the output looks like.
fn prepare(args: &ConvertArgs, plan: &mut Plan) -> anyhow::Result<Prepared> {
    let from = format_of_input(&args.from)?;
    let (format, packing) = output_format::of(Some(&args.into), plan.format)?;
    let target = conversion::target(format)?;
    if files::are_one(&args.from, &args.into) {
        bail!("write `{}`: that is the file to convert, name another one", args.into.display());
    }
    let rows = plan.table.rows.clone();
    let is_table = |format: Format| format.delimiter().is_some();
    if rows.is_some() && is_table(from) == is_table(format) {
        bail!("use --rows: it makes rows of JSON, or JSON of rows");
    }
    if args.columns.is_some() && !is_table(format) && target.is_none() {
        bail!("choose columns: --columns needs csv, tsv, parquet or sqlite");
    }
    let dataset = Dataset::open(&args.from, from)?;
    let extraction = &plan.scrape.extract;
    let has_rules = !extraction.fields.is_empty() || extraction.preset.is_some();
    let rules = has_rules.then(|| kinds(extraction));
    let texts: HashSet<String> = rules.iter().flatten().flat_map(|(name, kind)| texts(name, kind)).collect();
    let elements = rows.as_deref().filter(|_| is_table(from));
    let reader = Reader::new(&dataset, elements, &texts)?;
    plan.sink.shape = if reader.is_full() { Shape::Full } else { Shape::Data };
    let (mut table, mut plans) = (None, None);
    if is_table(format) || target.is_some() {
        let Look { carried, fields } = look(Reader::new(&dataset, elements, &texts)?)?;
        let seen = fields.kinds();
        choose_columns(plan, args, carried, &seen, rules.as_deref())?;
        match target {
            Some(target) => plans = Some(typed(plan, target, rules.unwrap_or(seen))?),
            None => table = Some(table_of(plan, format, &seen, rules.is_some())?),
        }
    }
    let destination = match args.into.as_os_str() {
        name if name == "-" => sink::Destination::Stdout,
        _ => sink::Destination::File(args.into.clone()),
    };
    let options = sink::Options {
        destination,
        format,
        packing,
        order: Order::Completion,
        left_over: if args.restart { LeftOver::Replace } else { LeftOver::Refuse },
        ..plan.sink.clone()
    };
    Ok(Prepared { reader, options, table, plans })
}

fn format_of_input(path: &Path) -> anyhow::Result<Format> {
    let shown = path.display();
    match output_format::of(Some(path), None) {
        Ok((format, _)) if !format.is_converted() => Ok(format),
        Ok(_) => bail!("read `{shown}`: only json, jsonl, csv and tsv can be read again"),
        Err(_) => bail!(
            "read `{shown}`: its extension must be that of an output: json, jsonl, csv or tsv, perhaps with .gz or .zst"
        ),
    }
}

/// The columns of text among those of a field. Cells of other columns are JSON if all of them can be.
fn texts(name: &str, kind: &ValueKind) -> Vec<String> {
    match kind {
        ValueKind::Text | ValueKind::Date | ValueKind::DateTime => vec![name.to_owned()],
        ValueKind::Object(fields) => {
            fields.iter().flat_map(|(inner, kind)| texts(&format!("{name}.{inner}"), kind)).collect()
        }
        ValueKind::List(element) => match &**element {
            // With --rows, there are columns of the elements.
            kind @ ValueKind::Object(_) => texts(name, kind),
            _ => Vec::new(),
        },
        ValueKind::Number | ValueKind::Integer | ValueKind::Boolean => Vec::new(),
    }
}

/// What all records together have.
struct Look {
    carried: Vec<String>,
    fields: Seen,
}

/// Reads all records once.
fn look(mut reader: Reader) -> anyhow::Result<Look> {
    let (mut carried, mut known, mut fields) = (Vec::new(), HashSet::new(), Seen::default());
    while let Some(record) = reader.next_record()? {
        for (name, _) in record.input.texts() {
            if known.insert(name.clone()) {
                carried.push(name);
            }
        }
        if let Outcome::Page(page) = &record.outcome {
            fields.add(str::from_utf8(&page.data)?).map_err(|why| reader.wrong(why))?;
        }
    }
    Ok(Look { carried, fields })
}

/// Chooses the columns besides the fields.
fn choose_columns(
    plan: &mut Plan,
    args: &ConvertArgs,
    carried: Vec<String>,
    seen: &[(String, ValueKind)],
    rules: Option<&[(String, ValueKind)]>,
) -> anyhow::Result<()> {
    if let Some(rules) = rules
        && let Some((name, _)) = seen.iter().find(|(name, _)| !rules.iter().any(|(known, _)| known == name))
    {
        bail!(
            "convert the field `{name}`: the rules do not name it, and its values would be lost; leave the rules out, or \
             add it"
        );
    }
    if plan.sink.shape == Shape::Data {
        if args.columns.is_some() {
            bail!("choose columns: the records are only data; leave out --columns");
        }
        plan.sink.table.columns.clear();
    } else if !carried.is_empty() {
        plan.sink.table.carried = CarriedColumns::Named(carried);
    }
    Ok(())
}

/// The columns of a format whose columns have types.
fn typed(plan: &mut Plan, target: Target, fields: Vec<(String, ValueKind)>) -> anyhow::Result<conversion::Plans> {
    plan.sink.table.fields = fields.iter().map(|(name, _)| name.clone()).collect();
    table::check_names(plan)?;
    conversion::with_fields(plan, target, fields)
}

/// The rows of a table of text.
fn table_of(plan: &mut Plan, format: Format, seen: &[(String, ValueKind)], has_rules: bool) -> anyhow::Result<Table> {
    let rows = plan.table.rows.as_deref();
    let columns = if has_rules { Columns::new(&plan.scrape.extract, rows)? } else { Columns::of_kinds(seen, rows)? };
    plan.table.dialect.delimiter = format.delimiter().unwrap_or(b',');
    plan.sink.table.fields = columns.names();
    plan.sink.table.dialect = plan.table.dialect;
    table::check_names(plan)?;
    Ok(Table::of_columns(columns, plan.table.clone()))
}

async fn write(reader: &mut Reader, sink: Sink, table: Option<&Table>) -> anyhow::Result<sink::Written> {
    // Nobody resumes a conversion, so the list is not compared.
    sink.consumed(ListPoint { tasks: u64::MAX, crc: 0 });
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(mut record) = reader.next_record()? {
        if let (Some(table), Outcome::Page(page)) = (table, &mut record.outcome) {
            page.data = table.rows(&page.data).map_err(|failure| reader.wrong(failure.message))?;
        }
        batch.push(record);
        if batch.len() == BATCH {
            hand_over(&sink, &mut batch).await?;
        }
    }
    hand_over(&sink, &mut batch).await?;
    Ok(sink.finish().await?)
}

async fn hand_over(sink: &Sink, batch: &mut Vec<Record>) -> anyhow::Result<()> {
    sink.push(std::mem::take(batch));
    while sink.backlog() > BACKLOG && sink.failed().is_none() {
        sink.changed().await;
    }
    sink.failed().cloned().map_or(Ok(()), |error| Err(error.into()))
}

/// Removes what a conversion that failed has written, because nobody can continue it. Returns what to tell the user.
fn discard(destination: &sink::Destination) -> Option<String> {
    let sink::Destination::File(path) = destination else { return None };
    let target = own_files::follow_links(path).ok()?;
    let beside = sink::files_beside(&target);
    for file in beside.iter().filter(|file| **file != Made::path(&target)) {
        let _ = fs::remove_file(file);
    }
    Some(format!("the unfinished files beside `{}` were removed: run the conversion again", path.display()))
}
