//! What is going on now, as HTML.

use std::time::Duration;

use askama::Template;

use crate::observation::{Glance, HostWait, PageGlance, RunState, WorkerGlance};
use crate::report::{text, words};

/// The most workers that are shown.
const WORKERS: usize = 64;

/// A run in which nothing was done for so long says so.
const QUIET: Duration = Duration::from_secs(2);

/// A backlog of at least so many bytes is shown.
const BACKLOG: u64 = 1 << 20;

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Phase<'a> {
    /// Its list is worked on.
    Going,
    /// Its list is done, and the output is being completed.
    Writing,
    /// It is over. This is how it ended, as the summary names it, or `error`.
    Over(&'a str),
}

#[derive(Template)]
#[template(path = "now.html")]
struct Now {
    /// The class of the style sheet.
    class: &'static str,
    state: &'static str,
    note: String,
    /// For the title of the page.
    title: String,
    progress: String,
    /// The width of the bar in percent; `None` if the length of the list is not known.
    width: Option<String>,
    facts: Vec<Fact>,
    buttons: [Button; 3],
    is_over: bool,
    workers: Vec<WorkerRow>,
    more_workers: usize,
    waits: Vec<WaitRow>,
    more_waits: u64,
    pages: Vec<PageRow>,
    more_pages: usize,
}

/// What the user may ask the run for.
struct Button {
    wish: &'static str,
    name: &'static str,
    /// What it does.
    title: &'static str,
    is_offered: bool,
}

struct Fact {
    name: &'static str,
    value: String,
    class: &'static str,
}

struct WorkerRow {
    label: String,
    place: String,
    state: String,
    done: String,
    /// How much of its quota is used, in percent.
    used: Option<String>,
    in_flight: usize,
    memory: String,
    page: Option<PageRow>,
}

struct WaitRow {
    host: String,
    why: &'static str,
    left: String,
    waiting: String,
}

struct PageRow {
    url: String,
    worker: String,
    since: String,
}

/// What a run looks like now.
pub(super) fn fragment(glance: &Glance, phase: Phase) -> Result<String, askama::Error> {
    let (class, state, note) = words_of(glance, phase);
    let share = glance.total.filter(|total| *total > 0).map(|total| percent(glance.done, total));
    let total = match (phase, glance.total) {
        (Phase::Over(_), None) => String::new(),
        (_, total) => {
            format!(" of {}", total.map_or_else(|| "?".to_owned(), |total| words::count(total.max(glance.done))))
        }
    };
    let mut workers: Vec<&WorkerGlance> = glance.workers.iter().collect();
    // Spares have no slot. They come last.
    workers.sort_by_key(|worker| worker.facts.get("slot").copied().unwrap_or(u64::MAX));
    Now {
        class,
        state,
        note,
        title: share.map_or_else(|| state.to_owned(), |share| format!("{share:.0} %, {state}")),
        progress: format!("{}{total}", words::count(glance.done)),
        width: share.map(|share| format!("{share:.2}")),
        facts: facts(glance, phase),
        buttons: buttons(glance.state, phase),
        is_over: matches!(phase, Phase::Over(_)),
        more_workers: workers.len().saturating_sub(WORKERS),
        workers: workers.into_iter().take(WORKERS).map(worker_row).collect(),
        waits: glance.waits.iter().map(wait_row).collect(),
        more_waits: glance.waiting_hosts.saturating_sub(glance.waits.len() as u64),
        pages: glance.oldest.iter().map(page_row).collect(),
        more_pages: glance.in_flight.saturating_sub(glance.oldest.len()),
    }
    .render()
}

#[expect(clippy::cast_precision_loss, reason = "a share for people")]
fn percent(part: u64, whole: u64) -> f64 {
    (part as f64 * 100.0 / whole as f64).min(100.0)
}

fn buttons(state: RunState, phase: Phase) -> [Button; 3] {
    let is_going = matches!(phase, Phase::Going) && state != RunState::Writing;
    let button = |wish, name, title, fits: bool| Button { wish, name, title, is_offered: is_going && fits };
    [
        button("pause", "Pause", "Sends no request until the run is resumed.", state == RunState::Running),
        button("resume", "Resume", "Goes on after a pause.", state == RunState::Paused),
        button(
            "drain",
            "Drain and stop",
            "Sends no request any more, waits for those in flight, and stops. --resume goes on later.",
            !matches!(state, RunState::Stopping(_)),
        ),
    ]
}

/// The state of a run: a class of the style sheet, a word, and a sentence.
fn words_of(glance: &Glance, phase: Phase) -> (&'static str, &'static str, String) {
    let in_flight = match glance.in_flight {
        0 => "none is in flight".to_owned(),
        1 => "1 is in flight".to_owned(),
        count => format!("{count} are in flight"),
    };
    match (phase, glance.state) {
        (Phase::Over(ending), _) => {
            let (class, words) = match ending {
                "complete" => ("over", "The run is over: it is complete."),
                "interrupted" => ("stopped", "The run is over: it was interrupted."),
                "failures" => ("stopped", "The run is over: it was stopped after too many failures."),
                "deadline" => ("stopped", "The run is over: it was stopped at its deadline."),
                "drained" => ("stopped", "The run is over: it was stopped from this page."),
                "reader_gone" => ("stopped", "The run is over: nobody read its output any more."),
                _ => ("broken", "The run is over: it ended with an error, which its terminal tells."),
            };
            (class, "over", words.to_owned())
        }
        (Phase::Writing, _) | (Phase::Going, RunState::Writing) => {
            ("writing", "writing", "All requests are done. The output is being completed.".to_owned())
        }
        (Phase::Going, RunState::Paused) => ("paused", "paused", format!("No request is sent; {in_flight}.")),
        (Phase::Going, RunState::Stopping(until)) => {
            let until = until.map_or_else(String::new, |until| format!(", for up to {}", in_seconds(until)));
            ("stopping", "stopping", format!("No request is sent any more; {in_flight}{until}."))
        }
        (Phase::Going, RunState::Running) if glance.quiet >= QUIET => {
            let quiet = in_seconds(glance.quiet);
            ("idle", "running", format!("Nothing was done for {quiet}{}", waits_for(glance)))
        }
        (Phase::Going, RunState::Running) => ("running", "running", String::new()),
    }
}

/// What a run waits for in which nothing happens.
fn waits_for(glance: &Glance) -> String {
    match (glance.waits.first(), glance.oldest.first()) {
        (_, Some(PageGlance { host, since, .. })) => {
            format!(": it waits for {}, asked {} ago.", text(host), in_seconds(*since))
        }
        (Some(HostWait { host, why, left, .. }), None) => {
            format!(": it waits for {} ({}, {} more).", text(host), why.words(), in_seconds(*left))
        }
        (None, None) => ".".to_owned(),
    }
}

/// A time without parts of a second.
fn in_seconds(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        _ => words::time(time.as_secs_f64()),
    }
}

fn facts(glance: &Glance, phase: Phase) -> Vec<Fact> {
    let fact = |name, value, class| Fact { name, value, class };
    let time = |time: Duration| words::time(time.as_secs_f64());
    let is_bad = if glance.failed > 0 { "poor" } else { "" };
    let mut facts =
        vec![fact("failed", words::count(glance.failed), is_bad), fact("elapsed", time(glance.elapsed), "")];
    if let Phase::Over(_) = phase {
        return facts;
    }
    let rate = if glance.rate < 10.0 { format!("{:.1}", glance.rate) } else { format!("{:.0}", glance.rate) };
    facts.push(fact("a second", rate, ""));
    if glance.state == RunState::Running {
        facts.push(fact(
            "left",
            glance.left.map_or_else(|| "?".to_owned(), |left| format!("about {}", time(left))),
            "",
        ));
    }
    facts.push(fact("in flight", words::count(glance.in_flight as u64), ""));
    if glance.backlog >= BACKLOG {
        facts.push(fact("to be written", words::size(glance.backlog), ""));
    }
    facts
}

fn worker_row(worker: &WorkerGlance) -> WorkerRow {
    let fact = |name: &str| worker.facts.get(name);
    let generation = fact("generation").filter(|generation| **generation > 0);
    let generation = generation.map_or_else(String::new, |generation| format!(", generation {generation}"));
    WorkerRow {
        label: text(&worker.label),
        place: fact("slot").map_or_else(|| "spare".to_owned(), |slot| format!("slot {slot}{generation}")),
        state: text(&worker.state),
        done: match worker.quota {
            Some(quota) => format!("{} of {}", words::count(worker.done), words::count(quota)),
            None => words::count(worker.done),
        },
        used: worker.quota.filter(|quota| *quota > 0).map(|quota| format!("{:.1}", percent(worker.done, quota))),
        in_flight: worker.in_flight,
        memory: worker.memory.map_or_else(|| "–".to_owned(), words::size),
        page: worker.page.as_ref().map(page_row),
    }
}

/// A time that changes while somebody looks: always with seconds.
fn steady(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 10.0 { format!("{seconds:.1} s") } else { words::time(seconds) }
}

fn wait_row(wait: &HostWait) -> WaitRow {
    WaitRow {
        host: text(&wait.host),
        why: wait.why.words(),
        left: steady(wait.left),
        waiting: words::count(wait.waiting),
    }
}

fn page_row(page: &PageGlance) -> PageRow {
    PageRow {
        url: text(&page.url),
        worker: page.worker.as_deref().map(text).unwrap_or_default(),
        since: steady(page.since),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WaitReason;

    const HOSTILE: &str = "</td><script>alert(1)</script>\u{1b}[31m\u{202e}\"'&<!--";

    fn hostile() -> Glance {
        let page = || PageGlance {
            url: HOSTILE.to_owned(),
            host: HOSTILE.to_owned(),
            worker: Some(HOSTILE.to_owned()),
            since: Duration::from_secs(3),
        };
        let worker = || WorkerGlance {
            label: HOSTILE.to_owned(),
            facts: [("slot".into(), 1), ("generation".into(), 2)].into(),
            state: HOSTILE.into(),
            done: 1,
            quota: Some(4),
            in_flight: 1,
            memory: Some(1 << 20),
            page: Some(page()),
        };
        let why = WaitReason::RetryAfter;
        let wait = || HostWait { host: HOSTILE.to_owned(), why, left: Duration::from_secs(41), waiting: 7 };
        Glance {
            quiet: Duration::from_secs(5),
            workers: (0..1_000).map(|_| worker()).collect(),
            oldest: (0..50).map(|_| page()).collect(),
            in_flight: 1_000,
            waits: (0..10).map(|_| wait()).collect(),
            waiting_hosts: 12,
            ..Glance::default()
        }
    }

    #[test]
    fn text_from_elsewhere_stays_text_and_there_is_not_too_much_of_it() {
        let html = fragment(&hostile(), Phase::Going).expect("a template");
        assert!(html.contains("&#60;script&#62;"), "it is shown");
        for part in ["<script", "\u{1b}", "\u{202e}", "<!--", "</td></td>"] {
            assert!(!html.contains(part), "{part:?} is in {html}");
        }
        assert!(
            html.contains("936 more workers") && html.contains("2 more hosts") && html.contains("950 more are not")
        );
        assert!(html.len() < 200_000, "{} bytes", html.len());
    }

    #[test]
    fn the_state_is_in_words_and_offers_what_can_be_done() {
        let stopping = RunState::Stopping(Some(Duration::from_secs(7)));
        let paused = Glance { state: RunState::Paused, in_flight: 2, ..Glance::default() };
        let waiting = Glance { oldest: Vec::new(), ..hostile() };
        let table = [
            (Glance::default(), Phase::Going, "running", "", "pause drain"),
            (paused, Phase::Going, "paused", "No request is sent; 2 are in flight.", "resume drain"),
            (
                Glance { state: stopping, in_flight: 1, ..Glance::default() },
                Phase::Going,
                "stopping",
                "1 is in flight, for up to 7 s.",
                "",
            ),
            (waiting, Phase::Going, "running", "(Retry-After, 41 s more)", "pause drain"),
            (hostile(), Phase::Going, "running", "asked 3 s ago.", "pause drain"),
            (Glance::default(), Phase::Writing, "writing", "The output is being completed.", ""),
            (Glance::default(), Phase::Over("complete"), "over", "it is complete.", ""),
            (Glance::default(), Phase::Over("interrupted"), "over", "it was interrupted.", ""),
            (Glance::default(), Phase::Over("error"), "over", "ended with an error", ""),
        ];
        for (glance, phase, state, words, offered) in table {
            let html = fragment(&glance, phase).expect("a template");
            assert!(html.contains(&format!(">{state}</span>")), "{phase:?}: {html}");
            assert!(html.contains(words), "{phase:?} {words}: {html}");
            let buttons = html.split("<button").skip(1).map(|button| button.split('>').next().unwrap_or_default());
            let enabled = buttons.filter(|button| !button.contains("disabled"));
            let enabled: Vec<&str> =
                enabled.filter_map(|it| it.split("data-wish=\"").nth(1)?.split('"').next()).collect();
            assert_eq!(enabled.join(" "), offered, "{phase:?}");
        }
    }

    #[test]
    fn progress_is_told_with_and_without_a_known_end() {
        let of =
            |done, total| fragment(&Glance { done, total, ..Glance::default() }, Phase::Going).expect("a template");
        let known = of(250, Some(1_000));
        assert!(known.contains("250 of 1\u{202f}000") && known.contains("data-title=\"25 %, running\""), "{known}");
        let unknown = of(250, None);
        assert!(unknown.contains("250 of ?") && !unknown.contains("gauge"), "{unknown}");
        assert!(of(12, Some(10)).contains("12 of 12"), "an estimate may be too low");
    }
}
