//! Finds out whether this system lacks the resources for another connection. That is not the fault of a page or a host,
//! and it passes.

use std::io;
use std::time::Duration;

use rustix::io::Errno;

use super::classify;

/// How long to wait before the next attempt. Idle connections are closed after a few seconds.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// Returns the missing resource, if that is why no connection could be opened.
pub(super) fn of(error: &reqwest::Error) -> Option<&'static str> {
    classify::io_errors(error).find_map(missing)
}

fn missing(error: &io::Error) -> Option<&'static str> {
    match Errno::from_io_error(error)? {
        Errno::MFILE => Some("a worker has reached its limit of open files and connections (ulimit -n)"),
        Errno::NFILE => Some("this system has reached its limit of open files and connections (fs.file-max)"),
        Errno::NOBUFS | Errno::NOMEM => Some("this system has no memory for another connection"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lack_of_resources_differs_from_an_error_of_the_host() {
        let table = [
            (Errno::MFILE, Some("ulimit -n")),
            (Errno::NFILE, Some("fs.file-max")),
            (Errno::NOBUFS, Some("no memory")),
            (Errno::NOMEM, Some("no memory")),
            (Errno::CONNREFUSED, None),
            (Errno::NETUNREACH, None),
            // An address without a route gives the same error as a lack of ports.
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
