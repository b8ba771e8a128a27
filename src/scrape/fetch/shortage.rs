//! What this system has too little of for another connection. It is no page's fault and no host's, and it passes.

use std::io;
use std::time::Duration;

use rustix::io::Errno;

use super::classify;

/// How long to wait before the next try. Connections that are kept alive are given up after some seconds.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// What was missing when no connection could be opened, if that is why.
pub(super) fn of(error: &reqwest::Error) -> Option<&'static str> {
    classify::io_errors(error).find_map(missing)
}

fn missing(error: &io::Error) -> Option<&'static str> {
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some("a worker may have no more files and connections open (ulimit -n)"),
        Errno::NFILE => Some("this system has no more files and connections (fs.file-max)"),
        Errno::NOBUFS | Errno::NOMEM => Some("this system has no memory for another connection"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_told_from_what_a_host_does() {
        let table = [
            (Errno::MFILE, Some("ulimit -n")),
            (Errno::NFILE, Some("fs.file-max")),
            (Errno::NOBUFS, Some("no memory")),
            (Errno::NOMEM, Some("no memory")),
            (Errno::CONNREFUSED, None),
            (Errno::NETUNREACH, None),
            // An address that this system cannot dial gives the same as a lack of ports.
            (Errno::ADDRNOTAVAIL, None),
        ];
        for (errno, expected) in table {
            let found = missing(&io::Error::from(errno));
            assert_eq!(found.is_some(), expected.is_some(), "{errno}");
            assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()), "{errno}: {found:?}");
        }
        assert_eq!(missing(&io::Error::other("no number")), None);
    }
}
