use std::time::{Duration, Instant};

use gleaner_pool::{Cause, End, JobError};

use crate::job::{Deed, Start, comes_true, echoes, is_alive, pool, send_to};

/// Checks that a worker that sends `bytes` instead of frames is replaced, and that all other tasks are done.
fn check_sending(bytes: &[u8], dies: bool) {
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

/// Returns why the worker of a deadly task died. Checks that no other task failed.
fn death_by(deed: Deed) -> Cause {
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

pub(crate) fn a_worker_that_dies_in_a_task_is_replaced_and_only_the_guilty_task_fails() {
    assert_eq!(death_by(Deed::Abort), Cause::Signal(6));
    assert_eq!(death_by(Deed::Signal(11)), Cause::Signal(11));
    assert_eq!(death_by(Deed::Exit(42)), Cause::Exited(42));
    // The sender of a SIGKILL is unknown, so the first two do not count.
    assert_eq!(death_by(Deed::Signal(9)), Cause::Signal(9));
}

pub(crate) fn an_exit_status_of_zero_does_not_count_as_success() {
    assert_eq!(death_by(Deed::Exit(0)), Cause::Exited(0));
}

pub(crate) fn an_idle_worker_that_is_killed_costs_no_task() {
    let pool = pool(1).build(Start::Well).expect("a pool");
    let first = pool.run_one(Deed::Echo(vec![1])).expect("an echo").pid;
    send_to(first, 9);
    assert!(comes_true(|| !is_alive(first)));
    let second = pool.run_one(Deed::Echo(vec![2])).expect("an echo").pid;
    assert_ne!(first, second);
}

pub(crate) fn a_kill_from_outside_blames_no_task() {
    let pool = pool(2).concurrency(4).build(Start::Well).expect("a pool");
    let victim = pool.run_one(Deed::Echo(vec![])).expect("an echo").pid;
    let mut tasks = vec![Deed::Sleep(Duration::from_millis(300)); 12];
    tasks[0] = Deed::Echo(vec![]);
    let mut stream = pool.map_unordered(tasks);
    assert!(stream.next().is_some_and(|(_, result)| result.is_ok()));
    // The victim holds some of the other tasks now.
    send_to(victim, 9);
    let rest: Vec<_> = stream.collect();
    assert_eq!(rest.len(), 11);
    assert!(rest.iter().all(|(_, result)| result.as_ref().is_ok_and(|done| done.pid != victim)), "{rest:?}");
}

pub(crate) fn half_a_frame_is_discarded_with_its_worker() {
    check_sending(&[40, 0, 0, 0, 1, 2, 3, 4, 5], true);
}

pub(crate) fn a_worker_that_sends_junk_is_replaced() {
    // Junk; a wrong checksum; a valid frame with an unknown message; an announced length of two gigabytes; of four.
    check_sending(b"junk, and more of it", false);
    check_sending(&[2, 0, 0, 0, 9, 9, 9, 9, 1, 1], false);
    check_sending(&frame(&[250, 250]), false);
    check_sending(&[0, 0, 0, 128, 0, 0, 0, 0], false);
    check_sending(&[255; 8], false);
}

/// Makes a frame of a message that is encoded as postcard.
fn frame(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short").to_le_bytes();
    [&length[..], &crc32fast::hash(payload).to_le_bytes(), payload].concat()
}

pub(crate) fn a_worker_that_names_foreign_jobs_or_sends_messages_out_of_order_is_replaced() {
    let table: [(&str, &[u8]); 8] = [
        ("a result for a job that was never given", &[2, 0, 1, 0, 77, 0]),
        ("ten million results", &[2, 0, 0x80, 0xad, 0xe2, 4]),
        ("a note for a job that was never given", &[4, 77, 0]),
        ("a sign of life that names a job that was never given", &[3, 1, 77]),
        ("that it is ready, again", &[0, 5, 1, b'x', 0, 0]),
        ("that it cannot start", &[1, 1, b'x']),
        ("that it cannot be confined", &[6, 1, b'x']),
        ("a goodbye", &[5]),
    ];
    for (what, payload) in table {
        let pool = pool(1).build(Start::Well).expect("a pool");
        let results = pool.map([Deed::Echo(vec![1]), Deed::Wire(frame(payload), false), Deed::Echo(vec![2])]);
        assert!(results[0].is_ok() && results[2].is_ok(), "{what}: {results:?}");
        // The task that sends the message may be done before the parent reads the message. Otherwise it is found guilty.
        match &results[1] {
            Ok(_) => {}
            Err(JobError::Poison(death)) => assert!(matches!(death.cause, Cause::Corrupt(_)), "{what}: {death}"),
            Err(error) => panic!("{what}: {error}"),
        }
        let ends: Vec<End> = pool.close().into_iter().map(|report| report.end).collect();
        assert!(ends.contains(&End::Corrupt), "{what}: {ends:?}");
    }
}

pub(crate) fn a_task_over_its_time_limit_is_killed_and_its_neighbours_are_not_blamed() {
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

pub(crate) fn if_every_second_task_hangs_only_those_tasks_fail() {
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

pub(crate) fn a_poison_task_among_five_hundred_costs_three_workers_and_no_other_task() {
    let pool = pool(2).concurrency(8).build(Start::Well).expect("a pool");
    let mut tasks = echoes(500);
    tasks[250] = Deed::Abort;
    let results = pool.map(tasks);
    let failed: Vec<usize> = (0..500).filter(|place| results[*place].is_err()).collect();
    assert_eq!(failed, [250]);
    let lost = pool.close().into_iter().filter(|report| report.end == End::Crashed).count();
    assert!(lost <= 3, "{lost} workers were lost");
}

pub(crate) fn a_worker_that_leaks_memory_is_replaced_after_its_task_and_no_task_is_lost() {
    let pool = pool(1).max_memory_per_worker(100 << 20).build(Start::Well).expect("a pool");
    let results = pool.map(vec![Deed::Leak(3 << 20); 60]);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let mut reports = pool.close();
    // A worker that has to free a lot of memory may end after its successors.
    reports.sort_by_key(|report| report.generation);
    assert!(reports.len() >= 2, "{reports:?}");
    let (last, others) = reports.split_last().expect("some");
    assert!(others.iter().all(|report| report.end == End::Memory && report.jobs > 10), "{reports:?}");
    assert!(matches!(last.end, End::Finished | End::Memory), "{last:?}");
}

pub(crate) fn a_stopped_worker_is_replaced_and_no_task_is_blamed() {
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
    assert!(!is_alive(victim), "the stopped worker was killed");
    assert!(pool.close().iter().any(|report| report.pid == victim && report.end == End::Killed));
}

pub(crate) fn a_pipe_that_a_grandchild_keeps_open_does_not_block_the_pool() {
    let pool = pool(1).build(Start::Well).expect("a pool");
    let begun = Instant::now();
    let results = pool.map([Deed::Echo(vec![1]), Deed::OrphanAndDie, Deed::Echo(vec![2])]);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(results[0].is_ok() && results[2].is_ok() && results[1].is_err(), "{results:?}");
}

pub(crate) fn a_task_over_the_memory_limit_is_killed() {
    let pool = pool(2).max_memory_per_worker(100 << 20).build(Start::Well).expect("a pool");
    let mut tasks = echoes(20);
    tasks[4] = Deed::TakeAllMemory;
    let results = pool.map(tasks);
    for (place, result) in results.into_iter().enumerate() {
        match (place, result) {
            (4, Err(JobError::Poison(death))) => assert!(matches!(death.cause, Cause::Memory { .. }), "{death}"),
            (_, Ok(_)) if place != 4 => {}
            (_, result) => panic!("place {place}: {result:?}"),
        }
    }
}

pub(crate) fn workers_that_cannot_start_end_the_pool_within_seconds() {
    let pool = pool(2).build(Start::Never).expect("a pool");
    let begun = Instant::now();
    let results = pool.map(echoes(5));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    for result in results {
        let Err(JobError::Stopped(reason)) = result else { panic!("{result:?}") };
        assert!(reason.contains("this worker never starts"), "{reason}");
    }
    // Later tasks get an error, too.
    assert!(matches!(pool.run_one(Deed::Echo(vec![])), Err(JobError::Stopped(_))));
}

pub(crate) fn workers_that_start_two_times_in_three_are_enough() {
    let pool = pool(2).max_tasks_per_worker(5).build(Start::Sometimes).expect("a pool");
    assert!(pool.map(echoes(100)).iter().all(Result::is_ok));
}

pub(crate) fn a_memory_limit_below_what_a_worker_needs_is_an_error() {
    let pool = pool(1).max_memory_per_worker(1 << 20).build(Start::Well).expect("a pool");
    let result = pool.run_one(Deed::Echo(vec![]));
    let Err(JobError::Stopped(reason)) = result else { panic!("{result:?}") };
    assert!(reason.contains("memory limit is 1 MiB"), "{reason}");
}
