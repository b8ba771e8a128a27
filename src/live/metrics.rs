//! The metrics of a run in the text format of Prometheus, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
//!
//! Labels have few values, all of which are known beforehand. So no host, URL or page can add one.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper::Request;
use hyper::body::Incoming;

use super::address::is_loopback;
use super::connections::Times;
use super::gate::Hosts;
use super::page::protect;
use super::updates::newest;
use crate::coordinator::Watch;
use crate::model::FailureKind;
use crate::observation::{BOUNDS, Glance, LatencySummary, RunState, Summary, WORKER_ENDS, WORKER_STATES};

/// How long a scrape may take.
pub(super) const TIMES: Times = Times { request: Duration::from_secs(5), whole: Some(Duration::from_secs(10)) };

/// What the metrics are made of.
struct Run<'a> {
    glance: &'a Glance,
    summary: &'a Summary,
}

/// A family of metrics: its name, its help, and its values.
struct Family {
    name: &'static str,
    help: &'static str,
    values: Values,
}

enum Values {
    Counter(fn(&Run) -> Vec<Sample>),
    Gauge(fn(&Run) -> Vec<Sample>),
    Histogram(for<'a> fn(&Run<'a>) -> &'a LatencySummary),
}

/// A value with its label, if it has one.
struct Sample {
    label: Option<(&'static str, &'static str)>,
    value: f64,
}

/// All metrics.
const FAMILIES: [Family; 17] = [
    Family {
        name: "gleaner_tasks_total",
        help: "Settled tasks by result. Tasks that an earlier run settled are counted.",
        values: Values::Counter(|run| {
            vec![count("result", "ok", run.summary.ok), count("result", "failed", run.summary.failed)]
        }),
    },
    Family {
        name: "gleaner_failures_total",
        help: "Failed tasks by kind.",
        values: Values::Counter(|run| {
            let of = |kind: FailureKind| run.summary.failures.get(kind.as_str()).copied().unwrap_or(0);
            FailureKind::ALL.into_iter().map(|kind| count("kind", kind.as_str(), of(kind))).collect()
        }),
    },
    Family {
        name: "gleaner_requests_total",
        help: "Answered requests by kind.",
        values: Values::Counter(|run| {
            vec![
                count("kind", "page", run.summary.requests),
                count("kind", "robots", run.summary.robots_requests),
                count("kind", "sitemap", run.summary.listing_requests),
            ]
        }),
    },
    Family {
        name: "gleaner_retries_total",
        help: "Tries after the first one of each task.",
        values: Values::Counter(|run| vec![single(run.summary.retries)]),
    },
    Family {
        name: "gleaner_body_bytes_total",
        help: "Decompressed bytes of bodies.",
        values: Values::Counter(|run| vec![single(run.summary.bytes)]),
    },
    Family {
        name: "gleaner_answer_seconds",
        help: "Time from when a worker gets a request until its answer is ready.",
        values: Values::Histogram(|run| &run.summary.latency.total),
    },
    Family {
        name: "gleaner_workers_ended_total",
        help: "Worker processes that ended, by reason.",
        values: Values::Counter(|run| {
            let of = |end: &str| run.summary.workers_by_end.get(end).copied().unwrap_or(0);
            WORKER_ENDS.into_iter().map(|end| count("reason", end, of(end))).collect()
        }),
    },
    Family {
        name: "gleaner_workers",
        help: "Worker processes by state.",
        values: Values::Gauge(|run| {
            let of = |state: &str| run.glance.workers.iter().filter(|worker| worker.state == state).count() as u64;
            WORKER_STATES.into_iter().map(|state| count("state", state, of(state))).collect()
        }),
    },
    Family {
        name: "gleaner_workers_memory_bytes",
        help: "Memory of all worker processes.",
        values: Values::Gauge(|run| vec![single(run.glance.workers.iter().filter_map(|worker| worker.memory).sum())]),
    },
    Family {
        name: "gleaner_requests_in_flight",
        help: "Requests that workers have.",
        values: Values::Gauge(|run| vec![single(run.glance.in_flight as u64)]),
    },
    Family {
        name: "gleaner_tasks_under_way",
        help: "Tasks that were read and are not settled.",
        values: Values::Gauge(|run| vec![single(run.glance.under_way)]),
    },
    Family {
        name: "gleaner_hosts_waiting",
        help: "Hosts that may not be asked now although tasks wait for them.",
        values: Values::Gauge(|run| vec![single(run.glance.waiting_hosts)]),
    },
    Family {
        name: "gleaner_window_bytes",
        help: "Memory of records that wait for the record of an earlier task.",
        values: Values::Gauge(|run| vec![single(run.glance.window)]),
    },
    Family {
        name: "gleaner_backlog_bytes",
        help: "Records that wait to be written.",
        values: Values::Gauge(|run| vec![single(run.glance.backlog)]),
    },
    Family {
        name: "gleaner_paused",
        help: "1 if the run is paused, otherwise 0.",
        values: Values::Gauge(|run| vec![single(u64::from(run.glance.state == RunState::Paused))]),
    },
    Family {
        name: "gleaner_elapsed_seconds",
        help: "Time since the start of the run.",
        values: Values::Gauge(|run| vec![seconds(run.glance.elapsed)]),
    },
    Family {
        name: "gleaner_time_left_seconds",
        help: "Estimate of the time until the end of the run; absent if there is none.",
        values: Values::Gauge(|run| run.glance.left.into_iter().map(seconds).collect()),
    },
];

fn count(label: &'static str, value: &'static str, count: u64) -> Sample {
    Sample { label: Some((label, value)), ..single(count) }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus has only floating-point numbers")]
fn single(count: u64) -> Sample {
    Sample { label: None, value: count as f64 }
}

fn seconds(time: Duration) -> Sample {
    Sample { label: None, value: time.as_secs_f64() }
}

/// The metrics as text.
fn text(run: &Run) -> String {
    let mut text = String::new();
    for Family { name, help, values } in &FAMILIES {
        let (kind, samples) = match values {
            Values::Counter(values) => ("counter", values(run)),
            Values::Gauge(values) => ("gauge", values(run)),
            Values::Histogram(_) => ("histogram", Vec::new()),
        };
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        for Sample { label, value } in samples {
            let label = label.map_or_else(String::new, |(label, value)| format!("{{{label}=\"{}\"}}", escaped(value)));
            let _ = writeln!(text, "{name}{label} {value}");
        }
        if let Values::Histogram(latency) = values {
            histogram(name, latency(run), &mut text);
        }
    }
    text
}

/// Buckets are cumulative, and the last one counts all.
fn histogram(name: &str, latency: &LatencySummary, text: &mut String) {
    let bounds = BOUNDS.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
    let counts = latency.buckets.iter().copied().chain(std::iter::repeat(0)).take(BOUNDS.len()).chain([latency.count]);
    for (bound, count) in bounds.zip(counts) {
        let _ = writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {count}");
    }
    let _ = write!(text, "{name}_sum {}\n{name}_count {}\n", latency.sum_s, latency.count);
}

/// In the value of a label, the format gives a meaning to backslashes, line breaks and quotes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

/// Answers a request.
pub(super) async fn answer(watch: Watch, hosts: Arc<Hosts>, request: Request<Incoming>) -> Response {
    let (request, _) = request.into_parts();
    // On loopback, a page whose name resolves to this machine must not read the metrics. On other addresses, this server
    // may have any name.
    let is_ours = !is_loopback(hosts.address()) || hosts.of(&request).is_some();
    let mut response = if !is_ours {
        (StatusCode::MISDIRECTED_REQUEST, "these are the metrics of gleaner; ask for them by address\n").into_response()
    } else if request.uri.path() != "/metrics" {
        (StatusCode::NOT_FOUND, "the metrics are at /metrics\n").into_response()
    } else if request.method != Method::GET {
        (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET")]).into_response()
    } else {
        scrape(&watch).await
    };
    protect(response.headers_mut());
    response
}

async fn scrape(watch: &Watch) -> Response {
    let summary = newest(watch.summaries()).await;
    // Glances come more often, so this one is of nearly the same moment.
    let glance = newest(watch.glances()).await;
    if summary.version == 0 {
        return (StatusCode::SERVICE_UNAVAILABLE, "the run has not begun\n").into_response();
    }
    let text = text(&Run { glance: &glance, summary: &summary });
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::Latency;

    fn example() -> String {
        let mut latency = Latency::default();
        for millis in [1, 40, 400, 40_000] {
            latency.add(Duration::from_millis(millis));
        }
        let mut summary = Summary { ok: 3, failed: 1, ..Summary::default() };
        summary.failures.insert("timeout".into(), 1);
        summary.latency.total = latency.summary();
        let glance = Glance { left: Some(Duration::from_millis(1_500)), window: 7, ..Glance::default() };
        text(&Run { glance: &glance, summary: &summary })
    }

    #[test]
    fn counts_are_written_as_prometheus_reads_them() {
        let text = example();
        for line in [
            "# HELP gleaner_tasks_total Settled tasks by result. Tasks that an earlier run settled are counted.",
            "# TYPE gleaner_tasks_total counter",
            "gleaner_tasks_total{result=\"ok\"} 3",
            "gleaner_failures_total{kind=\"timeout\"} 1",
            "gleaner_failures_total{kind=\"dns\"} 0",
            "gleaner_answer_seconds_bucket{le=\"0.001\"} 1",
            "gleaner_answer_seconds_bucket{le=\"0.025\"} 1",
            "gleaner_answer_seconds_bucket{le=\"0.05\"} 2",
            "gleaner_answer_seconds_bucket{le=\"30\"} 3",
            "gleaner_answer_seconds_bucket{le=\"+Inf\"} 4",
            "gleaner_answer_seconds_sum 40.441",
            "gleaner_answer_seconds_count 4",
            "gleaner_workers{state=\"ready\"} 0",
            "gleaner_window_bytes 7",
            "gleaner_time_left_seconds 1.5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn each_family_is_told_once_and_its_samples_follow_it() {
        let text = example();
        let mut family = "";
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                family = help.split(' ').next().unwrap_or_default();
                assert_eq!(text.matches(&format!("# HELP {family} ")).count(), 1, "{family}");
                assert_eq!(text.matches(&format!("# TYPE {family} ")).count(), 1, "{family}");
            } else if !line.starts_with('#') {
                assert!(line.starts_with(family), "{line} does not belong to {family}");
            }
        }
        assert_eq!(text.matches("# HELP ").count(), FAMILIES.len());
    }

    #[test]
    fn labels_have_no_character_with_a_meaning() {
        assert_eq!(escaped("a\\b\"c\nd"), "a\\\\b\\\"c\\nd");
    }
}
