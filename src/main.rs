//! The `gleaner` command.

use std::process::ExitCode;

use gleaner::{cli, coordinator};

fn main() -> ExitCode {
    // A worker is this same executable, started by the coordinator.
    if let Some(code) = gleaner_pool::serve::<coordinator::ScrapeJob>() {
        return code;
    }
    cli::main()
}
