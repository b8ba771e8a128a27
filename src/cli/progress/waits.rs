//! Says what a run waits for.

use std::time::Duration;

use crate::model::{counted, two_units};
use crate::observation::{Glance, HostWait, PageGlance, RunState, Waiting};

/// The most characters of the name of a host.
const LONGEST_HOST: usize = 60;

/// What a run waits for, in several forms, the longest first. `None` if it does not wait.
pub(in crate::cli) fn waits_for(glance: &Glance) -> Option<Vec<String>> {
    let pages = counted(glance.in_flight as u64, "page");
    let forms = match glance.state {
        RunState::Writing => vec!["writing the output".to_owned(), "writing".to_owned()],
        RunState::Stopping(_) if glance.in_flight == 0 => {
            vec!["stopping: writing the output; Ctrl-C stops now".to_owned(), "stopping".to_owned()]
        }
        RunState::Stopping(left) => {
            let left = two_units(up(left));
            vec![
                format!("stopping: {pages} under way, up to {left}; Ctrl-C stops now"),
                format!("stopping: {pages} under way, up to {left}"),
                format!("stopping: {pages}"),
                "stopping".to_owned(),
            ]
        }
        RunState::Paused if glance.in_flight > 0 => vec![format!("paused, {pages} under way"), "paused".to_owned()],
        RunState::Paused => vec!["paused".to_owned()],
        RunState::Running => return running(glance),
    };
    Some(forms)
}

fn running(glance: &Glance) -> Option<Vec<String>> {
    Some(match glance.waiting()? {
        Waiting::Host(wait) => host(wait, glance.waiting_hosts),
        Waiting::Pages(_) => pages(glance),
        Waiting::Retry(next) => {
            let (requests, next) = (counted(glance.retrying, "request"), two_units(up(next)));
            let next_is = if glance.retrying == 1 { "in" } else { "the next in" };
            vec![format!("{requests} to be tried again, {next_is} {next}"), format!("retry in {next}")]
        }
        Waiting::Output => vec!["writing the output".to_owned(), "writing".to_owned()],
        Waiting::List => vec!["waiting for the list".to_owned(), "no list".to_owned()],
        Waiting::Workers => vec!["starting workers".to_owned(), "starting".to_owned()],
    })
}

/// The name of a host. Of a long one, the end says the most.
fn shown(host: &str) -> String {
    match host.char_indices().rev().nth(LONGEST_HOST - 1) {
        Some((from, _)) if from > 0 => format!("…{}", &host[from..]),
        _ => host.to_owned(),
    }
}

fn host(HostWait { host, why, left, .. }: &HostWait, hosts: u64) -> Vec<String> {
    let host = shown(host);
    let (why, left) = (why.words(), two_units(up(*left)));
    let others = match hosts.saturating_sub(1) {
        0 => String::new(),
        others => format!(" and {}", counted(others, "other host")),
    };
    vec![
        format!("waiting for {host}{others}: {why}, {left}"),
        format!("waiting for {host}: {why}, {left}"),
        format!("{host}: {why}, {left}"),
        format!("{host}, {left}"),
        format!("{why}, {left}"),
        format!("wait {left}"),
    ]
}

fn pages(glance: &Glance) -> Vec<String> {
    let pages = counted(glance.in_flight as u64, "page");
    let Some(PageGlance { host, since, .. }) = glance.oldest.first() else { return vec![pages] };
    let since = two_units(*since);
    let name = shown(host);
    let same_host = glance.oldest.len() >= glance.in_flight && glance.oldest.iter().all(|page| page.host == *host);
    let mut forms = match (name.as_str(), same_host) {
        ("", _) => Vec::new(),
        (host, true) => vec![format!("{pages} of {host}, {since}"), format!("{host}, {since}")],
        (host, false) => vec![format!("{pages}, the oldest of {host}, {since}"), format!("{host}, {since}")],
    };
    forms.extend([format!("{pages}, {since}"), pages]);
    forms
}

/// Rounded up to whole seconds, so that a wait never ends at 0 s.
fn up(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WaitReason;
    use crate::observation::WorkerGlance;

    const QUIET_FOR: Duration = Duration::from_secs(3);

    fn quiet() -> Glance {
        Glance { quiet: QUIET_FOR, under_way: 7, ..Glance::default() }
    }

    fn wait(host: &str, why: WaitReason, left: f64) -> HostWait {
        HostWait { host: host.to_owned(), why, left: Duration::from_secs_f64(left), waiting: 1 }
    }

    fn page(host: &str, since: u64) -> PageGlance {
        let (url, since) = (format!("http://{host}/"), Duration::from_secs(since));
        PageGlance { url, host: host.to_owned(), worker: None, since }
    }

    fn worker(state: &'static str) -> WorkerGlance {
        WorkerGlance { state: state.into(), ..WorkerGlance::default() }
    }

    #[test]
    fn a_run_says_what_it_waits_for() {
        let stopping = |in_flight, left| Glance {
            state: RunState::Stopping(Duration::from_secs_f64(left)),
            in_flight,
            ..Glance::default()
        };
        let asked = wait("shop.example", WaitReason::RetryAfter, 40.2);
        let delay = wait("polite.example", WaitReason::Delay, 9.0);
        let table: Vec<(Glance, Option<&str>)> = vec![
            (Glance { quiet: Duration::from_millis(1_999), ..quiet() }, None),
            (Glance { waits: vec![asked.clone()], quiet: Duration::from_secs(1), ..quiet() }, None),
            (
                Glance { waits: vec![asked.clone()], waiting_hosts: 1, ..quiet() },
                Some("waiting for shop.example: Retry-After, 41 s"),
            ),
            (
                Glance { waits: vec![delay.clone(), asked.clone()], waiting_hosts: 12, ..quiet() },
                Some("waiting for shop.example and 11 other hosts: Retry-After, 41 s"),
            ),
            (
                Glance { waits: vec![wait("h", WaitReason::Failures, 1.0)], waiting_hosts: 2, ..quiet() },
                Some("waiting for h and 1 other host: pause after failures, 1 s"),
            ),
            (
                Glance { waits: vec![delay.clone()], waiting_hosts: 1, ..quiet() },
                Some("waiting for polite.example: delay, 9 s"),
            ),
            (
                Glance { waits: vec![delay], waiting_hosts: 1, in_flight: 1, oldest: vec![page("s", 25)], ..quiet() },
                Some("1 page of s, 25 s"),
            ),
            (
                Glance { waits: vec![asked], waiting_hosts: 1, in_flight: 1, oldest: vec![page("s", 25)], ..quiet() },
                Some("waiting for shop.example: Retry-After, 41 s"),
            ),
            (Glance { in_flight: 2, oldest: vec![page("s", 25), page("s", 1)], ..quiet() }, Some("2 pages of s, 25 s")),
            (
                Glance { in_flight: 2, oldest: vec![page("s", 85), page("t", 1)], ..quiet() },
                Some("2 pages, the oldest of s, 1 min 25 s"),
            ),
            (Glance { in_flight: 1, oldest: vec![page("", 3)], ..quiet() }, Some("1 page, 3 s")),
            (
                Glance { in_flight: 1, oldest: vec![page(&format!("{}.example", "x".repeat(90)), 3)], ..quiet() },
                Some("1 page of …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.example, 3 s"),
            ),
            (
                Glance { retrying: 3, next_retry: Some(Duration::from_millis(3_100)), ..quiet() },
                Some("3 requests to be tried again, the next in 4 s"),
            ),
            (
                Glance { retrying: 1, next_retry: Some(Duration::ZERO), ..quiet() },
                Some("1 request to be tried again, in 0 s"),
            ),
            (Glance { backlog: 1, ..quiet() }, Some("writing the output")),
            (Glance { backlog: 1, under_way: 0, ..quiet() }, Some("writing the output")),
            (Glance { under_way: 0, ..quiet() }, Some("waiting for the list")),
            (Glance { workers: vec![worker("starting")], ..quiet() }, Some("starting workers")),
            (Glance { workers: vec![worker("ready")], ..quiet() }, None),
            (Glance { state: RunState::Paused, ..Glance::default() }, Some("paused")),
            (Glance { state: RunState::Paused, in_flight: 2, ..quiet() }, Some("paused, 2 pages under way")),
            (Glance { state: RunState::Writing, ..Glance::default() }, Some("writing the output")),
            (stopping(12, 4.7), Some("stopping: 12 pages under way, up to 5 s; Ctrl-C stops now")),
            (stopping(1, 4.0), Some("stopping: 1 page under way, up to 4 s; Ctrl-C stops now")),
            (stopping(0, 4.0), Some("stopping: writing the output; Ctrl-C stops now")),
        ];
        for (glance, expected) in table {
            let forms = waits_for(&glance);
            assert_eq!(forms.as_ref().map(|forms| forms[0].as_str()), expected, "{glance:?}");
            let widths: Vec<usize> = forms.iter().flatten().map(String::len).collect();
            assert!(widths.last().is_none_or(|shortest| *shortest <= 14), "{forms:?}");
        }
    }
}
