//! The protocol between a pool and its workers: frames of bytes, and the messages in them.
//!
//! ```text
//! frame   = u32 length | u32 CRC-32 of the payload | payload        (little endian)
//! payload = one message, postcard
//! ```
//!
//! A frame is not trusted. Its length is checked before anything is allocated, and its checksum is checked before it is
//! decoded. After an invalid frame the rest of the stream is meaningless, so the worker is replaced. Messages of a
//! worker borrow from their frame, and lists are read item by item. So a message never takes much more memory than the
//! bytes of its frame.

use std::borrow::Cow;
use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};
use tokio_util::codec::Decoder;

use super::{JobError, Sandbox, User};

/// Bytes of the header before a payload.
const HEADER: usize = 8;

/// The buffer of an incomplete frame grows by at least this many bytes, if that many are still missing.
const LEAST_ROOM: usize = 64 << 10;

/// How many bytes a batch of results may add to the largest single result: ids, lengths, other small results.
const ENVELOPE: usize = 1 << 20;

/// The largest task or output in bytes. The length of a frame has 32 bits.
pub(super) const MOST: usize = u32::MAX as usize - ENVELOPE;

/// How many bytes of jobs one frame may hold. A frame with a single job may be larger.
const BATCH: usize = 16 << 20;

/// The version of this protocol. Both ends must have the same one.
pub(super) const PROTOCOL: u32 = 5;

/// A message from the parent to a worker.
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
        /// Whether the worker gives up what the job does not need.
        sandbox: Sandbox,
        /// The user that the worker becomes.
        user: Option<User>,
    },
    /// Jobs that the worker starts at once.
    Jobs(#[serde(borrow)] Vec<WireJob<'a>>),
    /// No more jobs come. The worker finishes the jobs that it has, says goodbye and ends.
    Drain,
}

/// One job that is sent to a worker. `id` is the roster's ticket, which is new each time a worker gets the job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WireJob<'a> {
    pub(super) id: u64,
    /// The worker may merge the output with outputs of other jobs with the same number.
    pub(super) merge: Option<u64>,
    #[serde(with = "serde_bytes")]
    pub(super) payload: &'a [u8],
}

/// A message from a worker to the parent.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum FromWorker<'a> {
    /// The job is set up, and the worker waits for tasks.
    Ready {
        protocol: u32,
        build: &'a str,
        resident: u64,
        /// What the system lacks for the sandbox; empty if it lacks nothing.
        lacks: &'a str,
    },
    /// The job's `start` returned an error; the worker ends after this.
    Refused { reason: &'a str },
    /// The jobs that were finished since the last such frame. `count` [`WireResult`]s follow in the same frame.
    Results {
        /// Resident memory in bytes; 0 if the platform does not report it.
        resident: u64,
        count: usize,
    },
    /// The worker is alive. `computing` is the job that has kept the worker's thread busy for some time, if there is
    /// one.
    Beat { computing: Option<u64> },
    /// A note that a job sends before it is done.
    Note {
        id: u64,
        #[serde(with = "serde_bytes")]
        note: &'a [u8],
    },
    /// The worker has sent all results after `Drain`, and ends by itself.
    Bye,
    /// The sandbox is required, and the system lacks these parts of it. The worker ends after this.
    Unconfined { lacks: &'a str },
}

/// The result of a job, or of several jobs whose outputs were merged.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum WireResult<'a> {
    Output {
        id: u64,
        #[serde(with = "serde_bytes")]
        output: &'a [u8],
    },
    Merged {
        /// The ids of the jobs, eight bytes each (little endian).
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

/// Why a job has no output, according to its worker. Only the parent decides whether a task killed its worker.
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

/// A frame whose checksum is not checked yet.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) payload: Bytes,
    checksum: u32,
}

impl Frame {
    /// Replaces the payload by one with the same bytes.
    pub(super) fn with(self, replace: impl FnOnce(Bytes) -> Bytes) -> Self {
        Self { payload: replace(self.payload), ..self }
    }

    /// Checks the checksum and returns the payload.
    pub(super) fn checked(self) -> io::Result<Bytes> {
        if crc32fast::hash(&self.payload) != self.checksum {
            return Err(corrupt("a frame with a wrong checksum"));
        }
        Ok(self.payload)
    }
}

/// Splits a stream of bytes into frames.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frames {
    max_payload: usize,
}

impl Frames {
    /// Makes a decoder of frames in which one job or one output may have `max_item` bytes.
    pub(super) fn new(max_item: usize) -> Self {
        Self { max_payload: max_item.saturating_add(ENVELOPE).min(u32::MAX as usize) }
    }
}

impl Frames {
    /// Returns the payload length of the frame at the start of the buffer. `None` if the header is incomplete or the
    /// length is above the limit.
    pub(super) fn begun(self, buffer: &[u8]) -> Option<usize> {
        let mut header = buffer.get(..HEADER)?;
        Some(header.get_u32_le() as usize).filter(|length| *length <= self.max_payload)
    }

    /// Takes the first frame of the buffer, if it is complete.
    pub(super) fn split(self, buffer: &mut BytesMut) -> io::Result<Option<Frame>> {
        let Some(mut header) = buffer.get(..HEADER) else {
            return Ok(None);
        };
        let (length, checksum) = (header.get_u32_le() as usize, header.get_u32_le());
        if length > self.max_payload {
            return Err(corrupt(format!("a frame of {length} bytes, and the limit is {}", self.max_payload)));
        }
        if buffer.len() < HEADER + length {
            // The worker may lie about the length. So memory is reserved in proportion to the bytes that have arrived:
            // the room doubles each time.
            let missing = HEADER + length - buffer.len();
            buffer.reserve(missing.min(buffer.len().max(LEAST_ROOM)));
            return Ok(None);
        }
        buffer.advance(HEADER);
        Ok(Some(Frame { payload: buffer.split_to(length).freeze(), checksum }))
    }
}

impl Decoder for Frames {
    type Item = Bytes;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
        self.split(buffer)?.map(Frame::checked).transpose()
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Bytes>> {
        match self.decode(buffer)? {
            Some(frame) => Ok(Some(frame)),
            None => end_of_stream(buffer).map(|()| None),
        }
    }
}

/// Checks that a stream does not end within a frame. `buffer` is what is left of it.
pub(super) fn end_of_stream(buffer: &[u8]) -> io::Result<()> {
    if buffer.is_empty() { Ok(()) } else { Err(corrupt(format!("{} bytes of an incomplete frame", buffer.len()))) }
}

/// Splits items into batches, each of which goes into one frame.
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

/// Lets postcard append to a buffer. It appends slices as a whole; postcard's own `to_extend` appends byte by byte.
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

/// Reads a frame that consists of exactly one message.
pub(super) fn decode<'a, T: Deserialize<'a>>(frame: &'a [u8]) -> io::Result<T> {
    let (message, rest) = decode_first(frame)?;
    end_of_frame(rest).map(|()| message)
}

/// Reads the first message of a frame. Returns it together with the rest of the frame.
pub(super) fn decode_first<'a, T: Deserialize<'a>>(frame: &'a [u8]) -> io::Result<(T, &'a [u8])> {
    postcard::take_from_bytes(frame).map_err(|error| corrupt(format!("a frame without a valid message ({error})")))
}

/// Checks that nothing of a frame is left.
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
    fn a_frame_that_arrives_in_two_pieces_is_decoded_whole() {
        let bytes = frame(b"several words");
        for cut in 0..bytes.len() {
            let mut buffer = BytesMut::from(&bytes[..cut]);
            let mut frames = Frames::new(100);
            assert_eq!(frames.decode(&mut buffer).expect("no error yet"), None, "cut at {cut}");
            buffer.put_slice(&bytes[cut..]);
            let whole = frames.decode(&mut buffer).expect("whole").expect("whole");
            assert_eq!(&whole[..], b"several words");
        }
    }

    #[test]
    fn a_frame_with_a_length_above_the_limit_is_refused_before_it_is_allocated() {
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
    fn damaged_frames_are_errors() {
        let mut wrong_sum = frame(b"payload");
        wrong_sum[10] ^= 1;
        assert!(Frames::new(100).decode(&mut wrong_sum).is_err());
        let mut torn = frame(b"payload");
        torn.truncate(11);
        assert!(Frames::new(100).decode_eof(&mut torn).is_err());
        assert!(decode::<FromWorker>(b"\xff\xff").is_err());
    }

    #[test]
    fn jobs_that_do_not_fit_into_one_frame_are_split_into_batches() {
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
    fn decoded_messages_equal_the_encoded_ones() {
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
