//! What becomes of workers when it is the parent that misbehaves. The parent is this executable again, in a role.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use gleaner_pool::{Core, End, Event, Hints, Job, Options, Pool};

use crate::job::{Act, Deed, PATIENCE, Start, children, comes_true, echoes, is_alive, many, pool, send_to};
use crate::sandbox;

const PART: &str = "POOL_TEST_PART";
const FOLDER: &str = "POOL_TEST_FOLDER";
/// In which a job that was submitted is under way.
const MOMENT: Duration = Duration::from_millis(500);

/// The role of a program whose main does not begin with `serve`.
pub(crate) fn forgetful() -> Option<ExitCode> {
    let part = std::env::var(PART).ok()?;
    match part.as_str() {
        "forgetful" | "stubborn" | "renamed" => {}
        // It goes into the worker's end of the wire.
        "talkative" => println!("Welcome."),
        "laconic" => print!("!"),
        _ => return None,
    }
    if is_deep_down() {
        println!("a tree of processes");
        return Some(ExitCode::FAILURE);
    }
    // The copies of it are to forget as much.
    let builder = Pool::<Act>::builder().environment([PART]);
    let builder = if part == "forgetful" { builder } else { builder.worker_variable("POOL_TEST_WORKER") };
    let built = match builder.build(Start::Well) {
        // It goes on as if nothing had happened, with another name.
        Err(_) if part == "stubborn" => Pool::<Act>::builder().environment([PART]).build(Start::Well),
        built => built,
    };
    match built {
        Ok(pool) => match pool.run_one(Deed::Echo(vec![])) {
            Ok(_) => println!("it works, of all things"),
            Err(error) => println!("{error}"),
        },
        Err(error) => {
            eprintln!("{error}");
            return Some(ExitCode::FAILURE);
        }
    }
    Some(ExitCode::SUCCESS)
}

/// Whether this process is the child of a child of a program that forgets to serve. Where the pool fails to stop the tree of
/// processes, this does, before it takes the whole machine.
fn is_deep_down() -> bool {
    let parent_of = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse::<u32>().ok())
    };
    let own = std::fs::read_link("/proc/self/exe").ok();
    let is_copy = |pid: &u32| std::fs::read_link(format!("/proc/{pid}/exe")).ok() == own;
    let ancestors = std::iter::successors(parent_of(std::process::id()), |pid| parent_of(*pid));
    // The test and the program; whoever is below a worker of the program has more.
    ancestors.take_while(is_copy).count() > 2
}

/// The other roles, of programs that do call `serve`.
pub(crate) fn play() -> Option<ExitCode> {
    match std::env::var(PART).ok()?.as_str() {
        "busy" => {
            let pool = pool(3).build(Start::Well).expect("a pool");
            // One worker computes, one waits, one is idle.
            let tasks = [Deed::Spin, Deed::Sleep(Duration::from_secs(3600)), Deed::Echo(vec![1])];
            for (index, result) in pool.map_unordered(tasks) {
                println!("{index} {}", result.is_ok());
            }
        }
        "grandparent" => {
            let pool = pool(1).build(Start::Well).expect("a pool");
            println!("{}", pool.run_one(Deed::Raise).expect("a grandchild").sum);
            let _ = pool.run_one(Deed::Spin);
        }
        "closing" => {
            let pool = pool(2).max_tasks_per_worker(1).build(Start::Well).expect("a pool");
            let done = pool.map(echoes(7)).iter().filter(|result| result.is_ok()).count();
            pool.close();
            println!("{done} {:?}", children(std::process::id()));
        }
        "early" => {
            let own = std::process::id();
            let pool = pool(1).build(Start::Slowly(Duration::from_millis(500))).expect("a pool");
            let killer = std::thread::spawn(move || {
                let mut first = None;
                assert!(comes_true(|| {
                    first = children(own).first().copied();
                    first.is_some()
                }));
                send_to(first.expect("a child"), 9);
            });
            let ok = pool.run_one(Deed::Echo(vec![])).is_ok();
            killer.join().expect("no panic");
            println!("{ok}");
        }
        "starved" => {
            let open = std::fs::read_dir("/proc/self/fd").expect("a folder").count() as u64;
            let limit = rustix::process::Rlimit { current: Some(open + 24), maximum: Some(open + 24) };
            rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).expect("a limit");
            let pool = pool(8).build(Start::Well).expect("a pool");
            let results = pool.map(vec![Deed::Sleep(Duration::from_millis(50)); 40]);
            println!("{}", results.iter().filter(|result| result.is_ok()).count());
        }
        "replaced" => {
            let pool = pool(2).max_tasks_per_worker(1).build(Start::Well).expect("a pool");
            let before = pool.map(echoes(4)).iter().filter(|result| result.is_ok()).count();
            let own = std::env::current_exe().expect("a path");
            std::fs::remove_file(&own).expect("removes");
            std::fs::write(&own, "no executable").expect("writes");
            let after = pool.map(echoes(20)).iter().filter(|result| result.is_ok()).count();
            println!("{before} {after}");
        }
        "without-landlock" => sandbox::on_a_kernel_that_lacks(libc::SYS_landlock_create_ruleset, &folder()),
        "without-seccomp" => sandbox::on_a_kernel_that_lacks(libc::SYS_seccomp, &folder()),
        other => panic!("no part {other}"),
    }
    Some(ExitCode::SUCCESS)
}

/// The folder that a part is told to work in.
fn folder() -> std::path::PathBuf {
    std::env::var_os(FOLDER).expect("a folder").into()
}

fn parent(part: &str, program: &std::path::Path) -> Child {
    parent_with(part, program, "")
}

pub(crate) fn parent_with(part: &str, program: &std::path::Path, folder: &str) -> Child {
    Command::new(program)
        .env(PART, part)
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

pub(crate) fn what_it_says(mut parent: Child) -> String {
    let mut said = String::new();
    parent.stdout.take().expect("piped").read_to_string(&mut said).expect("reads");
    parent.wait().expect("it ends");
    said
}

pub(crate) fn own() -> std::path::PathBuf {
    std::env::current_exe().expect("a path")
}

pub(crate) fn a_parent_killed_outright_takes_its_workers_with_it() {
    let mut parent = parent("busy", &own());
    let mut line = String::new();
    BufReader::new(parent.stdout.take().expect("piped")).read_line(&mut line).expect("reads");
    assert_eq!(line, "2 true\n", "the echo is done, the others are not");
    let workers = children(parent.id());
    assert_eq!(workers.len(), 3);
    // It can do nothing for its own end.
    send_to(workers[1], 19);
    send_to(parent.id(), 9);
    parent.wait().expect("it ends");
    let begun = Instant::now();
    assert!(comes_true(|| workers.iter().all(|pid| !is_alive(*pid))), "{workers:?}");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

pub(crate) fn a_parent_killed_outright_takes_its_grandchildren_with_it() {
    for _ in 0..10 {
        let mut parent = parent("grandparent", &own());
        let mut line = String::new();
        BufReader::new(parent.stdout.take().expect("piped")).read_line(&mut line).expect("reads");
        let grandchild = line.trim_end().parse().expect("a pid");
        assert!(is_alive(grandchild));
        send_to(parent.id(), 9);
        parent.wait().expect("it ends");
        assert!(comes_true(|| !is_alive(grandchild)), "{grandchild}");
    }
}

pub(crate) fn a_thread_that_a_task_leaves_behind_does_not_keep_its_worker() {
    let pool = pool(2).max_tasks_per_worker(1).build(Start::Well).expect("a pool");
    let begun = Instant::now();
    assert!(pool.map(vec![Deed::Linger; 20]).iter().all(Result::is_ok));
    assert!(pool.close().iter().all(|report| report.end == End::Quota));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

pub(crate) fn a_dropped_core_ends_a_worker_that_has_not_taken_all_it_was_sent() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let init = postcard::to_stdvec(&Start::Well).expect("it serialises");
        let options = Options { workers: many(1), concurrency: many(2), ..Options::default() };
        let mut core = Core::new(Act::NAME, &init, options).expect("a pool");
        let submit = |core: &mut Core, id, deed: Deed| {
            core.submit(id, postcard::to_stdvec(&deed).expect("it serialises").into(), Hints::default());
        };
        submit(&mut core, 0, Deed::Spin);
        let Some(Event::Started { pid, .. }) = core.next().await else { panic!("no worker was started") };
        assert!(tokio::time::timeout(MOMENT, core.next()).await.is_err(), "it spins");
        // More than the pipe holds, for a worker whose one thread has something else to do.
        submit(&mut core, 1, Deed::Echo(vec![0; 8 << 20]));
        assert!(tokio::time::timeout(MOMENT, core.next()).await.is_err(), "it still spins");
        drop(core);
        let begun = Instant::now();
        while is_alive(pid) && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!is_alive(pid), "it goes on though nobody is there");
    });
}

pub(crate) fn a_program_that_forgets_to_serve_gets_an_error_and_no_tree_of_processes() {
    for part in ["forgetful", "renamed", "stubborn"] {
        let begun = Instant::now();
        let said = what_it_says(parent(part, &own()));
        assert!(said.contains("call gleaner_pool::serve at the start of main"), "{part}: {said}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{part}: {:?}", begun.elapsed());
    }
}

pub(crate) fn a_pool_may_name_the_variable_that_makes_its_workers() {
    let pool = pool(1).worker_variable("POOL_TEST_WORKER").build(Start::Well).expect("a pool");
    let done = pool.run_one(Deed::Echo(vec![1])).expect("a worker that knows what it is");
    let variables = std::fs::read(format!("/proc/{}/environ", done.pid)).expect("it is there");
    let variables = String::from_utf8(variables).expect("it is text");
    let expected = format!("POOL_TEST_WORKER=gleaner-pool worker of {}: act", std::process::id());
    assert!(variables.split('\0').any(|variable| variable == expected), "{variables}");
    assert!(!variables.contains(gleaner_pool::WORKER_VARIABLE), "{variables}");
}

pub(crate) fn a_program_that_prints_before_it_serves_is_told_what_is_wrong() {
    for part in ["talkative", "laconic"] {
        let said = what_it_says(parent(part, &own()));
        assert!(said.contains("call gleaner_pool::serve at the start of main"), "{part}: {said}");
    }
}

pub(crate) fn an_input_that_ends_while_workers_are_replaced_leaves_no_process() {
    assert_eq!(what_it_says(parent("closing", &own())), "7 []\n");
}

pub(crate) fn a_replaced_executable_goes_on_starting_workers() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("program");
    std::fs::copy(own(), &copy).expect("copies");
    assert_eq!(what_it_says(parent("replaced", &copy)), "4 20\n");
}

pub(crate) fn dropping_a_pool_ends_its_workers_whatever_they_do() {
    let pool = pool(2).concurrency(2).build(Start::Well).expect("a pool");
    let mut tasks = vec![Deed::Sleep(Duration::from_millis(50)); 4];
    tasks.extend([Deed::Spin, Deed::Spin, Deed::Sleep(Duration::from_secs(3600))]);
    let mut stream = pool.map_unordered(tasks);
    let pids: HashSet<u32> = stream.by_ref().take(4).map(|(_, result)| result.expect("slept").pid).collect();
    assert_eq!(pids.len(), 2);
    let begun = Instant::now();
    drop(stream);
    drop(pool);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert!(pids.iter().all(|pid| !is_alive(*pid)), "drop waits until they are gone");
}

pub(crate) fn a_pool_with_large_outputs_under_way_can_be_dropped() {
    let pool = pool(2).concurrency(2).max_item(65 << 20).build(Start::Well).expect("a pool");
    let mut stream = pool.map_unordered(vec![Deed::Give(64 << 20); 8]);
    assert!(stream.next().is_some_and(|(_, result)| result.is_ok()));
    let begun = Instant::now();
    drop(stream);
    drop(pool);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

pub(crate) fn workers_killed_before_they_were_ready_are_replaced() {
    assert_eq!(what_it_says(parent("early", &own())), "true\n");
}

pub(crate) fn a_lack_of_file_descriptors_costs_workers_and_no_results() {
    assert_eq!(what_it_says(parent("starved", &own())), "40\n");
}
