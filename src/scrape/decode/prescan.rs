//! Finds the encoding that a page declares in its first bytes: WHATWG HTML, "prescan a byte stream to determine its
//! encoding".
//!
//! The functions follow the steps of the Standard and have their names, so that both can be read side by side.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, X_USER_DEFINED};

/// How many bytes of a page are examined.
const WINDOW: usize = 1024;

/// Returns the encoding that the first 1024 bytes declare, in a `<meta>` or in an XML declaration.
pub(super) fn prescan(bytes: &[u8]) -> Option<&'static Encoding> {
    let bytes = &bytes[..bytes.len().min(WINDOW)];
    if bytes.starts_with(b"<\0?\0x\0") {
        return Some(UTF_16LE);
    }
    if bytes.starts_with(b"\0<\0?\0x") {
        return Some(UTF_16BE);
    }
    in_meta(bytes).ok().flatten().or_else(|| in_xml_declaration(bytes))
}

/// The bytes ended inside a construct, so the prescan is over.
struct RanOut;

fn in_meta(bytes: &[u8]) -> Result<Option<&'static Encoding>, RanOut> {
    let mut position = 0;
    while position < bytes.len() {
        let rest = &bytes[position..];
        if rest.starts_with(b"<!--") {
            // The two dashes of `<!--` may also be those of `-->`.
            position += 2 + find(&rest[2..], b"-->").ok_or(RanOut)? + 2;
        } else if starts_with_name(rest, b"<meta") {
            let mut attributes = Attributes { bytes, position: position + 5 };
            if let Some(encoding) = of_meta(&mut attributes)? {
                return Ok(Some(encoding));
            }
            position = attributes.position;
        } else if let [b'<', b'a'..=b'z' | b'A'..=b'Z', ..] | [b'<', b'/', b'a'..=b'z' | b'A'..=b'Z', ..] = rest {
            let name_end = rest.iter().position(|byte| is_space(*byte) || *byte == b'>').ok_or(RanOut)?;
            let mut attributes = Attributes { bytes, position: position + name_end };
            while attributes.next()?.is_some() {}
            position = attributes.position;
        } else if let [b'<', b'!' | b'/' | b'?', ..] = rest {
            position += find(rest, b">").ok_or(RanOut)?;
        }
        position += 1;
    }
    Ok(None)
}

/// A label without an encoding. It counts as found, so that a later `content` is ignored.
struct NoEncoding;

/// Returns the encoding that one `<meta>` declares.
fn of_meta(attributes: &mut Attributes<'_>) -> Result<Option<&'static Encoding>, RanOut> {
    let (mut seen, mut got_pragma, mut need_pragma) = (Vec::new(), false, None);
    let mut charset = None;
    while let Some((name, value)) = attributes.next()? {
        if seen.contains(&name) {
            continue;
        }
        match &*name {
            b"http-equiv" => got_pragma |= value == b"content-type",
            b"content" if charset.is_none() => {
                if let Some(encoding) = from_content(&value) {
                    charset = Some(Ok(encoding));
                    need_pragma = Some(true);
                }
            }
            b"charset" => {
                charset = Some(Encoding::for_label(&value).ok_or(NoEncoding));
                need_pragma = Some(false);
            }
            _ => {}
        }
        seen.push(name);
    }
    let holds = match need_pragma {
        None => false,
        Some(needed) => !needed || got_pragma,
    };
    let found = charset.and_then(Result::ok).filter(|_| holds);
    Ok(found.map(as_declared_in_ascii))
}

/// Returns the encoding that the attributes of a `<meta>` declare, for an element that the parser found (WHATWG HTML,
/// the rules for a start tag `meta` in "the "in head" insertion mode"). Unlike in the prescan, `content` still counts
/// if the label in `charset` is invalid.
pub(in crate::scrape) fn of_element<'e>(attribute: impl Fn(&str) -> Option<&'e str>) -> Option<&'static Encoding> {
    let charset = || Encoding::for_label(attribute("charset")?.as_bytes());
    let pragma = || {
        let is_pragma = attribute("http-equiv")?.eq_ignore_ascii_case("content-type");
        is_pragma.then(|| from_content(&attribute("content")?.to_ascii_lowercase().into_bytes()))?
    };
    charset().or_else(pragma).map(as_declared_in_ascii)
}

/// A declaration in ASCII cannot mean UTF-16, so that becomes UTF-8. `x-user-defined` becomes windows-1252.
fn as_declared_in_ascii(encoding: &'static Encoding) -> &'static Encoding {
    if encoding == UTF_16BE || encoding == UTF_16LE {
        UTF_8
    } else if encoding == X_USER_DEFINED {
        WINDOWS_1252
    } else {
        encoding
    }
}

/// "Get an attribute". Names and values are in lower case.
struct Attributes<'b> {
    bytes: &'b [u8],
    position: usize,
}

type Attribute = (Vec<u8>, Vec<u8>);

impl Attributes<'_> {
    /// Returns the next attribute of the tag, or `None` at its end.
    fn next(&mut self) -> Result<Option<Attribute>, RanOut> {
        while is_space(self.here()?) || self.here()? == b'/' {
            self.position += 1;
        }
        if self.here()? == b'>' {
            return Ok(None);
        }
        let mut name = Vec::new();
        loop {
            match self.here()? {
                b'=' if !name.is_empty() => break,
                byte if is_space(byte) => {
                    self.skip_spaces()?;
                    if self.here()? != b'=' {
                        return Ok(Some((name, Vec::new())));
                    }
                    break;
                }
                b'/' | b'>' => return Ok(Some((name, Vec::new()))),
                byte => name.push(byte.to_ascii_lowercase()),
            }
            self.position += 1;
        }
        self.position += 1;
        self.skip_spaces()?;
        Ok(Some((name, self.value()?)))
    }

    fn value(&mut self) -> Result<Vec<u8>, RanOut> {
        let mut value = Vec::new();
        let quote = match self.here()? {
            quote @ (b'"' | b'\'') => {
                self.position += 1;
                Some(quote)
            }
            _ => None,
        };
        loop {
            let byte = self.here()?;
            match quote {
                Some(quote) if byte == quote => {
                    self.position += 1;
                    return Ok(value);
                }
                None if is_space(byte) || byte == b'>' => return Ok(value),
                _ => value.push(byte.to_ascii_lowercase()),
            }
            self.position += 1;
        }
    }

    fn skip_spaces(&mut self) -> Result<(), RanOut> {
        while is_space(self.here()?) {
            self.position += 1;
        }
        Ok(())
    }

    fn here(&self) -> Result<u8, RanOut> {
        self.bytes.get(self.position).copied().ok_or(RanOut)
    }
}

/// "Extracting a character encoding from a meta element", from a text such as `text/html; charset=..`.
fn from_content(content: &[u8]) -> Option<&'static Encoding> {
    let mut rest = content;
    let rest = loop {
        rest = &rest[find(rest, b"charset")? + "charset".len()..];
        let after = rest.trim_ascii_start();
        if let Some(value) = after.strip_prefix(b"=") {
            break value.trim_ascii_start();
        }
    };
    let label = match rest.first()? {
        quote @ (b'"' | b'\'') => {
            let inner = &rest[1..];
            &inner[..inner.iter().position(|byte| byte == quote)?]
        }
        _ => &rest[..rest.iter().position(|byte| is_space(*byte) || *byte == b';').unwrap_or(rest.len())],
    };
    Encoding::for_label(label)
}

/// "Get an XML encoding", from `<?xml version="1.0" encoding="..."?>`.
fn in_xml_declaration(bytes: &[u8]) -> Option<&'static Encoding> {
    if !bytes.starts_with(b"<?xml") {
        return None;
    }
    let declaration = &bytes[..find(bytes, b">")?];
    let rest = &declaration[find(declaration, b"encoding")? + "encoding".len()..];
    let is_gap = |byte: &u8| *byte <= b' ';
    let skip = |rest: &mut &[u8]| {
        let gap = rest.iter().take_while(|byte| is_gap(byte)).count();
        *rest = &rest[gap..];
    };
    let mut rest = rest;
    skip(&mut rest);
    rest = rest.strip_prefix(b"=")?;
    skip(&mut rest);
    let quote = *rest.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let rest = &rest[1..];
    let label = &rest[..rest.iter().position(|byte| *byte == quote)?];
    if label.iter().any(is_gap) {
        return None;
    }
    Encoding::for_label(label).map(as_declared_in_ascii)
}

/// Whether the bytes begin with this start of a tag, followed by white space or a slash.
fn starts_with_name(bytes: &[u8], tag: &[u8]) -> bool {
    bytes.len() > tag.len()
        && bytes[..tag.len()].eq_ignore_ascii_case(tag)
        && (is_space(bytes[tag.len()]) || bytes[tag.len()] == b'/')
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ')
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::{of_element, prescan};

    #[test]
    fn the_prescan_follows_the_standard() {
        let cases = [
            ("<meta charset=koi8-r>", Some("KOI8-R")),
            ("<META/CHARSET = 'Koi8-R' >", Some("KOI8-R")),
            ("<meta name=x charset=\"utf-8\">", Some("UTF-8")),
            ("<meta charset=utf-16>", Some("UTF-8")),
            ("<meta charset=x-user-defined>", Some("windows-1252")),
            ("<meta charset=nonsense><meta charset=big5>", Some("Big5")),
            ("<meta http-equiv=Content-Type content='text/html; charset=gbk'>", Some("GBK")),
            ("<meta content='text/html; charset = \"gbk\" ; x' http-equiv='content-type'>", Some("GBK")),
            ("<meta content='charsetx charset=gbk' http-equiv='content-type'>", Some("GBK")),
            ("<meta content='text/html; charset=gbk'>", None),
            ("<meta http-equiv=refresh content='text/html; charset=gbk'>", None),
            ("<meta http-equiv=content-type content=x charset=big5>", Some("Big5")),
            ("<meta charset=nonsense http-equiv=content-type content='charset=gbk'>", None),
            ("<meta charset=big5 charset=gbk>", Some("Big5")),
            ("<!-- <meta charset=big5> --><meta charset=gbk>", Some("GBK")),
            ("<!--><meta charset=gbk>", Some("GBK")),
            ("<!-- <meta charset=gbk>", None),
            ("<p title='<meta charset=big5>'><meta charset=gbk>", Some("GBK")),
            ("</p x='<meta charset=big5>'><meta charset=gbk>", Some("GBK")),
            ("<!doctype html><?x <meta charset=big5><meta charset=gbk>", Some("GBK")),
            ("<metal charset=big5><meta charset=gbk>", Some("GBK")),
            ("a < b <meta charset=gbk>", Some("GBK")),
            ("<meta charset=gbk", None),
            ("<meta =x charset=gbk>", Some("GBK")),
            ("<?xml version='1.0' encoding='koi8-r'?><x/>", Some("KOI8-R")),
            ("<?xml encoding = \"utf-16\"?>", Some("UTF-8")),
            ("<?xml encoding='koi 8'?>", None),
            ("<?xml encoding='koi8-r'?><meta charset=gbk>", Some("GBK")),
            ("<\0?\0x\0", Some("UTF-16LE")),
            ("\0<\0?\0x", Some("UTF-16BE")),
            ("", None),
            ("<", None),
        ];
        for (text, name) in cases {
            assert_eq!(prescan(text.as_bytes()).map(encoding_rs::Encoding::name), name, "{text}");
        }
    }

    #[test]
    fn a_meta_element_declares_an_encoding_in_either_form() {
        type Case = (&'static [(&'static str, &'static str)], Option<&'static str>);
        let cases: [Case; 10] = [
            (&[("charset", "gbk")], Some("GBK")),
            (&[("charset", " Latin1 ")], Some("windows-1252")),
            (&[("charset", "utf-16le")], Some("UTF-8")),
            (&[("charset", "x-user-defined")], Some("windows-1252")),
            (&[("charset", "iso-2022-kr")], Some("replacement")),
            (&[("charset", "nonsense")], None),
            (&[("http-equiv", "Content-TYPE"), ("content", "text/html; CharSet = 'KOI8-R'")], Some("KOI8-R")),
            (&[("charset", "nonsense"), ("http-equiv", "content-type"), ("content", "charset=gbk")], Some("GBK")),
            (&[("http-equiv", "refresh"), ("content", "charset=gbk")], None),
            (&[("content", "charset=gbk")], None),
        ];
        for (attributes, name) in cases {
            let found =
                of_element(|wanted| attributes.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value));
            assert_eq!(found.map(encoding_rs::Encoding::name), name, "{attributes:?}");
        }
    }

    #[test]
    fn only_the_first_1024_bytes_count() {
        let declaration = "<meta charset=gbk>";
        let fits = format!("{}{declaration}", " ".repeat(1024 - declaration.len()));
        assert!(prescan(fits.as_bytes()).is_some());
        assert!(prescan(format!(" {fits}").as_bytes()).is_none());
    }
}
