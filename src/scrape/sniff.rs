//! Finds the media type of a body from its bytes, for an answer without a type in its headers (WHATWG MIME Sniffing,
//! section 7.1, "identifying a resource with an unknown MIME type").
//!
//! Unlike in the Standard, an XML declaration also counts after a byte-order mark.
//!
//! MP4 and MP3 are absent, because they have no fixed beginning. They count as binary data, which is not a page either.

/// How many bytes of a body are examined: the "resource header".
const HEADER: usize = 1445;

/// Tags at the beginning of a page. The byte after each must end the tag's name.
const TAGS: [&[u8]; 17] = [
    b"<!DOCTYPE HTML",
    b"<HTML",
    b"<HEAD",
    b"<SCRIPT",
    b"<IFRAME",
    b"<H1",
    b"<DIV",
    b"<FONT",
    b"<TABLE",
    b"<A",
    b"<STYLE",
    b"<TITLE",
    b"<B",
    b"<BODY",
    b"<BR",
    b"<P",
    b"<!--",
];

/// Beginnings that identify a type.
const BEGINNINGS: [(&[u8], &str); 21] = [
    (b"%PDF-", "application/pdf"),
    (b"%!PS-Adobe-", "application/postscript"),
    (b"\xfe\xff", "text/plain"),
    (b"\xff\xfe", "text/plain"),
    (b"\xef\xbb\xbf", "text/plain"),
    (b"\0\0\x01\0", "image/x-icon"),
    (b"\0\0\x02\0", "image/x-icon"),
    (b"BM", "image/bmp"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"ID3", "audio/mpeg"),
    (b"OggS\0", "application/ogg"),
    (b"MThd\0\0\0\x06", "audio/midi"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"Rar!\x1a\x07\0", "application/x-rar-compressed"),
    (b"Rar!\x1a\x07\x01\0", "application/x-rar-compressed"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
];

/// The beginnings of XML declarations in UTF-8 and UTF-16 after a byte-order mark.
const XML_AFTER_MARK: [&[u8]; 3] = [b"\xef\xbb\xbf<?xml", b"\xff\xfe<\0?\0x\0m\0l\0", b"\xfe\xff\0<\0?\0x\0m\0l"];

/// Containers: the type follows the length field.
const CONTAINERS: [(&[u8], &[u8], &str); 4] = [
    (b"RIFF", b"WEBPVP", "image/webp"),
    (b"RIFF", b"AVI ", "video/avi"),
    (b"RIFF", b"WAVE", "audio/wave"),
    (b"FORM", b"AIFF", "audio/aiff"),
];

/// Returns the type that the first bytes of a body suggest.
pub(super) fn sniff(body: &[u8]) -> &'static str {
    let header = &body[..body.len().min(HEADER)];
    let start = header.iter().position(|byte| !is_white_space(*byte)).unwrap_or(header.len());
    let markup = &header[start..];
    if TAGS.iter().any(|tag| begins_with_tag(markup, tag)) {
        return "text/html";
    }
    if markup.starts_with(b"<?xml") || XML_AFTER_MARK.iter().any(|beginning| header.starts_with(beginning)) {
        return "text/xml";
    }
    if let Some((_, found)) = BEGINNINGS.iter().find(|(beginning, _)| header.starts_with(beginning)) {
        return found;
    }
    let is_container = |outer: &[u8], inner: &[u8]| {
        header.starts_with(outer) && header.get(8..).is_some_and(|rest| rest.starts_with(inner))
    };
    if let Some((.., found)) = CONTAINERS.iter().find(|(outer, inner, _)| is_container(outer, inner)) {
        return found;
    }
    if header.iter().any(|byte| is_binary(*byte)) { "application/octet-stream" } else { "text/plain" }
}

fn begins_with_tag(markup: &[u8], tag: &[u8]) -> bool {
    let ends_name = |byte: &u8| matches!(byte, b' ' | b'>');
    markup.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
        && markup.get(tag.len()).is_some_and(ends_name)
}

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

/// A "binary data byte", which does not occur in text.
fn is_binary(byte: u8) -> bool {
    matches!(byte, 0..=0x08 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f)
}

#[cfg(test)]
mod tests {
    use super::{HEADER, sniff};

    #[test]
    fn the_first_bytes_identify_the_type() {
        let table: [(&[u8], &str); 33] = [
            (b"<!doctype html><title>t</title>", "text/html"),
            (b" \r\n\t<HTML lang=en>\0", "text/html"),
            (b"<p>\x01", "text/html"),
            (b"<!-- \x01", "text/html"),
            (b"<!--x \x01", "application/octet-stream"),
            (b"<pre>\x01", "application/octet-stream"),
            (b"<p", "text/plain"),
            (b"<?xml version='1.0'?>\x01", "text/xml"),
            (b"\xef\xbb\xbf<?xml version='1.0'?>", "text/xml"),
            (b"\xff\xfe<\0?\0x\0m\0l\0 \0", "text/xml"),
            (b"\xfe\xff\0<\0?\0x\0m\0l\0 ", "text/xml"),
            (b"%PDF-1.7", "application/pdf"),
            (b"%!PS-Adobe-3.0", "application/postscript"),
            (b"\xef\xbb\xbf\x01", "text/plain"),
            (b"\xff\xfea\0", "text/plain"),
            (b"\xfe\xff\0a", "text/plain"),
            (b"GIF89a", "image/gif"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"\xff\xd8\xff\xe0", "image/jpeg"),
            (b"RIFF\x01\x02\x03\x04WEBPVP8 ", "image/webp"),
            (b"RIFF\x01\x02\x03\x04WAVEfmt ", "audio/wave"),
            (b"FORM\x01\x02\x03\x04AIFF", "audio/aiff"),
            (b"PK\x03\x04", "application/zip"),
            (b"\x1f\x8b\x08\0", "application/x-gzip"),
            (b"\0\0\0\x18ftypmp42", "application/octet-stream"),
            (b"<\0h\0t\0m\0l\0", "application/octet-stream"),
            (b"text", "text/plain"),
            (b"\x1b$B", "text/plain"),
            (b"\xd6\xd0\xce\xc4", "text/plain"),
            (b"\x83\x65\x0c\t", "text/plain"),
            (b"a\x7f", "text/plain"),
            (b"RIFF", "text/plain"),
            (b"", "text/plain"),
        ];
        for (bytes, expected) in table {
            assert_eq!(sniff(bytes), expected, "{:?}", bytes.escape_ascii().to_string());
        }
        let late = [vec![b'a'; HEADER], vec![0]].concat();
        assert_eq!((sniff(&late), sniff(&late[1..])), ("text/plain", "application/octet-stream"));
    }
}
