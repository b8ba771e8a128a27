//! Detects the encoding of a list: UTF-8, or UTF-16 with a byte-order mark. A list in another encoding is refused as a
//! whole, because each of its lines would be invalid.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_16BE, UTF_16LE};

/// Number of bytes that are examined to detect UTF-16 or UTF-32 without a byte-order mark.
const SAMPLE: usize = 64;

/// Replaces invalid UTF-16 (half a surrogate pair). This byte never occurs in UTF-8, so the line is refused like any
/// other line that is not valid UTF-8.
const INVALID: u8 = 0xFF;

/// The encoding of a list, detected from its beginning.
pub(super) enum Beginning {
    /// UTF-8, after a byte-order mark of this many bytes.
    Utf8(usize),
    /// UTF-16, after a byte-order mark of this many bytes.
    Utf16(usize, Utf16),
    /// An unsupported encoding, as `iconv` names it.
    Refused(&'static str),
    /// Not known yet: more bytes are needed, or the end of the list.
    Unknown,
}

/// Detects the encoding from the first bytes of a list. `whole` means that the list has no more bytes.
///
/// For every supported list without a byte-order mark, two bytes are enough. So a line from a slow pipe does not have
/// to wait.
pub(super) fn beginning(bytes: &[u8], whole: bool) -> Beginning {
    let wait_for = |count: usize| (!whole && bytes.len() < count).then_some(Beginning::Unknown);
    if let Some(unknown) = wait_for(2) {
        return unknown;
    }
    match bytes {
        [0xEF, 0xBB, 0xBF, ..] => Beginning::Utf8(3),
        [0xEF, 0xBB] => wait_for(3).unwrap_or(Beginning::Utf8(0)),
        [0xFF, 0xFE, 0, 0, ..] => Beginning::Refused("UTF-32LE"),
        [0, 0, 0xFE, 0xFF, ..] => Beginning::Refused("UTF-32BE"),
        // The byte-order mark of UTF-32LE begins like that of UTF-16LE.
        [0xFF, 0xFE, ..] => wait_for(4).unwrap_or_else(|| Beginning::Utf16(2, Utf16::new(UTF_16LE))),
        [0xFE, 0xFF, ..] => Beginning::Utf16(2, Utf16::new(UTF_16BE)),
        // A URL or a comment in UTF-16 or UTF-32 has a NUL among its first two bytes. Other text has none.
        [0, _, ..] | [_, 0, ..] => wait_for(SAMPLE).unwrap_or_else(|| {
            without_mark(&bytes[..bytes.len().min(SAMPLE)]).map_or(Beginning::Utf8(0), Beginning::Refused)
        }),
        _ => Beginning::Utf8(0),
    }
}

/// The encoding of a file if it is not supported; otherwise `None`.
pub(super) fn refused(file: impl Read) -> io::Result<Option<&'static str>> {
    let mut sample = Vec::with_capacity(SAMPLE);
    file.take(SAMPLE as u64).read_to_end(&mut sample)?;
    Ok(match beginning(&sample, true) {
        Beginning::Refused(encoding) => Some(encoding),
        _ => None,
    })
}

/// Guesses the encoding from the positions of NULs: UTF-16, UTF-32, or `None` if no pattern fits.
pub(super) fn without_mark(sample: &[u8]) -> Option<&'static str> {
    let count =
        |offset: usize, step: usize| sample.iter().skip(offset).step_by(step).filter(|byte| **byte == 0).count();
    // A list of URLs is mostly ASCII. A character of another script may have a NUL at the other position.
    let is_many = |nuls: usize, others: usize| nuls > 0 && nuls * 4 >= sample.len() && others * 4 <= nuls;
    let (even, odd) = (count(0, 2), count(1, 2));
    let (first, last) = (count(0, 4), count(3, 4));
    if is_many(odd, even) {
        Some("UTF-16LE")
    } else if is_many(even, odd) {
        Some("UTF-16BE")
    } else if is_many(even + odd - first, first) {
        Some("UTF-32LE")
    } else if is_many(even + odd - last, last) {
        Some("UTF-32BE")
    } else {
        None
    }
}

/// Decodes UTF-16 to UTF-8 piece by piece.
pub(super) struct Utf16(Decoder);

impl Utf16 {
    fn new(encoding: &'static Encoding) -> Self {
        Self(encoding.new_decoder_without_bom_handling())
    }

    /// Decodes `bytes` into `into` and returns the length of the result. `into` must have room for twice as many bytes
    /// and a few more. `last` means that no more bytes follow.
    pub(super) fn decode(&mut self, mut bytes: &[u8], into: &mut [u8], last: bool) -> usize {
        let mut written = 0;
        loop {
            let (result, read, wrote) = self.0.decode_to_utf8_without_replacement(bytes, &mut into[written..], last);
            bytes = &bytes[read..];
            written += wrote;
            match result {
                DecoderResult::InputEmpty | DecoderResult::OutputFull => return written,
                DecoderResult::Malformed(..) => {
                    into[written] = INVALID;
                    written += 1;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(bytes: &[u8], whole: bool) -> String {
        match beginning(bytes, whole) {
            Beginning::Utf8(mark) => format!("UTF-8 after {mark}"),
            Beginning::Utf16(mark, decoder) => format!("{} after {mark}", decoder.0.encoding().name()),
            Beginning::Refused(name) => format!("refused {name}"),
            Beginning::Unknown => "wait".to_owned(),
        }
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    fn utf32(text: &str, to_bytes: fn(u32) -> [u8; 4]) -> Vec<u8> {
        text.chars().map(u32::from).flat_map(to_bytes).collect()
    }

    #[test]
    fn the_byte_order_mark_or_the_positions_of_nuls_tell_the_encoding() {
        let urls = "http://h.example/a\nhttp://h.example/b\n".repeat(4);
        let comment = format!("# 一览表：网址\n{urls}");
        let table: [(Vec<u8>, &str); 18] = [
            (b"".to_vec(), "UTF-8 after 0"),
            (b"h".to_vec(), "UTF-8 after 0"),
            (b"http://h/".to_vec(), "UTF-8 after 0"),
            ("é".into(), "UTF-8 after 0"),
            ("\u{feff}http://h/".into(), "UTF-8 after 3"),
            (b"\xEF\xBB".to_vec(), "UTF-8 after 0"),
            (utf16("\u{feff}h", u16::to_le_bytes), "UTF-16LE after 2"),
            (utf16("\u{feff}h", u16::to_be_bytes), "UTF-16BE after 2"),
            (utf32("\u{feff}h", u32::to_le_bytes), "refused UTF-32LE"),
            (utf32("\u{feff}h", u32::to_be_bytes), "refused UTF-32BE"),
            (utf16(&urls, u16::to_le_bytes), "refused UTF-16LE"),
            (utf16(&urls, u16::to_be_bytes), "refused UTF-16BE"),
            (utf16(&comment, u16::to_le_bytes), "refused UTF-16LE"),
            (utf16(&comment, u16::to_be_bytes), "refused UTF-16BE"),
            (utf32(&urls, u32::to_le_bytes), "refused UTF-32LE"),
            (utf32(&urls, u32::to_be_bytes), "refused UTF-32BE"),
            (utf16("h", u16::to_le_bytes), "refused UTF-16LE"),
            (format!("h\0{urls}").into_bytes(), "UTF-8 after 0"),
        ];
        for (bytes, expected) in table {
            assert_eq!(detected(&bytes, true), expected, "{:?}", String::from_utf8_lossy(&bytes));
        }
        assert_eq!(detected(&[0; 100], true), "UTF-8 after 0", "NULs alone do not count as an encoding");
    }

    #[test]
    fn detection_waits_only_for_bytes_that_can_change_its_result() {
        let nuls = [b'h', 0].repeat(SAMPLE / 2);
        let table: [(&[u8], &str); 11] = [
            (b"", "wait"),
            (b"h", "wait"),
            (b"ht", "UTF-8 after 0"),
            (b"\xEF\xBB", "wait"),
            (b"\xEF\xBBx", "UTF-8 after 0"),
            (b"\xFF\xFE", "wait"),
            (b"\xFF\xFEh\0", "UTF-16LE after 2"),
            (b"\xFE\xFF", "UTF-16BE after 2"),
            (b"\0h", "wait"),
            (&nuls[..SAMPLE - 1], "wait"),
            (&nuls, "refused UTF-16LE"),
        ];
        for (bytes, expected) in table {
            assert_eq!(detected(bytes, false), expected, "{bytes:?}");
        }
    }

    #[test]
    fn utf_16_is_decoded_in_pieces_of_any_length_and_invalid_units_are_marked() {
        let whole = utf16("a\u{1F4DA}\u{4E00}é\n", u16::to_le_bytes);
        let half_pair = [&whole[..4], &whole[6..]].concat();
        let table = [
            (whole.clone(), "a\u{1F4DA}\u{4E00}é\n".as_bytes().to_vec()),
            (half_pair, [b"a", &[INVALID][..], "\u{4E00}é\n".as_bytes()].concat()),
            (whole[..whole.len() - 1].to_vec(), ["a\u{1F4DA}\u{4E00}é".as_bytes(), &[INVALID]].concat()),
            (whole[..4].to_vec(), vec![b'a', INVALID]),
            (vec![0; 0], vec![]),
        ];
        for (bytes, expected) in table {
            for piece in [1, 2, 3, 100] {
                let mut decoder = Utf16::new(UTF_16LE);
                let mut text = Vec::new();
                let mut room = [0; 256];
                for bytes in bytes.chunks(piece) {
                    let length = decoder.decode(bytes, &mut room, false);
                    text.extend_from_slice(&room[..length]);
                }
                let length = decoder.decode(&[], &mut room, true);
                text.extend_from_slice(&room[..length]);
                assert_eq!(text, expected, "{bytes:?} in pieces of {piece}");
            }
        }
    }
}
