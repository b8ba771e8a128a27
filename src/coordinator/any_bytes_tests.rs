//! Runs whose workers send arbitrary bytes. A compromised worker can only give false data for the jobs
//! that it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gleaner_pool::simulated::Simulated;
use tokio::sync::oneshot;
use url::Url;

use super::executor::{Cause, WorkerId};
use super::job::{JobInput, JobOutput, SentOutput};
use super::plausible::Plausible;
use super::process_pool::{Translator, pool_hints};
use super::state::{Action, Bounds, Event, Outside, State};
use crate::input::{Answered, Ask};
use crate::model::{
    Answer, Carried, Failure, FailureKind, Fit, Listed, Listing, ListingFile, ListingWriter, Lists, Outcome, Page,
    Phases, Reach, RunLimits, Stage, Stored, StoredForm, Task, Visited, parse_url,
};
use crate::robots::{self, Rules};
use crate::sink::Before;
use crate::{schedule, scrape};

const TASKS: u64 = 8;
const WORKERS: usize = 2;
const CONCURRENCY: usize = 3;
const TASK_TIMEOUT: Duration = Duration::from_secs(10);
/// Time between two looks at the clock. A longer time would look like a pause of this process.
const TICK: Duration = Duration::from_millis(900);

/// Runs a list with workers that do what `script` says.
///
/// A worker follows the script only if it has worked. From then on, it does no honest work. When the script has ended,
/// the workers that replace such workers do their jobs honestly.
pub(crate) fn check(script: &[u8]) {
    let mut run = Run::new();
    let mut script = Script(script);
    while let Some(deed) = script.byte() {
        run.deed(deed, &mut script);
        run.turn();
    }
    for _ in 0..2000 {
        run.now += TICK;
        run.work();
        run.turn();
        if run.pool.is_over() {
            break;
        }
    }
    assert!(run.pool.is_over(), "the run hangs: {} of {TASKS} tasks have a record", run.recorded.len());
    assert_eq!(run.recorded.len() as u64, TASKS, "each task has its record");
    match run.sitemap.try_recv().expect("the sitemap is answered") {
        Ok(found) => assert!(Listing::is_valid(&found.data)),
        Err(failure) => assert!(!failure.message.is_empty()),
    }
}

/// Bytes that decide what happens next.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn choose(&mut self) -> u8 {
        self.byte().unwrap_or(0)
    }

    fn bytes(&mut self) -> &'a [u8] {
        let length = usize::from(self.choose() % 64).min(self.0.len());
        let (bytes, rest) = self.0.split_at(length);
        self.0 = rest;
        bytes
    }
}

struct Run {
    state: State,
    pool: Simulated,
    translator: Translator,
    now: Instant,
    /// Workers that followed the script: they count as compromised.
    taken: BTreeSet<WorkerId>,
    recorded: BTreeSet<u64>,
    /// The answer to the reader of the list.
    sitemap: oneshot::Receiver<Answered>,
}

impl Run {
    fn new() -> Self {
        let now = Instant::now();
        let mut politeness = schedule::Politeness::none();
        politeness.robots = true;
        let options = schedule::Options {
            max_redirects: 3,
            max_retries: 1,
            max_retry_after: Duration::from_secs(1),
            max_host_retries: 100,
            max_host_failures: 100,
            politeness,
            ..schedule::Options::default()
        };
        let bounds = Bounds {
            places: WORKERS * CONCURRENCY,
            read_ahead: 100,
            ahead: 100,
            backlog: 1000,
            task_timeout: TASK_TIMEOUT,
            grace: Duration::from_secs(5),
            plausible: Plausible::new(&scrape::sample(), 0, None),
            hosts: BTreeMap::new(),
            reads_task: false,
            limits: RunLimits::default(),
        };
        let mut state = State::new(options, bounds, &Before::default(), now);
        state.tally.count_details();
        let (taken, recorded) = (BTreeSet::new(), BTreeSet::new());
        let pool = Simulated::new(WORKERS, CONCURRENCY, Some(SentOutput::check));
        let (ask, sitemap) = Ask::new("http://h0/s".parse().expect("a URL"), ListingFile::Sitemap, None, Reach::Listed);
        let mut run = Self { state, pool, translator: Translator::default(), now, taken, recorded, sitemap };
        let url = |seq| Url::parse(&format!("http://h{}/{seq}", seq % 3)).expect("a URL");
        let tasks = (0..TASKS).map(|seq| Task {
            seq,
            line: url(seq).to_string(),
            url: Ok(url(seq)),
            input: Carried::default(),
            stored: (seq % 4 == 3).then(|| Stored { form: StoredForm::Message, bytes: Bytes::new(), at: None }),
            reach: Reach::Listed,
        });
        run.handle(Event::Tasks(tasks.collect()));
        run.handle(Event::Asked(ask));
        run.handle(Event::ListEnded);
        run.turn();
        run
    }

    fn handle(&mut self, event: Event) {
        let mut actions = Vec::new();
        self.state.handle(event, self.now, &mut actions);
        self.carry_out(actions);
    }

    fn happened(&mut self, event: gleaner_pool::Event) {
        if let Some(event) = self.translator.event(event) {
            self.handle(Event::Executor(event));
        }
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Submit { id, payload, hints } => self.pool.submit(id, payload, pool_hints(hints)),
                Action::Refuse { worker, job, reason } => self.pool.refuse(worker, job, reason, self.now),
                Action::Archive(_) => panic!("nothing is archived"),
                Action::Record(record) => {
                    assert!(record.seq < TASKS && record.url.ends_with(&format!("/{}", record.seq)));
                    assert!(self.recorded.insert(record.seq), "task {} has two records", record.seq);
                    if let Outcome::Page(page) = &record.outcome {
                        assert!(!page.data.iter().any(u8::is_ascii_control));
                        serde_json::from_slice::<serde_json::Value>(&page.data).expect("the data is JSON");
                    }
                }
                Action::Close => self.pool.close(),
                Action::Halt => panic!("a worker has ended the run"),
            }
        }
    }

    /// Does the turns of a run's loop until nothing happens any more. New workers become ready.
    fn turn(&mut self) {
        loop {
            let starting: Vec<WorkerId> = self.pool.starting().collect();
            for id in starting {
                self.pool.become_ready(id, self.now);
            }
            let outside = Outside { room: self.pool.room(), emitted: 0, backlog: 0, window: 0 };
            let mut actions = Vec::new();
            self.state.issue(outside, self.now, &mut actions);
            let is_idle = actions.is_empty();
            self.carry_out(actions);
            let events = self.pool.turn(self.now);
            if events.is_empty() && is_idle && self.pool.starting().next().is_none() {
                return;
            }
            events.into_iter().for_each(|event| self.happened(event));
        }
    }

    /// Does one action of a worker that has worked, or lets time pass.
    fn deed(&mut self, deed: u8, script: &mut Script<'_>) {
        let at_work: Vec<WorkerId> =
            self.pool.workers().iter().filter(|(_, worker)| worker.has_worked).map(|(id, _)| *id).collect();
        let Some(id) = at_work.get(usize::from(script.choose()) % at_work.len().max(1)).copied() else { return };
        self.taken.insert(id);
        let now = self.now;
        let held = |run: &Self, id: WorkerId, choice: u8| {
            let holds = &run.pool.workers()[&id].holds;
            holds
                .get(usize::from(choice) % holds.len().max(1))
                .map(|(ticket, job, payload)| (*ticket, *job, payload.clone()))
        };
        // Usually a job of this worker, sometimes any other number.
        let choice = script.choose();
        let own = held(self, id, choice / 4);
        let ticket = match (choice % 4, &own) {
            (0, _) | (_, None) => u64::from(choice),
            (_, Some((ticket, ..))) => *ticket,
        };
        match deed % 10 {
            0 => self.pool.say(id, script.bytes(), now),
            1 => self.pool.beat(id, (choice > 9).then_some(ticket), now),
            2 => self.pool.note(id, ticket, script.bytes(), now),
            3 => self.pool.bye(id, now),
            4 => self.pool.exit(id, Cause::Exited(0), now),
            5 => self.pool.become_ready(id, now),
            6 => self.now += TICK,
            7 => self.pool.output(id, ticket, script.bytes(), now),
            _ => {
                let errand = own.map(|(_, _, payload)| payload);
                let output = claim(errand.as_ref(), script);
                self.pool.output(id, ticket, &output, now);
            }
        }
    }

    /// Lets the workers that are not compromised do their jobs.
    fn work(&mut self) {
        let (now, taken) = (self.now, &self.taken);
        let honest: Vec<WorkerId> = self.pool.workers().keys().copied().filter(|id| !taken.contains(id)).collect();
        for id in honest {
            while let Some((ticket, _, payload)) = self.pool.workers().get(&id).and_then(|it| it.holds.first()).cloned()
            {
                self.pool.output(id, ticket, &honest_output(&payload), now);
                // Handles the results before the next job.
                let events = self.pool.turn(now);
                events.into_iter().for_each(|event| self.happened(event));
            }
            if self.pool.workers().get(&id).is_some_and(|worker| worker.is_draining) {
                self.pool.bye(id, now);
                self.pool.exit(id, Cause::Exited(0), now);
            }
        }
    }
}

/// What a job is for.
#[derive(Clone, Copy)]
enum For {
    Page,
    Robots,
    Listing,
}

fn url_of(payload: &Bytes) -> (String, For) {
    match postcard::from_bytes(payload).expect("a job") {
        JobInput::Page(visit) => (visit.url.into(), For::Page),
        JobInput::Robots(visit) => (visit.url.into(), For::Robots),
        JobInput::Listing(visit, _) => (visit.url.into(), For::Listing),
    }
}

fn listing(loc: &str) -> Bytes {
    let mut listing = ListingWriter::new(Lists::Pages);
    listing.push(Listed { loc, ..Listed::default() });
    listing.into_bytes()
}

fn bytes_of(output: JobOutput) -> Vec<u8> {
    postcard::to_stdvec(&SentOutput::new(output, Bytes::new())).expect("bytes")
}

fn honest_output(payload: &Bytes) -> Vec<u8> {
    bytes_of(match url_of(payload) {
        (_, For::Robots) => JobOutput::Robots(robots::Answer::Rules(Rules::allow_all()), Duration::ZERO),
        (final_url, kind) => {
            let is_page = matches!(kind, For::Page);
            let data = if is_page { Bytes::from_static(b"{}") } else { listing("http://h1/") };
            let page = Page { final_url, status: 200, bytes: 2, data, fit: Fit::default() };
            let visited = Visited {
                answer: Answer::Page(page),
                headers: Vec::new(),
                by_reference: false,
                phases: Phases::default(),
            };
            if is_page { JobOutput::Page(visited, Duration::ZERO) } else { JobOutput::Listing(visited, Duration::ZERO) }
        }
    })
}

/// Makes an answer. The script decides for each part whether it is correct or wrong.
fn claim(payload: Option<&Bytes>, script: &mut Script<'_>) -> Vec<u8> {
    let (url, _) = payload.map_or_else(|| ("http://h0/0".to_owned(), For::Page), url_of);
    let [kind, parts, number] = [script.choose(), script.choose(), script.choose()];
    let text = String::from_utf8_lossy(script.bytes()).into_owned();
    let url = if parts & 1 == 0 { url } else { text.clone() };
    let data = if parts & 2 == 0 { Bytes::from_static(b"[1]") } else { text.clone().into() };
    let status = if parts & 4 == 0 { 200 + u16::from(number % 3) * 101 } else { u16::from(number) * 257 };
    let bytes = if parts & 8 == 0 { u64::from(number) } else { u64::MAX - u64::from(number) };
    let elapsed = if parts & 16 == 0 { Duration::ZERO } else { Duration::from_secs(u64::from(number)) };
    let kinds = [FailureKind::Dns, FailureKind::HttpStatus, FailureKind::RobotsDenied, FailureKind::WorkerCrashed];
    let failure = Failure {
        status: (parts & 4 != 0).then_some(status),
        bytes,
        ..Failure::new(
            kinds[usize::from(number) % kinds.len()],
            if parts & 32 == 0 { Stage::Fetch } else { Stage::Robots },
            text.clone(),
        )
    };
    let longest = (parts & 64 != 0).then_some(Duration::MAX);
    let phases = Phases { connect: longest, first_byte: longest, body: longest, parse: longest, extract: longest };
    let page = |answer| JobOutput::Page(Visited { answer, headers: Vec::new(), by_reference: false, phases }, elapsed);
    let to = |text: &str| parse_url(text, None).unwrap_or_else(|_| "http://h0/x".parse().expect("a URL"));
    let entries = if parts & 2 == 0 { listing(&text) } else { text.clone().into() };
    bytes_of(match kind % 8 {
        7 => {
            let page = Page { final_url: url, status, bytes, data: entries, fit: Fit::default() };
            let visited = Visited {
                answer: Answer::Page(page),
                headers: Vec::new(),
                by_reference: false,
                phases: Phases::default(),
            };
            JobOutput::Listing(visited, elapsed)
        }
        0 => page(Answer::Page(Page { final_url: url, status, bytes, data, fit: Fit::default() })),
        1 => page(Answer::Failure(failure.retryable())),
        2 => page(Answer::Redirect { status: 302, to: to(&format!("http://h{}/{text}", number % 5)), bytes }),
        3 => page(Answer::Redirect { status, to: to(&text), bytes }),
        4 => page(Answer::NotModified { bytes }),
        5 => JobOutput::Robots(robots::Answer::Failed(failure), elapsed),
        _ => {
            let rules = postcard::to_stdvec(&(text, Some(elapsed))).expect("bytes");
            JobOutput::Robots(robots::Answer::Rules(postcard::from_bytes(&rules).expect("rules")), elapsed)
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::check;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        #[test]
        fn no_worker_ends_or_blocks_a_run_or_answers_for_a_job_that_it_does_not_hold(
            script in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            check(&script);
        }
    }

    #[test]
    fn a_run_with_honest_workers_ends() {
        check(&[]);
    }
}
