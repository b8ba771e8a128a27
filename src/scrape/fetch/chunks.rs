//! Undoes the chunks of a body that is in memory as a whole (RFC 9112, 7.1). The HTTP client does this for the bodies of
//! connections.

/// What a body is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// It is not in chunks.
    Not,
    /// It is in chunks, and these are their bytes.
    Whole(Vec<u8>),
    /// It is in chunks, but the end is missing. This many bytes are in those that are here.
    CutOff(usize),
}

/// Undoes the chunks of a body. Bytes after the last chunk are dropped, as by clients.
///
/// A body counts as chunks if each line where a size must stand has one. So text that begins with a hexadecimal number on
/// its first line may count as a chunk that is cut off, but no complete text counts as chunks.
pub(super) fn undo(body: &[u8]) -> Chunks {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    loop {
        let Some(end) = memchr::memchr(b'\n', rest) else {
            let is_begun = !bytes.is_empty() && (rest.is_empty() || size(rest).is_some());
            return if is_begun { Chunks::CutOff(bytes.len()) } else { Chunks::Not };
        };
        let Some(size) = size(&rest[..end]) else { return Chunks::Not };
        if size == 0 {
            return Chunks::Whole(bytes);
        }
        let after = &rest[end + 1..];
        let Some((chunk, after)) = after.split_at_checked(size) else {
            return Chunks::CutOff(bytes.len() + after.len());
        };
        bytes.extend_from_slice(chunk);
        rest = match after {
            [b'\r', b'\n', rest @ ..] | [b'\n', rest @ ..] => rest,
            [] | [b'\r'] => return Chunks::CutOff(bytes.len()),
            _ => return Chunks::Not,
        };
    }
}

/// The size in a line, which may have extensions after it. `None` if it has no size.
fn size(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let is_end = matches!(line.get(digits), None | Some(b';' | b' ' | b'\t'));
    let digits = std::str::from_utf8(&line[..digits]).ok()?;
    usize::from_str_radix(digits, 16).ok().filter(|_| is_end)
}

#[cfg(test)]
mod tests {
    use super::Chunks::{CutOff, Not};
    use super::{Chunks, undo};

    #[test]
    fn chunks_are_undone_and_other_bodies_are_left_alone() {
        let whole = |text: &str| Chunks::Whole(text.as_bytes().to_vec());
        let table: [(&[u8], Chunks); 24] = [
            (b"0\r\n\r\n", whole("")),
            (b"3\r\nabc\r\n0\r\n\r\n", whole("abc")),
            (b"3\nabc\n0\n\n", whole("abc")),
            (b"3\r\nabc\r\n0\r\n", whole("abc")),
            (b"3\r\nabc\r\n0\r\nTrailer: x\r\n\r\n", whole("abc")),
            (b"3;a=b\r\na\r\n\r\n1 \r\nd\r\n000\r\n\r\nrest", whole("a\r\nd")),
            (b"2\r\n\xff\x00\r\n0\r\n\r\n", Chunks::Whole(vec![0xff, 0])),
            (b"3\r\nabc\r\n", CutOff(3)),
            (b"3\r\nabc\r", CutOff(3)),
            (b"3\r\nabc", CutOff(3)),
            (b"3\r\nab", CutOff(2)),
            (b"3\r\n", CutOff(0)),
            (b"3\r\nabc\r\n5", CutOff(3)),
            (b"3\r\nabc\r\n5\r\nde", CutOff(5)),
            (b"face\r\nis a word", CutOff(9)),
            (b"", Not),
            (b"3", Not),
            (b"<title>T</title>", Not),
            (b"<p>\n0\r\n\r\n", Not),
            (b"3\r\nabcd\r\n0\r\n\r\n", Not),
            (b"3\r\nabc\r\nx\r\n0\r\n\r\n", Not),
            (b"3g\r\nabc\r\n0\r\n\r\n", Not),
            (b"ffffffffffffffffff\r\nabc\r\n0\r\n\r\n", Not),
            (b"\r\n3\r\nabc\r\n0\r\n\r\n", Not),
        ];
        for (body, expected) in table {
            assert_eq!(undo(body), expected, "{}", body.escape_ascii());
        }
    }
}
