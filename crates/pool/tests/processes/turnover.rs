use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use gleaner_pool::{End, WorkerReport};

use crate::job::{Deed, Start, echoes, pool};

/// How much longer than expected a run may take on a busy machine.
const TOLERANCE: Duration = Duration::from_millis(800);

fn distinct(reports: &[WorkerReport]) -> usize {
    // The system may reuse a pid, but not with the same start time.
    reports.iter().map(|report| (report.pid, report.started)).collect::<HashSet<_>>().len()
}

pub(crate) fn a_quota_of_one_gives_each_task_its_own_process() {
    let pool = pool(2).max_tasks_per_worker(1).build(Start::Well).expect("a pool");
    let tasks = echoes(1000);
    let results = pool.map(tasks.clone());
    for (task, result) in tasks.into_iter().zip(results) {
        assert_eq!(task, Deed::Echo(result.expect("an echo").bytes.to_vec()));
    }
    let reports = pool.close();
    assert_eq!(distinct(&reports), 1000);
    assert!(reports.iter().all(|report| report.jobs == 1 && report.end == End::Quota));
}

pub(crate) fn no_worker_gets_more_than_its_quota() {
    let pool = pool(3).concurrency(10).max_tasks_per_worker(5).build(Start::Well).expect("a pool");
    let mut by_pid: HashMap<u32, u32> = HashMap::new();
    for result in pool.map(echoes(200)) {
        *by_pid.entry(result.expect("an echo").pid).or_default() += 1;
    }
    assert!(by_pid.values().all(|tasks| *tasks <= 5), "{by_pid:?}");
    let reports = pool.close();
    assert!(reports.iter().all(|report| report.jobs <= 5));
    assert_eq!(reports.iter().map(|report| report.jobs).sum::<u64>(), 200, "no task was run twice");
}

pub(crate) fn a_planned_end_is_never_reported_as_a_death() {
    let pool = pool(8).concurrency(2).max_tasks_per_worker(3).build(Start::Well).expect("a pool");
    assert!(pool.map(echoes(1500)).iter().all(Result::is_ok));
    let reports = pool.close();
    assert!(reports.iter().all(|report| matches!(report.end, End::Quota | End::Finished)), "{reports:?}");
    assert_eq!(reports.iter().map(|report| report.jobs).sum::<u64>(), 1500, "no task was run twice");
}

pub(crate) fn jitter_only_reduces_the_quota() {
    let pool = pool(2).max_tasks_per_worker(20).quota_jitter(10).build(Start::Well).expect("a pool");
    assert!(pool.map(echoes(1000)).iter().all(Result::is_ok));
    let reports = pool.close();
    let full: Vec<u64> = reports.iter().filter(|report| report.end == End::Quota).map(|report| report.jobs).collect();
    assert!(full.iter().all(|jobs| (10..=20).contains(jobs)), "{full:?}");
    assert!(full.iter().collect::<HashSet<_>>().len() > 3, "the quotas differ: {full:?}");
}

pub(crate) fn two_workers_with_a_quota_of_two_do_seven_tasks_in_four_rounds() {
    let second = Duration::from_secs(1);
    for (workers, limit, rounds) in [(7, 0, 1), (2, 2, 4)] {
        let begun = Instant::now();
        let pool = pool(workers).max_tasks_per_worker(limit).build(Start::Well).expect("a pool");
        let results = pool.map(vec![Deed::Sleep(second); 7]);
        let took = begun.elapsed();
        assert!(results.iter().all(Result::is_ok));
        assert!(took >= second * rounds && took < second * rounds + TOLERANCE, "{workers} workers took {took:?}");
        if limit > 0 {
            let reports = pool.close();
            assert_eq!(distinct(&reports), 4);
            assert!(reports.iter().all(|report| report.jobs <= 2));
        }
    }
}

pub(crate) fn replacements_are_ready_before_they_are_needed() {
    // There are 4 workers with a quota of 20. A task takes 50 ms and a start takes 300 ms. Without spares, each slot would
    // be idle for 300 ms in every 1300 ms.
    let task = Duration::from_millis(50);
    let pool = pool(4).max_tasks_per_worker(20).build(Start::Slowly(Duration::from_millis(300))).expect("a pool");
    assert!(pool.map(vec![Deed::Sleep(task); 8]).iter().all(Result::is_ok));
    let begun = Instant::now();
    assert!(pool.map(vec![Deed::Sleep(task); 240]).iter().all(Result::is_ok));
    let took = begun.elapsed();
    assert!(took < task * 60 + TOLERANCE, "3 s of work took {took:?}");
}
