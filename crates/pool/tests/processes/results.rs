use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use gleaner_pool::{Core, Event, Hints, Job, JobError, Line, Options};

use crate::job::{Act, Deed, LONGEST_WAIT, Start, Unreadable, echoes, pattern, pool};

pub(crate) fn map_gives_the_same_results_as_a_sequential_map() {
    let tasks = echoes(500);
    for (workers, concurrency) in [(1, 1), (2, 1), (3, 16)] {
        let pool = pool(workers).concurrency(concurrency).build(Start::Well).expect("a pool");
        let results = pool.map(tasks.clone());
        assert_eq!(results.len(), tasks.len());
        for (task, result) in tasks.iter().zip(results) {
            assert_eq!(*task, Deed::Echo(result.expect("an echo").bytes.to_vec()));
        }
    }
}

pub(crate) fn an_endless_input_is_read_only_as_far_as_needed() {
    let pool = pool(2).build(Start::Well).expect("a pool");
    let mut taken = 0;
    let endless = std::iter::repeat_with(|| {
        taken += 1;
        Deed::Echo(vec![1])
    });
    let five: Vec<_> = pool.map_iter(endless).take(5).collect();
    assert!(five.iter().all(Result::is_ok) && five.len() == 5);
    assert!(taken < 300, "{taken} tasks were taken for five results");
}

pub(crate) fn unordered_results_arrive_in_the_order_in_which_they_are_done() {
    let pool = pool(2).build(Start::Well).expect("a pool");
    let tasks = [Deed::Sleep(Duration::from_millis(500)), Deed::Echo(vec![1]), Deed::Echo(vec![2])];
    let order: Vec<usize> = pool.map_unordered(tasks).map(|(index, _)| index).collect();
    assert_eq!(order.last(), Some(&0), "the slow task is done last: {order:?}");
    assert_eq!(order.len(), 3);
}

pub(crate) fn outputs_of_every_size_come_back_byte_for_byte() {
    let pool = pool(2).max_item(65 << 20).build(Start::Well).expect("a pool");
    let sizes = [0, 1, (64 << 10) - 1, 64 << 10, (64 << 10) + 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 64 << 20];
    for (size, result) in sizes.into_iter().zip(pool.map(sizes.map(Deed::Give))) {
        assert!(result.expect("the bytes").bytes == pattern(size), "{size} bytes");
    }
    // Large tasks and large outputs are in both pipes at the same time.
    let tasks: Vec<Deed> = (0..8).map(|_| Deed::Echo(pattern(4 << 20))).collect();
    for result in pool.map(tasks) {
        assert!(result.expect("the bytes").bytes == pattern(4 << 20));
    }
}

pub(crate) fn an_output_over_the_limit_is_an_error_and_the_worker_goes_on() {
    let pool = pool(1).max_item(1000).build(Start::Well).expect("a pool");
    let results = pool.map([Deed::Echo(vec![1]), Deed::Give(2000), Deed::Echo(vec![2]), Deed::Echo(vec![0; 2000])]);
    let first = results[0].as_ref().expect("an echo").pid;
    assert_eq!(results[2].as_ref().expect("an echo").pid, first, "the same worker goes on");
    for place in [1, 3] {
        let Err(JobError::TooLarge { size, limit: 1000 }) = &results[place] else { panic!("{:?}", results[place]) };
        assert!(*size > 2000);
    }
}

pub(crate) fn a_panic_is_an_error_with_its_location_and_the_worker_goes_on() {
    let pool = pool(1).build(Start::Well).expect("a pool");
    let results = pool.map([Deed::Echo(vec![1]), Deed::Panic("the text of the panic".into()), Deed::Echo(vec![2])]);
    let pids = [0, 2].map(|place| results[place].as_ref().expect("an echo").pid);
    assert_eq!(pids[0], pids[1], "the worker lives on");
    let Err(JobError::Panic { message, location, backtrace }) = &results[1] else { panic!("{:?}", results[1]) };
    assert_eq!(message, "the text of the panic");
    assert!(location.contains("tests/processes/job.rs:"), "{location}");
    assert!(backtrace.contains("panic"), "{backtrace}");
}

pub(crate) fn a_long_panic_message_is_cut_and_the_worker_goes_on() {
    let pool = pool(1).max_item(4 << 20).build(Start::Well).expect("a pool");
    let results = pool.map([Deed::Echo(vec![1]), Deed::PanicAtLength(6 << 20), Deed::Echo(vec![2])]);
    let pids = [0, 2].map(|place| results[place].as_ref().expect("an echo").pid);
    assert_eq!(pids[0], pids[1], "the worker lives on");
    let Err(JobError::Panic { message, .. }) = &results[1] else { panic!("no panic") };
    assert!(message.starts_with("é boom") && message.len() < 100_000, "{} bytes", message.len());
}

pub(crate) fn a_failure_is_at_the_index_of_its_task() {
    let pool = pool(2).concurrency(10).build(Start::Well).expect("a pool");
    let mut tasks = echoes(30);
    tasks[3] = Deed::Panic("the third".into());
    tasks[17] = Deed::Exit(1);
    let results = pool.map(tasks.clone());
    for (place, (task, result)) in tasks.into_iter().zip(results).enumerate() {
        match (place, result) {
            (3, Err(JobError::Panic { .. })) | (17, Err(JobError::Poison(_))) => {}
            (_, Ok(done)) => assert_eq!(task, Deed::Echo(done.bytes.to_vec()), "place {place}"),
            (_, Err(error)) => panic!("place {place}: {error}"),
        }
    }
}

pub(crate) fn a_job_that_prints_or_reads_does_not_disturb_the_protocol() {
    let pool = pool(1).build(Start::Well).expect("a pool");
    let results = pool.map([Deed::UseStdio, Deed::Echo(vec![9]), Deed::UseStdio]);
    let pids: Vec<u32> = results.iter().map(|result| result.as_ref().expect("the task is done").pid).collect();
    assert!(pids.iter().all(|pid| *pid == pids[0]), "one worker did all tasks: {pids:?}");
    assert_eq!(results[0].as_ref().expect("the task is done").sum, 0, "standard input is empty");
}

pub(crate) fn map_reduce_gives_the_sum_of_all_outputs_and_a_list_of_errors() {
    let pool = pool(2).concurrency(16).build(Start::Well).expect("a pool");
    let mut tasks: Vec<Deed> = (0..=200).map(|number: u8| Deed::Echo(vec![number])).collect();
    tasks.insert(50, Deed::Panic("not a number".into()));
    let (sum, errors) = pool.map_reduce(tasks);
    assert_eq!(sum.expect("a sum").sum, (0..=200).sum::<u64>());
    assert!(matches!(&errors[..], [JobError::Panic { .. }]), "{errors:?}");
    assert!(pool.map_reduce([]).0.is_none());
}

pub(crate) fn several_threads_may_share_a_pool() {
    let pool = pool(2).concurrency(4).build(Start::Well).expect("a pool");
    std::thread::scope(|scope| {
        for number in 0..4_u8 {
            let pool = &pool;
            scope.spawn(move || {
                let results = pool.map((0..50).map(|_| Deed::Echo(vec![number])));
                assert!(results.into_iter().all(|result| result.expect("an echo").bytes[..] == [number]));
            });
        }
    });
    assert_eq!(pool.run_one(Deed::Echo(vec![7])).expect("an echo").bytes[..], [7]);
}

pub(crate) fn several_threads_may_reduce_at_once_and_each_gets_its_own_sum() {
    let pool = pool(1).concurrency(16).build(Start::Well).expect("a pool");
    std::thread::scope(|scope| {
        for number in 1..=4_u64 {
            let pool = &pool;
            scope.spawn(move || {
                let (sum, errors) = pool.map_reduce(vec![Deed::Sum(number); 500]);
                assert_eq!((sum.expect("a sum").sum, errors), (500 * number, vec![]));
            });
        }
    });
}

pub(crate) fn a_panic_while_a_task_is_read_or_its_output_written_is_an_error() {
    let pool = pool(1).concurrency(4).build(Start::Well).expect("a pool");
    let tasks = [Deed::Echo(vec![1]), Deed::Unreadable(Unreadable), Deed::Sum(u64::MAX), Deed::Echo(vec![2])];
    let results = pool.map(tasks);
    let pids = [0, 3].map(|place| results[place].as_ref().expect("an echo").pid);
    assert_eq!(pids[0], pids[1], "the worker lives on");
    for (place, text) in [(1, "this task cannot be read"), (2, "this sum cannot be serialized")] {
        let Err(JobError::Panic { message, location, .. }) = &results[place] else { panic!("{:?}", results[place]) };
        assert_eq!(message, text);
        assert!(location.contains("tests/processes/job.rs:"), "{location}");
    }
}

pub(crate) fn outputs_that_cannot_be_merged_are_errors_in_the_parent_and_in_a_worker() {
    let half = || Deed::Sum(u64::MAX / 2 + 1);
    // With one worker for each output, the parent merges them. With many outputs in one worker, the worker merges some.
    for (place, each, tasks) in [("the parent", 1, 2), ("a worker", 0, 64)] {
        let pool = pool(1).concurrency(64).max_tasks_per_worker(each).build(Start::Well).expect("a pool");
        let (sum, errors) = pool.map_reduce((0..tasks).map(|_| half()));
        let left = usize::from(sum.is_some());
        assert!(errors.len() >= 2 && errors.len() + left == tasks, "{place}: {} and {left}", errors.len());
        for error in errors {
            assert!(matches!(&error, JobError::Panic { message, .. } if message.contains("no overflow")), "{error:?}");
        }
    }
}

pub(crate) fn no_worker_is_started_without_tasks() {
    let begun = Instant::now();
    let pool = pool(4).build(Start::Slowly(LONGEST_WAIT)).expect("a pool");
    assert!(pool.map([]).is_empty());
    assert!(pool.close().is_empty());
    assert!(begun.elapsed() < LONGEST_WAIT, "the pool waited for a worker");
}

pub(crate) fn there_are_never_more_workers_than_tasks() {
    let pool = pool(8).concurrency(4).build(Start::Well).expect("a pool");
    let results = pool.map(echoes(3));
    assert!(results.iter().all(Result::is_ok));
    let reports = pool.close();
    assert!(reports.len() <= 3, "{reports:?}");
}

pub(crate) fn a_note_of_a_job_arrives_before_the_job_is_done() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let init = postcard::to_stdvec(&Start::Well).expect("it serialises");
        let mut core = Core::new(Act::NAME, &init, Options::default()).expect("a pool");
        for (id, note) in [(7, &b"seven"[..]), (8, b"")] {
            let say = postcard::to_stdvec(&Deed::Say(note.to_vec())).expect("it serialises");
            core.submit(id, say.into(), Hints::default());
            let noted = loop {
                match core.next().await.expect("an event") {
                    Event::Noted { job, note, .. } => break (job, note),
                    Event::Started { .. } => {}
                    other => panic!("{other:?}"),
                }
            };
            assert_eq!(noted, (id, bytes::Bytes::copy_from_slice(note)));
        }
    });
    assert!(Line::of_this_job().is_none(), "this process is not a worker");
}

/// The submitter keeps what has come, and takes its time: more than three times as long as a task may take.
pub(crate) fn outputs_that_find_no_memory_wait_and_their_workers_are_not_late() {
    const SIZE: usize = 3 << 20;
    const LIMIT: Duration = Duration::from_secs(2);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let init = postcard::to_stdvec(&Start::Well).expect("it serialises");
        let in_hand = Some(2 * SIZE + SIZE / 2);
        let number = |number| NonZeroUsize::new(number).expect("not zero");
        let options = Options { workers: number(2), concurrency: number(4), in_hand, ..Options::default() };
        let mut core = Core::new(Act::NAME, &init, options).expect("a pool");
        let give = postcard::to_stdvec(&Deed::Give(SIZE)).expect("it serialises");
        for id in 0..8 {
            core.submit(id, give.clone().into(), Hints { deadline: Some(LIMIT), ..Hints::default() });
        }
        core.close();
        let (mut kept, mut done, begun) = (Vec::new(), 0, Instant::now());
        while let Ok(Some(event)) = tokio::time::timeout_at((begun + 3 * LIMIT + LIMIT / 2).into(), core.next()).await {
            match event {
                Event::Done { output, .. } => kept.push(output),
                Event::Started { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(kept.len(), 2, "there is memory for two");
        done += kept.drain(..).len();
        while let Some(event) = core.next().await {
            match event {
                Event::Done { output, .. } => done += usize::from(output.len() > SIZE),
                Event::Started { .. } | Event::Ended { .. } => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(done, 8);
    });
}
