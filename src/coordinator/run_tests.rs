//! Tests of the loop alone, with a real list, a real output and a simulated executor. There are no processes.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fs;
use std::rc::Rc;
use std::task::Poll;

use bytes::Bytes;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;
use crate::coordinator::executor::{Cause, Death, ExecutorEvent, JobHints, JobId, WorkerId, WorkerNow, WorkerReport};
use crate::coordinator::job::{JobInput, JobOutput, SentOutput};
use crate::coordinator::observed;
use crate::input::{Input, Source};
use crate::model::{Answer, Fit, Page, Phases, Visited, WorkerLabel};
use crate::observation::{RunState, Total};

/// The only worker.
const WORKER: WorkerId = 7;

/// A job that the executor has, and how often it was submitted before.
struct Held {
    id: JobId,
    visit_url: String,
    hints: JobHints,
    earlier: usize,
}

impl Held {
    fn done(&self) -> ExecutorEvent {
        let page = Page {
            final_url: self.visit_url.clone(),
            status: 200,
            bytes: 2,
            data: Bytes::from_static(b"{}"),
            fit: Fit::default(),
        };
        let visited =
            Visited { answer: Answer::Page(page), headers: Vec::new(), by_reference: false, phases: Phases::default() };
        let output = postcard::to_stdvec(&SentOutput::new(JobOutput::Page(visited, Duration::ZERO), Bytes::new()))
            .expect("bytes");
        ExecutorEvent::Done { job: self.id, worker: WORKER, output: output.into() }
    }

    fn lost(&self, cause: Cause) -> ExecutorEvent {
        lost(vec![self.id], cause)
    }
}

fn lost(jobs: Vec<JobId>, cause: Cause) -> ExecutorEvent {
    ExecutorEvent::Lost { worker: WORKER, jobs, death: Death { cause, last_words: Vec::new() } }
}

/// The calls that the loop has made to the executor.
#[derive(Debug, Default)]
struct Told {
    submitted: Vec<JobId>,
    refused: Vec<(WorkerId, Option<JobId>)>,
    expected: Option<usize>,
    closed: usize,
    killed: usize,
}

/// An executor that calls `does` for each job, and returns the events that it gives.
struct Fake<F> {
    places: usize,
    held: usize,
    does: F,
    earlier: HashMap<JobId, usize>,
    events: VecDeque<ExecutorEvent>,
    told: Rc<RefCell<Told>>,
}

impl<F: FnMut(Held) -> Vec<ExecutorEvent>> Fake<F> {
    fn new(places: usize, does: F) -> Self {
        let joined = ExecutorEvent::Joined { worker: WORKER, label: WorkerLabel::of_process(4711) };
        Self { places, held: 0, does, earlier: HashMap::new(), events: [joined].into(), told: Rc::default() }
    }
}

impl<F: FnMut(Held) -> Vec<ExecutorEvent>> Executor for Fake<F> {
    fn room(&self) -> usize {
        self.places - self.held
    }

    fn submit(&mut self, id: JobId, payload: Bytes, hints: JobHints) {
        let JobInput::Page(visit) = postcard::from_bytes(&payload).expect("a job") else { panic!("no robots.txt") };
        let earlier = self.earlier.entry(id).or_default();
        let held = Held { id, visit_url: visit.url.into(), hints, earlier: *earlier };
        *earlier += 1;
        self.held += 1;
        self.told.borrow_mut().submitted.push(id);
        self.events.extend((self.does)(held));
    }

    fn refuse(&mut self, worker: WorkerId, job: Option<JobId>, reason: String) {
        self.told.borrow_mut().refused.push((worker, job));
        self.events.push_back(lost(job.into_iter().collect(), Cause::Corrupt(reason)));
    }

    fn expect(&mut self, jobs: usize) {
        self.told.borrow_mut().expected = Some(jobs);
    }

    fn close(&mut self) {
        self.told.borrow_mut().closed += 1;
        let now = Instant::now();
        let facts = vec![("machine", 3), ("pid", 4711)];
        let report = WorkerReport { facts, jobs: 5, started: now, placed: Some(now), ended: now, end: "finished" };
        self.events.push_back(ExecutorEvent::Left { worker: WORKER, report: Some(report) });
    }

    fn kill(&mut self) {
        self.told.borrow_mut().killed += 1;
    }

    fn workers(&self) -> Vec<WorkerNow> {
        Vec::new()
    }

    async fn next(&mut self) -> Option<ExecutorEvent> {
        let is_over = self.told.borrow().closed + self.told.borrow().killed > 0;
        match self.try_next() {
            None if is_over => None,
            // Only the loop causes more events, and it calls `next` again after that.
            None => std::future::pending().await,
            event => event,
        }
    }

    fn try_next(&mut self) -> Option<ExecutorEvent> {
        let event = self.events.pop_front()?;
        self.held -= match &event {
            // A refused job is held until it is reported as lost.
            ExecutorEvent::Done { output, .. } => usize::from(**output != *b"\xff"),
            ExecutorEvent::Lost { jobs, .. } => jobs.len(),
            _ => 0,
        };
        Some(event)
    }
}

/// A folder with the list and the output of one run.
struct Place(TempDir);

impl Place {
    fn new(tasks: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let list: Vec<String> = (0..tasks).map(|seq| format!("http://h/{seq}")).collect();
        fs::write(folder.path().join("list.txt"), list.join("\n")).expect("written");
        Self(folder)
    }

    fn parts<F: FnMut(Held) -> Vec<ExecutorEvent>>(&self, executor: Fake<F>) -> RunParts<Fake<F>> {
        let input = Input::open(&[Source::File(self.0.path().join("list.txt"))], None, None).expect("a list");
        let options = sink::Options {
            destination: sink::Destination::File(self.0.path().join("out.jsonl")),
            format: sink::Format::Jsonl,
            packing: sink::Packing::None,
            table: sink::Table::default(),
            shape: sink::Shape::Full,
            order: sink::Order::Input,
            left_over: sink::LeftOver::Refuse,
            window_memory: 1 << 20,
            archive: None,
            identity: sink::Identity::default(),
            has_sitemaps: false,
            rules: None,
            failed_out: None,
        };
        RunParts {
            places: executor.places,
            executor,
            list: input.progress(),
            input: input.start(),
            sink: Sink::open(&options).expect("an output"),
            schedule: schedule::Options {
                max_stored_out: 0,
                max_redirects: 3,
                max_retries: 0,
                max_retry_after: Duration::from_secs(1),
                max_host_retries: 100,
                max_host_failures: 0,
                politeness: schedule::Politeness::none(),
                hosts: HashMap::new(),
            },
            read_ahead: 100,
            ahead_limit: 1000,
            task_timeout: Duration::from_secs(60),
            plausible: Plausible::new(&crate::scrape::sample(), 0, None),
            hosts: BTreeMap::new(),
            fields: Vec::new(),
            reads_task: false,
            limits: RunLimits::default(),
            cookies: None,
            cached: None,
            observers: observed(true).0,
        }
    }

    /// The records, each as its seq and its outcome.
    fn records(&self, name: &str) -> Vec<(u64, String)> {
        let text = fs::read_to_string(self.0.path().join(name)).expect("an output");
        let records = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a record"));
        let outcome = |record: &serde_json::Value| record["failure"]["kind"].as_str().unwrap_or("page").to_owned();
        records.map(|record| (record["seq"].as_u64().expect("a number"), outcome(&record))).collect()
    }
}

fn no_signals() -> Interrupts {
    Interrupts::from(|_| Poll::Pending)
}

fn pages(seqs: std::ops::Range<u64>) -> Vec<(u64, String)> {
    seqs.map(|seq| (seq, "page".to_owned())).collect()
}

#[tokio::test]
async fn records_are_in_the_order_of_the_list_whatever_the_order_of_the_answers() {
    let place = Place::new(20);
    let mut held = Vec::new();
    // Answers five jobs at a time, the last one first.
    let fake = Fake::new(5, move |job| {
        held.push(job);
        if held.len() == 5 { held.drain(..).rev().map(|job| job.done()).collect() } else { Vec::new() }
    });
    let told = Rc::clone(&fake.told);
    let ended = run_until(place.parts(fake), no_signals()).await;
    assert!(matches!(ended.ending, Ok(Ending::Complete)), "{ended:?}");
    assert_eq!(place.records("out.jsonl"), pages(0..20));
    assert_eq!((ended.summary.tasks, ended.summary.ok, ended.kept), (20, 20, None));
    let told = told.borrow();
    assert_eq!((told.submitted.len(), told.expected, told.closed, told.killed), (20, Some(0), 1, 0));
    // The records and the summary name the worker by the label and facts of the executor.
    let text = fs::read_to_string(place.0.path().join("out.jsonl")).expect("an output");
    assert!(text.lines().all(|line| line.contains("\"worker\":4711")), "{text}");
    let workers = serde_json::to_string(&ended.summary.workers).expect("JSON");
    assert!(workers.starts_with("[{\"machine\":3,\"pid\":4711,\"tasks\":20,\"jobs\":5,"), "{workers}");
    assert_eq!(ended.summary.workers_by_end, [("finished".into(), 1)].into());
}

#[tokio::test]
async fn those_who_watch_see_the_last_state_also_if_they_look_later() {
    let place = Place::new(20);
    let fake = Fake::new(5, |job| vec![job.done()]);
    let (observers, watch) = observed(false);
    let ended = run_until(RunParts { observers, ..place.parts(fake) }, no_signals()).await;
    assert!(matches!(ended.ending, Ok(Ending::Complete)), "{ended:?}");
    let (glances, summaries) = (watch.glances(), watch.summaries());
    let glance = glances.borrow();
    assert_eq!((glance.done, glance.total, glance.state), (20, Total::Known(20), RunState::Writing));
    assert_eq!(summaries.borrow().tasks, 20);
}

#[tokio::test]
async fn lost_jobs_are_submitted_again_and_a_job_that_kills_its_workers_fails() {
    type Death = fn(usize) -> Option<Cause>;
    // A name, how the worker with task 1 ends at each try, the outcome of the task, and how often it is submitted.
    let table: [(&str, Death, &str, usize); 6] = [
        ("never", |_| None, "page", 1),
        ("a crash", |earlier| (earlier == 0).then_some(Cause::Signal(11)), "page", 2),
        ("repeated crashes", |_| Some(Cause::Signal(11)), "worker_crashed", 2),
        ("a machine that does not answer any more", |earlier| (earlier < 2).then_some(Cause::Silent), "page", 3),
        ("a time limit", |_| Some(Cause::Timeout { late: vec![1] }), "worker_timeout", 1),
        ("another job's time limit", |earlier| (earlier == 0).then(|| Cause::Timeout { late: vec![9] }), "page", 2),
    ];
    for (what, dies, outcome, times) in table {
        let place = Place::new(3);
        let fake = Fake::new(2, |job: Held| match dies(job.earlier).filter(|_| job.id == 1) {
            Some(cause) => vec![job.lost(cause)],
            None => vec![job.done()],
        });
        let told = Rc::clone(&fake.told);
        let ended = run_until(place.parts(fake), no_signals()).await;
        assert!(matches!(ended.ending, Ok(Ending::Complete)), "{what}: {ended:?}");
        let mut expected = pages(0..3);
        expected[1].1 = outcome.to_owned();
        assert_eq!(place.records("out.jsonl"), expected, "{what}");
        let submitted = told.borrow().submitted.iter().filter(|job| **job == 1).count();
        assert_eq!(submitted, times, "{what}");
    }
}

#[tokio::test]
async fn jobs_that_were_lost_together_run_alone_and_the_hints_say_so() {
    let place = Place::new(2);
    let mut held = Vec::new();
    let alone = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&alone);
    let fake = Fake::new(2, move |job: Held| {
        seen.borrow_mut().push((job.id, job.hints.alone));
        assert_eq!(job.hints.time_limit, Duration::from_secs(60));
        if job.earlier > 0 {
            return vec![job.done()];
        }
        held.push(job.id);
        if held.len() == 2 { vec![lost(std::mem::take(&mut held), Cause::Exited(1))] } else { Vec::new() }
    });
    let ended = run_until(place.parts(fake), no_signals()).await;
    assert!(matches!(ended.ending, Ok(Ending::Complete)), "{ended:?}");
    assert_eq!(place.records("out.jsonl"), pages(0..2));
    let mut alone = alone.take();
    alone.sort_unstable();
    assert_eq!(alone, [(0, false), (0, true), (1, false), (1, true)]);
}

#[tokio::test]
async fn a_worker_that_sends_an_impossible_answer_is_refused_and_its_job_is_submitted_again() {
    let place = Place::new(3);
    let fake = Fake::new(1, |job: Held| match (job.id, job.earlier) {
        (1, 0) => vec![ExecutorEvent::Done { job: 1, worker: WORKER, output: Bytes::from_static(b"\xff") }],
        _ => vec![job.done()],
    });
    let told = Rc::clone(&fake.told);
    let ended = run_until(place.parts(fake), no_signals()).await;
    assert!(matches!(ended.ending, Ok(Ending::Complete)), "{ended:?}");
    assert_eq!(place.records("out.jsonl"), pages(0..3));
    assert_eq!(told.borrow().refused, [(WORKER, Some(1))]);
    let submitted = |job| told.borrow().submitted.iter().filter(|known| **known == job).count();
    assert_eq!([0, 1, 2].map(submitted), [1, 2, 1]);
}

#[tokio::test]
async fn two_signals_stop_the_executor_and_finished_work_is_kept() {
    let place = Place::new(5);
    let (signals, mut received) = mpsc::unbounded_channel();
    let fake = Fake::new(1, move |job: Held| {
        if job.id == 2 {
            // This job is never answered.
            [15, 2].into_iter().for_each(|signal| signals.send(signal).expect("the run listens"));
            return Vec::new();
        }
        vec![job.done()]
    });
    let told = Rc::clone(&fake.told);
    let interrupts = Interrupts::from(move |context| match received.poll_recv(context) {
        Poll::Ready(Some(signal)) => Poll::Ready(signal),
        Poll::Ready(None) | Poll::Pending => Poll::Pending,
    });
    let ended = run_until(place.parts(fake), interrupts).await;
    assert!(matches!(ended.ending, Ok(Ending::Stopped(Reason::Signal(15)))), "{ended:?}");
    assert_eq!((told.borrow().closed, told.borrow().killed), (0, 1));
    assert_eq!(ended.kept, Some(place.0.path().join("out.jsonl.part")));
    assert_eq!(place.records("out.jsonl.part"), pages(0..2));
}

#[tokio::test]
async fn a_run_after_its_deadline_begins_no_job() {
    let place = Place::new(5);
    let fake = Fake::new(1, |job: Held| panic!("job {} was begun", job.id));
    let told = Rc::clone(&fake.told);
    let limits = RunLimits { deadline: Some(Duration::ZERO), max_failures: None };
    let ended = run_until(RunParts { limits, ..place.parts(fake) }, no_signals()).await;
    assert!(matches!(ended.ending, Ok(Ending::Stopped(Reason::Deadline))), "{ended:?}");
    assert_eq!((told.borrow().closed, told.borrow().killed), (1, 0));
}

#[tokio::test]
async fn a_fatal_error_of_the_executor_ends_the_run_with_its_reason() {
    let place = Place::new(5);
    let told = Rc::new(RefCell::new(Told::default()));
    let own = Rc::clone(&told);
    let mut fake = Fake::new(1, move |job: Held| {
        if job.id == 0 {
            return vec![job.done()];
        }
        // The executor is over after that.
        own.borrow_mut().killed += 1;
        vec![ExecutorEvent::Fatal("the broker is gone".to_owned())]
    });
    fake.told = told;
    let ended = run_until(place.parts(fake), no_signals()).await;
    let error = ended.ending.expect_err("the run cannot continue");
    assert_eq!(error.to_string(), "keep workers running: the broker is gone");
    assert_eq!(place.records("out.jsonl.part"), pages(0..1), "finished work is kept");
}

#[tokio::test]
async fn an_output_that_cannot_be_written_stops_the_executor() {
    let place = Place::new(5);
    let part = place.0.path().join("out.jsonl.part");
    let fake = Fake::new(1, move |job: Held| match job.id {
        0 => {
            fs::remove_file(&part).expect("the file exists");
            vec![job.done()]
        }
        // These jobs are never answered.
        _ => Vec::new(),
    });
    let told = Rc::clone(&fake.told);
    let ended = run_until(place.parts(fake), no_signals()).await;
    let error = ended.ending.expect_err("nothing can be written");
    assert!(matches!(&error, RunError::Sink(_)), "{error}");
    assert_eq!((told.borrow().closed, told.borrow().killed), (0, 1));
}

#[tokio::test]
async fn an_unreadable_list_ends_the_run_after_all_tasks_that_were_read() {
    let place = Place::new(3);
    let folder = place.0.path();
    let sources = ["list.txt", "second.txt"].map(|name| Source::File(folder.join(name)));
    fs::write(folder.join("second.txt"), "http://h/x\n").expect("written");
    let input = Input::open(&sources, None, None).expect("both files exist");
    fs::remove_file(folder.join("second.txt")).expect("removed");
    let fake = Fake::new(1, |job: Held| vec![job.done()]);
    let told = Rc::clone(&fake.told);
    let ended = run_until(RunParts { input: input.start(), ..place.parts(fake) }, no_signals()).await;
    let error = ended.ending.expect_err("a part of the list is missing");
    assert!(matches!(&error, RunError::Input(_)), "{error}");
    assert_eq!((told.borrow().closed, told.borrow().killed), (1, 0));
    assert_eq!(place.records("out.jsonl.part"), pages(0..3));
}
