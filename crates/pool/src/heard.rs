//! Checks each message of a worker against the messages before it. A message that is not allowed is an error, and the
//! worker is not trusted after that. Pure: frames go in, events come out.
//!
//! ```text
//! Starting --Ready--> Working --Bye--> Left
//!     |                  +-- Results, Beat, Note
//!     +--Refused, Unconfined--> Left
//! ```
//!
//! Only the roster knows whether a worker holds the jobs that it names. So the roster makes the final decision.

use std::io;

use bytes::Bytes;

use super::panics;
use super::roster::Ticket;
use super::wire::{self, FromWorker, WireError, WireResult, corrupt};
use super::{JobError, roster};

/// The error for a worker that printed something to its standard output before its first frame.
const PRINTED_FIRST: &str = "something was written to its standard output before the worker used it for its answers: \
                             call gleaner_pool::serve at the start of main, before anything is printed";

/// The longest name of a build, in bytes.
const MOST_BUILD: usize = 256;
/// The longest list of missing parts of the sandbox, in bytes.
const MOST_LACKS: usize = 4 << 10;

/// Says what is wrong with an output, if anything is. The reason fits after "was killed because it sent".
pub type Check = fn(&Bytes) -> Result<(), &'static str>;

/// An event of a child. All children share one channel to the pool, and the events of each child are in order.
#[derive(Debug)]
pub(super) enum ChildEvent {
    Started {
        pid: u32,
    },
    Ready {
        build: String,
        protocol: u32,
        resident: u64,
        lacks: String,
    },
    /// It cannot be confined, and the sandbox is required.
    Unconfined {
        lacks: String,
    },
    Results {
        resident: u64,
        results: Vec<Finished>,
    },
    Beat {
        computing: Option<Ticket>,
    },
    Note {
        id: Ticket,
        note: Bytes,
    },
    /// Its large message is not read yet, because the memory for large messages is full.
    Waits,
    /// Its pipe is read again.
    GoesOn,
    /// It has done all its jobs.
    Bye,
    /// It sent an invalid message. Its later messages are not read.
    Corrupt {
        reason: String,
    },
    /// The last event: the pipe has ended, and the process has been waited for.
    Exited(roster::Exit),
}

#[derive(Debug)]
pub(super) enum Finished {
    Output { id: Ticket, output: Bytes },
    Merged { ids: Vec<Ticket>, output: Bytes },
    Failed { id: Ticket, error: JobError },
}

/// The phase of a worker, according to its own messages.
#[derive(Debug, Clone, PartialEq)]
enum Phase {
    Starting,
    Working,
    Left,
}

/// The state of a worker, according to its messages so far.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    phase: Phase,
    /// The most jobs that a worker holds at once.
    most_jobs: usize,
    /// Checks outputs.
    check: Option<Check>,
    /// Why it cannot start.
    pub(super) refusal: Option<String>,
}

impl Heard {
    /// The state of a new worker, which holds at most `most_jobs` jobs at once, and whose outputs must pass `check`.
    pub(super) fn new(most_jobs: usize, check: Option<Check>) -> Self {
        Self { phase: Phase::Starting, most_jobs, check, refusal: None }
    }

    /// Whether it is still starting.
    #[cfg(any(fuzzing, feature = "simulated"))]
    pub(super) fn is_starting(&self) -> bool {
        self.phase == Phase::Starting
    }

    /// Reads one frame. The time grows with its length.
    ///
    /// # Errors
    /// Returns an error if the frame is not a message, or if the message is not allowed.
    pub(super) fn take(&mut self, frame: &Bytes) -> io::Result<Option<ChildEvent>> {
        let (message, rest) = wire::decode_first::<FromWorker<'_>>(frame)?;
        if let FromWorker::Results { resident, count } = message {
            self.expect(&Phase::Working, "results")?;
            let results = self.results(count, rest, frame)?;
            return Ok(Some(ChildEvent::Results { resident, results }));
        }
        wire::end_of_frame(rest)?;
        match message {
            FromWorker::Ready { protocol, build, resident, lacks } => {
                self.expect(&Phase::Starting, "that it is ready")?;
                self.phase = Phase::Working;
                let (build, lacks) = (short(build, MOST_BUILD)?, short(lacks, MOST_LACKS)?);
                Ok(Some(ChildEvent::Ready { build, protocol, resident, lacks }))
            }
            FromWorker::Unconfined { lacks } => {
                self.expect(&Phase::Starting, "that it cannot be confined")?;
                self.phase = Phase::Left;
                Ok(Some(ChildEvent::Unconfined { lacks: short(lacks, MOST_LACKS)? }))
            }
            FromWorker::Refused { reason } => {
                self.expect(&Phase::Starting, "that it cannot start")?;
                self.phase = Phase::Left;
                self.refusal = Some(short(reason, panics::MOST_BYTES)?);
                Ok(None)
            }
            FromWorker::Beat { computing } => {
                self.expect(&Phase::Working, "a sign of life")?;
                Ok(Some(ChildEvent::Beat { computing }))
            }
            FromWorker::Note { id, note } => {
                self.expect(&Phase::Working, "a note")?;
                Ok(Some(ChildEvent::Note { id, note: frame.slice_ref(note) }))
            }
            FromWorker::Bye => {
                self.expect(&Phase::Working, "a goodbye")?;
                self.phase = Phase::Left;
                Ok(Some(ChildEvent::Bye))
            }
            FromWorker::Results { .. } => Ok(None),
        }
    }

    /// Records that nothing more can be read. If the worker is still starting, it has probably printed something, and
    /// the error says so.
    pub(super) fn broken(&mut self) {
        if self.phase == Phase::Starting {
            self.refusal.get_or_insert_with(|| PRINTED_FIRST.to_owned());
        }
    }

    fn expect(&self, phase: &Phase, what: &str) -> io::Result<()> {
        if self.phase == *phase { Ok(()) } else { Err(corrupt(format!("{what} at the wrong time"))) }
    }

    /// Reads the results one by one. A worker cannot have more results than it can hold jobs.
    fn results(&self, count: usize, mut rest: &[u8], frame: &Bytes) -> io::Result<Vec<Finished>> {
        if count > self.most_jobs {
            return Err(corrupt(format!("{count} results, but it can hold only {} jobs", self.most_jobs)));
        }
        let mut results = Vec::with_capacity(count);
        for _ in 0..count {
            let (result, after) = wire::decode_first::<WireResult<'_>>(rest)?;
            results.push(self.keep(result, frame)?);
            rest = after;
        }
        wire::end_of_frame(rest)?;
        Ok(results)
    }

    /// Converts a result. Outputs are not copied: they stay in their frame.
    fn keep(&self, result: WireResult<'_>, frame: &Bytes) -> io::Result<Finished> {
        Ok(match result {
            WireResult::Output { id, output } => Finished::Output { id, output: self.checked(output, frame)? },
            WireResult::Merged { ids, output } => {
                let (ids, rest) = ids.as_chunks();
                if !rest.is_empty() || ids.len() > self.most_jobs {
                    return Err(corrupt("a merged output of more jobs than it can hold"));
                }
                let ids = ids.iter().map(|id| Ticket::from_le_bytes(*id)).collect();
                Finished::Merged { ids, output: self.checked(output, frame)? }
            }
            WireResult::Failed { id, error } => {
                let longest = match &error {
                    WireError::Panic { message, location, backtrace } => {
                        message.len().max(location.len()).max(backtrace.len())
                    }
                    WireError::Unserializable(reason) => reason.len(),
                    WireError::TooLarge { .. } => 0,
                };
                if longest > panics::MOST_BYTES {
                    return Err(corrupt(format!("an error of {longest} bytes")));
                }
                Finished::Failed { id, error: error.into() }
            }
        })
    }

    /// Cuts an output out of its frame, if it passes the check.
    fn checked(&self, output: &[u8], frame: &Bytes) -> io::Result<Bytes> {
        let output = frame.slice_ref(output);
        match self.check.map_or(Ok(()), |check| check(&output)) {
            Ok(()) => Ok(output),
            Err(reason) => Err(corrupt(reason)),
        }
    }
}

fn short(text: &str, most: usize) -> io::Result<String> {
    if text.len() > most {
        return Err(corrupt(format!("a text of {} bytes, and the limit is {most}", text.len())));
    }
    Ok(text.to_owned())
}
