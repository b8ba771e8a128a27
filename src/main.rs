//! The `gleaner` command.

use std::process::ExitCode;

use gleaner::{cli, convert, coordinator};

fn main() -> ExitCode {
    coordinator::outlive_questions();
    // A worker is this same executable, started by the coordinator.
    if let Some(code) = gleaner_pool::serve::<coordinator::ScrapeJob>() {
        return code;
    }
    if let Some(code) = gleaner_pool::serve::<convert::ConvertJob>() {
        return code;
    }
    cli::main()
}
