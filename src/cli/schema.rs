//! `gleaner schema`: JSON Schemas of settings files, records and summaries, for editors and for programs that read them.

use serde_json::Value;

use super::args::{SchemaArgs, SchemaOf};
use super::{Stop, display, run};
use crate::config::{Plan, settings_schema};
use crate::exit_code::Exit;
use crate::input::Keep;
use crate::observation::summary_schema;
use crate::scrape::extract::{data_schema, joined, warnings_schema};
use crate::sink::{RecordParts, record_schema};

pub(super) fn run(args: &SchemaArgs) -> Result<Exit, Stop> {
    let schema = match &args.of {
        SchemaOf::Settings => settings_schema(),
        SchemaOf::Summary => summary_schema(),
        SchemaOf::Records(settings) => of_records(&run::settings(settings, settings.flags())?.plan),
    };
    display::whole(&format!("{schema:#}\n"))
}

/// The schema of the records that a run with this plan writes as JSON.
fn of_records(plan: &Plan) -> Value {
    let extraction = &plan.scrape.extract;
    let parts = RecordParts {
        data: data_schema(&joined(extraction), extraction.strict),
        warnings: warnings_schema(),
        has_input: plan.input.keep != Keep::Only(Vec::new()),
        has_cache: plan.cache.is_some(),
    };
    let mut schema = record_schema(plan.sink.shape, parts);
    schema["$schema"] = Value::from("http://json-schema.org/draft-07/schema#");
    schema["title"] = Value::from("A record of Gleaner");
    schema
}
