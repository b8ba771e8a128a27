//! The tutorial's demo, on the library: seven records, a transform that takes a second, and the processes that do it.
//!
//! ```text
//! cargo run --release --example pool
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a demonstration")]

use std::process::ExitCode;
use std::time::{Duration, Instant};

use gleaner_pool::{Job, Pool};
use serde::{Deserialize, Serialize};

/// `multiply`, and who did it.
struct Transform {
    factor: u64,
}

#[derive(Serialize, Deserialize)]
struct Transformed {
    pid: u32,
    value: u64,
}

impl Job for Transform {
    const NAME: &'static str = "transform";
    type Init = u64;
    type Task = u64;
    type Output = Transformed;

    fn start(factor: u64) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self { factor })
    }

    async fn run(&self, record: u64) -> Transformed {
        // A computation: it keeps its process busy, as it would in Python.
        std::thread::sleep(Duration::from_secs(1));
        Transformed { pid: std::process::id(), value: record * self.factor }
    }
}

fn main() -> ExitCode {
    // In a worker process this call does the work; in the first one it returns at once.
    if let Some(code) = gleaner_pool::serve::<Transform>() {
        return code;
    }
    println!("coordinator: pid {}\n", std::process::id());
    for (workers, quota) in [(1, 0), (2, 0), (7, 0), (2, 2)] {
        if let Err(error) = demonstrate(workers, quota) {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn demonstrate(workers: usize, quota: usize) -> Result<(), Box<dyn std::error::Error>> {
    let begun = Instant::now();
    let pool = Pool::<Transform>::builder().workers(workers).max_tasks_per_worker(quota).build(10)?;
    let results = pool.map_iter(0..7).collect::<Result<Vec<_>, _>>()?;
    let took = begun.elapsed();

    let quota = if quota > 0 { format!(", a quota of {quota}") } else { String::new() };
    println!("{workers} worker(s){quota}: {:.2} s", took.as_secs_f64());
    let values: Vec<u64> = results.iter().map(|result| result.value).collect();
    println!("  {values:?}");
    for report in pool.close() {
        let own = results.iter().filter(|result| result.pid == report.pid);
        let values: Vec<String> = own.map(|result| result.value.to_string()).collect();
        println!(
            "  pid {} (slot {}, generation {}): {}",
            report.pid,
            report.slot,
            report.generation,
            values.join(", ")
        );
    }
    println!();
    Ok(())
}
