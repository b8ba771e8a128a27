use serde::{Deserialize, Serialize};

/// How the cells of a table are written as text (RFC 4180, with `\n` unless it is for Excel).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// The byte between two cells: `,` or a tab.
    pub delimiter: u8,
    /// Whether the file is for Excel: it begins with a byte-order mark, and lines end with CR LF.
    pub excel: bool,
    /// Whether an apostrophe is put before a text that a spreadsheet would take as a formula.
    pub escape_formulas: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',', excel: false, escape_formulas: false }
    }
}

impl Dialect {
    /// Appends a text as a cell, with quotes only if it needs them. NUL, which no reader takes, becomes U+FFFD.
    pub fn text(&self, text: &str, into: &mut Vec<u8>) {
        let is_formula = self.escape_formulas && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let needs_quotes = |byte: u8| byte == self.delimiter || matches!(byte, b'"' | b'\n' | b'\r');
        let is_quoted = text.bytes().any(needs_quotes);
        if is_quoted {
            into.push(b'"');
        }
        if is_formula {
            into.push(b'\'');
        }
        if is_quoted || text.contains('\0') {
            for byte in text.bytes() {
                match byte {
                    b'"' => into.extend_from_slice(b"\"\""),
                    0 => into.extend_from_slice("\u{FFFD}".as_bytes()),
                    _ => into.push(byte),
                }
            }
        } else {
            into.extend_from_slice(text.as_bytes());
        }
        if is_quoted {
            into.push(b'"');
        }
    }

    /// The end of a line.
    pub fn line_end(&self) -> &'static [u8] {
        if self.excel { b"\r\n" } else { b"\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::Dialect;

    fn cell(dialect: Dialect, text: &str) -> String {
        let mut bytes = b"before".to_vec();
        dialect.text(text, &mut bytes);
        String::from_utf8(bytes).expect("UTF-8").strip_prefix("before").expect("appended").to_owned()
    }

    #[test]
    fn a_cell_has_quotes_only_if_it_needs_them() {
        let (comma, tab) = (Dialect::default(), Dialect { delimiter: b'\t', ..Dialect::default() });
        let table = [
            ("", "", ""),
            ("plain text", "plain text", "plain text"),
            (" spaces ", " spaces ", " spaces "),
            ("a,b", "\"a,b\"", "a,b"),
            ("a\tb", "a\tb", "\"a\tb\""),
            ("say \"a\"", "\"say \"\"a\"\"\"", "\"say \"\"a\"\"\""),
            ("\"", "\"\"\"\"", "\"\"\"\""),
            ("two\nlines", "\"two\nlines\"", "\"two\nlines\""),
            ("a\rb", "\"a\rb\"", "\"a\rb\""),
            ("a\r\nb", "\"a\r\nb\"", "\"a\r\nb\""),
            ("a\0b", "a\u{FFFD}b", "a\u{FFFD}b"),
            ("\0,\"", "\"\u{FFFD},\"\"\"", "\"\u{FFFD},\"\"\""),
            ("naïve 日本 👩‍🔧", "naïve 日本 👩‍🔧", "naïve 日本 👩‍🔧"),
            ("=1+1", "=1+1", "=1+1"),
        ];
        for (text, with_comma, with_tab) in table {
            assert_eq!((cell(comma, text), cell(tab, text)), (with_comma.to_owned(), with_tab.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn only_texts_that_look_like_formulas_get_an_apostrophe() {
        let dialect = Dialect { escape_formulas: true, ..Dialect::default() };
        let table = [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("\ta", "'\ta"),
            ("=a,b", "\"'=a,b\""),
            ("\r=1", "\"'\r=1\""),
            ("a=1", "a=1"),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(cell(dialect, text), expected, "{text:?}");
        }
    }
}
