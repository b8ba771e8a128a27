//! Tests the frame reader with arbitrary bytes. A worker that was taken over may send any bytes, and the pipe may split
//! them anywhere.

use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use tokio_util::codec::Decoder;

#[cfg(test)]
use super::heard::{ChildEvent, Heard};
use super::wire::{self, Frames, FromWorker, ToWorker, WireResult};

/// The largest item in these frames. It is small, so that some frames are above the limit.
const MAX_ITEM: usize = 1 << 16;

/// How much room for the next read a buffer may have besides the bytes that have arrived.
const ROOM: usize = 256 << 10;

/// Checks `bytes` as a stream in pieces, as the payload of a frame, and as a message. `cuts` are the lengths of the pieces,
/// repeated as often as needed.
///
/// # Panics
/// Panics if the reader does something that it must not do.
pub fn check(cuts: &[u8], bytes: &[u8]) {
    let whole = read(&[u8::MAX], bytes);
    for cuts in [cuts, &[0]] {
        assert_eq!(read(cuts, bytes), whole, "the frames do not depend on how the stream is split");
    }
    let mut stream = BytesMut::new();
    wire::encode(&serde_bytes::Bytes::new(bytes), &mut stream).expect("it is short");
    let length = stream.len();
    stream.extend_from_slice(bytes);
    let (frames, error) = read(cuts, &stream);
    if length <= MAX_ITEM {
        let content: &serde_bytes::Bytes = wire::decode(&frames[0]).expect("what was encoded");
        assert_eq!(&content[..], bytes);
        assert_eq!((&frames[1..], error), (&whole.0[..], whole.1));
    }
    check_message(bytes, |bytes| {
        let (message, _) = wire::decode_first::<FromWorker<'_>>(bytes).ok()?;
        Some(written(&message))
    });
    check_message(bytes, |bytes| wire::decode::<WireResult<'_>>(bytes).ok().map(|message| written(&message)));
    check_message(bytes, |bytes| wire::decode::<ToWorker<'_>>(bytes).ok().map(|message| written(&message)));
}

/// Returns the event if a worker says that it is ready and then sends `payload`, or the error if it may not send that.
#[cfg(test)]
fn said_at_work(payload: &[u8], most_jobs: usize) -> Result<Option<ChildEvent>, String> {
    let mut heard = Heard::new(most_jobs, None);
    let mut stream = BytesMut::new();
    let ready = FromWorker::Ready { protocol: wire::PROTOCOL, build: "b", resident: 1, lacks: "" };
    wire::encode(&ready, &mut stream).expect("it is short");
    let ready = stream.split_off(8).freeze();
    heard.take(&ready).expect("a new worker may say that it is ready");
    assert!(heard.take(&ready).is_err(), "a worker may say only once that it is ready");
    heard.take(&Bytes::copy_from_slice(payload)).map_err(|error| error.to_string())
}

/// Returns the frames of a stream, and the error at its end if there is one.
fn read(cuts: &[u8], bytes: &[u8]) -> (Vec<Bytes>, Option<String>) {
    let mut reader = Frames::new(MAX_ITEM);
    let (mut buffer, mut frames, mut rest) = (BytesMut::new(), Vec::new(), bytes);
    for cut in cuts.iter().chain(&[u8::MAX]).cycle() {
        let (piece, after) = rest.split_at(rest.len().min(1 + usize::from(*cut)));
        rest = after;
        buffer.extend_from_slice(piece);
        loop {
            let frame = if rest.is_empty() { reader.decode_eof(&mut buffer) } else { reader.decode(&mut buffer) };
            let arrived = bytes.len() - rest.len();
            assert!(buffer.capacity() <= 4 * arrived + ROOM, "{} for {arrived} bytes", buffer.capacity());
            match frame {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) if rest.is_empty() => return (frames, None),
                Ok(None) => break,
                Err(error) => return (frames, Some(error.to_string())),
            }
        }
    }
    unreachable!("the cuts are endless")
}

/// Checks that bytes that can be read as a message are a message that could have been written. `read` returns the message
/// as text and its payload.
fn check_message(bytes: &[u8], read: fn(&[u8]) -> Option<(String, Bytes)>) {
    let Some((message, payload)) = read(bytes) else { return };
    // A number may have longer encodings. The writer uses the shortest one.
    assert!(payload.len() <= bytes.len());
    assert_eq!(read(&payload), Some((message, payload)));
}

fn written<T: Serialize + Debug>(message: &T) -> (String, Bytes) {
    let mut stream = BytesMut::new();
    wire::encode(message, &mut stream).expect("it is short");
    let payload = Frames::new(usize::MAX).decode(&mut stream).expect("valid").expect("whole");
    (format!("{message:?}"), payload)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{ChildEvent, Heard, MAX_ITEM, check, read, said_at_work, wire};
    use crate::wire::{FromWorker, WireError, WireResult};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_bytes_give_frames_or_an_error_and_memory_is_bounded_by_the_bytes_that_arrived(
            cuts in proptest::collection::vec(any::<u8>(), 0..8),
            length in prop_oneof![0..64_u32, any::<u32>()],
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            check(&cuts, &bytes);
            // Random bytes seldom have a meaningful header, so this adds one.
            check(&cuts, &[&length.to_le_bytes()[..], &bytes].concat());
        }

        #[test]
        fn a_damaged_message_does_no_harm(
            outputs in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..6),
            at in any::<proptest::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let ids = [1_u64, 2 << 40].map(u64::to_le_bytes).concat();
            let results: Vec<_> = outputs.iter().map(|output| WireResult::Merged { ids: &ids, output }).collect();
            let mut stream = bytes::BytesMut::new();
            let message = FromWorker::Results { resident: 1, count: results.len() };
            wire::encode_list(&message, &results, &mut stream).expect("it is short");
            let mut payload = stream.split_off(8);
            let at = at.index(payload.len());
            payload[at] = byte;
            check(&[], &payload);
        }
    }

    #[test]
    fn a_frame_takes_memory_only_for_the_bytes_that_arrive() {
        let announced = u32::try_from(MAX_ITEM + (1 << 20)).expect("below 4 GiB").to_le_bytes();
        let (frames, error) = read(&[0], &[&announced[..], &[0; 4], b"little"].concat());
        assert!(frames.is_empty());
        assert_eq!(error.as_deref(), Some("14 bytes of an incomplete frame"));
    }

    fn payload(message: &FromWorker<'_>, results: &[WireResult<'_>]) -> bytes::Bytes {
        let mut stream = bytes::BytesMut::new();
        wire::encode_list(message, results, &mut stream).expect("it is short");
        stream.split_off(8).freeze()
    }

    #[test]
    fn a_message_beyond_the_limits_of_a_worker_is_an_error_and_takes_no_memory() {
        let many = |count: usize, each: &[u8]| {
            let results = FromWorker::Results { resident: 1, count };
            [&payload(&results, &[])[..], &each.repeat(count)].concat()
        };
        let error = |error| WireResult::Failed { id: 1, error };
        let long = "x".repeat(100_000);
        let of = |results: &[WireResult<'_>]| {
            payload(&FromWorker::Results { resident: 1, count: results.len() }, results).to_vec()
        };
        let merged = |ids: &[u8]| of(&[WireResult::Merged { ids, output: b"" }]);
        let panic = |message, location, backtrace| of(&[error(WireError::Panic { message, location, backtrace })]);
        // The output of a job, in three bytes.
        let smallest = b"\x00\x01\x00";
        let table = [
            ("as many results as jobs", many(4, smallest), true),
            ("one more", many(5, smallest), false),
            ("a frame full of them", many(20 << 20, smallest), false),
            ("a count without results", many(usize::MAX, b""), false),
            ("fewer results than are announced", many(4, smallest)[..8].to_vec(), false),
            ("a result too many", [&many(4, smallest)[..], smallest].concat(), false),
            ("ids of four jobs", merged(&[0; 32]), true),
            ("ids of five", merged(&[0; 40]), false),
            ("half an id", merged(&[0; 4]), false),
            ("a frame full of ids", merged(&vec![0; 64 << 20]), false),
            ("a panic", panic("a", "b", "c"), true),
            ("a long panic", panic(&long, "", ""), false),
            ("a panic at a long place", panic("", &long, ""), false),
            ("a panic with a long backtrace", panic("", "", &long), false),
            ("a long error", of(&[error(WireError::Unserializable(long.as_str().into()))]), false),
            // Byte 3 or 4 is the error's number. A worker can only send the errors 0, 1 and 2.
            ("the error that a task is poison", [&many(1, b"")[..], b"\x02\x01\x03\x00\x00"].concat(), false),
            ("the error that the pool has stopped", [&many(1, b"")[..], b"\x02\x01\x04\x00"].concat(), false),
            ("bytes after a sign of life", b"\x03\x00\x00".to_vec(), false),
            ("a sign of life", b"\x03\x00".to_vec(), true),
            ("a message with an unknown number", b"\x07".to_vec(), false),
            ("that it cannot start", payload(&FromWorker::Refused { reason: "x" }, &[]).to_vec(), false),
            ("that it cannot be confined", payload(&FromWorker::Unconfined { lacks: "x" }, &[]).to_vec(), false),
        ];
        for (what, payload, is_heard) in table {
            let said = said_at_work(&payload, 4);
            assert_eq!(said.is_ok(), is_heard, "{what}: {said:?}");
        }
    }

    #[test]
    fn a_worker_may_only_send_messages_in_the_right_order() {
        let ready = || FromWorker::Ready { protocol: 1, build: "b", resident: 0, lacks: "" };
        let results = || FromWorker::Results { resident: 0, count: 0 };
        let beat = || FromWorker::Beat { computing: None };
        let note = || FromWorker::Note { id: 1, note: b"" };
        let refused = || FromWorker::Refused { reason: "r" };
        let unconfined = || FromWorker::Unconfined { lacks: "l" };
        let bye = || FromWorker::Bye;
        let long = "x".repeat(5000);
        // The messages, and how many of them are accepted.
        let table = [
            (vec![ready(), results(), beat(), note(), results(), bye()], 6),
            (vec![ready(), ready()], 1),
            (vec![ready(), results(), ready()], 2),
            (vec![ready(), results(), unconfined()], 2),
            (vec![ready(), refused()], 1),
            (vec![ready(), bye(), bye()], 2),
            (vec![ready(), bye(), results()], 2),
            (vec![ready(), bye(), beat()], 2),
            (vec![results()], 0),
            (vec![beat()], 0),
            (vec![note()], 0),
            (vec![bye()], 0),
            (vec![refused(), ready()], 1),
            (vec![refused(), refused()], 1),
            (vec![unconfined(), ready()], 1),
            (vec![unconfined(), unconfined()], 1),
            (vec![FromWorker::Ready { protocol: 1, build: &long, resident: 0, lacks: "" }], 0),
            (vec![FromWorker::Ready { protocol: 1, build: "b", resident: 0, lacks: &long }], 0),
            (vec![FromWorker::Unconfined { lacks: &long }], 0),
        ];
        for (messages, expected) in table {
            let mut heard = Heard::new(4, None);
            let taken = messages.iter().take_while(|message| heard.take(&payload(message, &[])).is_ok()).count();
            assert_eq!(taken, expected, "{messages:?}");
        }
        let mut heard = Heard::new(4, None);
        assert!(matches!(heard.take(&payload(&refused(), &[])), Ok(None)));
        assert_eq!(heard.refusal.as_deref(), Some("r"));
        assert!(matches!(said_at_work(b"\x05", 4), Ok(Some(ChildEvent::Bye))));
    }
}
