//! Tags and their attributes (13.2.5.8, 13.2.5.32 - 13.2.5.40).

use memchr::memchr2;

use super::super::construction::Construction;
use super::super::token::{Run, Tag, Token};
use super::bytes::{ends_attribute_name, ends_tag_name, ends_unquoted_value, is_space, to_lower};
use super::{BYTE_ORDER_MARK, SHORT, Tokenizer, run, small};
use crate::scrape::decode::{self, Confidence};
use crate::scrape::document::{Attribute, AttributeNamespace, Name, Qualifier, known};
use crate::scrape::parse::changes;

impl Tokenizer<'_> {
    /// Reads a start tag. An incomplete tag at the end of the page is not a token.
    pub(super) fn start_tag(&mut self) {
        self.construction.ignore_line_feed = false;
        let start = self.at + 1;
        let end = self.name_end(start);
        let name = self.name(start, end);
        let first = self.construction.dom.attributes.len();
        self.tag += 1;
        let Some(self_closing) = self.attributes(end, true) else {
            self.at = self.bytes.len();
            return;
        };
        let attributes = run(first, self.construction.dom.attributes.len());
        self.construction.process(Token::Start(Tag { name, attributes, self_closing }));
        if attributes.length > 0 && self.construction.declaring == attributes {
            self.declaration(name, attributes);
        }
    }

    /// Reads an end tag. Its attributes are a parse error and are ignored.
    pub(super) fn end_tag(&mut self) {
        self.construction.ignore_line_feed = false;
        let start = self.at + 2;
        let end = self.name_end(start);
        let name = self.name(start, end);
        match self.attributes(end, false) {
            Some(_) => self.construction.process(Token::End(name)),
            None => self.at = self.bytes.len(),
        }
    }

    /// 13.2.5.8, tag name state.
    #[inline]
    fn name_end(&self, start: usize) -> usize {
        let rest = &self.bytes[start..];
        rest.iter().position(|byte| ends_tag_name(*byte)).map_or(self.bytes.len(), |length| start + length)
    }

    /// Returns the number of the name at `start..end`. The page may write it in capitals.
    #[inline]
    fn name(&mut self, start: usize, end: usize) -> Name {
        let length = end - start;
        if length <= 8
            && let Some(eight) = self.bytes[start..].first_chunk::<8>()
        {
            let word = to_lower(u64::from_le_bytes(*eight) & (u64::MAX >> (64 - 8 * length)));
            if let Some(name) = self.construction.dom.names.find_word(word, small(length)) {
                return name;
            }
        }
        self.rare_name(start, end)
    }

    /// Does the same for a name that is long, or new on this page.
    fn rare_name(&mut self, start: usize, end: usize) -> Name {
        let text = &self.text[start..end];
        let names = &mut self.construction.dom.names;
        if !text.bytes().any(|byte| byte.is_ascii_uppercase() || byte == 0) {
            return names.intern(text);
        }
        self.lower.clear();
        self.lower.extend(text.chars().map(|c| if c == '\0' { '\u{fffd}' } else { c.to_ascii_lowercase() }));
        names.intern(&self.lower)
    }

    /// Reads a tag from the end of its name to its end. Keeps the attributes of start tags. Returns whether the tag is
    /// self-closing, or `None` if the page ends before the tag.
    #[inline]
    fn attributes(&mut self, from: usize, keep: bool) -> Option<bool> {
        let mut at = from;
        loop {
            // 13.2.5.32, before attribute name state.
            let byte = self.byte(at)?;
            if is_space(byte) {
                at += 1;
                continue;
            }
            match byte {
                b'>' => {
                    self.at = at + 1;
                    return Some(false);
                }
                // 13.2.5.40, self-closing start tag state.
                b'/' => {
                    at += 1;
                    if self.byte(at)? == b'>' {
                        self.at = at + 1;
                        return Some(true);
                    }
                }
                _ => at = self.attribute(at, keep)?,
            }
        }
    }

    /// Reads one attribute, and returns the position after it.
    #[inline]
    fn attribute(&mut self, start: usize, keep: bool) -> Option<usize> {
        // 13.2.5.33, attribute name state. The first character of a name may be any character.
        let rest = &self.bytes[start + 1..];
        let end = start + 1 + rest.iter().position(|byte| ends_attribute_name(*byte))?;
        // 13.2.5.34, after attribute name state.
        let at = self.after_space(end)?;
        let name = keep.then(|| self.name(start, end)).filter(|name| self.is_new(*name));
        if self.bytes[at] != b'=' {
            self.keep(name, Run::EMPTY);
            return Some(at);
        }
        // 13.2.5.35, before attribute value state.
        let at = self.after_space(at + 1)?;
        let (value, after) = match self.bytes[at] {
            quote @ (b'"' | b'\'') => self.quoted_value(at + 1, quote)?,
            b'>' => (Run::EMPTY, at),
            _ => self.unquoted_value(at)?,
        };
        self.keep(name, value);
        Some(after)
    }

    #[inline]
    fn after_space(&self, from: usize) -> Option<usize> {
        let mut at = from;
        while is_space(self.byte(at)?) {
            at += 1;
        }
        Some(at)
    }

    /// Whether the tag has no attribute with this name yet.
    #[inline]
    fn is_new(&mut self, name: Name) -> bool {
        let number = name.number() as usize;
        if number >= self.stamps.len() {
            self.stamps.resize(number + 1, 0);
        }
        std::mem::replace(&mut self.stamps[number], self.tag) != self.tag
    }

    #[inline]
    fn keep(&mut self, name: Option<Name>, value: Run) {
        if let Some(name) = name {
            let (start, length) = (value.start, value.length);
            let (namespace, qualifier) = (AttributeNamespace::None, Qualifier::NONE);
            let attribute = Attribute { name, start, length, namespace, qualifier };
            self.construction.dom.attributes.push(attribute);
        }
    }

    /// 13.2.5.36 and 13.2.5.37, attribute value (quoted) states. Returns the value and the position after the quote.
    #[inline]
    fn quoted_value(&mut self, start: usize, quote: u8) -> Option<(Run, usize)> {
        let mut from = start;
        loop {
            let end = self.find(from, |byte| byte == quote || byte == b'&', |rest| memchr2(quote, b'&', rest))?;
            if self.bytes[end] == quote {
                return Some((self.replaced(start, end), end + 1));
            }
            if self.reference(end, true).is_some() {
                let end = end + self.bytes[end..].iter().position(|byte| *byte == quote)?;
                return Some((self.value_with_references(start, end), end + 1));
            }
            from = end + 1;
        }
    }

    /// 13.2.5.38, attribute value (unquoted) state. Returns the value and the position after it.
    fn unquoted_value(&mut self, start: usize) -> Option<(Run, usize)> {
        let rest = &self.bytes[start..];
        let length = rest.iter().position(|byte| ends_unquoted_value(*byte))?;
        let has_reference = rest[..length].contains(&b'&');
        let end = start + length;
        let value = if has_reference { self.value_with_references(start, end) } else { self.replaced(start, end) };
        Some((value, end))
    }

    /// Returns the first position from `from` on whose byte is wanted. `is_it` checks the first bytes one by one.
    /// `search` finds a byte that is farther away.
    #[inline]
    fn find(&self, from: usize, is_it: impl Fn(u8) -> bool, search: impl Fn(&[u8]) -> Option<usize>) -> Option<usize> {
        let rest = &self.bytes[from..];
        let near = &rest[..rest.len().min(SHORT)];
        let found = near.iter().position(|byte| is_it(*byte));
        found.or_else(|| Some(SHORT + search(rest.get(SHORT..)?)?)).map(|found| from + found)
    }

    /// Writes a value into the side text, with its references replaced.
    #[cold]
    fn value_with_references(&mut self, start: usize, end: usize) -> Run {
        let first = self.construction.side_end();
        let (mut copied, mut from) = (start, start);
        while let Some(found) = self.bytes[from..end].iter().position(|byte| *byte == b'&') {
            let at = from + found;
            from = at + 1;
            if let Some(reference) = self.reference(at, true) {
                self.push_replaced(copied, at);
                self.push_reference(reference);
                from = at + reference.length;
                copied = from;
            }
        }
        self.push_replaced(copied, end);
        Run { start: first, length: self.construction.side_end() - first }
    }

    fn push_replaced(&mut self, start: usize, end: usize) {
        let text = &self.text[start..end];
        if self.has_null {
            self.construction.push_side(&text.replace('\0', "\u{fffd}"));
        } else {
            self.construction.push_side(text);
        }
    }

    /// Applies the encoding that a `meta` in the head declares (13.2.6.4.4; 13.2.3.4, "changing the encoding while
    /// parsing").
    #[cold]
    fn declaration(&mut self, name: Name, attributes: Run) {
        if name == known::META && self.confidence == Confidence::Tentative {
            let attribute = |name: &str| {
                let name = match name {
                    "charset" => known::CHARSET,
                    "http-equiv" => known::HTTP_EQUIV,
                    _ => known::CONTENT,
                };
                self.construction.attribute(attributes, name)
            };
            if let Some(declared) = decode::of_element(attribute) {
                self.confidence = Confidence::Certain;
                if changes(self.text, self.construction.dom.encoding, declared) {
                    self.other_encoding = Some(declared);
                } else {
                    self.construction.dom.encoding = declared;
                }
            }
        }
        // After an element that declares an encoding, html5ever returns to the start of its loop. There, it drops a
        // byte-order mark.
        if self.byte(self.at) == Some(BYTE_ORDER_MARK[0]) && declares_encoding(&self.construction, attributes) {
            self.skip_byte_order_mark();
        }
    }
}

/// Whether an element declares an encoding in the way of a `meta` in the head (13.2.6.4.4). html5ever also accepts this
/// from `link` and other elements.
fn declares_encoding(construction: &Construction<'_>, attributes: Run) -> bool {
    if construction.attribute(attributes, known::CHARSET).is_some() {
        return true;
    }
    let is_type = construction
        .attribute(attributes, known::HTTP_EQUIV)
        .is_some_and(|value| value.eq_ignore_ascii_case("content-type"));
    is_type && construction.attribute(attributes, known::CONTENT).is_some_and(names_encoding)
}

/// Whether "the algorithm for extracting a character encoding from a meta element" finds an encoding.
fn names_encoding(content: &str) -> bool {
    let bytes = content.as_bytes();
    let mut at = 0;
    loop {
        let Some(found) = bytes[at..].windows(7).position(|it| it.eq_ignore_ascii_case(b"charset")) else {
            return false;
        };
        at += found + 7;
        let rest = bytes[at..].trim_ascii_start();
        at = bytes.len() - rest.len();
        let Some(value) = rest.strip_prefix(b"=") else { continue };
        return match value.trim_ascii_start() {
            [] => false,
            [quote @ (b'"' | b'\''), rest @ ..] => rest.contains(quote),
            _ => true,
        };
    }
}
