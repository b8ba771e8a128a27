//! Decodes XML to text, by RFC 7303 (section 3) and XML 1.0 (appendix F).
//!
//! The encoding is given by the first of these that exists: a byte-order mark, the `charset` of the `Content-Type`, the
//! zero bytes of UTF-16, the XML declaration. Without any, it is UTF-8. Nothing is guessed. Bytes that are not valid in
//! the encoding make the document not well-formed. Labels are those of WHATWG Encoding, as in HTML.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use memchr::memmem;

use crate::scrape::media_type;

/// How many bytes are searched for the end of the XML declaration.
const WINDOW: usize = 1024;

/// The text of a document of XML.
#[derive(Debug)]
pub(in crate::scrape) struct DecodedXml<'a> {
    pub(in crate::scrape) text: Cow<'a, str>,
    pub(in crate::scrape) encoding: &'static Encoding,
    /// What is wrong with the bytes, and its position in `text`.
    pub(in crate::scrape) problem: Option<(usize, String)>,
}

/// Decodes a document. `content_type` is the header.
pub(in crate::scrape) fn decode_xml<'a>(bytes: &'a [u8], content_type: Option<&str>) -> DecodedXml<'a> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(&bytes[mark..], encoding);
    }
    let in_header = content_type.and_then(media_type::charset);
    if let Some(encoding) = in_header.and_then(|label| Encoding::for_label_no_replacement(label.as_bytes())) {
        let is_utf_16 = encoding == UTF_16LE || encoding == UTF_16BE;
        // The label `utf-16` does not tell the order of the bytes.
        return decode_as(bytes, utf_16(bytes).filter(|_| is_utf_16).unwrap_or(encoding));
    }
    if let Some(encoding) = utf_16(bytes) {
        return decode_as(bytes, encoding);
    }
    let Some(label) = declared(bytes) else { return decode_as(bytes, UTF_8) };
    match Encoding::for_label_no_replacement(label) {
        // The declaration itself is not in UTF-16. Some programs write it to a text that they then send as UTF-8.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => decode_as(bytes, UTF_8),
        Some(encoding) => decode_as(bytes, encoding),
        None => {
            let problem = format!("the encoding `{}` is not known", String::from_utf8_lossy(label));
            DecodedXml { problem: Some((0, problem)), ..decode_as(bytes, UTF_8) }
        }
    }
}

fn decode_as<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> DecodedXml<'a> {
    let (text, is_malformed) = encoding.decode_without_bom_handling(bytes);
    let problem = is_malformed.then(|| {
        let offset = if encoding == UTF_8 {
            std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len)
        } else {
            text.find('\u{fffd}').unwrap_or_default()
        };
        (offset, format!("the bytes here are not valid {}", encoding.name()))
    });
    DecodedXml { text, encoding, problem }
}

/// Recognizes UTF-16 by the zero bytes of the first `<`.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, ..] => Some(UTF_16LE),
        [0, b'<', ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// Returns the label of the encoding in the XML declaration.
fn declared(bytes: &[u8]) -> Option<&[u8]> {
    let bytes = bytes.trim_ascii_start();
    let bytes = &bytes[..bytes.len().min(WINDOW)];
    let declaration = bytes.strip_prefix(b"<?xml")?;
    let declaration = &declaration[..memmem::find(declaration, b"?>")?];
    let after = &declaration[memmem::find(declaration, b"encoding")? + b"encoding".len()..];
    let value = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let (quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
    value.split(|byte| byte == quote).next()
}

#[cfg(test)]
mod tests {
    use encoding_rs::{Encoding, KOI8_R, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252};

    use super::decode_xml;

    #[test]
    fn the_first_source_of_the_encoding_wins_and_nothing_is_guessed() {
        let header = Some("application/xml; charset=windows-1251");
        let utf_16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let swapped = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
        let declared = |label: &str| format!("<?xml version='1.0' encoding = \"{label}\" ?>");
        let with = |label: &str, bytes: &[u8]| [declared(label).as_bytes(), bytes].concat();
        let cases: [(Vec<u8>, Option<&str>, &'static Encoding, &str); 13] = [
            (b"\xef\xbb\xbf\xc3\xa9".to_vec(), header, UTF_8, "é"),
            ([b"\xff\xfe".to_vec(), utf_16("<é/>")].concat(), header, UTF_16LE, "<é/>"),
            ([b"\xfe\xff".to_vec(), swapped("<é/>")].concat(), header, UTF_16BE, "<é/>"),
            (with("koi8-r", b"\xcf"), header, WINDOWS_1251, "П"),
            (with("koi8-r", b"\xc1"), Some("text/xml; charset=nonsense"), KOI8_R, "а"),
            (with("koi8-r", b"\xc1"), Some("text/xml"), KOI8_R, "а"),
            (with("Shift_JIS", b"\x83\x65"), None, SHIFT_JIS, "テ"),
            (with("ISO-8859-1", b"\xe9"), None, WINDOWS_1252, "é"),
            (with("utf-16", "é".as_bytes()), None, UTF_8, "é"),
            (utf_16(&declared("utf-16")), None, UTF_16LE, "?>"),
            (swapped(&declared("utf-16")), Some("text/xml; charset=utf-16"), UTF_16BE, "?>"),
            (b"<a>\xc3\xa9".to_vec(), Some("text/xml"), UTF_8, "é"),
            (b"".to_vec(), None, UTF_8, ""),
        ];
        for (bytes, content_type, encoding, end) in cases {
            let decoded = decode_xml(&bytes, content_type);
            let shown = format!("{} {content_type:?}", bytes.escape_ascii());
            assert_eq!((decoded.encoding, decoded.problem), (encoding, None), "{shown}");
            assert!(decoded.text.ends_with(end), "{shown}: {}", decoded.text);
        }
    }

    #[test]
    fn bytes_that_are_not_valid_are_a_problem_with_a_position() {
        let cases: [(&[u8], Option<&str>, usize, &str); 5] = [
            (b"<a>\xe9</a>", None, 3, "not valid UTF-8"),
            ("<a>\u{fffd}\u{fffd}".as_bytes(), Some("text/xml; charset=shift_jis"), 3, "not valid Shift_JIS"),
            (b"\xff\xfe<\0a", None, 1, "not valid UTF-16LE"),
            (b"<?xml version='1.0' encoding='ebcdic'?><a/>", None, 0, "`ebcdic` is not known"),
            (b"<?xml version='1.0' encoding='iso-2022-kr'?><a/>", None, 0, "`iso-2022-kr` is not known"),
        ];
        for (bytes, content_type, offset, reason) in cases {
            let (at, why) = decode_xml(bytes, content_type).problem.expect(reason);
            assert!(why.contains(reason), "{why}");
            assert_eq!(at, offset, "{why}");
        }
        // U+FFFD itself is a character like others.
        assert_eq!(decode_xml("<a>\u{fffd}</a>".as_bytes(), None).problem, None);
    }
}
