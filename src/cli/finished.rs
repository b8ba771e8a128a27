//! `--resume` of an output that is finished already.

use std::path::Path;

use super::Stop;
use super::args::RunArgs;
use super::repair::{NothingToDo, summary};
use crate::input::{Delivery, Input};
use crate::model::counted;
use crate::own_files;
use crate::sink::{self, Made};

/// Finds out whether the output of a run that shall be resumed is finished: it was made of this list, by these rules, and
/// nobody has changed it since. `list` opens the list once more.
///
/// A list that can be read only once is not compared, so its run starts.
pub(super) fn finished(
    args: &RunArgs,
    output: &sink::Options,
    input: &Input,
    list: impl FnOnce() -> Result<Input, Stop>,
) -> Result<Option<NothingToDo>, Stop> {
    let sink::Destination::File(path) = &output.destination else { return Ok(None) };
    if !args.resume || args.retry_failed || args.since.is_some() || !input.is_repeatable() {
        return Ok(None);
    }
    let Some(made) = complete(path, output) else { return Ok(None) };
    let mut batches = list()?.start();
    let mut end = crate::model::ListPoint::default();
    while let Some(batch) = batches.blocking_recv() {
        // The run itself reports an error of the list.
        let Ok(Delivery::Batch(batch)) = batch else { return Ok(None) };
        end = batch.point;
        if end.tasks > made.list.tasks {
            return Ok(None);
        }
    }
    if end != made.list {
        return Ok(None);
    }
    let words = format!(
        "`{}` is finished, nothing was fetched: {}, {} failed; --retry-failed fetches failures again, and without --resume \
         everything is fetched anew",
        path.display(),
        counted(made.records, "record"),
        made.failed
    );
    Ok(Some(NothingToDo { words, summary: summary(made.records, made.failed) }))
}

/// What the output was made with, if it is complete and not changed, and the rules are the same.
fn complete(path: &Path, output: &sink::Options) -> Option<Made> {
    let target = own_files::follow_links(path).ok()?;
    let [part, ..] = sink::files_beside(&target);
    if part.exists() {
        return None;
    }
    let made = Made::of(&target)?;
    let is_same = std::fs::metadata(&target).is_ok_and(|file| file.len() == made.bytes);
    let rules = output.rules.as_ref();
    (is_same && rules.is_some_and(|rules| rules.output == made.rules.output)).then_some(made)
}
