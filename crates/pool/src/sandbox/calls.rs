//! Seccomp: system calls that no worker needs fail in all threads of the worker.
//!
//! A worker needs memory, threads, clocks, random numbers, polling, pipes, sockets of the Internet, files for reading, and
//! killing itself. To look up names, it needs the kernel's list of addresses, and, if the job asks for it, a UNIX socket to
//! a name service. So these calls are not in the lists.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Op, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch, sock_filter,
};

/// The newest system call that the lists know (Linux 6.17). For a worker, newer calls do not exist, as on an older kernel.
/// Numbers from 424 on are the same on all machines. The calls of the x32 ABI are the ordinary ones under much larger
/// numbers, so they do not exist either.
const YOUNGEST: u32 = 468;

/// Calls whose arguments a filter cannot inspect. They fail with `ENOSYS`, and programs must handle that. Threads are then
/// started with `clone`, whose flags a filter can inspect.
const MISSING: [c_long; 2] = [libc::SYS_clone3, libc::SYS_openat2];

/// Calls that fail with `EPERM`, whatever their arguments are.
#[rustfmt::skip]
const REFUSED: &[c_long] = &[
    // Starting another program.
    libc::SYS_execve, libc::SYS_execveat,
    // Other processes. The parent kills by process group, so a worker must not leave its group.
    libc::SYS_ptrace, libc::SYS_process_vm_readv, libc::SYS_process_vm_writev, libc::SYS_process_madvise,
    448 /* process_mrelease */, libc::SYS_pidfd_getfd, libc::SYS_pidfd_send_signal, libc::SYS_kcmp,
    libc::SYS_migrate_pages, libc::SYS_move_pages, libc::SYS_setpgid, libc::SYS_setsid,
    // Priorities and processors, including those of other processes of the same user.
    libc::SYS_setpriority, libc::SYS_sched_setscheduler, libc::SYS_sched_setparam, libc::SYS_sched_setattr,
    libc::SYS_sched_setaffinity, libc::SYS_ioprio_set,
    // Memory and messages that are shared with other processes and that outlive this one.
    libc::SYS_shmget, libc::SYS_shmat, libc::SYS_msgget, libc::SYS_semget, libc::SYS_mq_open, libc::SYS_mq_unlink,
    // Becoming another user, and changing the personality or the limits of the process.
    libc::SYS_setuid, libc::SYS_setgid, libc::SYS_setreuid, libc::SYS_setregid, libc::SYS_setresuid,
    libc::SYS_setresgid, libc::SYS_setfsuid, libc::SYS_setfsgid, libc::SYS_setgroups,
    libc::SYS_personality, libc::SYS_setrlimit,
    // The kernel's keyrings.
    libc::SYS_add_key, libc::SYS_request_key, libc::SYS_keyctl,
    // Changing the view of the file system.
    libc::SYS_mount, libc::SYS_umount2, libc::SYS_pivot_root, libc::SYS_chroot, libc::SYS_setns, libc::SYS_unshare,
    libc::SYS_open_tree, libc::SYS_move_mount, libc::SYS_fsopen, libc::SYS_fsconfig, libc::SYS_fsmount,
    libc::SYS_fspick, libc::SYS_mount_setattr, 467 /* open_tree_attr */, libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init, libc::SYS_quotactl, 443 /* quotactl_fd */, libc::SYS_swapon, libc::SYS_swapoff,
    // Changing the machine.
    libc::SYS_reboot, libc::SYS_kexec_load, libc::SYS_init_module,
    libc::SYS_finit_module, libc::SYS_delete_module, libc::SYS_acct, libc::SYS_syslog, libc::SYS_sethostname,
    libc::SYS_setdomainname, libc::SYS_settimeofday, libc::SYS_clock_settime, libc::SYS_adjtimex,
    libc::SYS_clock_adjtime, libc::SYS_vhangup,
    // Interfaces with many past vulnerabilities, or with which a program can bypass this list.
    libc::SYS_bpf, libc::SYS_perf_event_open, libc::SYS_userfaultfd, libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter, libc::SYS_io_uring_register, 460 /* lsm_set_self_attr */,
    // Changes to the file system. Landlock refuses most of them, but not changes of owners, modes, times and attributes.
    libc::SYS_unlinkat, libc::SYS_renameat2, libc::SYS_mkdirat, libc::SYS_mknodat, libc::SYS_symlinkat,
    libc::SYS_linkat, libc::SYS_truncate, libc::SYS_fchmod, libc::SYS_fchmodat, 452 /* fchmodat2 */,
    libc::SYS_fchown, libc::SYS_fchownat, libc::SYS_utimensat, libc::SYS_setxattr, libc::SYS_lsetxattr,
    libc::SYS_fsetxattr, libc::SYS_removexattr, libc::SYS_lremovexattr, libc::SYS_fremovexattr,
    463 /* setxattrat */, 466 /* removexattrat */,
    // Being a server.
    libc::SYS_listen,
];

/// Refused calls that only this machine has. Most of them are older forms of the others.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const REFUSED_HERE: &[c_long] = &[
    libc::SYS_fork, libc::SYS_vfork, libc::SYS_unlink, libc::SYS_rename, libc::SYS_renameat, libc::SYS_rmdir,
    libc::SYS_mkdir, libc::SYS_mknod, libc::SYS_symlink, libc::SYS_link, libc::SYS_creat, libc::SYS_chmod,
    libc::SYS_chown, libc::SYS_lchown, libc::SYS_utime, libc::SYS_utimes, libc::SYS_futimesat, libc::SYS_uselib,
    libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt, libc::SYS_kexec_file_load,
];
#[cfg(target_arch = "aarch64")]
const REFUSED_HERE: &[c_long] = &[libc::SYS_renameat, 294 /* kexec_file_load */];
#[cfg(target_arch = "riscv64")]
const REFUSED_HERE: &[c_long] = &[294 /* kexec_file_load */];

/// Refuses the calls of this file for all threads of this process. This cannot be undone.
pub(super) fn refuse(unix_sockets: bool) -> Result<(), String> {
    let program = program(unix_sockets).map_err(|error| error.to_string())?;
    seccompiler::apply_filter_all_threads(&program).map_err(|error| error.to_string())
}

fn program(unix_sockets: bool) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().chain(REFUSED_HERE).map(|call| (*call, Vec::new())).collect();
    rules.extend(conditional(unix_sockets)?);
    let refuse = SeccompAction::Errno(number(libc::EPERM));
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    let filter: BpfProgram = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?.try_into()?;
    Ok(missing().into_iter().chain(filter).collect())
}

/// Calls that fail only with some arguments. A call fails if its arguments meet all conditions of at least one rule.
fn conditional(unix_sockets: bool) -> Result<BTreeMap<i64, Vec<SeccompRule>>, BackendError> {
    let own = std::process::id();
    // A negative number is a process group. The number of the worker's own group is its pid.
    let own_group = own.wrapping_neg();
    let not_own = || rule(&[(0, Op::Ne, own)]);
    let mut rules = BTreeMap::from([
        // Starting another process. Starting a thread is allowed.
        (libc::SYS_clone, vec![rule(&[(0, Op::MaskedEq(bits(libc::CLONE_THREAD)), 0)])?]),
        (libc::SYS_kill, vec![rule(&[(0, Op::Ne, own), (0, Op::Ne, own_group)])?]),
        (libc::SYS_tkill, vec![not_own()?]),
        (libc::SYS_tgkill, vec![not_own()?]),
        (libc::SYS_rt_sigqueueinfo, vec![not_own()?]),
        (libc::SYS_rt_tgsigqueueinfo, vec![not_own()?]),
        // Sending signals by means of a file.
        (libc::SYS_fcntl, any_of(1, &[libc::F_SETOWN, F_SETSIG, F_SETOWN_EX])?),
        (libc::SYS_ioctl, vec![rule(&CONTROLS.map(|control| (1, Op::Ne, control)))?]),
        // Living longer than the parent, and being traced by another process.
        (libc::SYS_prctl, any_of(0, &[libc::PR_SET_PDEATHSIG, libc::PR_SET_PTRACER, libc::PR_SET_MM])?),
        // Changing a limit, and reading a limit of another process.
        (
            libc::SYS_prlimit64,
            vec![
                SeccompRule::new(vec![SeccompCondition::new(2, Width::Qword, Op::Ne, 0)?])?,
                rule(&[(0, Op::Ne, 0), (0, Op::Ne, own)])?,
            ],
        ),
        (libc::SYS_openat, opening_to_write(2)?),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_open, opening_to_write(1)?),
        (libc::SYS_socketpair, pairs()?),
    ]);
    rules.insert(libc::SYS_socket, sockets(unix_sockets)?);
    Ok(rules)
}

// From `linux/fcntl.h`. Not all variants of the libc crate have these constants.
const F_SETSIG: i32 = 10;
const F_SETOWN_EX: i32 = 15;

/// The only requests that `ioctl` accepts: `TCGETS` (0x5401) and `TCGETS2` (is this a terminal?), `FIONREAD`, `FIONBIO`,
/// `FIONCLEX`, `FIOCLEX`, and `SIOCGIFNAME` and `SIOCGIFINDEX` (names and numbers of network interfaces). These numbers are
/// the same on all supported machines.
const CONTROLS: [u32; 8] = [0x5401, 0x802c_542a, 0x541b, 0x5421, 0x5450, 0x5451, 0x8910, 0x8933];

/// Refuses all flags that write, create or truncate a file.
fn opening_to_write(argument: u8) -> Result<Vec<SeccompRule>, BackendError> {
    let flags = [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC];
    flags.into_iter().map(|flag| rule(&[(argument, Op::MaskedEq(bits(flag)), number(flag))])).collect()
}

/// The bits of a socket's type without the flags.
const TYPE: i32 = 0xf;

/// Refuses all sockets except TCP, UDP, the kernel's list of addresses, and UNIX sockets if the job needs them.
fn sockets(unix_sockets: bool) -> Result<Vec<SeccompRule>, BackendError> {
    let [inet, inet6, unix, netlink] = [libc::AF_INET, libc::AF_INET6, libc::AF_UNIX, libc::AF_NETLINK].map(number);
    let mut other = vec![(0, Op::Ne, inet), (0, Op::Ne, inet6), (0, Op::Ne, netlink)];
    if unix_sockets {
        other.push((0, Op::Ne, unix));
    }
    let other_netlink = rule(&[(0, Op::Eq, netlink), (2, Op::Ne, number(libc::NETLINK_ROUTE))]);
    let internet = [inet, inet6].into_iter().flat_map(|family| {
        let protocols = [0, libc::IPPROTO_TCP, libc::IPPROTO_UDP].map(|protocol| (2, Op::Ne, number(protocol)));
        let other_protocol = [(0, Op::Eq, family)].into_iter().chain(protocols).collect::<Vec<_>>();
        let other_types = [libc::SOCK_RAW, libc::SOCK_RDM, libc::SOCK_SEQPACKET, libc::SOCK_DCCP, SOCK_PACKET]
            .map(|kind| vec![(0, Op::Eq, family), (1, Op::MaskedEq(bits(TYPE)), number(kind))]);
        other_types.into_iter().chain([other_protocol])
    });
    let internet = internet.map(|conditions| rule(&conditions));
    [rule(&other), other_netlink].into_iter().chain(internet).collect()
}

/// Refuses all pairs of sockets except streams. Sockets of other types could be connected again, to a named socket.
fn pairs() -> Result<Vec<SeccompRule>, BackendError> {
    let other_types = [libc::SOCK_DGRAM, libc::SOCK_RAW, libc::SOCK_RDM, libc::SOCK_SEQPACKET, libc::SOCK_DCCP]
        .map(|kind| rule(&[(1, Op::MaskedEq(bits(TYPE)), number(kind))]));
    [rule(&[(0, Op::Ne, number(libc::AF_UNIX))])].into_iter().chain(other_types).collect()
}

/// From `linux/net.h`: an obsolete way to read raw frames from the network.
const SOCK_PACKET: i32 = 10;

fn any_of(argument: u8, values: &[i32]) -> Result<Vec<SeccompRule>, BackendError> {
    values.iter().map(|value| rule(&[(argument, Op::Eq, number(*value))])).collect()
}

/// A rule whose conditions must all be met. They compare the lower halves of arguments, because the kernel ignores the rest of
/// an `int`.
fn rule(conditions: &[(u8, Op, u32)]) -> Result<SeccompRule, BackendError> {
    let conditions = conditions
        .iter()
        .map(|(argument, op, value)| SeccompCondition::new(*argument, Width::Dword, op.clone(), u64::from(*value)));
    SeccompRule::new(conditions.collect::<Result<_, _>>()?)
}

fn number(value: i32) -> u32 {
    value.cast_unsigned()
}

fn bits(value: i32) -> u64 {
    u64::from(number(value))
}

/// The start of the filter: calls that are missing or too new give `ENOSYS`. The filter after it loads the number again.
fn missing() -> Vec<sock_filter> {
    let instruction =
        |code: u32, jt: u8, jf: u8, k: u32| sock_filter { code: u16::try_from(code).unwrap_or_default(), jt, jf, k };
    let absent = || instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | number(libc::ENOSYS));
    // The number of the call is the first field of a filter's input.
    let mut head = vec![
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        instruction(libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K, 0, 1, YOUNGEST),
        absent(),
    ];
    for call in MISSING {
        let call = u32::try_from(call).unwrap_or(u32::MAX);
        head.extend([instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, call), absent()]);
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: u32 = libc::SECCOMP_RET_ALLOW;

    fn fails_with(errno: i32) -> u32 {
        libc::SECCOMP_RET_ERRNO | number(errno)
    }

    /// Runs the filter as the kernel does, and returns its answer. A filter's instructions work on one register and only jump
    /// forwards.
    fn answer(program: &[sock_filter], call: c_long, arguments: [u64; 6]) -> u32 {
        let arch = match std::env::consts::ARCH {
            "x86_64" => 0xc000_003e_u32,
            "aarch64" => 0xc000_00b7,
            _ => 0xc000_00f3,
        };
        // The number, the machine, the address and the arguments, see `linux/seccomp.h`.
        let mut data = u32::try_from(call).expect("a number").to_ne_bytes().to_vec();
        data.extend(arch.to_ne_bytes());
        data.extend([0; 8]);
        data.extend(arguments.iter().flat_map(|argument| argument.to_ne_bytes()));
        let (mut register, mut at) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at];
            let jump = |taken: bool| usize::from(if taken { jt } else { jf });
            at += 1;
            match u32::from(code) {
                0x20 => {
                    let from = k as usize;
                    register = u32::from_ne_bytes(data[from..from + 4].try_into().expect("four bytes"));
                }
                0x54 => register &= k,
                0x05 => at += k as usize,
                0x15 => at += jump(register == k),
                0x25 => at += jump(register > k),
                0x35 => at += jump(register >= k),
                0x06 => return k,
                other => panic!("unknown instruction {other:#x}"),
            }
        }
    }

    #[test]
    fn calls_are_allowed_or_refused_by_their_number_and_arguments() {
        let program = program(false).expect("a program");
        let with_unix_sockets = super::program(true).expect("a program");
        let refused = fails_with(libc::EPERM);
        let absent = fails_with(libc::ENOSYS);
        let own = u64::from(std::process::id());
        let group = u64::from(std::process::id().wrapping_neg());
        let with = |arguments: &[u64]| {
            let mut all = [0; 6];
            all[..arguments.len()].copy_from_slice(arguments);
            all
        };
        // The flags of `clone(2)` that glibc uses for a thread and for `fork`.
        let (thread, fork) = (0x3d_0f00, 0x0120_0011);
        let at_cwd = u64::from(number(libc::AT_FDCWD));
        #[rustfmt::skip]
        let table: &[(c_long, &[u64], u32)] = &[
            (libc::SYS_read, &[], ALLOWED), (libc::SYS_mmap, &[], ALLOWED), (libc::SYS_futex, &[], ALLOWED),
            (libc::SYS_sendto, &[], ALLOWED), (libc::SYS_exit_group, &[], ALLOWED), (libc::SYS_getrandom, &[], ALLOWED),
            (libc::SYS_execve, &[], refused), (libc::SYS_execveat, &[], refused), (libc::SYS_ptrace, &[16], refused),
            (libc::SYS_process_vm_readv, &[], refused), (libc::SYS_bpf, &[], refused), (libc::SYS_mount, &[], refused),
            (libc::SYS_clone, &[thread], ALLOWED), (libc::SYS_clone, &[fork], refused),
            (libc::SYS_clone3, &[], absent), (libc::SYS_openat2, &[], absent),
            (i64::from(YOUNGEST), &[], ALLOWED), (i64::from(YOUNGEST) + 1, &[], absent),
            // The x32 forms of `execve` and `read`.
            (0x4000_0000 + 520, &[], absent), (0x4000_0000, &[], absent),
            (libc::SYS_kill, &[own, 9], ALLOWED), (libc::SYS_kill, &[group, 9], ALLOWED),
            (libc::SYS_kill, &[0, 9], refused), (libc::SYS_kill, &[1, 9], refused),
            (libc::SYS_kill, &[u64::MAX, 9], refused),
            (libc::SYS_tgkill, &[own, 1, 6], ALLOWED), (libc::SYS_tgkill, &[1, 1, 6], refused),
            (libc::SYS_prlimit64, &[own, 4, 0, 1], ALLOWED), (libc::SYS_prlimit64, &[1, 4, 0, 1], refused),
            (libc::SYS_setpriority, &[0, 1, 19], refused), (libc::SYS_setpriority, &[0, 0, 19], refused),
            (libc::SYS_getpriority, &[0, 0], ALLOWED), (libc::SYS_sched_yield, &[], ALLOWED),
            (libc::SYS_sched_setscheduler, &[0, 1], refused), (libc::SYS_sched_setattr, &[1], refused),
            (libc::SYS_sched_setparam, &[1], refused), (libc::SYS_sched_setaffinity, &[0, 8], refused),
            (libc::SYS_sched_getaffinity, &[0, 8], ALLOWED), (libc::SYS_ioprio_set, &[1, 1, 0], refused),
            (libc::SYS_prlimit64, &[0, 4, 0, 1], ALLOWED), (libc::SYS_prlimit64, &[0, 4, 1 << 40, 0], refused),
            (libc::SYS_prctl, &[15], ALLOWED), (libc::SYS_prctl, &[1], refused),
            (libc::SYS_fcntl, &[3, 4], ALLOWED), (libc::SYS_fcntl, &[3, 8, 1], refused),
            (libc::SYS_ioctl, &[3, 0x5421], ALLOWED), (libc::SYS_ioctl, &[3, 0x541b], ALLOWED),
            (libc::SYS_ioctl, &[3, 0x5401], ALLOWED), (libc::SYS_ioctl, &[3, 0x8933], ALLOWED),
            // Typing at a terminal; signals; flags, address and name of an interface; routes; a bridge; cloning a file.
            (libc::SYS_ioctl, &[3, 0x5412], refused), (libc::SYS_ioctl, &[3, 0x8901], refused),
            (libc::SYS_ioctl, &[3, 0x8914], refused), (libc::SYS_ioctl, &[3, 0x8916], refused),
            (libc::SYS_ioctl, &[3, 0x8923], refused), (libc::SYS_ioctl, &[3, 0x890b], refused),
            (libc::SYS_ioctl, &[3, 0x89a0], refused), (libc::SYS_ioctl, &[3, 0x4004_9409], refused),
            (libc::SYS_ioctl, &[3, 1 << 32 | 0x8914], refused),
            // Opening for reading, and then with each flag that does more.
            (libc::SYS_openat, &[at_cwd, 1, 0o2_000_000], ALLOWED), (libc::SYS_openat, &[at_cwd, 1, 1], refused),
            (libc::SYS_openat, &[at_cwd, 1, 2], refused), (libc::SYS_openat, &[at_cwd, 1, 0o100], refused),
            (libc::SYS_openat, &[at_cwd, 1, 0o1000], refused), (libc::SYS_openat, &[at_cwd, 1, 3], refused),
            // Family, type (with a flag), protocol.
            (libc::SYS_socket, &[2, 0o2_000_001, 6], ALLOWED), (libc::SYS_socket, &[10, 0o2_000_002, 17], ALLOWED),
            (libc::SYS_socket, &[2, 1, 0], ALLOWED), (libc::SYS_socket, &[10, 2, 0], ALLOWED),
            (libc::SYS_socket, &[16, 0o2_000_003, 0], ALLOWED),
            // UNIX sockets; MPTCP; SCTP; UDP-Lite; ICMP without being root, in both families; L2TP.
            (libc::SYS_socket, &[1, 1, 0], refused), (libc::SYS_socket, &[1, 0o2_000_002, 0], refused),
            (libc::SYS_socket, &[2, 1, 262], refused), (libc::SYS_socket, &[10, 0o2_000_001, 262], refused),
            (libc::SYS_socket, &[2, 1, 132], refused), (libc::SYS_socket, &[2, 2, 136], refused),
            (libc::SYS_socket, &[2, 2, 1], refused), (libc::SYS_socket, &[10, 2, 58], refused),
            (libc::SYS_socket, &[2, 2, 115], refused),
            (libc::SYS_socket, &[16, 3, 12], refused), (libc::SYS_socket, &[2, 0o2_000_003, 1], refused),
            (libc::SYS_socket, &[10, 3, 58], refused), (libc::SYS_socket, &[2, 5, 132], refused),
            (libc::SYS_socket, &[2, 10, 0], refused), (libc::SYS_socket, &[17, 3, 0], refused),
            (libc::SYS_socket, &[38, 5, 0], refused), (libc::SYS_socket, &[40, 1, 0], refused),
            (libc::SYS_socketpair, &[1, 1, 0], ALLOWED), (libc::SYS_socketpair, &[30, 1, 0], refused),
            (libc::SYS_socketpair, &[1, 0o2_004_001, 0], ALLOWED), (libc::SYS_socketpair, &[1, 2, 0], refused),
            (libc::SYS_socketpair, &[1, 0o2_000_005, 0], refused),
        ];
        for (call, arguments, expected) in table {
            let given = answer(&program, *call, with(arguments));
            assert_eq!(given, *expected, "call {call} with {arguments:?}: {given:#x}");
        }
        for (arguments, expected) in
            [([1, 1, 0], ALLOWED), ([1, 0o2_000_002, 0], ALLOWED), ([2, 1, 262], refused), ([17, 3, 0], refused)]
        {
            assert_eq!(answer(&with_unix_sockets, libc::SYS_socket, with(&arguments)), expected, "{arguments:?}");
        }
    }
}
