use std::time::{Duration, Instant};

use gleaner_pool::{Cause, End, JobError};

use crate::job::{Deed, Start, comes_true, echoes, is_alive, pool, send_to};

/// The end of a worker that sends `bytes` in the place of frames.
fn after_sending(bytes: &[u8], dies: bool) {
    let pool = pool(2).concurrency(4).build(Start::Well).expect("a pool");
    let mut tasks = echoes(40);
    tasks[9] = Deed::Wire(bytes.to_vec(), dies);
    let begun = Instant::now();
    let results = pool.map(tasks.clone());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    for (place, (task, result)) in tasks.into_iter().zip(results).enumerate() {
        match result {
            Ok(done) => assert!(place == 9 || task == Deed::Echo(done.bytes.to_vec()), "place {place}"),
            Err(JobError::Poison(_)) if place == 9 => {}
            Err(error) => panic!("place {place}: {error}"),
        }
    }
}

fn poison(deed: Deed) -> Cause {
    let pool = pool(2).concurrency(8).build(Start::Well).expect("a pool");
    let mut tasks = echoes(60);
    tasks[20] = deed;
    let results = pool.map(tasks.clone());
    let mut cause = None;
    for (place, (task, result)) in tasks.into_iter().zip(results).enumerate() {
        match result {
            Ok(done) => assert_eq!(task, Deed::Echo(done.bytes.to_vec()), "place {place}"),
            Err(JobError::Poison(death)) if place == 20 => cause = Some(death.cause),
            Err(error) => panic!("place {place}: {error}"),
        }
    }
    let deaths = pool.close().into_iter().filter(|report| matches!(report.end, End::Crashed | End::Killed)).count();
    assert!((2..=5).contains(&deaths), "{deaths} workers were lost to one task");
    cause.expect("the task failed")
}

pub(crate) fn a_worker_that_dies_at_its_task_is_replaced_and_only_the_guilty_task_fails() {
    assert_eq!(poison(Deed::Abort), Cause::Signal(6));
    assert_eq!(poison(Deed::Signal(11)), Cause::Signal(11));
    assert_eq!(poison(Deed::Exit(42)), Cause::Exited(42));
    // From whom a SIGKILL comes nobody can tell: it is borne twice more before it counts.
    assert_eq!(poison(Deed::Signal(9)), Cause::Signal(9));
}

pub(crate) fn an_exit_status_of_zero_is_no_success() {
    assert_eq!(poison(Deed::Exit(0)), Cause::Exited(0));
}

pub(crate) fn a_killed_idle_worker_costs_nothing() {
    let pool = pool(1).build(Start::Well).expect("a pool");
    let first = pool.run_one(Deed::Echo(vec![1])).expect("an echo").pid;
    send_to(first, 9);
    assert!(comes_true(|| !is_alive(first)));
    let second = pool.run_one(Deed::Echo(vec![2])).expect("an echo").pid;
    assert_ne!(first, second);
}

pub(crate) fn a_kill_from_outside_is_nobodys_fault() {
    let pool = pool(2).concurrency(4).build(Start::Well).expect("a pool");
    let victim = pool.run_one(Deed::Echo(vec![])).expect("an echo").pid;
    let mut tasks = vec![Deed::Sleep(Duration::from_millis(300)); 12];
    tasks[0] = Deed::Echo(vec![]);
    let mut stream = pool.map_unordered(tasks);
    assert!(stream.next().is_some_and(|(_, result)| result.is_ok()));
    // Some of the others are in its hands now.
    send_to(victim, 9);
    let rest: Vec<_> = stream.collect();
    assert_eq!(rest.len(), 11);
    assert!(rest.iter().all(|(_, result)| result.as_ref().is_ok_and(|done| done.pid != victim)), "{rest:?}");
}

pub(crate) fn half_a_frame_is_thrown_away_with_its_worker() {
    after_sending(&[40, 0, 0, 0, 1, 2, 3, 4, 5], true);
}

pub(crate) fn junk_on_the_wire_replaces_the_worker() {
    // Junk; a wrong checksum; no message of ours, well wrapped; two gigabytes announced; four.
    after_sending(b"junk, and more of it", false);
    after_sending(&[2, 0, 0, 0, 9, 9, 9, 9, 1, 1], false);
    after_sending(&frame(&[250, 250]), false);
    after_sending(&[0, 0, 0, 128, 0, 0, 0, 0], false);
    after_sending(&[255; 8], false);
}

/// A frame of this message, as postcard has it.
fn frame(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_le_bytes();
    [&length[..], &crc32fast::hash(payload).to_le_bytes(), payload].concat()
}

pub(crate) fn a_worker_that_speaks_of_what_it_does_not_hold_or_out_of_turn_is_replaced() {
    let table: [(&str, &[u8]); 8] = [
        ("a result for a job that was never given", &[2, 0, 1, 0, 77, 0]),
        ("ten million results", &[2, 0, 0x80, 0xad, 0xe2, 4]),
        ("a note for a job that was never given", &[4, 77, 0]),
        ("a job that was never given keeps its thread", &[3, 1, 77]),
        ("that it is ready, again", &[0, 5, 1, b'x', 0, 0]),
        ("that it cannot start", &[1, 1, b'x']),
        ("that it cannot be confined", &[6, 1, b'x']),
        ("a goodbye", &[5]),
    ];
    for (what, payload) in table {
        let pool = pool(1).build(Start::Well).expect("a pool");
        let results = pool.map([Deed::Echo(vec![1]), Deed::Wire(frame(payload), false), Deed::Echo(vec![2])]);
        assert!(results[0].is_ok() && results[2].is_ok(), "{what}: {results:?}");
        // The task that brings it about may be done before it is noticed, and else is found out.
        match &results[1] {
            Ok(_) => {}
            Err(JobError::Poison(death)) => assert!(matches!(death.cause, Cause::Corrupt(_)), "{what}: {death}"),
            Err(error) => panic!("{what}: {error}"),
        }
        let ends: Vec<End> = pool.close().into_iter().map(|report| report.end).collect();
        assert!(ends.contains(&End::Corrupt), "{what}: {ends:?}");
    }
}

pub(crate) fn a_task_over_its_time_is_killed_and_its_neighbours_are_not_blamed() {
    let limit = Duration::from_millis(600);
    for hang in [Deed::Spin, Deed::Sleep(Duration::from_secs(3600))] {
        let pool = pool(2).concurrency(4).task_timeout(limit).build(Start::Well).expect("a pool");
        let mut tasks = vec![Deed::Sleep(Duration::from_millis(10)); 20];
        tasks[5] = hang;
        let begun = Instant::now();
        let results = pool.map(tasks);
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        let failed: Vec<usize> = (0..20).filter(|place| results[*place].is_err()).collect();
        assert_eq!(failed, [5], "{results:?}");
        let Err(JobError::Poison(death)) = &results[5] else { panic!("{:?}", results[5]) };
        assert!(matches!(death.cause, Cause::Timeout { .. }), "{death}");
    }
}

pub(crate) fn where_every_second_task_hangs_every_second_task_fails() {
    let limit = Duration::from_millis(500);
    let pool = pool(2).concurrency(4).task_timeout(limit).build(Start::Well).expect("a pool");
    let tasks = (0..24).map(|number| match number % 2 {
        0 => Deed::Echo(vec![number]),
        _ => Deed::Sleep(Duration::from_secs(3600)),
    });
    for (place, result) in pool.map(tasks).into_iter().enumerate() {
        match result {
            Ok(done) => assert_eq!((place % 2, usize::from(done.bytes[0])), (0, place)),
            Err(JobError::Poison(death)) => {
                assert!(place % 2 == 1 && matches!(death.cause, Cause::Timeout { .. }), "{place}: {death}");
            }
            Err(error) => panic!("{place}: {error}"),
        }
    }
}

pub(crate) fn a_poison_task_among_five_hundred_costs_three_workers_and_nobody_else() {
    let pool = pool(2).concurrency(8).build(Start::Well).expect("a pool");
    let mut tasks = echoes(500);
    tasks[250] = Deed::Abort;
    let results = pool.map(tasks);
    let failed: Vec<usize> = (0..500).filter(|place| results[*place].is_err()).collect();
    assert_eq!(failed, [250]);
    let lost = pool.close().into_iter().filter(|report| report.end == End::Crashed).count();
    assert!(lost <= 3, "{lost} workers were lost");
}

pub(crate) fn a_worker_that_grows_is_replaced_after_its_task_and_nothing_is_lost() {
    let pool = pool(1).max_memory_per_worker(100 << 20).build(Start::Well).expect("a pool");
    let results = pool.map(vec![Deed::Leak(3 << 20); 60]);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let mut reports = pool.close();
    // One that gives a lot of memory back may be the last to be gone.
    reports.sort_by_key(|report| report.generation);
    assert!(reports.len() >= 2, "{reports:?}");
    let (last, others) = reports.split_last().expect("some");
    assert!(others.iter().all(|report| report.end == End::Memory && report.jobs > 10), "{reports:?}");
    assert!(matches!(last.end, End::Finished | End::Memory), "{last:?}");
}

pub(crate) fn a_stopped_worker_is_replaced_and_nobody_is_blamed() {
    let limit = Duration::from_millis(1500);
    let pool = pool(2).concurrency(4).task_timeout(limit).build(Start::Well).expect("a pool");
    let mut tasks = vec![Deed::Sleep(Duration::from_millis(300)); 16];
    tasks[0] = Deed::Echo(vec![]);
    let mut stream = pool.map_unordered(tasks);
    let (_, first) = stream.next().expect("the echo");
    let victim = first.expect("an echo").pid;
    send_to(victim, 19);
    let rest: Vec<_> = stream.collect();
    assert_eq!(rest.len(), 15);
    assert!(rest.iter().all(|(_, result)| result.is_ok()), "{rest:?}");
    assert!(!is_alive(victim), "it was killed, being stopped");
    assert!(pool.close().iter().any(|report| report.pid == victim && report.end == End::Killed));
}

pub(crate) fn a_pipe_that_a_grandchild_keeps_open_holds_nothing_up() {
    let pool = pool(1).build(Start::Well).expect("a pool");
    let begun = Instant::now();
    let results = pool.map([Deed::Echo(vec![1]), Deed::Leave, Deed::Echo(vec![2])]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(results[0].is_ok() && results[2].is_ok() && results[1].is_err(), "{results:?}");
}

pub(crate) fn a_task_over_its_memory_is_killed() {
    let pool = pool(2).max_memory_per_worker(100 << 20).build(Start::Well).expect("a pool");
    let mut tasks = echoes(20);
    tasks[4] = Deed::Devour;
    let results = pool.map(tasks);
    for (place, result) in results.into_iter().enumerate() {
        match (place, result) {
            (4, Err(JobError::Poison(death))) => assert!(matches!(death.cause, Cause::Memory { .. }), "{death}"),
            (_, Ok(_)) if place != 4 => {}
            (_, result) => panic!("place {place}: {result:?}"),
        }
    }
}

pub(crate) fn workers_that_cannot_start_end_the_pool_in_bounded_time() {
    let pool = pool(2).build(Start::Never).expect("a pool");
    let begun = Instant::now();
    let results = pool.map(echoes(5));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    for result in results {
        let Err(JobError::Stopped(reason)) = result else { panic!("{result:?}") };
        assert!(reason.contains("the stars are against it"), "{reason}");
    }
    // Whatever comes later is answered too.
    assert!(matches!(pool.run_one(Deed::Echo(vec![])), Err(JobError::Stopped(_))));
}

pub(crate) fn workers_that_start_two_times_in_three_suffice() {
    let pool = pool(2).max_tasks_per_worker(5).build(Start::Sometimes).expect("a pool");
    assert!(pool.map(echoes(100)).iter().all(Result::is_ok));
}

pub(crate) fn a_memory_limit_below_what_a_worker_needs_is_an_error() {
    let pool = pool(1).max_memory_per_worker(1 << 20).build(Start::Well).expect("a pool");
    let result = pool.run_one(Deed::Echo(vec![]));
    let Err(JobError::Stopped(reason)) = result else { panic!("{result:?}") };
    assert!(reason.contains("memory limit is 1 MiB"), "{reason}");
}
