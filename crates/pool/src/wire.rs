//! The wire between a pool and its workers: frames of bytes, and the messages in them.
//!
//! ```text
//! frame   = u32 length | u32 CRC-32 of the payload | payload        (little endian)
//! payload = one message, postcard
//! ```
//!
//! A frame is untrusted: its length is checked before anything is allocated, its checksum before it is decoded. What
//! does not fit is an error, after which the stream has no meaning any more and the worker is replaced. Messages of a
//! worker borrow from their frame, and lists are read one by one, so that a message never takes much more memory than
//! the bytes that brought it.

use std::borrow::Cow;
use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};
use tokio_util::codec::Decoder;

use super::{JobError, Sandbox, User};

/// Bytes before a payload.
const HEADER: usize = 8;

/// How much room a frame that has begun gets at least, if it lacks so much.
const LEAST_ROOM: usize = 64 << 10;

/// What a batch of results may add to the largest single result: ids, lengths, other small results.
const ENVELOPE: usize = 1 << 20;

/// The largest task or output: the length of a frame has 32 bits.
pub(super) const MOST: usize = u32::MAX as usize - ENVELOPE;

/// Bytes of tasks that travel in one frame, if they are more than one.
const BATCH: usize = 16 << 20;

/// Counts the changes of this protocol; both ends must have the same.
pub(super) const PROTOCOL: u32 = 5;

/// Parent to worker.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToWorker<'a> {
    /// The first frame.
    Hello {
        protocol: u32,
        build: &'a str,
        /// The job's `Init`, postcard.
        #[serde(with = "serde_bytes")]
        init: &'a [u8],
        /// The largest output, in bytes, that may come back.
        max_output: u64,
        /// Whether to give up what the job does not need.
        sandbox: Sandbox,
        /// The user to become.
        user: Option<User>,
    },
    /// Jobs to begin at once.
    Jobs(#[serde(borrow)] Vec<WireJob<'a>>),
    /// No more will come: finish what is there, say goodbye and end.
    Drain,
}

/// One job on its way to a worker. `id` is the roster's ticket: another one each time a job is handed over.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireJob<'a> {
    pub(super) id: u64,
    /// Its output may be merged on the way back with those of other jobs with this number.
    pub(super) merge: Option<u64>,
    #[serde(with = "serde_bytes")]
    pub(super) payload: &'a [u8],
}

/// Worker to parent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromWorker<'a> {
    /// The job is set up: hand me work.
    Ready {
        protocol: u32,
        build: &'a str,
        resident: u64,
        /// What the system lacks for the sandbox; empty where it lacks nothing.
        lacks: &'a str,
    },
    /// The job's `start` returned an error; the worker ends after this.
    Refused { reason: &'a str },
    /// What has been finished since the last frame. As many [`WireResult`]s as `count` says follow in the same frame.
    Results {
        /// Resident memory in bytes, 0 where the platform does not tell.
        resident: u64,
        count: usize,
    },
    /// The worker is alive; `computing` is the job that has kept its thread for some time, if one has.
    Beat { computing: Option<u64> },
    /// What a job says before it is done.
    Note {
        id: u64,
        #[serde(with = "serde_bytes")]
        note: &'a [u8],
    },
    /// Drained: the worker has sent all results and ends by itself.
    Bye,
    /// The sandbox is required, and the system lacks this part of it; the worker ends after this.
    Unconfined { lacks: &'a str },
}

/// What became of a job, or of several whose outputs were merged.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WireResult<'a> {
    Output {
        id: u64,
        #[serde(with = "serde_bytes")]
        output: &'a [u8],
    },
    Merged {
        /// The jobs' ids, eight bytes each (little endian).
        #[serde(with = "serde_bytes")]
        ids: &'a [u8],
        #[serde(with = "serde_bytes")]
        output: &'a [u8],
    },
    Failed {
        id: u64,
        #[serde(borrow)]
        error: WireError<'a>,
    },
}

/// Why a job has no output, as far as a worker can say so. That a task is to blame for a death is the parent's verdict.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WireError<'a> {
    Panic { message: &'a str, location: &'a str, backtrace: &'a str },
    TooLarge { size: u64, limit: u64 },
    Unserializable(#[serde(borrow)] Cow<'a, str>),
}

impl<'a> From<&'a JobError> for WireError<'a> {
    fn from(error: &'a JobError) -> Self {
        match error {
            JobError::Panic { message, location, backtrace } => Self::Panic { message, location, backtrace },
            JobError::TooLarge { size, limit } => Self::TooLarge { size: *size, limit: *limit },
            JobError::Unserializable(reason) => Self::Unserializable(reason.into()),
            JobError::Poison(_) | JobError::Stopped(_) => Self::Unserializable(error.to_string().into()),
        }
    }
}

impl From<WireError<'_>> for JobError {
    fn from(error: WireError<'_>) -> Self {
        match error {
            WireError::Panic { message, location, backtrace } => Self::Panic {
                message: message.to_owned(),
                location: location.to_owned(),
                backtrace: backtrace.to_owned(),
            },
            WireError::TooLarge { size, limit } => Self::TooLarge { size, limit },
            WireError::Unserializable(reason) => Self::Unserializable(reason.into_owned()),
        }
    }
}

/// Splits a stream of bytes into frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frames {
    max_payload: usize,
}

impl Frames {
    /// Frames in which one job or one output may have `max_item` bytes.
    pub(super) fn new(max_item: usize) -> Self {
        Self { max_payload: max_item.saturating_add(ENVELOPE).min(u32::MAX as usize) }
    }
}

impl Frames {
    /// The length of the payload of a frame that has begun, if a frame may have it.
    pub(super) fn begun(self, buffer: &[u8]) -> Option<usize> {
        let mut header = buffer.get(..HEADER)?;
        Some(header.get_u32_le() as usize).filter(|length| *length <= self.max_payload)
    }
}

impl Decoder for Frames {
    type Item = Bytes;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
        let Some(mut header) = buffer.get(..HEADER) else {
            return Ok(None);
        };
        let (length, checksum) = (header.get_u32_le() as usize, header.get_u32_le());
        if length > self.max_payload {
            return Err(corrupt(format!("a frame of {length} bytes, where {} is the limit", self.max_payload)));
        }
        if buffer.len() < HEADER + length {
            // The length is a promise, and memory is given for what has been kept of it: the room doubles on the way.
            let missing = HEADER + length - buffer.len();
            buffer.reserve(missing.min(buffer.len().max(LEAST_ROOM)));
            return Ok(None);
        }
        buffer.advance(HEADER);
        let payload = buffer.split_to(length).freeze();
        if crc32fast::hash(&payload) != checksum {
            return Err(corrupt("a frame with a wrong checksum"));
        }
        Ok(Some(payload))
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
        match self.decode(buffer)? {
            Some(frame) => Ok(Some(frame)),
            None if buffer.is_empty() => Ok(None),
            None => Err(corrupt(format!("{} bytes of a frame whose rest never came", buffer.len()))),
        }
    }
}

/// Cuts a row into pieces, each of which goes into one frame.
pub(super) fn batches<T>(mut rest: &[T], bytes: impl Fn(&T) -> usize) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let mut sum = 0;
        let fit = rest.iter().take_while(|item| {
            sum += bytes(item);
            sum <= BATCH
        });
        let (batch, left) = rest.split_at_checked(fit.count().max(1))?;
        rest = left;
        Some(batch)
    })
}

/// Appends `message` to `out` as one frame.
pub(super) fn encode<T: Serialize>(message: &T, out: &mut BytesMut) -> io::Result<()> {
    encode_list::<T, ()>(message, &[], out)
}

/// Appends `message` and the items that belong to it to `out` as one frame.
pub(super) fn encode_list<T: Serialize, I: Serialize>(message: &T, items: &[I], out: &mut BytesMut) -> io::Result<()> {
    let start = out.len();
    out.put_bytes(0, HEADER);
    postcard::serialize_with_flavor::<T, _, ()>(message, Appended(out)).map_err(corrupt)?;
    for item in items {
        postcard::serialize_with_flavor::<I, _, ()>(item, Appended(out)).map_err(corrupt)?;
    }
    let payload = &out[start + HEADER..];
    let length = u32::try_from(payload.len()).map_err(corrupt)?;
    let checksum = crc32fast::hash(payload);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + HEADER].copy_from_slice(&checksum.to_le_bytes());
    Ok(())
}

/// Where postcard puts what it makes: at the end, slices whole. (Its own `to_extend` goes byte by byte.)
struct Appended<'a>(&'a mut BytesMut);

impl Flavor for Appended<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.put_u8(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Reads the one message that a frame is.
pub(super) fn decode<'a, T: Deserialize<'a>>(frame: &'a [u8]) -> io::Result<T> {
    let (message, rest) = decode_first(frame)?;
    end_of_frame(rest).map(|()| message)
}

/// Reads the first message of a frame. Gives with it what follows.
pub(super) fn decode_first<'a, T: Deserialize<'a>>(frame: &'a [u8]) -> io::Result<(T, &'a [u8])> {
    postcard::take_from_bytes(frame).map_err(|error| corrupt(format!("a frame that holds no message ({error})")))
}

/// Makes sure that nothing is left of a frame.
pub(super) fn end_of_frame(rest: &[u8]) -> io::Result<()> {
    if rest.is_empty() { Ok(()) } else { Err(corrupt(format!("{} bytes after the end of a message", rest.len()))) }
}

pub(super) fn corrupt(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: &[u8]) -> BytesMut {
        let mut out = BytesMut::new();
        out.put_u32_le(u32::try_from(payload.len()).expect("small"));
        out.put_u32_le(crc32fast::hash(payload));
        out.put_slice(payload);
        out
    }

    #[test]
    fn a_frame_comes_out_whole_however_it_is_cut() {
        let bytes = frame(b"several words");
        for cut in 0..bytes.len() {
            let mut buffer = BytesMut::from(&bytes[..cut]);
            let mut frames = Frames::new(100);
            assert_eq!(frames.decode(&mut buffer).expect("so far so good"), None, "cut at {cut}");
            buffer.put_slice(&bytes[cut..]);
            let whole = frames.decode(&mut buffer).expect("whole").expect("whole");
            assert_eq!(&whole[..], b"several words");
        }
    }

    #[test]
    fn a_frame_that_announces_too_much_is_refused_before_it_is_allocated() {
        for length in [(1 << 20) + 101, 2 << 30, u32::MAX] {
            let mut buffer = BytesMut::new();
            buffer.put_u32_le(length);
            buffer.put_u32_le(0);
            let error = Frames::new(100).decode(&mut buffer).expect_err("too long");
            assert!(error.to_string().contains("limit"), "{error}");
            assert!(buffer.capacity() < 1 << 20);
        }
    }

    #[test]
    fn damage_is_noticed() {
        let mut wrong_sum = frame(b"payload");
        wrong_sum[10] ^= 1;
        assert!(Frames::new(100).decode(&mut wrong_sum).is_err());
        let mut torn = frame(b"payload");
        torn.truncate(11);
        assert!(Frames::new(100).decode_eof(&mut torn).is_err());
        assert!(decode::<FromWorker>(b"\xff\xff").is_err());
    }

    #[test]
    fn what_is_too_much_for_a_frame_goes_into_several() {
        for (row, expected) in [
            (&[][..], &[][..]),
            (&[1, 2, 3], &[3]),
            (&[BATCH, 1], &[1, 1]),
            (&[BATCH - 1, 1, 1], &[2, 1]),
            (&[1, 9 * BATCH, 1, 1], &[1, 1, 2]),
        ] {
            let pieces: Vec<&[usize]> = batches(row, |bytes| *bytes).collect();
            assert_eq!(pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>(), expected, "{row:?}");
            assert_eq!(pieces.concat(), row);
        }
    }

    #[test]
    fn messages_survive_the_wire() {
        let mut out = BytesMut::new();
        let jobs = vec![WireJob { id: 7, merge: None, payload: b"x" }, WireJob { id: 8, merge: Some(9), payload: b"" }];
        encode(&ToWorker::Jobs(jobs), &mut out).expect("encodes");
        encode(&ToWorker::Drain, &mut out).expect("encodes");
        let mut frames = Frames::new(100);
        let first = frames.decode(&mut out).expect("valid").expect("there");
        let ToWorker::Jobs(jobs) = decode(&first).expect("a message") else { panic!("not jobs") };
        assert_eq!((jobs[0].id, jobs[0].payload, jobs[1].merge), (7, &b"x"[..], Some(9)));
        let second = frames.decode(&mut out).expect("valid").expect("there");
        assert!(matches!(decode(&second).expect("a message"), ToWorker::Drain));
    }
}
