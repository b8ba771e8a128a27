//! Measures the times of whole processes, and computes ratios.

use std::process::{Command, Stdio};
use std::time::Instant;

use rustix::process::{Pid, WaitId, WaitIdOptions};

/// The times of a process and all its children, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

pub(crate) struct Pair {
    pub(crate) one: Measured,
    pub(crate) other: Measured,
}

/// Runs a command to its end. It must succeed.
pub(crate) fn measure(command: &mut Command) -> Measured {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).spawn().expect("the command starts");
    let pid = Pid::from_child(&child);
    // Waits until the process has ended, but does not reap it. So the kernel keeps its times and those of its children.
    let _ = rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
    let wall = begun.elapsed().as_secs_f64();
    let cpu = cpu(child.id());
    let status = child.wait().expect("the command was waited for");
    assert!(status.success(), "{command:?}: {status}");
    Measured { wall, cpu }
}

/// Returns the user and system seconds of a process and of the children that it waited for. These are fields 14 to 17
/// of `proc_pid_stat(5)`.
fn cpu(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the times of the process");
    let fields = stat.rsplit(')').next().expect("a name in parentheses").split_whitespace();
    let ticks: u64 = fields.skip(11).take(4).map(|field| field.parse::<u64>().expect("ticks")).sum();
    #[expect(clippy::cast_precision_loss, reason = "a number of ticks is small")]
    let seconds = ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
    seconds
}

/// The ratios of many pairs.
pub(crate) struct Ratios {
    rates: Vec<f64>,
    cpus: Vec<f64>,
}

impl Ratios {
    pub(crate) fn of(pairs: &[Pair]) -> Self {
        let sorted = |ratio: &dyn Fn(&Pair) -> f64| {
            let mut ratios: Vec<f64> = pairs.iter().map(ratio).collect();
            ratios.sort_by(f64::total_cmp);
            ratios
        };
        Self {
            rates: sorted(&|pair| pair.other.wall / pair.one.wall),
            cpus: sorted(&|pair| pair.one.cpu / pair.other.cpu),
        }
    }

    pub(crate) fn rate(&self) -> String {
        show(&self.rates)
    }

    pub(crate) fn cpu(&self) -> String {
        show(&self.cpus)
    }
}

fn show(sorted: &[f64]) -> String {
    match (sorted.first(), sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(lowest), Some(median), Some(highest)) => format!("{median:.2} x ({lowest:.2} to {highest:.2})"),
        _ => "no pairs".to_owned(),
    }
}
