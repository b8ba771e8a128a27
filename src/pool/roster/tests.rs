//! Decisions without processes: a model of workers that do what they are told, or do not.

use proptest::prelude::*;

use super::plan::LEAST_DRAINERS;
use super::*;

fn limits(workers: usize, concurrency: usize, quota: Option<u32>) -> Limits {
    let start_limit = Duration::from_secs(10);
    Limits { workers, concurrency, quota, quota_jitter: 0, max_memory: None, start_limit }
}

fn job(id: JobId) -> Submission {
    Submission { id, payload: Bytes::new(), hints: Hints::default() }
}

/// Settles `job` as the worker that holds it would.
fn finish(roster: &mut Roster, worker: WorkerId, job: JobId) -> bool {
    let held = roster.in_flight.iter().find(|(_, held)| held.job == job).map(|(ticket, _)| *ticket);
    held.is_some_and(|ticket| roster.finished(worker, ticket) == Some(job))
}

fn died(cause: Cause) -> Exit {
    Exit { said_bye: false, cause, last_words: Vec::new(), refusal: None }
}

fn left() -> Exit {
    Exit { said_bye: true, cause: Cause::Exited(0), last_words: Vec::new(), refusal: None }
}

fn spawned(actions: &[Action]) -> Vec<WorkerId> {
    actions.iter().filter_map(|a| if let Action::Spawn { worker } = a { Some(*worker) } else { None }).collect()
}

fn sent(actions: &[Action]) -> Vec<(WorkerId, Vec<JobId>)> {
    actions
        .iter()
        .filter_map(|a| match a {
            Action::Send { worker, jobs } => Some((*worker, jobs.iter().map(|(_, job)| job.id).collect())),
            _ => None,
        })
        .collect()
}

#[test]
fn workers_are_started_as_far_as_there_is_work() {
    for (jobs, workers) in [(0, 0), (1, 1), (3, 3), (8, 4)] {
        let mut roster = Roster::new(limits(4, 2, None));
        (0..jobs).for_each(|id| roster.submit(job(id)));
        assert_eq!(spawned(&roster.plan(Instant::now())).len(), workers, "{jobs} jobs");
    }
}

#[test]
fn nothing_is_sent_to_a_worker_that_is_not_ready() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 2, None));
    (0..3).for_each(|id| roster.submit(job(id)));
    let first = roster.plan(now);
    assert!(sent(&first).is_empty());
    roster.ready(0, 0, now);
    assert_eq!(sent(&roster.plan(now)), [(0, vec![0, 1])], "as many as it may hold, and no more");
    assert!(finish(&mut roster, 0, 0));
    assert_eq!(sent(&roster.plan(now)), [(0, vec![2])]);
}

#[test]
fn a_successor_gets_only_the_room_that_its_predecessor_frees() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 2, Some(2)));
    (0..4).for_each(|id| roster.submit(job(id)));
    roster.plan(now);
    roster.ready(0, 0, now);
    let actions = roster.plan(now);
    assert_eq!(sent(&actions), [(0, vec![0, 1])]);
    assert!(matches!(actions.iter().find(|a| matches!(a, Action::Drain { .. })), Some(Action::Drain { worker: 0 })));
    roster.ready(1, 0, now);
    assert!(sent(&roster.plan(now)).is_empty(), "the drainer holds both places");
    assert!(finish(&mut roster, 0, 1));
    assert_eq!(sent(&roster.plan(now)), [(1, vec![2])]);
}

#[test]
fn a_result_from_one_who_does_not_hold_the_job_is_not_believed() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(2, 1, None));
    (0..2).for_each(|id| roster.submit(job(id)));
    roster.plan(now);
    (0..2).for_each(|worker| drop(roster.ready(worker, 0, now)));
    roster.plan(now);
    assert_eq!(roster.finished(0, 2), None, "another's job");
    assert_eq!(roster.finished(0, 9), None, "nobody's job");
    assert_eq!(roster.finished(0, 1), Some(0));
    assert_eq!(roster.finished(0, 1), None, "twice");
    assert_eq!(roster.take_stale(), 3);
}

#[test]
fn a_pool_goes_on_while_one_worker_is_at_work_however_often_others_fail_to_start() {
    let mut now = Instant::now();
    let mut roster = Roster::new(limits(2, 1, None));
    (0..2).for_each(|id| roster.submit(job(id)));
    roster.plan(now);
    roster.ready(0, 0, now);
    assert_eq!(sent(&roster.plan(now)), [(0, vec![0])]);
    let is_fatal = |actions: &[Action]| actions.iter().any(|action| matches!(action, Action::Emit(Event::Fatal(_))));
    let mut other = 1;
    for attempt in 0..50 {
        let refused = Exit { refusal: Some("too many processes".to_owned()), ..died(Cause::Exited(-1)) };
        assert!(!is_fatal(&roster.exited(other, refused, now)), "{attempt}");
        now += Duration::from_secs(2);
        let [next] = spawned(&roster.plan(now))[..] else { panic!("another one is tried, if seldom") };
        other = next;
    }
    // It does all the work alone; and when it goes, too, there is nothing left to hope for.
    assert!(finish(&mut roster, 0, 0));
    assert_eq!(sent(&roster.plan(now)), [(0, vec![1])]);
    assert!(!is_fatal(&roster.exited(0, died(Cause::Signal(11)), now)));
    roster.submit(job(1));
    for attempt in 1..=10 {
        let actions = roster.exited(other, died(Cause::Exited(1)), now);
        assert_eq!(is_fatal(&actions), attempt == 10, "{attempt}");
        now += Duration::from_secs(2);
        other = spawned(&roster.plan(now)).first().copied().unwrap_or_default();
    }
    assert!(roster.is_over());
}

#[test]
fn a_suspect_is_alone_in_its_worker() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(2, 4, None));
    (0..8).for_each(|id| roster.submit(job(id)));
    roster.plan(now);
    (0..2).for_each(|worker| drop(roster.ready(worker, 0, now)));
    let busy = sent(&roster.plan(now));
    assert_eq!(busy.iter().map(|(_, jobs)| jobs.len()).sum::<usize>(), 8);
    let mut suspect = job(100);
    suspect.hints.alone = true;
    roster.submit(suspect);
    (200..210).for_each(|id| roster.submit(job(id)));
    // One worker is kept free; the other works on.
    for (worker, jobs) in &busy {
        for id in jobs {
            assert!(finish(&mut roster, *worker, *id));
            let actions = sent(&roster.plan(now));
            let suspects: Vec<_> = actions.iter().filter(|(_, jobs)| jobs.contains(&100)).collect();
            assert!(suspects.iter().all(|(_, jobs)| *jobs == [100]), "{actions:?}");
        }
    }
    let held = roster.in_flight.values().find(|held| held.job == 100).expect("the suspect was sent").worker;
    assert_eq!(roster.in_flight.values().filter(|other| other.worker == held).count(), 1);
    assert!(finish(&mut roster, held, 100));
    assert!(!sent(&roster.plan(now)).is_empty(), "the place is everybody's again");
}

#[test]
fn drainers_are_bounded_in_number() {
    let mut now = Instant::now();
    let mut roster = Roster::new(limits(1, 1000, Some(1)));
    (0..1000).for_each(|id| roster.submit(job(id)));
    for _ in 0..100 {
        for worker in spawned(&roster.plan(now)) {
            roster.ready(worker, 0, now);
        }
        now += Duration::from_millis(1);
    }
    let drainers = roster.workers.values().filter(|w| w.phase == Phase::Draining).count();
    assert_eq!(drainers, LEAST_DRAINERS, "each has a job that does not end");
}

/// Has two workers with a quota of 10 do `jobs` jobs one after the other, in no time, and says how many processes it took.
fn processes(jobs: u64, expected: bool) -> usize {
    let mut now = Instant::now();
    let mut roster = Roster::new(limits(2, 1, Some(10)));
    let (mut submitted, mut started) = (0, 0);
    let mut alive: BTreeMap<WorkerId, Vec<JobId>> = BTreeMap::new();
    for _ in 0..10_000 {
        while submitted < jobs && roster.room() > 0 {
            if expected {
                roster.expect(usize::try_from(jobs - submitted).expect("few"));
            }
            roster.submit(job(submitted));
            submitted += 1;
        }
        now += Duration::from_millis(1);
        let actions = roster.plan(now);
        for worker in spawned(&actions) {
            started += 1;
            roster.ready(worker, 0, now);
        }
        for (worker, jobs) in sent(&actions) {
            alive.entry(worker).or_default().extend(jobs);
        }
        for (worker, jobs) in &mut alive {
            assert!(jobs.drain(..).all(|id| finish(&mut roster, *worker, id)));
        }
        for action in actions {
            if let Action::Drain { worker } = action {
                roster.exited(worker, left(), now);
                alive.remove(&worker);
            }
        }
        if submitted == jobs && roster.is_idle() {
            return started;
        }
    }
    panic!("it does not end");
}

#[test]
fn no_spare_is_started_for_jobs_that_do_not_come() {
    for jobs in [1_u64, 2, 3, 15, 20, 21, 99, 100] {
        // Each of the two may be left with a part of its quota.
        let needed = usize::try_from(jobs.div_ceil(10)).expect("few").max(usize::from(jobs > 1) + 1);
        let started = processes(jobs, true);
        assert!((needed..=needed + 1).contains(&started), "{started} processes for {jobs} jobs");
        assert!(processes(jobs, false) > started, "{jobs} jobs: without the word there are spares");
    }
}

#[test]
fn a_word_that_proves_wrong_holds_nothing_up() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 1, Some(1)));
    roster.expect(0);
    for (id, worker) in [(0, 0), (1, 1), (2, 2)] {
        roster.submit(job(id));
        assert_eq!(spawned(&roster.plan(now)), [worker]);
        roster.ready(worker, 0, now);
        assert_eq!(sent(&roster.plan(now)), [(worker, vec![id])]);
        assert!(finish(&mut roster, worker, id));
        roster.exited(worker, left(), now);
    }
}

#[test]
fn workers_that_die_before_any_work_end_the_pool() {
    let mut now = Instant::now();
    let mut roster = Roster::new(limits(1, 1, None));
    roster.submit(job(0));
    for attempt in 1.. {
        let started = loop {
            let started = spawned(&roster.plan(now));
            if !started.is_empty() {
                break started;
            }
            now += Duration::from_millis(10);
        };
        let actions = roster.exited(started[0], died(Cause::Exited(1)), now);
        let fatal = actions.iter().any(|a| matches!(a, Action::Emit(Event::Fatal(_))));
        assert_eq!(fatal, attempt == 10, "attempt {attempt}");
        if fatal {
            break;
        }
    }
    assert!(roster.is_over());
}

#[test]
fn a_worker_that_is_not_ready_in_time_is_killed_and_that_is_what_is_said_of_it() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 1, None));
    roster.submit(job(0));
    roster.plan(now);
    let actions = run_clock(&mut roster, now, Duration::from_secs(11), None);
    assert!(matches!(actions[..], [Action::Kill { worker: 0 }]), "{actions:?}");
    let actions = roster.exited(0, died(Cause::Signal(9)), now);
    let [Action::Emit(Event::Lost { jobs, death, .. }), ..] = &actions[..] else { panic!("{actions:?}") };
    assert_eq!(
        (jobs.len(), death.to_string()),
        (0, "did not come to work: it was killed, not being ready in time".to_owned())
    );
}

#[test]
fn a_late_job_costs_its_worker_and_is_named() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 2, None));
    let mut late = job(0);
    late.hints.deadline = Some(Duration::from_secs(1));
    roster.submit(late);
    roster.submit(job(1));
    roster.plan(now);
    roster.ready(0, 0, now);
    roster.plan(now);
    run_clock(&mut roster, now, Duration::from_millis(999), None);
    let later = now + Duration::from_millis(1001);
    roster.heard(0, later);
    assert!(matches!(roster.tick(later)[..], [Action::Kill { worker: 0 }]));
    let actions = roster.exited(0, died(Cause::Signal(9)), later);
    let [Action::Emit(Event::Lost { jobs, death, .. }), Action::Emit(Event::Ended { end, .. })] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!((&jobs[..], *end), (&[0, 1][..], End::Timeout));
    assert_eq!(death.cause, Cause::Timeout { late: vec![0] }, "not the signal that we sent");
}

/// Looks at the clock ten times a second for some time, during which worker 0 gives a sign of life at every look, and
/// says what keeps its thread.
fn run_clock(roster: &mut Roster, from: Instant, time: Duration, computing: Option<Ticket>) -> Vec<Action> {
    let mut now = from;
    while now < from + time {
        now = (now + Duration::from_millis(100)).min(from + time);
        roster.beat(0, computing, now);
        let actions = roster.tick(now);
        if !actions.is_empty() {
            return actions;
        }
    }
    Vec::new()
}

/// One ready worker that holds jobs 0, 1, 2 under tickets 1, 2, 3, each with a second's time.
fn busy(now: Instant) -> Roster {
    let mut roster = Roster::new(limits(1, 3, None));
    for id in 0..3 {
        let hints = Hints { deadline: Some(Duration::from_secs(1)), ..Hints::default() };
        roster.submit(Submission { hints, ..job(id) });
    }
    roster.plan(now);
    roster.ready(0, 0, now);
    assert_eq!(sent(&roster.plan(now)), [(0, vec![0, 1, 2])]);
    roster
}

fn cause_of_the_end(roster: &mut Roster, actions: &[Action], now: Instant) -> Cause {
    assert!(matches!(actions, [Action::Kill { worker: 0 }]), "{actions:?}");
    match &roster.exited(0, died(Cause::Signal(9)), now)[0] {
        Action::Emit(Event::Lost { death, .. }) => death.cause.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_job_that_keeps_the_thread_is_late_and_its_neighbours_are_not() {
    let now = Instant::now();
    let mut roster = busy(now);
    let actions = run_clock(&mut roster, now, Duration::from_secs(2), Some(2));
    assert_eq!(cause_of_the_end(&mut roster, &actions, now), Cause::Timeout { late: vec![1] });
}

#[test]
fn time_in_which_another_job_kept_the_thread_is_not_held_against_a_job() {
    let now = Instant::now();
    let mut roster = busy(now);
    // 0.9 s of its neighbour's computing, then 0.9 s of its own: no longer than it may.
    assert!(run_clock(&mut roster, now, Duration::from_millis(900), Some(2)).is_empty());
    assert_eq!(roster.finished(0, 2), Some(1));
    let later = now + Duration::from_millis(900);
    assert!(run_clock(&mut roster, later, Duration::from_millis(900), None).is_empty());
    let actions = run_clock(&mut roster, later + Duration::from_millis(900), Duration::from_secs(1), None);
    assert_eq!(cause_of_the_end(&mut roster, &actions, later), Cause::Timeout { late: vec![0, 2] });
}

#[test]
fn a_worker_that_gives_no_sign_of_life_is_replaced_and_nobody_is_late() {
    let now = Instant::now();
    let mut roster = busy(now);
    let mut at = now;
    let actions = loop {
        at += Duration::from_millis(100);
        let actions = roster.tick(at);
        if !actions.is_empty() {
            break actions;
        }
    };
    assert_eq!(at - now, Duration::from_millis(1100));
    assert_eq!(cause_of_the_end(&mut roster, &actions, at), Cause::Silent);
}

#[test]
fn a_pause_of_the_whole_run_makes_nobody_late() {
    let now = Instant::now();
    let mut roster = busy(now);
    assert!(run_clock(&mut roster, now, Duration::from_millis(500), None).is_empty());
    let later = now + Duration::from_secs(60);
    assert!(roster.tick(later).is_empty(), "we were stopped for a minute");
    assert!(run_clock(&mut roster, later, Duration::from_millis(400), None).is_empty());
    assert!(!run_clock(&mut roster, later, Duration::from_millis(900), None).is_empty());
}

#[test]
fn a_worker_that_has_nothing_left_to_do_and_does_not_go_is_killed_and_nobody_is_blamed() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 1, Some(1)));
    roster.submit(job(0));
    roster.close();
    roster.plan(now);
    roster.ready(0, 0, now);
    roster.plan(now);
    assert!(run_clock(&mut roster, now, Duration::from_secs(60), None).is_empty(), "it is at its last job");
    let later = now + Duration::from_secs(60);
    assert!(finish(&mut roster, 0, 0));
    let begun = later;
    let actions = run_clock(&mut roster, later, Duration::from_secs(60), None);
    assert!(matches!(actions[..], [Action::Kill { worker: 0 }]), "{actions:?}");
    let actions = roster.exited(0, died(Cause::Signal(9)), begun);
    assert!(matches!(actions[..], [Action::Emit(Event::Ended { end: End::Quota, .. })]), "{actions:?}");
    assert!(roster.is_over());
}

#[test]
fn a_job_that_lost_its_worker_gets_another_though_the_pool_is_closed_and_the_others_are_busy() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(2, 1, None));
    (0..2).for_each(|id| roster.submit(job(id)));
    roster.close();
    roster.plan(now);
    (0..2).for_each(|worker| drop(roster.ready(worker, 0, now)));
    roster.plan(now);
    roster.exited(0, died(Cause::Signal(11)), now);
    roster.submit(job(0));
    assert_eq!(spawned(&roster.plan(now)), [2], "the other may be at work for ever");
    assert!(spawned(&roster.plan(now)).is_empty(), "one will do");
}

#[test]
fn a_worker_that_would_not_come_to_work_is_lost_with_its_own_reason() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 1, None));
    roster.submit(job(0));
    roster.plan(now);
    let exit = Exit { refusal: Some("no key".to_owned()), ..died(Cause::Exited(1)) };
    let actions = roster.exited(0, exit, now);
    let Some(Action::Emit(Event::Lost { jobs, death, .. })) = actions.first() else { panic!("{actions:?}") };
    assert_eq!((jobs.len(), death.to_string()), (0, "did not come to work: no key".to_owned()));
}

#[test]
fn merged_results_are_taken_whole_or_cost_their_worker() {
    let now = Instant::now();
    for (tickets, taken) in [
        (&[1, 2][..], true),
        (&[2], true),
        (&[1, 9], false),
        (&[1, 1], false),
        (&[1, 3], false),
        (&[4], false),
        (&[], false),
    ] {
        let mut roster = Roster::new(limits(1, 4, None));
        for (id, merge) in [Some(7), Some(7), Some(8), None].into_iter().enumerate() {
            let hints = Hints { merge, ..Hints::default() };
            roster.submit(Submission { hints, ..job(id as u64) });
        }
        roster.plan(now);
        roster.ready(0, 0, now);
        roster.plan(now);
        let jobs = roster.finished_together(0, tickets);
        assert_eq!(jobs.is_some(), taken, "{tickets:?}");
        let settled = if taken { tickets.len() } else { 0 };
        assert_eq!(roster.in_flight.len(), 4 - settled, "{tickets:?}");
    }
}

/// A fault of a worker, at a point of the run.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Dies,
    Leaks,
    SpeaksNonsense,
    ResendsOldResult,
}

fn fault() -> impl Strategy<Value = Option<Fault>> {
    prop_oneof![
        8 => Just(None),
        1 => Just(Some(Fault::Dies)),
        1 => Just(Some(Fault::Leaks)),
        1 => Just(Some(Fault::SpeaksNonsense)),
        1 => Just(Some(Fault::ResendsOldResult)),
    ]
}

proptest! {
    /// Whatever the workers do: every job ends exactly once or is reported lost and ends later, no worker is given
    /// more than its quota, no slot holds more than its concurrency, and in the end nobody is left.
    #[test]
    fn every_job_ends_once_whatever_the_workers_do(
        workers in 1..4_usize,
        concurrency in 1..5_usize,
        quota in proptest::option::of(1..6_u32),
        jobs in 0..60_u64,
        faults in proptest::collection::vec(fault(), 400),
    ) {
        let mut now = Instant::now();
        let mut roster = Roster::new(Limits { max_memory: Some(1000), ..limits(workers, concurrency, quota) });
        (0..jobs).for_each(|id| roster.submit(job(id)));
        roster.close();
        let mut model = Model::default();
        let mut faults = faults.into_iter();
        for _ in 0..5000 {
            now += Duration::from_millis(20);
            let actions = roster.plan(now);
            model.obey(actions, &mut roster, now, quota)?;
            if roster.is_over() {
                break;
            }
            let actions = model.turn(faults.next().flatten(), &mut roster, now);
            model.obey(actions, &mut roster, now, quota)?;
            for index in 0..roster.slots.len() {
                let held = roster.in_flight.values().filter(|held| {
                    roster.workers.get(&held.worker).and_then(|w| w.slot) == Some(index)
                }).count();
                prop_assert_eq!(roster.slots[index].load, held);
                prop_assert!(held <= concurrency);
            }
        }
        prop_assert!(roster.is_over(), "it comes to an end: {:?}", roster);
        model.ended.sort_unstable();
        prop_assert_eq!(model.ended, (0..jobs).collect::<Vec<_>>());
        prop_assert!(model.alive.is_empty());
    }
}

/// Workers as the roster sees them.
#[derive(Default)]
struct Model {
    alive: BTreeMap<WorkerId, Hands>,
    ended: Vec<JobId>,
    last: Option<(WorkerId, Ticket)>,
}

#[derive(Default)]
struct Hands {
    ready: bool,
    holds: Vec<(Ticket, JobId)>,
    given: u32,
    draining: bool,
    killed: bool,
}

impl Model {
    fn obey(
        &mut self,
        actions: Vec<Action>,
        roster: &mut Roster,
        now: Instant,
        quota: Option<u32>,
    ) -> Result<(), TestCaseError> {
        for action in actions {
            match action {
                Action::Spawn { worker } => {
                    self.alive.insert(worker, Hands::default());
                }
                Action::Send { worker, jobs } => {
                    let hands = self.alive.get_mut(&worker).expect("sent to the living");
                    prop_assert!(hands.ready && !hands.draining);
                    hands.given += u32::try_from(jobs.len()).expect("few");
                    prop_assert!(quota.is_none_or(|quota| hands.given <= quota));
                    hands.holds.extend(jobs.iter().map(|(ticket, job)| (*ticket, job.id)));
                }
                Action::Drain { worker } => self.alive.get_mut(&worker).expect("alive").draining = true,
                Action::Kill { worker } => self.alive.get_mut(&worker).expect("alive").killed = true,
                Action::Emit(Event::Lost { jobs, .. }) => jobs.into_iter().for_each(|id| roster.submit(job(id))),
                Action::Emit(Event::Fatal(reason)) => {
                    return Err(TestCaseError::reject(format!("the breaker's affair: {reason}")));
                }
                Action::Emit(_) => {}
            }
        }
        let gone: Vec<WorkerId> = self
            .alive
            .iter()
            .filter(|(_, hands)| hands.killed || (hands.draining && hands.holds.is_empty()))
            .map(|(id, _)| *id)
            .collect();
        for id in gone {
            let Some(hands) = self.alive.remove(&id) else { continue };
            let exit = if hands.killed { died(Cause::Signal(9)) } else { left() };
            let actions = roster.exited(id, exit, now);
            self.obey(actions, roster, now, quota)?;
        }
        Ok(())
    }

    /// One worker does one thing, perhaps a bad one.
    fn turn(&mut self, fault: Option<Fault>, roster: &mut Roster, now: Instant) -> Vec<Action> {
        if let Some((id, hands)) = self.alive.iter_mut().find(|(_, hands)| !hands.ready) {
            hands.ready = true;
            return roster.ready(*id, 0, now);
        }
        let Some((&id, hands)) = self.alive.iter_mut().find(|(_, hands)| !hands.holds.is_empty()) else {
            return Vec::new();
        };
        match fault {
            Some(Fault::Dies) => {
                self.alive.remove(&id);
                roster.exited(id, died(Cause::Signal(11)), now)
            }
            Some(Fault::SpeaksNonsense) => roster.corrupt(id, "nonsense".to_owned()),
            Some(Fault::ResendsOldResult) => {
                if let Some((worker, ticket)) = self.last {
                    assert_eq!(roster.finished(worker, ticket), None, "an old result was taken");
                }
                Vec::new()
            }
            fault => {
                let (ticket, job) = hands.holds.remove(0);
                if roster.finished(id, ticket) == Some(job) {
                    self.ended.push(job);
                    self.last = Some((id, ticket));
                }
                roster.memory(id, if matches!(fault, Some(Fault::Leaks)) { 900 } else { 0 })
            }
        }
    }
}
