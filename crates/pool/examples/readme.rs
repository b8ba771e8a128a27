//! The program that README shows, word for word.

#![expect(clippy::print_stdout, reason = "it is a demonstration")]

use gleaner_pool::{Job, Pool};
use std::{error::Error, process::ExitCode};

struct Multiply(u64);

impl Job for Multiply {
    const NAME: &'static str = "multiply";
    type Init = u64; // sent to each worker, once
    type Task = u64;
    type Output = u64;

    fn start(factor: u64) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self(factor))
    }

    async fn run(&self, number: u64) -> u64 {
        number * self.0
    }
}

fn main() -> ExitCode {
    // In a worker process this call does the work; in the first one it returns at once.
    if let Some(code) = gleaner_pool::serve::<Multiply>() {
        return code;
    }
    let pool = Pool::<Multiply>::builder().build(10).expect("the system gives us a thread");
    println!("{:?}", pool.map(0..7)); // [Ok(0), Ok(10), Ok(20), ...
    ExitCode::SUCCESS
}
