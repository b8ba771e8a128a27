//! The frame reader on any bytes: whatever a worker that was taken over sends, and however the pipe cuts it.

use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use tokio_util::codec::Decoder;

use super::wire::{self, Frames, FromWorker, ToWorker};

/// The largest item in these frames. Small, so that frames above the limit are met as well.
const MAX_ITEM: usize = 1 << 16;

/// What a buffer may have beside what has arrived: what is made ready for the next read.
const ROOM: usize = 256 << 10;

/// `bytes` as a stream in pieces, as the payload of a frame, and as a message. `cuts` are the lengths of the pieces,
/// over and over again.
pub(crate) fn check(cuts: &[u8], bytes: &[u8]) {
    let whole = read(&[u8::MAX], bytes);
    for cuts in [cuts, &[0]] {
        assert_eq!(read(cuts, bytes), whole, "the frames do not depend on how they are cut");
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
    check_message(bytes, |bytes| wire::decode::<FromWorker<'_>>(bytes).ok().map(|message| written(&message)));
    check_message(bytes, |bytes| wire::decode::<ToWorker<'_>>(bytes).ok().map(|message| written(&message)));
}

/// The frames of a stream, and the error at its end if there is one.
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

/// What can be read as a message is one that could have been written. `read` gives what it is, and its payload.
fn check_message(bytes: &[u8], read: fn(&[u8]) -> Option<(String, Bytes)>) {
    let Some((message, payload)) = read(bytes) else { return };
    // Numbers have longer forms too; what is written is the shortest.
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

    use super::{MAX_ITEM, check, read, wire};
    use crate::pool::wire::{FromWorker, WireResult};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_bytes_are_frames_or_an_error_in_memory_that_what_has_arrived_explains(
            cuts in proptest::collection::vec(any::<u8>(), 0..8),
            length in prop_oneof![0..64_u32, any::<u32>()],
            bytes in proptest::collection::vec(any::<u8>(), 0..600),
        ) {
            check(&cuts, &bytes);
            // A header that means something is rare among any bytes.
            check(&cuts, &[&length.to_le_bytes()[..], &bytes].concat());
        }

        #[test]
        fn a_message_that_was_damaged_is_read_without_harm(
            outputs in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..6),
            at in any::<proptest::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let results = outputs.iter().map(|output| WireResult::Merged { ids: vec![1, 2 << 40], output }).collect();
            let mut stream = bytes::BytesMut::new();
            wire::encode(&FromWorker::Results { resident: 1, results }, &mut stream).expect("it is short");
            let mut payload = stream.split_off(8);
            let at = at.index(payload.len());
            payload[at] = byte;
            check(&[], &payload);
        }
    }

    #[test]
    fn a_frame_that_promises_more_than_it_brings_costs_what_it_brings() {
        let promise = u32::try_from(MAX_ITEM + (1 << 20)).expect("below 4 GiB").to_le_bytes();
        let (frames, error) = read(&[0], &[&promise[..], &[0; 4], b"little"].concat());
        assert!(frames.is_empty());
        assert_eq!(error.as_deref(), Some("14 bytes of a frame whose rest never came"));
    }
}
