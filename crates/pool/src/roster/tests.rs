//! Tests of the pool's decisions with simulated workers, some of which misbehave.

use proptest::prelude::*;

use super::plan::LEAST_DRAINERS;
use super::*;
use crate::heard::{ChildEvent, Finished};
use crate::wire::PROTOCOL;

fn limits(workers: usize, concurrency: usize, quota: Option<u32>) -> Limits {
    let start_limit = Duration::from_secs(10);
    let (build, sandbox) = (BUILD.to_owned(), Sandbox::Auto);
    Limits { workers, concurrency, quota, quota_jitter: 0, max_memory: None, start_limit, build, sandbox }
}

const BUILD: &str = "this one";

fn is_ready(lacks: &str) -> ChildEvent {
    ChildEvent::Ready { build: BUILD.to_owned(), protocol: PROTOCOL, resident: 0, lacks: lacks.to_owned() }
}

/// Makes a worker say that it is ready.
fn ready(roster: &mut Roster, worker: WorkerId, now: Instant) -> Vec<Action> {
    roster.hear(worker, is_ready(""), now)
}

fn outputs(tickets: &[Ticket]) -> ChildEvent {
    let output = |id: &Ticket| Finished::Output { id: *id, output: Bytes::new() };
    ChildEvent::Results { resident: 0, results: tickets.iter().map(output).collect() }
}

/// Returns the jobs that are done according to `actions`.
fn done(actions: &[Action]) -> Vec<JobId> {
    actions
        .iter()
        .filter_map(|it| if let Action::Emit(Event::Done { job, .. }) = it { Some(*job) } else { None })
        .collect()
}

fn job(id: JobId) -> Submission {
    Submission { id, payload: Bytes::new(), hints: Hints::default() }
}

/// Makes `worker` send the output of `job`. Returns whether the job is then done.
fn finish(roster: &mut Roster, worker: WorkerId, job: JobId) -> bool {
    let held = roster.in_flight.iter().find(|(_, held)| held.job == job).map(|(ticket, _)| *ticket);
    held.is_some_and(|ticket| done(&roster.hear(worker, outputs(&[ticket]), Instant::now())) == [job])
}

fn died(cause: Cause) -> Exit {
    Exit { cause, last_words: Vec::new(), refusal: None }
}

/// Makes a worker say goodbye and end.
fn leave(roster: &mut Roster, worker: WorkerId, now: Instant) -> Vec<Action> {
    assert!(roster.hear(worker, ChildEvent::Bye, now).is_empty(), "the goodbye is allowed");
    roster.exited(worker, died(Cause::Exited(0)), now)
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
fn there_are_as_many_workers_as_jobs_up_to_the_limit() {
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
    ready(&mut roster, 0, now);
    assert_eq!(sent(&roster.plan(now)), [(0, vec![0, 1])], "exactly as many as it may hold");
    assert!(finish(&mut roster, 0, 0));
    assert_eq!(sent(&roster.plan(now)), [(0, vec![2])]);
}

#[test]
fn a_new_worker_gets_only_the_room_that_the_drainer_of_its_slot_frees() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 2, Some(2)));
    (0..4).for_each(|id| roster.submit(job(id)));
    roster.plan(now);
    ready(&mut roster, 0, now);
    let actions = roster.plan(now);
    assert_eq!(sent(&actions), [(0, vec![0, 1])]);
    assert!(matches!(actions.iter().find(|a| matches!(a, Action::Drain { .. })), Some(Action::Drain { worker: 0 })));
    ready(&mut roster, 1, now);
    assert!(sent(&roster.plan(now)).is_empty(), "the drainer still uses all the room");
    assert!(finish(&mut roster, 0, 1));
    assert_eq!(sent(&roster.plan(now)), [(1, vec![2])]);
}

/// Returns a roster with two ready workers that hold two of the jobs 0 to 3 each, and the tickets of worker 0 and of worker 1.
fn two_at_work(sandbox: Sandbox, now: Instant) -> (Roster, Vec<Ticket>, Vec<Ticket>) {
    let mut roster = Roster::new(Limits { sandbox, ..limits(2, 2, None) });
    (0..4).for_each(|id| roster.submit(job(id)));
    roster.plan(now);
    (0..2).for_each(|worker| drop(ready(&mut roster, worker, now)));
    roster.plan(now);
    let of = |worker| {
        let held = roster.in_flight.iter().filter(|(_, held)| held.worker == worker);
        let mut tickets: Vec<Ticket> = held.map(|(ticket, _)| *ticket).collect();
        tickets.sort_unstable();
        tickets
    };
    let (own, others) = (of(0), of(1));
    (roster, own, others)
}

#[test]
fn a_worker_that_names_a_job_that_it_does_not_hold_is_corrupt_and_not_trusted_any_more() {
    let now = Instant::now();
    let (_, own, others) = two_at_work(Sandbox::Auto, now);
    let failed = |id| Finished::Failed { id, error: crate::JobError::Unserializable(String::new()) };
    let merged = |ids: &[Ticket]| Finished::Merged { ids: ids.to_vec(), output: Bytes::new() };
    let of = |results| ChildEvent::Results { resident: 0, results };
    let note = |id| ChildEvent::Note { id, note: Bytes::new() };
    let beat = |id| ChildEvent::Beat { computing: Some(id) };
    let (mine, anothers, unknown) = (own[0], others[0], 77);
    let table = vec![
        ("another's job", outputs(&[anothers])),
        ("an unknown job", outputs(&[unknown])),
        ("ticket 0, which means no job", outputs(&[0])),
        ("a job twice in one message", outputs(&[mine, mine])),
        ("its own job and another's", outputs(&[mine, anothers])),
        ("another's failure", of(vec![failed(anothers)])),
        ("its own output and the failure of an unknown job", of(vec![failed(mine), failed(unknown)])),
        ("a merged output of jobs that may not be merged", of(vec![merged(&own)])),
        ("a merged output of no jobs", of(vec![merged(&[])])),
        ("a note for another's job", note(anothers)),
        ("a note for an unknown job", note(unknown)),
        ("a sign of life that names another's job", beat(anothers)),
        ("a sign of life that names an unknown job", beat(unknown)),
        ("a goodbye that it was not asked for", ChildEvent::Bye),
        ("that it cannot be confined, which is not required", ChildEvent::Unconfined { lacks: String::new() }),
    ];
    for (what, lie) in table {
        let (mut roster, ..) = two_at_work(Sandbox::Auto, now);
        let actions = roster.hear(0, lie, now);
        assert!(matches!(actions[..], [Action::Kill { worker: 0 }]), "{what}: {actions:?}");
        assert!(roster.hear(0, outputs(&[mine]), now).is_empty(), "{what}: it was trusted afterwards");
        assert_eq!(
            done(&roster.hear(1, outputs(&[anothers]), now)).len(),
            1,
            "{what}: the other worker is not affected"
        );
        let actions = roster.exited(0, died(Cause::Signal(9)), now);
        let Action::Emit(Event::Lost { jobs, death, .. }) = &actions[0] else { panic!("{what}: {actions:?}") };
        assert_eq!(jobs.len(), 2, "{what}: both of its jobs are lost with it");
        assert!(matches!(death.cause, Cause::Corrupt(_)), "{what}: {death}");
        assert!(matches!(actions[1], Action::Emit(Event::Ended { end: End::Corrupt, .. })), "{what}: {actions:?}");
    }
}

#[test]
fn a_second_result_for_the_same_job_is_refused() {
    let now = Instant::now();
    let (mut roster, own, _) = two_at_work(Sandbox::Auto, now);
    assert_eq!(done(&roster.hear(0, outputs(&own[..1]), now)).len(), 1);
    let again = roster.hear(0, outputs(&own[..1]), now);
    assert!(matches!(again[..], [Action::Kill { worker: 0 }]), "{again:?}");
}

#[test]
fn a_worker_may_give_signs_of_life_only_while_it_has_a_job_and_only_so_many_per_second() {
    let now = Instant::now();
    let beat = || ChildEvent::Beat { computing: None };
    let (mut roster, own, _) = two_at_work(Sandbox::Auto, now);
    for second in 0..100 {
        let at = now + Duration::from_secs(second);
        assert!((0..4).all(|_| roster.hear(0, beat(), at).is_empty()), "{second} s");
    }
    let late = now + Duration::from_secs(100);
    let heard = (0..2000).take_while(|_| roster.hear(0, beat(), late).is_empty()).count();
    assert_eq!(heard, 101 * 16 - 400, "unused signs of life add up, because this process may have been paused");
    let (mut roster, ..) = two_at_work(Sandbox::Auto, now);
    roster.hear(0, outputs(&own), now);
    assert!(matches!(roster.hear(0, beat(), now)[..], [Action::Kill { worker: 0 }]), "it has no job");
}

#[test]
fn a_worker_that_cannot_be_confined_ends_the_pool_unless_other_workers_were_confined() {
    let now = Instant::now();
    let unconfined = || ChildEvent::Unconfined { lacks: "landlock (why)".to_owned() };
    let mut roster = Roster::new(Limits { sandbox: Sandbox::Require, ..limits(2, 1, None) });
    (0..2).for_each(|id| roster.submit(job(id)));
    roster.plan(now);
    let actions = roster.hear(0, unconfined(), now);
    let reason =
        actions.iter().find_map(|it| if let Action::Emit(Event::Fatal(reason)) = it { Some(reason) } else { None });
    let reason = reason.expect("the pool gives up");
    assert!(reason.contains("lacks landlock (why)") && reason.contains("`auto`"), "{reason}");

    let (mut roster, ..) = two_at_work(Sandbox::Require, now);
    roster.submit(job(9));
    roster.exited(0, died(Cause::Signal(9)), now);
    let third = spawned(&roster.plan(now))[0];
    let actions = roster.hear(third, unconfined(), now);
    assert!(matches!(actions[..], [Action::Kill { .. }]), "{actions:?}");
    let actions = roster.exited(third, died(Cause::Signal(9)), now);
    let Action::Emit(Event::Lost { death, .. }) = &actions[0] else { panic!("{actions:?}") };
    assert!(matches!(&death.cause, Cause::Unready(reason) if reason.contains("landlock")), "{death}");

    let (mut roster, ..) = two_at_work(Sandbox::Require, now);
    roster.exited(0, died(Cause::Signal(9)), now);
    let third = spawned(&roster.plan(now))[0];
    let actions = roster.hear(third, is_ready("landlock"), now);
    assert!(matches!(actions[..], [Action::Kill { .. }]), "it is ready without the sandbox: {actions:?}");
}

#[test]
fn a_job_whose_output_is_refused_is_lost_with_its_worker_however_the_worker_ends() {
    let now = Instant::now();
    let lost = |actions: &[Action]| match &actions[0] {
        Action::Emit(Event::Lost { jobs, death, .. }) => (jobs.clone(), death.cause.clone()),
        other => panic!("{other:?}"),
    };
    let corrupt = || Cause::Corrupt("why".to_owned());
    // The worker is still alive.
    let (mut roster, own, _) = two_at_work(Sandbox::Auto, now);
    let job = done(&roster.hear(0, outputs(&own[..1]), now))[0];
    assert!(matches!(roster.refuse(0, Some(job), "why".to_owned())[..], [Action::Kill { worker: 0 }]));
    let (jobs, cause) = lost(&roster.exited(0, died(Cause::Signal(9)), now));
    assert_eq!((jobs.len(), jobs.contains(&job), cause), (2, true, corrupt()));
    // The worker is gone.
    let (mut roster, own, _) = two_at_work(Sandbox::Auto, now);
    let job = done(&roster.hear(0, outputs(&own[..1]), now))[0];
    roster.exited(0, died(Cause::Exited(0)), now);
    assert_eq!(lost(&roster.refuse(0, Some(job), "why".to_owned())), (vec![job], corrupt()));
    // The worker has done all its jobs and is about to end.
    let mut roster = Roster::new(limits(1, 1, Some(1)));
    roster.submit(super::tests::job(5));
    roster.plan(now);
    ready(&mut roster, 0, now);
    roster.plan(now);
    assert_eq!(done(&roster.hear(0, outputs(&[1]), now)), [5]);
    assert!(roster.hear(0, ChildEvent::Bye, now).is_empty());
    roster.refuse(0, Some(5), "why".to_owned());
    assert_eq!(lost(&roster.exited(0, died(Cause::Exited(0)), now)), (vec![5], corrupt()));
    // The worker was killed because it did not end in time.
    let mut roster = Roster::new(limits(1, 1, Some(1)));
    roster.submit(super::tests::job(5));
    roster.plan(now);
    ready(&mut roster, 0, now);
    roster.plan(now);
    assert_eq!(done(&roster.hear(0, outputs(&[1]), now)), [5]);
    assert!(matches!(roster.doom(0, None, End::Quota)[..], [Action::Kill { .. }]));
    roster.refuse(0, Some(5), "why".to_owned());
    assert_eq!(lost(&roster.exited(0, died(Cause::Signal(9)), now)), (vec![5], corrupt()));
}

#[test]
fn jobs_can_be_late_in_a_worker_that_falls_silent_or_always_blames_another_job() {
    let now = Instant::now();
    let mut roster = busy(now);
    assert!(roster.hear(0, ChildEvent::Beat { computing: Some(2) }, now).is_empty());
    assert_eq!(done(&roster.hear(0, outputs(&[2]), now)), [1]);
    let at = |ms| now + Duration::from_millis(ms);
    let actions: Vec<Action> = (1..30).flat_map(|tenth| roster.tick(at(tenth * 100))).collect();
    assert!(matches!(actions[..], [Action::Kill { worker: 0 }]), "{actions:?}");

    // Each job may take one second. Job 0 has two neighbours, which are replaced and keep the thread busy in turn.
    let mut roster = busy(now);
    let (mut ticket, mut time) = (2, 0);
    while time < 20_000 {
        time += 100;
        let actions = roster.tick(at(time));
        if !actions.is_empty() {
            assert!(matches!(actions[..], [Action::Kill { worker: 0 }]), "{actions:?}");
            break;
        }
        if time % 900 == 0 {
            assert_eq!(done(&roster.hear(0, outputs(&[ticket]), at(time))).len(), 1);
            let hints = Hints { deadline: Some(Duration::from_secs(1)), ..Hints::default() };
            roster.submit(Submission { hints, ..job(time) });
            roster.plan(at(time));
            ticket = roster.in_flight.keys().copied().find(|it| *it != 1 && *it != ticket).expect("another");
        }
        roster.hear(0, ChildEvent::Beat { computing: Some(ticket) }, at(time));
    }
    assert!(time < 5_000, "job 0 was not late after {time} ms");
}

#[test]
fn a_pool_goes_on_while_one_worker_has_a_job_however_often_other_workers_fail_to_start() {
    let mut now = Instant::now();
    let mut roster = Roster::new(limits(2, 1, None));
    (0..2).for_each(|id| roster.submit(job(id)));
    roster.plan(now);
    ready(&mut roster, 0, now);
    assert_eq!(sent(&roster.plan(now)), [(0, vec![0])]);
    let is_fatal = |actions: &[Action]| actions.iter().any(|action| matches!(action, Action::Emit(Event::Fatal(_))));
    let mut other = 1;
    for attempt in 0..50 {
        let refused = Exit { refusal: Some("too many processes".to_owned()), ..died(Cause::Exited(-1)) };
        assert!(!is_fatal(&roster.exited(other, refused, now)), "{attempt}");
        now += Duration::from_secs(2);
        let [next] = spawned(&roster.plan(now))[..] else { panic!("no other worker is started") };
        other = next;
    }
    // Worker 0 does all the jobs alone. When it dies, too, the pool may give up.
    assert!(finish(&mut roster, 0, 0));
    assert_eq!(sent(&roster.plan(now)), [(0, vec![1])]);
    assert!(!is_fatal(&roster.exited(0, died(Cause::Signal(11)), now)));
    roster.submit(job(1));
    for attempt in 1..=11 {
        let actions = roster.exited(other, died(Cause::Exited(1)), now);
        assert_eq!(is_fatal(&actions), attempt == 11, "{attempt}");
        now += Duration::from_secs(2);
        other = spawned(&roster.plan(now)).first().copied().unwrap_or_default();
    }
    assert!(roster.is_over());
}

#[test]
fn a_suspect_runs_alone_in_its_worker() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(2, 4, None));
    (0..8).for_each(|id| roster.submit(job(id)));
    roster.plan(now);
    (0..2).for_each(|worker| drop(ready(&mut roster, worker, now)));
    let busy = sent(&roster.plan(now));
    assert_eq!(busy.iter().map(|(_, jobs)| jobs.len()).sum::<usize>(), 8);
    let mut suspect = job(100);
    suspect.hints.alone = true;
    roster.submit(suspect);
    (200..210).for_each(|id| roster.submit(job(id)));
    // One slot is reserved for the suspect. The other worker goes on.
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
    assert!(!sent(&roster.plan(now)).is_empty(), "the slot takes other jobs again");
}

#[test]
fn the_number_of_drainers_is_limited() {
    let mut now = Instant::now();
    let mut roster = Roster::new(limits(1, 1000, Some(1)));
    (0..1000).for_each(|id| roster.submit(job(id)));
    for _ in 0..100 {
        for worker in spawned(&roster.plan(now)) {
            ready(&mut roster, worker, now);
        }
        now += Duration::from_millis(1);
    }
    let drainers = roster.workers.values().filter(|w| w.phase == Phase::Draining).count();
    assert_eq!(drainers, LEAST_DRAINERS, "each has a job that does not end");
}

/// Runs `jobs` jobs on two workers with a quota of 10. Each job takes no time. Returns how many processes were started.
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
            ready(&mut roster, worker, now);
        }
        for (worker, jobs) in sent(&actions) {
            alive.entry(worker).or_default().extend(jobs);
        }
        for (worker, jobs) in &mut alive {
            assert!(jobs.drain(..).all(|id| finish(&mut roster, *worker, id)));
        }
        for action in actions {
            if let Action::Drain { worker } = action {
                leave(&mut roster, worker, now);
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
fn no_spare_is_started_if_the_announced_jobs_do_not_need_it() {
    for jobs in [1_u64, 2, 3, 15, 20, 21, 99, 100] {
        // Each of the two workers may end before it has used its quota.
        let needed = usize::try_from(jobs.div_ceil(10)).expect("few").max(usize::from(jobs > 1) + 1);
        let started = processes(jobs, true);
        assert!((needed..=needed + 1).contains(&started), "{started} processes for {jobs} jobs");
        assert!(
            processes(jobs, false) > started,
            "{jobs} jobs: there are spares if the number of jobs is not announced"
        );
    }
}

#[test]
fn a_wrong_estimate_of_jobs_stops_no_job() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 1, Some(1)));
    roster.expect(0);
    for (id, worker) in [(0, 0), (1, 1), (2, 2)] {
        roster.submit(job(id));
        assert_eq!(spawned(&roster.plan(now)), [worker]);
        ready(&mut roster, worker, now);
        assert_eq!(sent(&roster.plan(now)), [(worker, vec![id])]);
        assert!(finish(&mut roster, worker, id));
        leave(&mut roster, worker, now);
    }
}

#[test]
fn after_a_failed_start_workers_start_one_at_a_time_until_a_job_is_done() {
    let mut now = Instant::now();
    let mut roster = Roster::new(limits(4, 1, None));
    (0..8).for_each(|id| roster.submit(job(id)));
    assert_eq!(spawned(&roster.plan(now)), [0, 1, 2, 3]);
    (0..4).for_each(|id| drop(roster.exited(id, died(Cause::Exited(1)), now)));
    now += Duration::from_secs(2);
    assert_eq!(spawned(&roster.plan(now)), [4]);
    assert_eq!(spawned(&roster.plan(now)), Vec::<WorkerId>::new(), "worker 4 is not ready yet");
    // It fails, too. The next one starts alone as well.
    roster.exited(4, died(Cause::Exited(1)), now);
    now += Duration::from_secs(2);
    assert_eq!(spawned(&roster.plan(now)), [5]);
    // Nothing is short any more. The others follow one by one, and all at once when a job is done.
    ready(&mut roster, 5, now);
    let actions = roster.plan(now);
    assert_eq!((spawned(&actions), sent(&actions)), (vec![6], vec![(5, vec![0])]));
    assert!(finish(&mut roster, 5, 0));
    assert_eq!(spawned(&roster.plan(now)), [7, 8]);
}

#[test]
fn workers_that_die_before_their_first_job_end_the_pool() {
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
fn a_worker_that_is_not_ready_in_time_is_killed_and_its_death_gives_that_reason() {
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
        (0, "did not become ready: it was killed because it was not ready in time".to_owned())
    );
}

#[test]
fn a_late_job_ends_its_worker_and_is_named() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 2, None));
    let mut late = job(0);
    late.hints.deadline = Some(Duration::from_secs(1));
    roster.submit(late);
    roster.submit(job(1));
    roster.plan(now);
    ready(&mut roster, 0, now);
    roster.plan(now);
    run_clock(&mut roster, now, Duration::from_millis(999), None);
    let later = now + Duration::from_millis(1001);
    assert!(roster.hear(0, ChildEvent::Beat { computing: None }, later).is_empty());
    assert!(matches!(roster.tick(later)[..], [Action::Kill { worker: 0 }]));
    let actions = roster.exited(0, died(Cause::Signal(9)), later);
    let [Action::Emit(Event::Lost { jobs, death, .. }), Action::Emit(Event::Ended { end, .. })] = &actions[..] else {
        panic!("{actions:?}")
    };
    assert_eq!((&jobs[..], *end), (&[0, 1][..], End::Timeout));
    assert_eq!(death.cause, Cause::Timeout { late: vec![0] }, "the cause is not the signal that the pool sent");
}

/// Calls `tick` ten times a second for `time`. Worker 0 gives a sign of life before each call and says that `computing`
/// keeps its thread busy.
fn run_clock(roster: &mut Roster, from: Instant, time: Duration, computing: Option<Ticket>) -> Vec<Action> {
    let mut now = from;
    while now < from + time {
        now = (now + Duration::from_millis(100)).min(from + time);
        if !roster.in_flight.is_empty() {
            assert!(roster.hear(0, ChildEvent::Beat { computing }, now).is_empty());
        }
        let actions = roster.tick(now);
        if !actions.is_empty() {
            return actions;
        }
    }
    Vec::new()
}

/// Returns a roster with one ready worker that holds jobs 0, 1, 2 under tickets 1, 2, 3. Each job may take one second.
fn busy(now: Instant) -> Roster {
    let mut roster = Roster::new(limits(1, 3, None));
    for id in 0..3 {
        let hints = Hints { deadline: Some(Duration::from_secs(1)), ..Hints::default() };
        roster.submit(Submission { hints, ..job(id) });
    }
    roster.plan(now);
    ready(&mut roster, 0, now);
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
fn a_job_that_keeps_the_thread_busy_is_late_and_its_neighbours_are_not() {
    let now = Instant::now();
    let mut roster = busy(now);
    let actions = run_clock(&mut roster, now, Duration::from_secs(2), Some(2));
    assert_eq!(cause_of_the_end(&mut roster, &actions, now), Cause::Timeout { late: vec![1] });
}

#[test]
fn the_time_of_a_job_stops_while_another_job_keeps_the_thread_busy() {
    let now = Instant::now();
    let mut roster = busy(now);
    // Its neighbour computes for 0.9 s. Then the job has 0.9 s of its own, which is below its limit.
    assert!(run_clock(&mut roster, now, Duration::from_millis(900), Some(2)).is_empty());
    assert_eq!(done(&roster.hear(0, outputs(&[2]), now + Duration::from_millis(900))), [1]);
    let later = now + Duration::from_millis(900);
    assert!(run_clock(&mut roster, later, Duration::from_millis(900), None).is_empty());
    let actions = run_clock(&mut roster, later + Duration::from_millis(900), Duration::from_secs(1), None);
    assert_eq!(cause_of_the_end(&mut roster, &actions, later), Cause::Timeout { late: vec![0, 2] });
}

#[test]
fn a_worker_without_signs_of_life_is_replaced_and_no_job_is_late() {
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
fn a_pause_of_this_process_makes_no_job_late() {
    let now = Instant::now();
    let mut roster = busy(now);
    assert!(run_clock(&mut roster, now, Duration::from_millis(500), None).is_empty());
    let later = now + Duration::from_secs(60);
    assert!(roster.tick(later).is_empty(), "this process was stopped for a minute");
    assert!(run_clock(&mut roster, later, Duration::from_millis(400), None).is_empty());
    assert!(!run_clock(&mut roster, later, Duration::from_millis(900), None).is_empty());
}

#[test]
fn a_drainer_without_jobs_that_does_not_end_is_killed_and_no_job_is_blamed() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 1, Some(1)));
    roster.submit(job(0));
    roster.close();
    roster.plan(now);
    ready(&mut roster, 0, now);
    roster.plan(now);
    assert!(run_clock(&mut roster, now, Duration::from_secs(60), None).is_empty(), "it still runs its last job");
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
fn a_lost_job_gets_a_new_worker_although_the_pool_is_closed_and_the_others_are_busy() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(2, 1, None));
    (0..2).for_each(|id| roster.submit(job(id)));
    roster.close();
    roster.plan(now);
    (0..2).for_each(|worker| drop(ready(&mut roster, worker, now)));
    roster.plan(now);
    roster.exited(0, died(Cause::Signal(11)), now);
    roster.submit(job(0));
    assert_eq!(spawned(&roster.plan(now)), [2], "the other worker may be busy for ever");
    assert!(spawned(&roster.plan(now)).is_empty(), "one new worker is enough");
}

#[test]
fn a_worker_that_cannot_start_is_lost_with_the_reason_that_it_gave() {
    let now = Instant::now();
    let mut roster = Roster::new(limits(1, 1, None));
    roster.submit(job(0));
    roster.plan(now);
    let exit = Exit { refusal: Some("no key".to_owned()), ..died(Cause::Exited(1)) };
    let actions = roster.exited(0, exit, now);
    let Some(Action::Emit(Event::Lost { jobs, death, .. })) = actions.first() else { panic!("{actions:?}") };
    assert_eq!((jobs.len(), death.to_string()), (0, "did not become ready: no key".to_owned()));
}

#[test]
fn a_merged_result_is_accepted_as_a_whole_or_its_worker_is_killed() {
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
        ready(&mut roster, 0, now);
        roster.plan(now);
        let merged = Finished::Merged { ids: tickets.to_vec(), output: Bytes::new() };
        let actions = roster.hear(0, ChildEvent::Results { resident: 0, results: vec![merged] }, now);
        assert_eq!(matches!(actions[..], [Action::Emit(Event::Merged { .. })]), taken, "{tickets:?}");
        assert_eq!(matches!(actions[..], [Action::Kill { .. }]), !taken, "{tickets:?}");
        let settled = if taken { tickets.len() } else { 0 };
        assert_eq!(roster.in_flight.len(), 4 - settled, "{tickets:?}");
    }
}

/// A fault of a worker at some point of the run.
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
    /// Whatever the workers do, each job ends exactly once, or is reported lost and ends later. No worker gets more than its
    /// quota, no slot holds more jobs than its concurrency, and no worker is left at the end.
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
        prop_assert!(roster.is_over(), "the pool does not end: {:?}", roster);
        model.ended.sort_unstable();
        prop_assert_eq!(model.ended, (0..jobs).collect::<Vec<_>>());
        prop_assert!(model.alive.is_empty());
    }
}

/// Simulated workers.
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
                    let hands = self.alive.get_mut(&worker).expect("the worker is alive");
                    prop_assert!(hands.ready && !hands.draining);
                    hands.given += u32::try_from(jobs.len()).expect("few");
                    prop_assert!(quota.is_none_or(|quota| hands.given <= quota));
                    hands.holds.extend(jobs.iter().map(|(ticket, job)| (*ticket, job.id)));
                }
                Action::Drain { worker } => self.alive.get_mut(&worker).expect("alive").draining = true,
                Action::Kill { worker } => self.alive.get_mut(&worker).expect("alive").killed = true,
                Action::Emit(Event::Lost { jobs, .. }) => jobs.into_iter().for_each(|id| roster.submit(job(id))),
                Action::Emit(Event::Fatal(reason)) => {
                    return Err(TestCaseError::reject(format!("the breaker ended the pool: {reason}")));
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
            let actions =
                if hands.killed { roster.exited(id, died(Cause::Signal(9)), now) } else { leave(roster, id, now) };
            self.obey(actions, roster, now, quota)?;
        }
        Ok(())
    }

    /// One worker takes one step, or has a fault.
    fn turn(&mut self, fault: Option<Fault>, roster: &mut Roster, now: Instant) -> Vec<Action> {
        if let Some((id, hands)) = self.alive.iter_mut().find(|(_, hands)| !hands.ready) {
            hands.ready = true;
            return ready(roster, *id, now);
        }
        let Some((&id, hands)) = self.alive.iter_mut().find(|(_, hands)| !hands.holds.is_empty()) else {
            return Vec::new();
        };
        match fault {
            Some(Fault::Dies) => {
                self.alive.remove(&id);
                roster.exited(id, died(Cause::Signal(11)), now)
            }
            Some(Fault::SpeaksNonsense) => roster.hear(id, ChildEvent::Corrupt { reason: "nonsense".to_owned() }, now),
            Some(Fault::ResendsOldResult) => {
                let Some((worker, ticket)) = self.last else { return Vec::new() };
                let actions = roster.hear(worker, outputs(&[ticket]), now);
                assert!(done(&actions).is_empty(), "an old result was accepted");
                actions
            }
            fault => {
                let (ticket, job) = hands.holds.remove(0);
                if done(&roster.hear(id, outputs(&[ticket]), now)) == [job] {
                    self.ended.push(job);
                    self.last = Some((id, ticket));
                }
                roster.memory(id, if matches!(fault, Some(Fault::Leaks)) { 900 } else { 0 })
            }
        }
    }
}

#[test]
fn a_worker_whose_pipe_is_not_read_has_no_clock_and_has_its_time_afterwards() {
    let now = Instant::now();
    let at = |ms| now + Duration::from_millis(ms);
    let mut roster = busy(now);
    // Half of its jobs' second is over when there is no memory for what it says; the pool itself never stands still.
    assert!((1..=5).flat_map(|tenth| roster.tick(at(tenth * 100))).next().is_none());
    assert!(roster.hear(0, ChildEvent::Waits, at(500)).is_empty());
    assert!((5..=600).flat_map(|tenth| roster.tick(at(tenth * 100))).next().is_none());
    assert!(roster.hear(0, ChildEvent::GoesOn, at(60_000)).is_empty());
    assert!((600..=604).flat_map(|tenth| roster.tick(at(tenth * 100))).next().is_none());
    let late: Vec<Action> = (605..=620).flat_map(|tenth| roster.tick(at(tenth * 100))).collect();
    assert!(matches!(late[..], [Action::Kill { worker: 0 }]), "{late:?}");
}
