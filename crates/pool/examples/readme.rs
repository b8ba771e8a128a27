//! The program that the READMEs show, word for word.
//!
//! ```text
//! cargo run --example readme -- Cargo.toml README.md no-such-file
//! ```

#![expect(clippy::print_stdout, reason = "it is a demonstration")]

use gleaner_pool::{Job, Pool, RemoteError};
use std::{error::Error, fs, process::ExitCode};

/// Counts the long words of files.
struct CountWords {
    at_least: usize,
}

impl Job for CountWords {
    const NAME: &'static str = "count words";
    type Init = usize; // sent to each worker, once
    type Task = String;
    type Output = Result<usize, RemoteError>;

    fn start(at_least: usize) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self { at_least })
    }

    async fn run(&self, path: String) -> Result<usize, RemoteError> {
        let text = fs::read_to_string(path).map_err(RemoteError::new)?;
        Ok(text.split_whitespace().filter(|word| word.len() >= self.at_least).count())
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    // In a worker process this call does the work; in the first process it returns at once.
    if let Some(code) = gleaner_pool::serve::<CountWords>() {
        return Ok(code);
    }
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let pool = Pool::<CountWords>::builder().workers(4).max_tasks_per_worker(100).build(8)?;
    for (path, result) in paths.iter().zip(pool.map_iter(paths.clone())) {
        match result {
            Ok(Ok(count)) => println!("{path}: {count}"),
            Ok(Err(error)) => println!("{path}: {error}"), // what the job returned
            Err(error) => println!("{path}: {error}"),     // it panicked, or its worker died of it
        }
    }
    Ok(ExitCode::SUCCESS)
}
