//! The pool in an async program, on one thread: a stream of outputs, and single tasks beside it.
//!
//! ```text
//! cargo run --example tokio
//! ```

#![expect(clippy::print_stdout, reason = "it is a demonstration")]

use std::error::Error;
use std::process::ExitCode;

use futures_util::StreamExt;
use gleaner_pool::{Job, Pool};

/// Finds the smallest divisor of a number, by trying them all.
struct SmallestDivisor;

impl Job for SmallestDivisor {
    const NAME: &'static str = "smallest divisor";
    type Init = ();
    type Task = u64;
    type Output = u64;

    fn start((): ()) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self)
    }

    async fn run(&self, number: u64) -> u64 {
        (2..number).find(|divisor| number.is_multiple_of(*divisor)).unwrap_or(number)
    }
}

// `serve` comes before any runtime: a worker makes one of its own.
fn main() -> Result<ExitCode, Box<dyn Error>> {
    if let Some(code) = gleaner_pool::serve::<SmallestDivisor>() {
        return Ok(code);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(divide())?;
    Ok(ExitCode::SUCCESS)
}

async fn divide() -> Result<(), Box<dyn Error>> {
    let pool = Pool::<SmallestDivisor>::builder().build(())?;
    // One task that takes a while, and many others meanwhile.
    let large = pool.run(1_000_000_007);
    let many = async {
        let mut divisors = pool.stream(91..100);
        let mut number = 91;
        while let Some(divisor) = divisors.next().await {
            println!("{number}: {}", divisor?);
            number += 1;
        }
        Ok::<_, Box<dyn Error>>(())
    };
    let (large, many) = tokio::join!(large, many);
    many?;
    println!("1000000007: {}", large?);
    for report in pool.close_async().await {
        println!("process {} did {} tasks", report.pid, report.jobs);
    }
    Ok(())
}
