use std::borrow::Cow;

/// The named fields of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head(Vec<(String, String)>);

impl Head {
    /// Reads the lines between `WARC/1.0` and the empty line. Lines end with `\r\n`, or with `\n` alone, as some tools
    /// write them. A line that begins with white space continues the one before. Lines that are not fields are left out.
    pub(super) fn parse(lines: &[u8]) -> Self {
        let mut fields: Vec<(String, String)> = Vec::with_capacity(16);
        for line in lines.split(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
            match (line.starts_with([' ', '\t']), fields.last_mut(), line.split_once(':')) {
                (true, Some((_, value)), _) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                (false, _, Some((name, value))) => {
                    fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
                }
                _ => {}
            }
        }
        Self(fields)
    }

    /// The value of a field; `name` is in lower case. If the field occurs several times, its first value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The type of the record, in lower case: `response`, `revisit`, `warcinfo` ..
    pub fn kind(&self) -> Cow<'_, str> {
        let kind = self.get("warc-type").unwrap_or_default();
        if kind.bytes().any(|byte| byte.is_ascii_uppercase()) { kind.to_ascii_lowercase().into() } else { kind.into() }
    }

    /// The URI that the record is about. wget writes it in angle brackets, which WARC 1.0 had in its grammar.
    pub fn target(&self) -> Option<&str> {
        self.get("warc-target-uri").map(without_brackets)
    }

    /// The identifier of the record, without its angle brackets.
    pub fn id(&self) -> Option<&str> {
        self.get("warc-record-id").map(without_brackets)
    }

    /// When the record was made, as written.
    pub fn date(&self) -> Option<&str> {
        self.get("warc-date")
    }
}

fn without_brackets(text: &str) -> &str {
    text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::Head;

    #[test]
    fn fields_are_read_with_any_line_end_and_in_any_case() {
        let table: [(&[u8], &str, &[&str]); 9] = [
            (b"WARC-Type: response\r\nA: b\r\n", "warc-type", &["response"]),
            (b"WARC-Type: response\nA: b\n", "a", &["b"]),
            (b"warc-TYPE:response", "warc-type", &["response"]),
            (b"A : b : c  \r\n", "a", &["b : c"]),
            (b"A: b\r\n c\r\n\td\r\nE: f\r\n", "a", &["b c d"]),
            (b" c\r\nA: b\r\n", "a", &["b"]),
            (b"no field\r\nA:\r\n", "a", &[""]),
            (b"A: b\r\nA: c\r\n", "a", &["b", "c"]),
            (b"A: \xff\r\n", "a", &["\u{fffd}"]),
        ];
        for (lines, name, values) in table {
            assert_eq!(Head::parse(lines).all(name).collect::<Vec<_>>(), values, "{}", lines.escape_ascii());
        }
    }

    #[test]
    fn angle_brackets_around_a_uri_are_removed() {
        let head = Head::parse(b"WARC-Target-URI: <http://h/>\nWARC-Record-ID: <urn:uuid:1>\nWARC-Type: Response");
        assert_eq!((head.target(), head.id(), &*head.kind()), (Some("http://h/"), Some("urn:uuid:1"), "response"));
        let head = Head::parse(b"WARC-Target-URI: http://h/a b?<c>\n");
        assert_eq!((head.target(), head.id(), &*head.kind()), (Some("http://h/a b?<c>"), None, ""));
    }
}
