//! Frames of files that must outlast a crash: length, checksum, content. A frame shows whether it is complete.
//!
//! ```text
//! length of the content: u32 little-endian | CRC-32 of length and content: u32 little-endian | content
//! ```

use std::io::{self, Read};

/// The number of bytes before the content.
pub const HEADER: usize = 8;

/// The header of a frame whose content consists of these pieces.
///
/// # Errors
/// If they have 4 GiB or more.
pub fn header(pieces: &[&[u8]]) -> io::Result<[u8; HEADER]> {
    let length: usize = pieces.iter().map(|piece| piece.len()).sum();
    let length = u32::try_from(length).map_err(|_| io::Error::other("the record has 4 GiB or more"))?.to_le_bytes();
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length);
    for piece in pieces {
        crc.update(piece);
    }
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&length);
    header[4..].copy_from_slice(&crc.finalize().to_le_bytes());
    Ok(header)
}

/// Reads the content of the next frame into `content`. Returns false at the end, and if the frame is incomplete or
/// damaged.
///
/// A damaged length does not cost memory, because only bytes that exist are stored.
///
/// # Errors
/// If the reader fails.
pub fn read(reader: &mut impl Read, content: &mut Vec<u8>) -> io::Result<bool> {
    content.clear();
    let mut header = Vec::with_capacity(HEADER);
    reader.by_ref().take(HEADER as u64).read_to_end(&mut header)?;
    let Some((length, crc)) = header.split_first_chunk::<4>() else {
        return Ok(false);
    };
    let expected = u32::from_le_bytes(*length);
    reader.by_ref().take(u64::from(expected)).read_to_end(content)?;
    let mut actual = crc32fast::Hasher::new();
    actual.update(length);
    actual.update(content);
    Ok(content.len() == expected as usize && crc == actual.finalize().to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_back_completely_or_not_at_all() {
        let contents: [&[u8]; 3] = [b"", b"one", &[7; 1000]];
        let mut bytes = Vec::new();
        for content in contents {
            let (left, right) = content.split_at(content.len() / 2);
            bytes.extend_from_slice(&header(&[left, right]).expect("short"));
            bytes.extend_from_slice(content);
        }
        let whole = |bytes: &[u8]| {
            let (mut rest, mut content, mut count) = (bytes, Vec::new(), 0);
            while read(&mut rest, &mut content).expect("memory") {
                assert_eq!(content, contents[count]);
                count += 1;
            }
            count
        };
        assert_eq!(whole(&bytes), 3);
        for cut in 0..bytes.len() {
            let expected = usize::from(cut >= HEADER) + usize::from(cut >= 2 * HEADER + 3);
            assert_eq!(whole(&bytes[..cut]), expected, "cut at {cut}");
        }
        for bit in 0..bytes.len() * 8 {
            let mut garbled = bytes.clone();
            garbled[bit / 8] ^= 1 << (bit % 8);
            let expected = usize::from(bit / 8 >= HEADER) + usize::from(bit / 8 >= 2 * HEADER + 3);
            assert_eq!(whole(&garbled), expected, "bit {bit}");
        }
    }
}
