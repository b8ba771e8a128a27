//! Tests from inside a worker what it cannot do after it is confined, and that an unconfined worker can do it.

use std::error::Error;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use gleaner_pool::{Cause, Confinement, Job, JobError, Pool, Sandbox};
use landlock::{AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
use rustix::net::{AddressFamily, SocketFlags, SocketType};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, Resource, Rlimit};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use serde::{Deserialize, Serialize};

use crate::parents;

/// A job that tries an action. `Init` names the files that its worker may read.
pub(crate) struct Try {
    readable: Vec<PathBuf>,
    unix_sockets: bool,
}

/// The action to try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Deed {
    Read(PathBuf),
    List(PathBuf),
    /// Creates a file, or writes to it.
    Write(PathBuf),
    /// Reads a file on another thread, as the lookup of a name does.
    ReadOnOtherThread(PathBuf),
    /// Gives all users all permissions for a file.
    MakeAccessible(PathBuf),
    Remove(PathBuf),
    /// Starts a program in a new process.
    Start(PathBuf),
    /// Replaces the worker by another program.
    Become(PathBuf),
    /// Creates a socket of this family and type.
    Socket(u16, u32),
    /// Creates an Internet stream socket for this protocol.
    Protocol(u32),
    /// Creates a pair of connected UNIX sockets of this type.
    SocketPair(u32),
    /// Gives the parent the lowest priority.
    SlowParentDown,
    /// Sets the processors of the parent (to those that it has).
    PinParent,
    /// Sets the parent's limit of open files (to the worker's own limit).
    LimitParent,
    /// Gives the worker itself the lowest priority.
    SlowDown,
    /// Returns an environment variable.
    Variable(String),
    Listen,
    /// Sends signal 0 to the parent, which only checks that it exists.
    SignalParent,
    /// Leaves the process group by which the parent kills.
    LeaveGroup,
    /// Copies an open file of the parent, which needs the right to trace it.
    TakeFileOfParent,
    RaiseCoreLimit,
    Resolve(String),
    Panic,
    Abort,
    /// Returns the kernel's status of each thread of the worker.
    Threads,
    CoreLimit,
}

impl Job for Try {
    const NAME: &'static str = "try";
    type Init = (Vec<PathBuf>, bool);
    type Task = Deed;
    /// The result, or the number of the error.
    type Output = Result<String, i32>;

    fn start((readable, unix_sockets): Self::Init) -> Result<Self, Box<dyn Error + Send + Sync>> {
        Ok(Self { readable, unix_sockets })
    }

    fn confinement(&self) -> Option<Confinement> {
        Some(Confinement { readable: self.readable.clone(), unix_sockets: self.unix_sockets })
    }

    async fn run(&self, deed: Deed) -> Result<String, i32> {
        let done = match deed {
            Deed::ReadOnOtherThread(path) => {
                tokio::task::spawn_blocking(|| std::fs::read_to_string(path)).await.expect("does not panic")
            }
            deed => attempt(deed),
        };
        done.map_err(|error| error.raw_os_error().unwrap_or(0))
    }
}

fn attempt(deed: Deed) -> io::Result<String> {
    let nothing = |()| String::new();
    match deed {
        Deed::Read(path) | Deed::ReadOnOtherThread(path) => std::fs::read(path).map(|bytes| bytes.len().to_string()),
        Deed::List(path) => std::fs::read_dir(path).map(|entries| entries.count().to_string()),
        Deed::Write(path) => std::fs::write(path, "written").map(nothing),
        Deed::MakeAccessible(path) => {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).map(nothing)
        }
        Deed::Remove(path) => std::fs::remove_file(path).map(nothing),
        Deed::Start(path) => Command::new(path).status().map(|status| status.to_string()),
        Deed::Become(path) => Err(Command::new(path).exec()),
        Deed::Socket(family, kind) => {
            let (family, kind) = (AddressFamily::from_raw(family), SocketType::from_raw(kind));
            Ok(rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None).map(|_| String::new())?)
        }
        Deed::Protocol(number) => {
            let (family, kind) = (AddressFamily::INET, SocketType::STREAM);
            let protocol = std::num::NonZeroU32::new(number).map(rustix::net::Protocol::from_raw);
            Ok(rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, protocol).map(|_| String::new())?)
        }
        Deed::SocketPair(kind) => {
            let (family, kind) = (AddressFamily::UNIX, SocketType::from_raw(kind));
            Ok(rustix::net::socketpair(family, kind, SocketFlags::CLOEXEC, None).map(|_| String::new())?)
        }
        Deed::SlowParentDown => Ok(rustix::process::setpriority_process(Some(parent()), 19).map(nothing)?),
        Deed::SlowDown => Ok(rustix::process::setpriority_process(None, 19).map(nothing)?),
        Deed::PinParent => {
            let all = rustix::thread::sched_getaffinity(Some(parent()))?;
            Ok(rustix::thread::sched_setaffinity(Some(parent()), &all).map(nothing)?)
        }
        Deed::LimitParent => {
            let limit = rustix::process::getrlimit(Resource::Nofile);
            Ok(rustix::process::prlimit(Some(parent()), Resource::Nofile, limit).map(|_| String::new())?)
        }
        Deed::Variable(name) => Ok(std::env::var(name).unwrap_or_default()),
        Deed::Listen => TcpListener::bind("127.0.0.1:0").map(|_| String::new()),
        Deed::SignalParent => Ok(rustix::process::test_kill_process(parent()).map(nothing)?),
        Deed::LeaveGroup => Ok(rustix::process::setsid().map(|_| String::new())?),
        Deed::TakeFileOfParent => {
            let parent = rustix::process::pidfd_open(parent(), PidfdFlags::empty())?;
            Ok(rustix::process::pidfd_getfd(parent, 2, PidfdGetfdFlags::empty()).map(|_| String::new())?)
        }
        Deed::RaiseCoreLimit => {
            let more = Rlimit { current: Some(1 << 20), maximum: Some(1 << 20) };
            Ok(rustix::process::setrlimit(Resource::Core, more).map(nothing)?)
        }
        Deed::Resolve(name) => (name.as_str(), 80).to_socket_addrs().map(|found| found.count().to_string()),
        Deed::Panic => panic!("as told"),
        Deed::Abort => std::process::abort(),
        Deed::Threads => {
            let threads = std::fs::read_dir("/proc/self/task")?;
            threads.map(|thread| std::fs::read_to_string(thread?.path().join("status"))).collect()
        }
        Deed::CoreLimit => {
            let limit = rustix::process::getrlimit(Resource::Core);
            Ok(format!("{:?} {:?}", limit.current, limit.maximum))
        }
    }
}

fn parent() -> Pid {
    rustix::process::getppid().expect("a worker has a parent")
}

fn pool(sandbox: Sandbox, readable: &[PathBuf]) -> Pool<Try> {
    pool_with(sandbox, readable, false)
}

fn pool_with(sandbox: Sandbox, readable: &[PathBuf], unix_sockets: bool) -> Pool<Try> {
    Pool::<Try>::builder().workers(1).sandbox(sandbox).build((readable.to_vec(), unix_sockets)).expect("a pool")
}

/// Returns whether this kernel has landlock. If not, prints that the test is skipped.
fn can_confine(test: &str) -> bool {
    let strict = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    let can = strict.handle_access(AccessFs::ReadFile).is_ok();
    if !can {
        println!("SKIPPED {test}: this kernel has no landlock");
    }
    can
}

const EPERM: i32 = 1;
const EACCES: i32 = 13;

/// Families and types of sockets, see `socket(2)`.
const UNIX: u16 = 1;
const INET: u16 = 2;
const INET6: u16 = 10;
const NETLINK: u16 = 16;
const PACKET: u16 = 17;
const ALG: u16 = 38;
const STREAM: u32 = 1;
const DATAGRAM: u32 = 2;
const RAW: u32 = 3;

pub(crate) fn a_confined_worker_can_do_nothing_that_it_does_not_need() {
    if !can_confine("a_confined_worker_can_do_nothing_that_it_does_not_need") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["readable", "secret"] {
        std::fs::write(at(name), "text").expect("writes");
    }
    let here = std::env::current_dir().expect("a folder").join("written-by-a-confined-worker");
    // (the action, its error in a confined worker, whether every unconfined user may do it)
    let table = [
        (Deed::Write(std::env::temp_dir().join("written-by-a-confined-worker")), EPERM, true),
        (Deed::Write(here.clone()), EPERM, true),
        (Deed::Write(at("readable")), EPERM, true),
        (Deed::MakeAccessible(at("readable")), EPERM, true),
        (Deed::Read(at("secret")), EACCES, true),
        (Deed::ReadOnOtherThread(at("secret")), EACCES, true),
        (Deed::Read("/etc/passwd".into()), EACCES, true),
        (Deed::ReadOnOtherThread("/etc/passwd".into()), EACCES, true),
        (Deed::Read("/proc/self/root/etc/passwd".into()), EACCES, true),
        (Deed::Read(format!("/proc/{}/environ", std::process::id()).into()), EACCES, true),
        (Deed::List("/".into()), EACCES, true),
        (Deed::List(folder.path().into()), EACCES, true),
        (Deed::Start("/bin/true".into()), EPERM, true),
        (Deed::Socket(INET, RAW), EPERM, false),
        (Deed::Socket(INET6, RAW), EPERM, false),
        (Deed::Socket(PACKET, RAW), EPERM, false),
        (Deed::Socket(ALG, 5), EPERM, false),
        (Deed::Socket(UNIX, STREAM), EPERM, true),
        (Deed::Socket(UNIX, DATAGRAM), EPERM, true),
        (Deed::Protocol(132), EPERM, false),
        (Deed::Protocol(262), EPERM, false),
        (Deed::SocketPair(DATAGRAM), EPERM, true),
        (Deed::PinParent, EPERM, true),
        (Deed::LimitParent, EPERM, true),
        (Deed::SlowParentDown, EPERM, false),
        (Deed::SlowDown, EPERM, false),
        (Deed::Listen, EPERM, true),
        (Deed::SignalParent, EPERM, true),
        (Deed::TakeFileOfParent, EPERM, false),
        (Deed::RaiseCoreLimit, EPERM, false),
        (Deed::LeaveGroup, EPERM, false),
        (Deed::Become("/bin/true".into()), EPERM, false),
        // Must be the last action, because the unconfined worker removes the file.
        (Deed::Remove(at("secret")), EPERM, true),
    ];
    let confined = pool(Sandbox::Require, &[at("readable")]);
    for (deed, error, _) in &table {
        assert_eq!(confined.run_one(deed.clone()).expect("the worker lives on"), Err(*error), "{deed:?}");
    }
    let free = pool(Sandbox::Off, &[]);
    for (deed, _, anybody) in &table {
        if *anybody {
            let done = free.run_one(deed.clone()).expect("the worker lives on");
            assert!(done.is_ok(), "{deed:?} fails although the sandbox is off: {done:?}");
        }
    }
    std::fs::remove_file(here).expect("the unconfined worker has created it");
    let _ = std::fs::remove_file(std::env::temp_dir().join("written-by-a-confined-worker"));
}

pub(crate) fn a_confined_worker_can_do_everything_that_it_needs() {
    if !can_confine("a_confined_worker_can_do_everything_that_it_needs") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("file"), "text").expect("writes");
    let names =
        ["/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/ld.so.cache", "/lib", "/usr/lib", "/lib64"];
    let mut readable: Vec<PathBuf> = names.map(PathBuf::from).into();
    readable.extend([folder.path().to_owned(), "/no/such/file".into()]);
    let pool = pool_with(Sandbox::Require, &readable, true);
    for deed in [
        Deed::Read(folder.path().join("file")),
        Deed::ReadOnOtherThread(folder.path().join("file")),
        Deed::List(folder.path().to_owned()),
        Deed::Read("/proc/self/statm".into()),
        Deed::Resolve("localhost".to_owned()),
        Deed::Socket(INET, STREAM),
        Deed::Socket(INET6, DATAGRAM),
        Deed::Socket(UNIX, STREAM),
        Deed::SocketPair(STREAM),
        Deed::Protocol(6),
        Deed::Socket(NETLINK, RAW),
    ] {
        let done = pool.run_one(deed.clone()).expect("the worker lives on");
        assert!(done.is_ok(), "{deed:?}: {done:?}");
    }
    match pool.run_one(Deed::Panic) {
        Err(JobError::Panic { backtrace, .. }) => assert!(backtrace.contains("processes/sandbox.rs:"), "{backtrace}"),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn every_thread_of_a_confined_worker_is_filtered_and_none_dumps_core() {
    if !can_confine("every_thread_of_a_confined_worker_is_filtered_and_none_dumps_core") {
        return;
    }
    for sandbox in [Sandbox::Require, Sandbox::Auto, Sandbox::Off] {
        let pool = pool(sandbox, &[]);
        // Starts one more thread, which is kept.
        let _ = pool.run_one(Deed::ReadOnOtherThread("/proc/self/stat".into())).expect("the worker lives on");
        let threads = pool.run_one(Deed::Threads).expect("the worker lives on").expect("reads its own entry");
        let threads: Vec<&str> = threads.split("Name:").skip(1).collect();
        assert!(threads.len() >= 3, "the first thread, the watch, and one for blocking work: {threads:?}");
        for thread in threads {
            let is_confined = sandbox != Sandbox::Off;
            assert_eq!(field(thread, "Seccomp") == "2", is_confined, "{sandbox:?}: {thread}");
            assert!(!is_confined || field(thread, "NoNewPrivs") == "1", "{sandbox:?}: {thread}");
            for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
                assert!(!is_confined || field(thread, set) == "0000000000000000", "{sandbox:?}: {thread}");
            }
            let resident = std::fs::read_to_string(format!("/proc/{}/statm", field(thread, "Tgid")));
            assert!(resident.is_ok(), "the parent can read how much memory the worker uses: {resident:?}");
        }
        if sandbox != Sandbox::Off {
            assert_eq!(
                pool.run_one(Deed::CoreLimit).expect("the worker lives on"),
                Ok("Some(0) Some(0)".to_owned()),
                "{sandbox:?}"
            );
        }
    }
}

pub(crate) fn a_needed_file_that_only_root_can_read_stays_readable_and_no_other_right_stays() {
    const TEST: &str = "a_needed_file_that_only_root_can_read_stays_readable_and_no_other_right_stays";
    if !can_confine(TEST) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "text").expect("writes");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("the file belongs to this user");
    if std::os::unix::fs::chown(&file, Some(4321), None).is_err()
        || std::os::unix::fs::chown(folder.path(), Some(4321), None).is_err()
    {
        println!("SKIPPED {TEST}: only root can give files away");
        return;
    }
    // Bit 2 is CAP_DAC_READ_SEARCH in `linux/capability.h`.
    for (readable, done, kept) in [(vec![file.clone()], Ok("4".to_owned()), 1 << 2), (Vec::new(), Err(EACCES), 0)] {
        let pool = pool(Sandbox::Require, &readable);
        assert_eq!(pool.run_one(Deed::Read(file.clone())).expect("the worker lives on"), done);
        assert_eq!(
            pool.run_one(Deed::Read("/etc/shadow".into())).expect("the worker lives on"),
            Err(EACCES),
            "landlock"
        );
        let threads = pool.run_one(Deed::Threads).expect("the worker lives on").expect("reads its own entry");
        let own = threads.split("Name:").nth(1).expect("a thread");
        for set in ["CapPrm", "CapEff"] {
            assert_eq!(u64::from_str_radix(field(own, set), 16).expect("a number"), kept, "{set}");
        }
    }
}

pub(crate) fn a_worker_gets_only_the_named_variables_of_its_parent() {
    // Cargo sets the first two variables.
    let variables = ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "PATH", "HOME"];
    let there: Vec<&str> = variables.into_iter().filter(|name| std::env::var(name).is_ok()).collect();
    assert!(there.len() > 1, "{there:?}");
    let build = || Pool::<Try>::builder().workers(1).sandbox(Sandbox::Off);
    let bare = build().build((Vec::new(), false)).expect("a pool");
    let named = build().environment([there[0]]).build((Vec::new(), false)).expect("a pool");
    let all = build().environment(["*"]).build((Vec::new(), false)).expect("a pool");
    for (nth, name) in there.iter().enumerate() {
        let value = |pool: &Pool<Try>| {
            pool.run_one(Deed::Variable((*name).to_owned())).expect("the worker lives on").expect("a text")
        };
        assert_eq!(value(&bare), "", "{name}");
        assert_eq!(value(&named).is_empty(), nth > 0, "{name}");
        assert_eq!(value(&all), std::env::var(name).expect("it is there"));
    }
}

pub(crate) fn a_confined_worker_that_aborts_is_lost_like_any_other_worker() {
    match pool(Sandbox::Auto, &[]).run_one(Deed::Abort) {
        Err(JobError::Poison(death)) => assert_eq!(death.cause, Cause::Signal(6)),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn each_wall_works_without_the_other_and_the_missing_wall_is_named() {
    if !can_confine("each_wall_works_without_the_other_and_the_missing_wall_is_named") {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("secret"), "text").expect("writes");
    let path = folder.path().to_str().expect("UTF-8");
    // (the role, the results of writing, reading and starting a program, the missing wall)
    let table = [
        ("without-landlock", "Err(1) Ok Err(1)", "lacks landlock (the kernel was built without it); with `auto`"),
        ("without-seccomp", "Err(13) Err(13) Err(13)", "lacks seccomp ("),
    ];
    for (role, expected, lacks) in table {
        let said = parents::output_of(parents::start_role_in(role, &parents::own(), path));
        let (tried, refused) = said.split_once('\n').expect("two lines");
        assert_eq!(tried, expected, "{role}");
        assert!(refused.contains(lacks), "{role}: {refused}");
    }
}

/// Runs the role of a program on a kernel without one of the walls. A filter makes the system call of that wall fail as if it
/// did not exist.
pub(crate) fn run_on_a_kernel_without(call: libc::c_long, folder: &Path) {
    let absent = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    let arch = std::env::consts::ARCH.try_into().expect("a known machine");
    let filter = SeccompFilter::new([(call, Vec::new())].into(), SeccompAction::Allow, absent, arch);
    let filter: BpfProgram = filter.expect("a filter").try_into().expect("a filter");
    seccompiler::apply_filter_all_threads(&filter).expect("the kernel has seccomp");
    let auto = pool(Sandbox::Auto, &[]);
    let tried =
        [Deed::Write(folder.join("written")), Deed::Read(folder.join("secret")), Deed::Become("/bin/true".into())].map(
            |deed| match auto.run_one(deed).expect("the worker lives on") {
                Ok(_) => "Ok".to_owned(),
                Err(error) => format!("Err({error})"),
            },
        );
    println!("{}", tried.join(" "));
    println!("{:?}", pool(Sandbox::Require, &[]).run_one(Deed::CoreLimit).expect_err("it is refused").to_string());
}

fn field<'a>(status: &'a str, name: &str) -> &'a str {
    let mut fields = status.lines().filter_map(|line| line.split_once(':'));
    fields.find_map(|(found, value)| (found == name).then_some(value.trim())).expect("a field")
}
