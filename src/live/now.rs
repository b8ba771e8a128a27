//! What is going on now, as HTML.

use std::time::Duration;

use askama::Template;

use crate::model::{about, two_units};
use crate::observation::{Glance, HostWait, PageGlance, RunState, Total, Waiting, WorkerGlance};
use crate::report::{text, words};

/// The most workers that are shown.
const WORKERS: usize = 64;

/// A backlog of at least so many bytes is shown.
const BACKLOG: u64 = 1 << 20;

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

/// What a run looks like now. If it is over, `ending` is how it ended, as the summary names it, or `error`.
pub(super) fn fragment(glance: &Glance, ending: Option<&str>) -> Result<String, askama::Error> {
    let (class, state, note) = ending.map_or_else(|| words_of(glance), words_of_end);
    let at_least = |total: u64| words::count(total.max(glance.done));
    let (length, total) = match (glance.total, ending) {
        (Total::Known(total), _) => (total, format!(" of {}", at_least(total))),
        (Total::About(total), _) => (total, format!(" of about {}", at_least(total))),
        (Total::Unknown, None) => (0, " of ?".to_owned()),
        (Total::Unknown, Some(_)) => (0, String::new()),
    };
    let share = (length > 0).then(|| percent(glance.done, length));
    let workers = glance.by_slot();
    Now {
        class,
        state,
        note,
        title: share.map_or_else(|| state.to_owned(), |share| format!("{share:.0} %, {state}")),
        progress: format!("{}{total}", words::count(glance.done)),
        width: share.map(|share| format!("{share:.2}")),
        facts: facts(glance, ending.is_some()),
        buttons: buttons(ending.is_none().then_some(glance.state)),
        is_over: ending.is_some(),
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

/// The buttons for a run in this state; `None` if it is over.
fn buttons(state: Option<RunState>) -> [Button; 3] {
    let (is_running, is_paused) = (state == Some(RunState::Running), state == Some(RunState::Paused));
    let button = |wish, name, title, is_offered| Button { wish, name, title, is_offered };
    [
        button("pause", "Pause", "Sends no request until the run is resumed.", is_running),
        button("resume", "Resume", "Goes on after a pause.", is_paused),
        button(
            "drain",
            "Drain and stop",
            "Sends no request any more, waits for those in flight, and stops. --resume goes on later.",
            is_running || is_paused,
        ),
    ]
}

/// The state of a run: a class of the style sheet, a word, and a sentence.
type State = (&'static str, &'static str, String);

fn words_of(glance: &Glance) -> State {
    let in_flight = match glance.in_flight {
        0 => "none is in flight".to_owned(),
        1 => "1 is in flight".to_owned(),
        count => format!("{count} are in flight"),
    };
    match glance.state {
        RunState::Running if glance.is_quiet() => {
            ("idle", "running", format!("Nothing was done for {}{}", two_units(glance.quiet), waits_for(glance)))
        }
        RunState::Running => ("running", "running", String::new()),
        RunState::Paused => ("paused", "paused", format!("No request is sent; {in_flight}.")),
        RunState::Stopping(until) => {
            let until = two_units(until);
            ("stopping", "stopping", format!("No request is sent any more; {in_flight}, for up to {until}."))
        }
        RunState::Writing => ("writing", "writing", "All requests are done. The output is being completed.".to_owned()),
    }
}

fn words_of_end(ending: &str) -> State {
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

/// What a run waits for in which nothing happens.
fn waits_for(glance: &Glance) -> String {
    match glance.waiting() {
        Some(Waiting::Host(HostWait { host, why, left, .. })) => {
            format!(": it waits for {} ({}, {} more).", text(host), why.words(), two_units(*left))
        }
        Some(Waiting::Pages(Some(PageGlance { host, since, .. }))) => {
            format!(": it waits for {}, asked {} ago.", text(host), two_units(*since))
        }
        Some(Waiting::Retry(next)) => format!(": it tries a request again in {}.", two_units(next)),
        Some(Waiting::Output) => ": it waits for its output to be written.".to_owned(),
        Some(Waiting::List) => ": it waits for the list.".to_owned(),
        Some(Waiting::Workers) => ": it waits for its first workers.".to_owned(),
        Some(Waiting::Pages(None)) | None => ".".to_owned(),
    }
}

fn facts(glance: &Glance, is_over: bool) -> Vec<Fact> {
    let fact = |name, value, class| Fact { name, value, class };
    let time = |time: Duration| words::time(time.as_secs_f64());
    let is_bad = if glance.failed > 0 { "poor" } else { "" };
    let mut facts =
        vec![fact("failed", words::count(glance.failed), is_bad), fact("elapsed", time(glance.elapsed), "")];
    if is_over {
        return facts;
    }
    facts.push(fact("a second", words::a_second(glance.rate), ""));
    if glance.state == RunState::Running {
        facts.push(fact(
            "left",
            glance.left.map_or_else(|| "?".to_owned(), |left| format!("about {}", about(left))),
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
    let generation = worker.fact("generation").filter(|generation| *generation > 0);
    let generation = generation.map_or_else(String::new, |generation| format!(", generation {generation}"));
    WorkerRow {
        label: text(&worker.label),
        place: worker.fact("slot").map_or_else(|| "spare".to_owned(), |slot| format!("slot {slot}{generation}")),
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
        let html = fragment(&hostile(), None).expect("a template");
        assert!(html.contains("&#60;script&#62;"), "it is shown");
        for part in ["<script", "\u{1b}", "\u{202e}", "<!--", "</td></td>"] {
            assert!(!html.contains(part), "{part:?} is in {html}");
        }
        assert!(
            html.contains("936 more workers") && html.contains("2 more hosts") && html.contains("950 more are not")
        );
        assert!(html.len() < 200_000, "{} bytes", html.len());
        let mut one_more = Glance { waiting_hosts: 11, in_flight: 51, ..hostile() };
        one_more.workers.truncate(WORKERS + 1);
        let html = fragment(&one_more, None).expect("a template");
        for words in ["1 more worker is not shown", "1 more host waits", "1 more is not shown"] {
            assert!(html.contains(words), "{words} is not in {html}");
        }
    }

    #[test]
    fn the_state_is_in_words_and_offers_what_can_be_done() {
        let stopping = RunState::Stopping(Duration::from_secs(7));
        let paused = Glance { state: RunState::Paused, in_flight: 2, ..Glance::default() };
        let slow = Glance { waits: Vec::new(), ..hostile() };
        let quiet = Glance { quiet: Duration::from_secs(5), ..Glance::default() };
        let retrying = Glance { next_retry: Some(Duration::from_secs(85)), under_way: 1, ..quiet.clone() };
        let blocked = Glance { backlog: 1, ..quiet.clone() };
        let last = Glance { in_flight: 1, state: stopping, ..Glance::default() };
        let writing = Glance { state: RunState::Writing, ..Glance::default() };
        let table = [
            (Glance::default(), None, "running", "", "pause drain"),
            (paused, None, "paused", "No request is sent; 2 are in flight.", "resume drain"),
            (last, None, "stopping", "1 is in flight, for up to 7 s.", ""),
            (hostile(), None, "running", "(Retry-After, 41 s more)", "pause drain"),
            (slow, None, "running", "asked 3 s ago.", "pause drain"),
            (quiet, None, "running", "Nothing was done for 5 s: it waits for the list.", "pause drain"),
            (retrying, None, "running", "for 5 s: it tries a request again in 1 min 25 s.", "pause drain"),
            (blocked, None, "running", "for 5 s: it waits for its output to be written.", "pause drain"),
            (writing, None, "writing", "The output is being completed.", ""),
            (Glance::default(), Some("complete"), "over", "it is complete.", ""),
            (Glance::default(), Some("interrupted"), "over", "it was interrupted.", ""),
            (Glance::default(), Some("error"), "over", "ended with an error", ""),
        ];
        for (glance, ending, state, words, offered) in table {
            let html = fragment(&glance, ending).expect("a template");
            assert!(html.contains(&format!(">{state}</span>")), "{state}: {html}");
            assert!(html.contains(words), "{state} {words}: {html}");
            let buttons = html.split("<button").skip(1).map(|button| button.split('>').next().unwrap_or_default());
            let enabled = buttons.filter(|button| !button.contains("disabled"));
            let enabled: Vec<&str> =
                enabled.filter_map(|it| it.split("data-wish=\"").nth(1)?.split('"').next()).collect();
            assert_eq!(enabled.join(" "), offered, "{state} {words}");
        }
    }

    #[test]
    fn progress_is_told_with_and_without_a_known_end() {
        let of = |done, total| fragment(&Glance { done, total, ..Glance::default() }, None).expect("a template");
        let known = of(250, Total::Known(1_000));
        assert!(known.contains("250 of 1\u{202f}000") && known.contains("data-title=\"25 %, running\""), "{known}");
        let unknown = of(250, Total::Unknown);
        assert!(unknown.contains("250 of ?") && !unknown.contains("gauge"), "{unknown}");
        assert!(of(12, Total::About(10)).contains("12 of about 12"), "an estimate may be too low");
    }
}
