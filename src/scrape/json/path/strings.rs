//! The string literals of paths (RFC 9535, section 2.3.1.1).

use super::JsonPathError;
use super::parse::{Parser, error};

impl Parser<'_> {
    /// Reads a string in single or double quotes. The parser is at the quote.
    pub(super) fn string(&mut self, quote: u8) -> Result<String, JsonPathError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(found) = self.text[self.at..].chars().next() else {
                return Err(error(start, self.text.len() - start, "the string is not closed"));
            };
            let place = self.at;
            self.at += found.len_utf8();
            match found {
                '\\' => out.push(self.escaped(place, quote)?),
                _ if found == char::from(quote) => return Ok(out),
                '\0'..='\u{1f}' => {
                    return Err(error(place, 1, "a control character in a string must be escaped, such as \\n"));
                }
                _ => out.push(found),
            }
        }
    }

    /// Reads what follows the backslash at `place`.
    fn escaped(&mut self, place: usize, quote: u8) -> Result<char, JsonPathError> {
        let found = self.text[self.at..].chars().next();
        let length = found.map_or(0, char::len_utf8);
        self.at += length;
        match found {
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some(found @ ('/' | '\\')) => Ok(found),
            Some(found) if found == char::from(quote) => Ok(found),
            Some('u') => self.unicode(place),
            _ => Err(error(place, 1 + length, "this escape does not exist: write \\\\ for a backslash")),
        }
    }

    /// Reads the digits of `\uXXXX`, or of two of them that are a surrogate pair.
    fn unicode(&mut self, place: usize) -> Result<char, JsonPathError> {
        let wrong = |parser: &Self, message| Err(error(place, parser.at - place, message));
        let Some(first) = self.code_unit() else {
            return wrong(self, "\\u needs four hexadecimal digits");
        };
        if let Some(character) = char::from_u32(first) {
            return Ok(character);
        }
        let second = match self.text[self.at..].strip_prefix("\\u") {
            Some(_) => {
                self.at += 2;
                self.code_unit()
            }
            None => None,
        };
        match (first, second) {
            (0xd800..=0xdbff, Some(second @ 0xdc00..=0xdfff)) => {
                let both = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                Ok(char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            _ => wrong(self, "half of a surrogate pair is not a character"),
        }
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
        let unit = digits.iter().try_fold(0, |unit, digit| Some(unit * 16 + char::from(*digit).to_digit(16)?))?;
        self.at += 4;
        Some(unit)
    }
}
