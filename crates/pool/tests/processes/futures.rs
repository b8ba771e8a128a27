//! Tests of the pool in async programs. They use a current-thread runtime, which any blocking call would stop.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, poll};
use gleaner_pool::{JobError, Pool, WorkerReport};

use crate::job::{Act, Deed, Start, echoes, pool};

fn on_one_thread<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

fn build(workers: usize, concurrency: usize) -> Pool<Act> {
    pool(workers).concurrency(concurrency).build(Start::Well).expect("a pool")
}

fn tasks_begun(reports: &[WorkerReport]) -> u64 {
    reports.iter().map(|report| report.jobs).sum()
}

pub(crate) fn many_runs_at_once_each_get_their_own_output() {
    on_one_thread(async {
        let pool = Arc::new(build(2, 4));
        let tasks = echoes(300);
        let runs = tasks.iter().cloned().map(|task| {
            let pool = Arc::clone(&pool);
            // `spawn` only compiles if the future may move to another thread.
            tokio::spawn(async move { pool.run(task).await })
        });
        let results = join_all(runs).await;
        for (task, result) in tasks.into_iter().zip(results) {
            let done = result.expect("no panic").expect("an echo");
            assert_eq!(task, Deed::Echo(done.bytes.to_vec()));
        }
    });
}

pub(crate) fn a_stream_gives_the_results_of_map_and_an_unordered_stream_adds_indices() {
    on_one_thread(async {
        let pool = build(2, 4);
        let tasks = echoes(400);
        let ordered: Vec<_> = pool.stream(tasks.clone()).collect().await;
        let mut unordered: Vec<_> = pool.stream_unordered(tasks.clone()).collect().await;
        unordered.sort_by_key(|(index, _)| *index);
        for (place, task) in tasks.into_iter().enumerate() {
            let bytes = |result: &Result<crate::job::Done, JobError>| result.as_ref().expect("an echo").bytes.to_vec();
            assert_eq!(task, Deed::Echo(bytes(&ordered[place])));
            assert_eq!((place, task), (unordered[place].0, Deed::Echo(bytes(&unordered[place].1))));
        }
    });
}

pub(crate) fn a_task_that_kills_its_worker_is_an_error_only_in_its_own_future() {
    on_one_thread(async {
        let pool = build(2, 4);
        let mut tasks = echoes(40);
        tasks[7] = Deed::Exit(1);
        tasks[20] = Deed::Panic("the twentieth".into());
        let check = |place: usize, result: &Result<crate::job::Done, JobError>| match (place, result) {
            (7, Err(JobError::Poison(_))) | (20, Err(JobError::Panic { .. })) => {}
            (7 | 20, other) => panic!("place {place}: {other:?}"),
            (_, result) => assert!(result.is_ok(), "place {place}: {result:?}"),
        };
        let results = join_all(tasks.iter().cloned().map(|task| pool.run(task))).await;
        results.iter().enumerate().for_each(|(place, result)| check(place, result));
        let results: Vec<_> = pool.stream(tasks).collect().await;
        results.iter().enumerate().for_each(|(place, result)| check(place, result));
    });
}

pub(crate) fn a_future_that_is_dropped_while_it_waits_is_never_run() {
    on_one_thread(async {
        let pool = build(1, 1);
        let mut slow = Box::pin(pool.run(Deed::Sleep(Duration::from_secs(1))));
        assert!(poll!(&mut slow).is_pending());
        // This is enough that the pool removes waiting tasks whose callers are gone.
        for _ in 0..3000 {
            let mut run = Box::pin(pool.run(Deed::Echo(vec![1])));
            assert!(poll!(&mut run).is_pending());
        }
        slow.await.expect("it slept");
        pool.run(Deed::Echo(vec![2])).await.expect("the pool goes on");
        assert_eq!(tasks_begun(&pool.close_async().await), 2);
    });
}

pub(crate) fn a_future_that_is_dropped_while_its_task_runs_does_not_block_the_pool() {
    on_one_thread(async {
        let pool = pool(1).task_timeout(Duration::from_secs(2)).build(Start::Well).expect("a pool");
        // The first task ends by itself, the second must be killed, and the third kills its worker.
        for deed in [Deed::Sleep(Duration::from_millis(200)), Deed::Spin, Deed::Exit(1)] {
            // The worker is idle after this, so it gets the next task at once.
            pool.run(Deed::Echo(vec![])).await.expect("a worker");
            let run = pool.run(deed);
            // On a slow machine the task may end before the timeout. In both cases the future is dropped.
            let _ = tokio::time::timeout(Duration::from_millis(100), run).await;
        }
        pool.run(Deed::Echo(vec![1])).await.expect("the pool goes on");
    });
}

pub(crate) fn a_dropped_stream_starts_no_more_tasks_and_the_pool_goes_on() {
    on_one_thread(async {
        let pool = build(2, 2);
        for round in 0..20 {
            let five: Vec<_> = pool.stream(std::iter::repeat(Deed::Echo(vec![1]))).take(5).collect().await;
            assert!(five.iter().all(Result::is_ok), "round {round}");
        }
        pool.run(Deed::Echo(vec![1])).await.expect("the pool goes on");
        // Each stream has run five tasks, and the tasks that were under way or read ahead.
        let begun = tasks_begun(&pool.close_async().await);
        assert!(begun < 20 * (5 + 256 + 8) + 1, "{begun}");
    });
}

pub(crate) fn a_stream_takes_no_more_tasks_than_it_needs() {
    on_one_thread(async {
        let pool = build(2, 1);
        let mut taken = 0;
        let endless = std::iter::repeat_with(|| {
            taken += 1;
            Deed::Echo(vec![1])
        });
        let five: Vec<_> = pool.stream_unordered(endless).take(5).collect().await;
        assert_eq!(five.len(), 5);
        // There are two workers, and for each of them one more task.
        assert!(taken <= 5 + 4, "{taken} tasks were taken for five outputs");

        // The first output arrives last, and at most 256 tasks may be read meanwhile.
        let mut taken = 0;
        let endless = std::iter::repeat_with(|| {
            taken += 1;
            if taken == 1 { Deed::Sleep(Duration::from_secs(1)) } else { Deed::Echo(vec![1]) }
        });
        let first: Vec<_> = pool.stream(endless).take(1).collect().await;
        assert_eq!(first.len(), 1);
        assert!(taken <= 256, "{taken} tasks were taken for one output");
    });
}

pub(crate) fn a_runtime_with_one_thread_is_not_blocked_while_tasks_run() {
    on_one_thread(async {
        let pool = build(1, 1);
        let mut turns = 0;
        let others = async {
            loop {
                tokio::time::sleep(Duration::from_millis(1)).await;
                turns += 1;
            }
        };
        tokio::select! {
            result = pool.run(Deed::Sleep(Duration::from_millis(500))) => drop(result.expect("it slept")),
            () = others => {}
        }
        assert!(turns > 5, "{turns}");
    });
}

pub(crate) fn blocking_calls_inside_a_runtime_block_and_return() {
    // Sends more messages than tokio lets one of its tasks receive without a pause.
    on_one_thread(async {
        let pool = build(2, 16);
        assert_eq!(pool.map(echoes(2000)).into_iter().flatten().count(), 2000);
        assert_eq!(pool.map_unordered(echoes(2000)).filter(|(_, result)| result.is_ok()).count(), 2000);
        assert!(pool.run_one(Deed::Echo(vec![1])).is_ok());
        assert!(!pool.close().is_empty());
    });
}

pub(crate) fn a_pool_may_take_its_tasks_from_another_pool() {
    let (first, second) = (build(1, 4), build(1, 4));
    let tasks = first.map_iter(echoes(300)).map(|result| Deed::Echo(result.expect("an echo").bytes.to_vec()));
    let results: Vec<_> = second.map_iter(tasks).collect();
    for (task, result) in echoes(300).into_iter().zip(results) {
        assert_eq!(task, Deed::Echo(result.expect("an echo").bytes.to_vec()));
    }
}

pub(crate) fn a_pool_that_cannot_start_workers_ends_every_future_with_the_reason() {
    on_one_thread(async {
        let pool = pool(2).build(Start::Never).expect("a pool");
        let results = join_all(echoes(20).into_iter().map(|task| pool.run(task))).await;
        let later = pool.run(Deed::Echo(vec![])).await;
        let streamed: Vec<_> = pool.stream(echoes(20)).collect().await;
        assert_eq!(streamed.len(), 20, "the stream ends");
        let reasons: BTreeSet<String> = results
            .into_iter()
            .chain([later])
            .chain(streamed)
            .map(|result| match result {
                Err(JobError::Stopped(reason)) => reason,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(reasons.len(), 1, "{reasons:?}");
        assert!(reasons.iter().all(|reason| reason.contains("this worker never starts")), "{reasons:?}");
        assert!(pool.close_async().await.is_empty(), "no worker had a task");
    });
}
