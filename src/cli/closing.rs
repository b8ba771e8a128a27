//! The closing words of a run: at most eight lines.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;

use super::again::Again;
use super::coverage_words;
use crate::coordinator::{Ending, Reason};
use crate::input::redact;
use crate::model::{FailureKind, counted, excerpt, how_long};
use crate::observation::{FailureCount, Summary};

/// The most lines.
const MOST: usize = 8;

/// The most failures that are shown.
const EXAMPLES: usize = 3;

/// The most kinds of failures that are counted one by one.
const KINDS: usize = 6;

/// The longest URL of a failure, and the longest reason, in bytes.
const LONGEST_URL: usize = 120;

/// The longest line of fields, in bytes.
const LONGEST: usize = 300;

/// What the closing words need beside the summary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing<'a> {
    pub(super) ending: Ending,
    pub(super) summary: &'a Summary,
    /// The file that keeps the finished work of an unfinished run.
    pub(super) kept: Option<&'a Path>,
    /// How to go on.
    pub(super) again: Option<Again>,
}

impl Closing<'_> {
    /// The words, line by line.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.counts()];
        lines.extend(examples(self.summary));
        let mut last: Vec<String> = slowest(self.summary).into_iter().collect();
        match (self.kept, &self.summary.output) {
            (Some(part), _) => last.push(format!("finished records are kept beside {}", part.display())),
            (None, Some(output)) if self.ending == Ending::Complete => last.push(format!("written to {output}")),
            _ => {}
        }
        last.extend(self.again.map(Again::words));
        let room = MOST.saturating_sub(lines.len() + last.len());
        lines.extend(within(coverage_words::lines(self.summary), room));
        lines.extend(last);
        lines
    }

    /// What became of the tasks, and what that took.
    fn counts(&self) -> String {
        let summary = self.summary;
        let were = if summary.tasks == 1 { "was" } else { "were" };
        let interrupted = match self.ending {
            Ending::Complete | Ending::ReaderGone => String::new(),
            Ending::Stopped(Reason::Signal(_)) => format!(" {were} done when the run was interrupted"),
            Ending::Stopped(Reason::Failures) => {
                format!(" {were} done when there were too many failures (limits.max_failures)")
            }
            Ending::Stopped(Reason::Drained) => format!(" {were} done when the run was asked to stop"),
            Ending::Stopped(Reason::Deadline) => {
                format!(" {were} done when the run reached its deadline (limits.deadline)")
            }
        };
        let earlier = match (summary.resumed, interrupted.as_str()) {
            (0, _) => String::new(),
            (resumed, "") => format!(", {resumed} of them done by an earlier run"),
            (resumed, _) => format!(", {resumed} of them done by an earlier run,"),
        };
        let tasks = counted(summary.tasks, "task");
        let cached = summary.cached.filter(|cached| *cached > 0);
        let cached = cached.map_or_else(String::new, |cached| format!(" ({cached} of them from the cache)"));
        let failed = match summary.failed {
            0 => String::new(),
            failed => format!(", {failed} failed ({})", kinds(summary).join(", ")),
        };
        let mut took = vec![counted(summary.requests, "request")];
        match summary.retries {
            0 => {}
            1 => took.push("1 retry".to_owned()),
            retries => took.push(format!("{retries} retries")),
        }
        took.push(ByteSize(summary.bytes).to_string());
        took.push(workers(&summary.workers_by_end));
        took.push(elapsed(summary.elapsed_s));
        format!("{tasks}{earlier}{interrupted}: {} with data{cached}{failed}; {}", summary.ok, took.join(", "))
    }
}

/// The failures by status, or by kind if there is none that says more.
fn kinds(summary: &Summary) -> Vec<String> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    let mut known: BTreeMap<&str, u64> = BTreeMap::new();
    for failure in &summary.failures_by_status {
        *counts.entry(name(failure)).or_default() += failure.count;
        *known.entry(&failure.kind).or_default() += failure.count;
    }
    // Of the failures of an earlier run, only the kinds are known.
    for (kind, count) in &summary.failures {
        let earlier = count.saturating_sub(known.get(&**kind).copied().unwrap_or(0));
        if earlier > 0 {
            *counts.entry(kind.to_string()).or_default() += earlier;
        }
    }
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let more: u64 = counts.iter().skip(KINDS).map(|(_, count)| count).sum();
    let named = counts.into_iter().take(KINDS).map(|(name, count)| format!("{name} x {count}"));
    named.chain((more > 0).then(|| format!("{more} others"))).collect()
}

fn name(failure: &FailureCount) -> String {
    match failure.status {
        Some(status) if failure.kind == FailureKind::HttpStatus.as_str() => status.to_string(),
        _ => failure.kind.to_string(),
    }
}

/// Some tasks that failed, each with the reason: of different kinds, if there are.
fn examples(summary: &Summary) -> Vec<String> {
    let of = |failure: &FailureCount, nth: usize| {
        let example = failure.examples.get(nth)?;
        let reason = match failure.status {
            Some(status) if failure.kind == FailureKind::HttpStatus.as_str() => format!("{status} {}", failure.kind),
            _ => format!("{}: {}", failure.kind, example.message.lines().next().unwrap_or_default()),
        };
        let url = redact(&example.url).replace('\n', "\u{FFFD}");
        // The reason must be seen, however long the URL is.
        Some(format!("  {}: {}", excerpt(&url, LONGEST_URL), excerpt(&reason, LONGEST_URL)))
    };
    let failures = &summary.failures_by_status;
    let rounds = (0..EXAMPLES).flat_map(|nth| failures.iter().filter_map(move |failure| of(failure, nth)));
    rounds.take(EXAMPLES).collect()
}

/// The host whose answers took the longest, if hosts were counted and there are several.
fn slowest(summary: &Summary) -> Option<String> {
    let answered = summary.hosts.iter().filter(|host| host.latency.count > 0);
    if answered.clone().count() < 2 {
        return None;
    }
    let slowest = answered.max_by(|one, other| one.latency.mean_s.total_cmp(&other.latency.mean_s))?;
    let (host, requests) = (&slowest.host, counted(slowest.latency.count, "request"));
    Some(format!("slowest host: {host}, {} a request ({requests})", elapsed(slowest.latency.mean_s)))
}

/// The number of workers, and why they ended.
fn workers(by_end: &BTreeMap<std::borrow::Cow<'static, str>, u64>) -> String {
    let all = counted(by_end.values().sum(), "worker");
    if by_end.keys().all(|end| end == "finished") {
        return all;
    }
    let ends: Vec<String> = by_end.iter().map(|(end, count)| format!("{count} {end}")).collect();
    format!("{all} ({})", ends.join(", "))
}

/// These lines in at most `room` lines.
fn within(mut lines: Vec<String>, room: usize) -> Vec<String> {
    if lines.len() > room {
        let rest = lines.split_off(room.saturating_sub(1)).join("; ");
        lines.extend((room > 0).then(|| excerpt(&rest, LONGEST).into_owned()));
    }
    lines
}

/// Formats the duration of a run.
fn elapsed(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.2} s");
    }
    Duration::try_from_secs_f64(seconds).map_or_else(|_| format!("{seconds} s"), how_long)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{FailureExample, FieldSummary, HostSummary, LatencySummary};
    use crate::scrape::extract::MarkCount;

    fn failure(kind: &'static str, status: Option<u16>, count: u64, message: &str) -> FailureCount {
        let example =
            |seq: u64| FailureExample { seq, url: format!("http://u:p@h/{kind}/{seq}"), message: message.to_owned() };
        FailureCount { kind: kind.into(), status, count, examples: (0..count.min(20)).map(example).collect() }
    }

    fn summary() -> Summary {
        Summary {
            tasks: 10,
            ok: 10,
            requests: 12,
            bytes: 2_048,
            elapsed_s: 1.234,
            workers_by_end: [("finished".into(), 2)].into(),
            output: Some("out.jsonl".to_owned()),
            ..Summary::default()
        }
    }

    fn lines(ending: Ending, summary: &Summary, kept: Option<&str>, again: Option<Again>) -> Vec<String> {
        Closing { ending, summary, kept: kept.map(Path::new), again }.lines()
    }

    #[test]
    fn a_run_without_trouble_has_two_lines_or_one() {
        let words = "10 tasks: 10 with data; 12 requests, 2.0 KiB, 2 workers, 1.23 s";
        assert_eq!(lines(Ending::Complete, &summary(), None, None), [words, "written to out.jsonl"]);
        let to_stdout = Summary { output: None, ..summary() };
        assert_eq!(lines(Ending::Complete, &to_stdout, None, None), [words]);
        let one = Summary { tasks: 1, ok: 1, requests: 1, retries: 1, cached: Some(1), output: None, ..summary() };
        let words = "1 task: 1 with data (1 of them from the cache); 1 request, 1 retry, 2.0 KiB, 2 workers, 1.23 s";
        assert_eq!(lines(Ending::Complete, &one, None, None), [words]);
    }

    #[test]
    fn the_first_line_says_why_a_run_ended_and_what_an_earlier_one_did() {
        let ends = [("quota".into(), 3), ("finished".into(), 2), ("crashed".into(), 1)];
        let base = Summary { workers_by_end: ends.into(), elapsed_s: 62.0, ..summary() };
        let took = "12 requests, 2.0 KiB, 6 workers (1 crashed, 2 finished, 3 quota), 1m 2s";
        let resumed = Summary { resumed: 4, ..base.clone() };
        let table = [
            (
                Ending::Stopped(Reason::Signal(2)),
                &base,
                "10 tasks were done when the run was interrupted: 10 with data; ",
            ),
            (Ending::Complete, &resumed, "10 tasks, 4 of them done by an earlier run: 10 with data; "),
            (
                Ending::Stopped(Reason::Deadline),
                &resumed,
                "10 tasks, 4 of them done by an earlier run, were done when the run reached its deadline (limits.deadline): \
                 10 with data; ",
            ),
        ];
        for (ending, summary, expected) in table {
            let lines = lines(ending, summary, Some("out.jsonl.part"), Some(Again::Resume));
            assert_eq!(lines[0], format!("{expected}{took}"));
            if ending != Ending::Complete {
                assert_eq!(lines[1], "finished records are kept beside out.jsonl.part");
                assert!(lines[2].contains("--resume"), "{lines:?}");
            }
        }
    }

    #[test]
    fn failures_are_counted_by_status_and_shown_by_kind() {
        let of_this_run = vec![
            failure("http_status", Some(404), 212, "get: 404"),
            failure("timeout", None, 4, "no answer\nsecond line"),
            failure("http_status", Some(503), 3, "get: 503"),
            failure("timeout", Some(200), 1, "no end"),
        ];
        let failures = [("http_status".into(), 217), ("timeout".into(), 5), ("dns".into(), 1)].into();
        let summary = Summary { failed: 223, failures, failures_by_status: of_this_run, ..summary() };
        let lines = lines(Ending::Complete, &summary, None, Some(Again::RetryFailed));
        let kinds = ", 223 failed (404 x 212, timeout x 5, 503 x 3, http_status x 2, dns x 1); ";
        assert!(lines[0].contains(kinds), "{lines:?}");
        let shown = [
            "  http://h/http_status/0: 404 http_status",
            "  http://h/timeout/0: timeout: no answer",
            "  http://h/http_status/0: 503 http_status",
            "written to out.jsonl",
        ];
        assert_eq!(lines[1..5], shown);
        assert!(lines[5].contains("--retry-failed"), "{lines:?}");
    }

    #[test]
    fn there_are_at_most_eight_lines_whatever_happens() {
        let kinds = ["dns", "connect", "tls", "timeout", "protocol", "truncated", "decode", "panic"];
        let failures: Vec<FailureCount> =
            kinds.iter().map(|kind| failure(kind, None, 9, &"why ".repeat(500))).collect();
        let host = |host: &str, mean_s| HostSummary {
            host: host.to_owned(),
            latency: LatencySummary { count: 7, mean_s, ..LatencySummary::default() },
            ..HostSummary::default()
        };
        let field = |number: usize| FieldSummary {
            field: format!("field{number}"),
            pages: 1,
            values: 1,
            empty: 0,
            bad: 9,
            decimals: MarkCount::default(),
            is_of_settings: true,
        };
        let summary = Summary {
            failed: 72,
            failures: kinds.iter().map(|kind| ((*kind).into(), 9)).collect(),
            failures_by_status: failures,
            hosts: vec![host("fast.example", 0.1), host("slow.example", 4.2)],
            fields: (0..40).map(field).collect(),
            ..summary()
        };
        for fields in 0..40 {
            let summary = Summary { fields: summary.fields[..fields].to_vec(), ..summary.clone() };
            let lines = lines(Ending::Complete, &summary, None, Some(Again::RetryFailed));
            assert!(lines.len() <= MOST && lines.iter().all(|line| line.len() < 600), "{fields}: {lines:#?}");
            assert!(lines[0].contains(" x 9, 18 others); "), "{lines:#?}");
            assert_eq!(fields > 0, lines.iter().any(|line| line.starts_with("field0: 9 of 10 values")), "{lines:#?}");
            assert!(
                lines.contains(&"slowest host: slow.example, 4.20 s a request (7 requests)".to_owned()),
                "{lines:#?}"
            );
        }
    }
}
