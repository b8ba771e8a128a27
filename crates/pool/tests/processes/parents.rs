//! Tests of what happens to workers if their parent misbehaves. The parent is this executable, which plays a role.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use gleaner_pool::{Core, End, Event, Hints, Job, Options, Pool};

use crate::job::{Act, Deed, LONGEST_WAIT, Start, children, comes_true, echoes, is_alive, many, pool, send_to};
use crate::sandbox;

/// The environment variable with the role of this process.
const ROLE: &str = "POOL_TEST_ROLE";
/// The environment variable with the folder of the role.
const FOLDER: &str = "POOL_TEST_FOLDER";
/// How long it takes at most until a submitted job runs.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

/// Runs the roles of programs whose `main` does not call `serve` first.
pub(crate) fn run_without_serve() -> Option<ExitCode> {
    let role = std::env::var(ROLE).ok()?;
    match role.as_str() {
        "no-serve" | "no-serve-retry" | "no-serve-renamed" => {}
        // In a worker, this goes into the pipe to the parent.
        "prints-a-line" => println!("Welcome."),
        "prints-a-character" => print!("!"),
        _ => return None,
    }
    if is_too_deep() {
        println!("a tree of processes");
        return Some(ExitCode::FAILURE);
    }
    // The copies of this program get the same role.
    let builder = Pool::<Act>::builder().environment([ROLE]);
    let builder = if role == "no-serve" { builder } else { builder.worker_variable("POOL_TEST_WORKER") };
    let built = match builder.build(Start::Well) {
        // Ignores the error and tries again with another name.
        Err(_) if role == "no-serve-retry" => Pool::<Act>::builder().environment([ROLE]).build(Start::Well),
        built => built,
    };
    match built {
        Ok(pool) => match pool.run_one(Deed::Echo(vec![])) {
            Ok(_) => println!("the task was done, although main does not call serve"),
            Err(error) => println!("{error}"),
        },
        Err(error) => {
            eprintln!("{error}");
            return Some(ExitCode::FAILURE);
        }
    }
    Some(ExitCode::SUCCESS)
}

/// Returns whether this process is the grandchild of a program that does not call `serve`. If the pool fails to stop the tree
/// of processes, this check stops it before it uses up the machine.
fn is_too_deep() -> bool {
    let parent_of = |pid: u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:")?.trim().parse::<u32>().ok())
    };
    let own = std::fs::read_link("/proc/self/exe").ok();
    let is_copy = |pid: &u32| std::fs::read_link(format!("/proc/{pid}/exe")).ok() == own;
    let ancestors = std::iter::successors(parent_of(std::process::id()), |pid| parent_of(*pid));
    // A worker of the program has two such ancestors: the program and the test. A process below a worker has more.
    ancestors.take_while(is_copy).count() > 2
}

/// Runs the roles of programs that call `serve`.
pub(crate) fn run_role() -> Option<ExitCode> {
    match std::env::var(ROLE).ok()?.as_str() {
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
            println!("{}", pool.run_one(Deed::StartProcess).expect("a grandchild").sum);
            let _ = pool.run_one(Deed::Spin);
        }
        "closing" => {
            let pool = pool(2).max_tasks_per_worker(1).build(Start::Well).expect("a pool");
            let done = pool.map(echoes(7)).iter().filter(|result| result.is_ok()).count();
            pool.close();
            println!("{done} {:?}", children(std::process::id()));
        }
        "kills-early" => {
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
        "few-files" => {
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
        "without-landlock" => sandbox::run_on_a_kernel_without(libc::SYS_landlock_create_ruleset, &folder()),
        "without-seccomp" => sandbox::run_on_a_kernel_without(libc::SYS_seccomp, &folder()),
        other => panic!("unknown role {other}"),
    }
    Some(ExitCode::SUCCESS)
}

/// Returns the folder that this role must use.
fn folder() -> std::path::PathBuf {
    std::env::var_os(FOLDER).expect("a folder").into()
}

/// Starts this program in a role.
fn parent(role: &str, program: &std::path::Path) -> Child {
    start_role_in(role, program, "")
}

/// Starts this program in a role, with a folder to use.
pub(crate) fn start_role_in(role: &str, program: &std::path::Path, folder: &str) -> Child {
    Command::new(program)
        .env(ROLE, role)
        .env(FOLDER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// Waits for a program to end, and returns what it printed.
pub(crate) fn output_of(mut parent: Child) -> String {
    let mut said = String::new();
    parent.stdout.take().expect("piped").read_to_string(&mut said).expect("reads");
    parent.wait().expect("it ends");
    said
}

pub(crate) fn own() -> std::path::PathBuf {
    std::env::current_exe().expect("a path")
}

pub(crate) fn workers_die_if_their_parent_is_killed() {
    let mut parent = parent("busy", &own());
    let mut line = String::new();
    BufReader::new(parent.stdout.take().expect("piped")).read_line(&mut line).expect("reads");
    assert_eq!(line, "2 true\n", "only the echo is done");
    let workers = children(parent.id());
    assert_eq!(workers.len(), 3);
    // A stopped worker cannot end by itself.
    send_to(workers[1], 19);
    send_to(parent.id(), 9);
    parent.wait().expect("it ends");
    let begun = Instant::now();
    assert!(comes_true(|| workers.iter().all(|pid| !is_alive(*pid))), "{workers:?}");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

pub(crate) fn processes_that_workers_started_die_if_the_parent_is_killed() {
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

pub(crate) fn a_thread_that_a_task_leaves_running_does_not_keep_its_worker_alive() {
    let pool = pool(2).max_tasks_per_worker(1).build(Start::Well).expect("a pool");
    let begun = Instant::now();
    assert!(pool.map(vec![Deed::LeaveThread; 20]).iter().all(Result::is_ok));
    assert!(pool.close().iter().all(|report| report.end == End::Quota));
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

pub(crate) fn a_dropped_core_ends_a_worker_that_has_not_read_all_its_input() {
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
        assert!(tokio::time::timeout(LONG_ENOUGH, core.next()).await.is_err(), "it spins");
        // Sends more than the pipe holds to a worker whose only thread is busy.
        submit(&mut core, 1, Deed::Echo(vec![0; 8 << 20]));
        assert!(tokio::time::timeout(LONG_ENOUGH, core.next()).await.is_err(), "it still spins");
        drop(core);
        let begun = Instant::now();
        while is_alive(pid) && begun.elapsed() < LONGEST_WAIT {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!is_alive(pid), "the worker is still alive after its core was dropped");
    });
}

pub(crate) fn a_program_that_does_not_call_serve_gets_an_error_and_no_tree_of_processes() {
    for role in ["no-serve", "no-serve-renamed", "no-serve-retry"] {
        let begun = Instant::now();
        let said = output_of(parent(role, &own()));
        assert!(said.contains("call gleaner_pool::serve at the start of main"), "{role}: {said}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{role}: {:?}", begun.elapsed());
    }
}

pub(crate) fn a_pool_may_name_the_variable_that_makes_its_workers() {
    let pool = pool(1).worker_variable("POOL_TEST_WORKER").build(Start::Well).expect("a pool");
    let done = pool.run_one(Deed::Echo(vec![1])).expect("the process becomes a worker");
    let variables = std::fs::read(format!("/proc/{}/environ", done.pid)).expect("the worker is alive");
    let variables = String::from_utf8(variables).expect("it is text");
    let expected = format!("POOL_TEST_WORKER=gleaner-pool worker of {}: act", std::process::id());
    assert!(variables.split('\0').any(|variable| variable == expected), "{variables}");
    assert!(!variables.contains(gleaner_pool::WORKER_VARIABLE), "{variables}");
}

pub(crate) fn a_program_that_prints_before_it_calls_serve_gets_an_error_that_says_so() {
    for role in ["prints-a-line", "prints-a-character"] {
        let said = output_of(parent(role, &own()));
        assert!(said.contains("call gleaner_pool::serve at the start of main"), "{role}: {said}");
    }
}

pub(crate) fn a_pool_that_closes_while_workers_are_replaced_leaves_no_process() {
    assert_eq!(output_of(parent("closing", &own())), "7 []\n");
}

pub(crate) fn a_program_whose_executable_was_replaced_can_still_start_workers() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = folder.path().join("program");
    std::fs::copy(own(), &copy).expect("copies");
    assert_eq!(output_of(parent("replaced", &copy)), "4 20\n");
}

pub(crate) fn dropping_a_pool_ends_its_workers_even_if_they_are_busy() {
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
    assert!(pids.iter().all(|pid| !is_alive(*pid)), "drop returns only after the workers are gone");
}

pub(crate) fn dropping_a_pool_is_fast_while_large_outputs_arrive() {
    let pool = pool(2).concurrency(2).max_item(65 << 20).build(Start::Well).expect("a pool");
    let mut stream = pool.map_unordered(vec![Deed::Give(64 << 20); 8]);
    assert!(stream.next().is_some_and(|(_, result)| result.is_ok()));
    let begun = Instant::now();
    drop(stream);
    drop(pool);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

pub(crate) fn workers_that_are_killed_before_they_are_ready_are_replaced() {
    assert_eq!(output_of(parent("kills-early", &own())), "true\n");
}

pub(crate) fn a_lack_of_file_descriptors_costs_workers_but_no_results() {
    assert_eq!(output_of(parent("few-files", &own())), "40\n");
}
