//! `gleaner try`.

use std::io::{ErrorKind, Write as _};

use super::super::args::TryArgs;
use super::super::{Stop, log, run};
use super::page::{self, Page, Unfetched};
use super::paint::Paint;
use super::{as_json, read, selectors, shown};
use crate::exit_code::Exit;
use crate::model::Failure;
use crate::scrape::Purpose;
use crate::scrape::extract::{FailureReport, Report};
use crate::streams;

pub(in crate::cli) fn run(args: &TryArgs) -> Result<Exit, Stop> {
    let mut plan = run::settings(&args.page.settings, args.page.flags())?.plan;
    if !args.selectors.is_empty() {
        plan.scrape.extract = selectors::rules(&args.selectors).map_err(Stop::usage)?;
    }
    log::start(0, false);
    let asked = args.url.to_string_lossy();
    let page = match page::get(&args.page, &args.url, &plan)? {
        Ok(page) => page,
        Err(Unfetched { kind, stage, message }) => {
            let failure = FailureReport { kind, stage, message };
            let text = if args.json {
                as_json::unfetched(&asked, &failure)
            } else {
                shown::unfetched(&failure, Paint::of_output())
            };
            say(&text)?;
            return Ok(Exit::SomeFailed);
        }
    };
    let report = match read::by_worker::<Report>(&plan, &page, Purpose::Report)? {
        Ok(report) => report,
        Err(failure) => unread(&failure),
    };
    let text = if args.json {
        as_json::report(&page, &report)
    } else {
        shown::report(&head(&page), &report, Paint::of_output(), shown::width())
    };
    say(&text)?;
    Ok(if report.failure.is_some() { Exit::SomeFailed } else { Exit::Success })
}

/// The report on a page that the worker could not read.
fn unread(failure: &Failure) -> Report {
    let (kind, stage) = (failure.kind.as_str().to_owned(), failure.stage.as_str().to_owned());
    let failure = Some(FailureReport { kind, stage, message: failure.message.clone() });
    Report { kind: String::new(), size: 0, data: None, failure, warnings: Vec::new(), fields: Vec::new() }
}

/// What is known about a page besides its content.
fn head(page: &Page) -> shown::Head {
    let mut urls = vec![page.asked.clone()];
    if page.url.as_str() != page.asked && page.url.scheme() != "file" {
        urls.push(page.url.to_string());
    }
    shown::Head { urls, copy: page.copy, bytes: page.bytes() }
}

/// Writes to standard output. A closed pipe is not an error: the reader has seen enough.
pub(super) fn say(text: &str) -> Result<(), Stop> {
    let written = streams::display().and_then(|mut out| out.write_all(text.as_bytes()));
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Stop::unheard(error)),
        _ => Ok(()),
    }
}
