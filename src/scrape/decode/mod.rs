//! Decodes bytes to text, by the rules of WHATWG HTML ("determining the character encoding").
//!
//! The encoding is given by the first of these that exists: a byte-order mark, the `Content-Type`, the declaration in
//! the first bytes of the page (`prescan`), the guess of `chardetng` (Firefox's detector). Labels are those of WHATWG
//! Encoding: `iso-8859-1` means windows-1252. The last two sources are tentative. If the parser then finds a `<meta>`
//! with another encoding, that one counts ("changing the encoding while parsing"), and the page is decoded and parsed
//! again. The parser decides this, instead of a longer scan of the bytes, because only the tree builder can distinguish
//! a `<meta>` from the text of a script. A page whose declaration agrees is parsed only once.
//! As in browsers, malformed bytes become U+FFFD: any bytes can be decoded.

//!
//! `xml` decodes documents of XML, which have other rules.

mod prescan;
mod xml;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::media_type;

pub(super) use prescan::of_element;
pub(super) use xml::decode_xml;

/// The text of a page, and its encoding.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded<'a> {
    /// Borrowed if the bytes already are the text.
    pub text: Cow<'a, str>,
    /// The encoding that was found.
    pub encoding: &'static Encoding,
    /// Whether the page itself may still change the encoding.
    pub confidence: Confidence,
}

/// How certain an encoding is (WHATWG HTML, "confidence").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// It comes from a byte-order mark, from the `Content-Type`, or from a `<meta>` that the parser found.
    Certain,
    /// It comes from the first bytes of the page, or it is a guess.
    Tentative,
}

/// Decodes a page. `content_type` is the header. `host` is the name of the server: its top-level domain (`ru`, `jp`)
/// helps to guess the encoding of a page that declares none.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>, host: Option<&str>) -> Decoded<'a> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(&bytes[mark..], encoding);
    }
    let header = content_type.and_then(media_type::charset);
    if let Some(encoding) = header.and_then(|label| Encoding::for_label(label.as_bytes())) {
        return decode_as(bytes, encoding);
    }
    let tentative = match prescan::prescan(bytes) {
        // A `<meta>` cannot change UTF-16.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => return decode_as(bytes, encoding),
        Some(encoding) => decode_as(bytes, encoding),
        None => guess(bytes, host),
    };
    Decoded { confidence: Confidence::Tentative, ..tentative }
}

/// Decodes a page in an encoding that is certain. The bytes have no byte-order mark.
pub(super) fn decode_as<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Decoded<'a> {
    let text = encoding.decode_without_bom_handling(bytes).0;
    Decoded { text, encoding, confidence: Confidence::Certain }
}

fn guess<'a>(bytes: &'a [u8], host: Option<&str>) -> Decoded<'a> {
    // The detector would find UTF-8 too, but slower. Only ISO-2022-JP also looks like ASCII, and it uses ESC.
    const ESCAPE: u8 = 0x1b;
    if let Ok(text) = std::str::from_utf8(bytes)
        && !bytes.contains(&ESCAPE)
    {
        return Decoded { text: text.into(), encoding: UTF_8, confidence: Confidence::Tentative };
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    decode_as(bytes, detector.guess(host.and_then(top_level_domain).map(str::as_bytes), Utf8Detection::Allow))
}

/// Returns the hint for the detector: lower-case letters (or Punycode) without a dot.
fn top_level_domain(host: &str) -> Option<&str> {
    let last = host.trim_end_matches('.').rsplit('.').next()?;
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (last.starts_with(|c: char| c.is_ascii_lowercase()) && last.bytes().all(is_name)).then_some(last)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use encoding_rs::{
        BIG5, ISO_2022_JP, KOI8_R, KOI8_U, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252,
    };

    use super::{Confidence, decode, top_level_domain};

    #[test]
    fn the_first_source_of_the_encoding_wins() {
        let html = Some("text/html; charset=windows-1251");
        let cases: [(&[u8], Option<&str>, _, &str); 12] = [
            (b"\xef\xbb\xbf\xc3\xa9", html, UTF_8, "é"),
            (b"\xff\xfea\0", html, UTF_16LE, "a"),
            (b"\xfe\xff\0a", html, UTF_16BE, "a"),
            (b"<meta charset=shift_jis>\xcf", html, WINDOWS_1251, "<meta charset=shift_jis>П"),
            (b"<meta charset=shift_jis>\x83\x65", Some("text/html"), SHIFT_JIS, "<meta charset=shift_jis>テ"),
            (b"<meta charset=koi8-r>\xc1", Some("text/html; charset=nonsense"), KOI8_R, "<meta charset=koi8-r>а"),
            (b"\xe9", Some("text/html; charset=iso-8859-1"), WINDOWS_1252, "é"),
            (b"\x80", Some("text/html; charset=latin1"), WINDOWS_1252, "€"),
            (b"a\0", Some("text/html; charset=utf-16"), UTF_16LE, "a"),
            (b"\xc3\xa9", None, UTF_8, "é"),
            (b"a\xff", Some("text/html; charset=utf-8"), UTF_8, "a\u{fffd}"),
            (b"", None, UTF_8, ""),
        ];
        for (bytes, content_type, encoding, text) in cases {
            let decoded = decode(bytes, content_type, None);
            assert_eq!((decoded.encoding, &*decoded.text), (encoding, text), "{bytes:?} {content_type:?}");
        }
    }

    #[test]
    fn an_undeclared_encoding_is_guessed() {
        // The detector does not distinguish the two KOI8 encodings, which have the same Russian letters.
        let cases = [
            ("Широкая электрификация южных губерний", KOI8_R, KOI8_U, None),
            ("Широкая электрификация южных губерний", WINDOWS_1251, WINDOWS_1251, None),
            ("いろはにほへとちりぬるを", SHIFT_JIS, SHIFT_JIS, Some("www.example.jp")),
            ("いろはにほへとちりぬるを", ISO_2022_JP, ISO_2022_JP, Some("www.example.jp")),
            ("天地玄黃宇宙洪荒日月盈昃", BIG5, BIG5, Some("example.tw.")),
            ("Çà et là, l’été", WINDOWS_1252, WINDOWS_1252, Some("127.0.0.1")),
        ];
        for (text, written, found, host) in cases {
            let bytes = written.encode(text).0;
            let decoded = decode(&bytes, None, host);
            assert_eq!((decoded.encoding, &*decoded.text), (found, text));
        }
    }

    #[test]
    fn only_a_byte_order_mark_utf_16_and_the_header_are_certain() {
        use Confidence::{Certain, Tentative};
        let cases: [(&[u8], Option<&str>, Confidence); 7] = [
            (b"<\0?\0x\0m\0l\0", None, Certain),
            (b"\xef\xbb\xbfa", None, Certain),
            (b"a", Some("text/html; charset=utf-8"), Certain),
            (b"a", Some("text/html; charset=nonsense"), Tentative),
            (b"<meta charset=gbk>", None, Tentative),
            (b"a", None, Tentative),
            (b"\xe9", None, Tentative),
        ];
        for (bytes, content_type, confidence) in cases {
            assert_eq!(decode(bytes, content_type, None).confidence, confidence, "{bytes:?} {content_type:?}");
        }
    }

    #[test]
    fn utf_8_text_is_not_copied() {
        let types = [None, Some("text/html; charset=utf-8")];
        for content_type in types {
            assert!(matches!(decode("é".as_bytes(), content_type, None).text, Cow::Borrowed(_)), "{content_type:?}");
        }
    }

    #[test]
    fn only_domain_names_give_a_hint() {
        let cases = [
            ("example.ru", Some("ru")),
            ("example.ru.", Some("ru")),
            ("localhost", Some("localhost")),
            ("xn--e1afmkfd.xn--p1ai", Some("xn--p1ai")),
            ("127.0.0.1", None),
            ("[::1]", None),
            ("", None),
            ("EXAMPLE.RU", None),
        ];
        for (host, tld) in cases {
            assert_eq!(top_level_domain(host), tld, "{host}");
        }
    }
}
