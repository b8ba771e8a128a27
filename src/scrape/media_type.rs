//! Reads the media type of a `Content-Type` header, by WHATWG Fetch and MIME Sniffing.
//!
//! The crate `data-url` parses a single type (MIME Sniffing, "parse a MIME type"). This module applies the rules of
//! Fetch for a header with several types. It omits the check for old Apache servers, which label everything unknown as
//! `text/plain`.

use data_url::mime::Mime;

/// A media type: the type of a body and its encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaType {
    /// `text/html`, in lower case.
    pub(super) essence: String,
    /// The label of an encoding, as written. It may be unknown.
    pub(super) charset: Option<String>,
}

impl MediaType {
    /// Returns the type of a header, or `None` if the header has no valid type (Fetch, "extract a MIME type"). Commas
    /// join the lines of the header. The last type of several counts. It takes the charset of the types before it if
    /// they are the same type.
    pub(super) fn extract(header: &str) -> Option<Self> {
        let mut found: Option<Self> = None;
        let mut carried = None;
        for value in split(header) {
            let Ok(mime) = value.parse::<Mime>() else { continue };
            let essence = format!("{}/{}", mime.type_, mime.subtype);
            if essence == "*/*" {
                continue;
            }
            let mut charset = mime.get_parameter("charset").map(str::to_owned);
            if found.as_ref().is_none_or(|found| found.essence != essence) {
                carried.clone_from(&charset);
            } else if charset.is_none() {
                charset.clone_from(&carried);
            }
            found = Some(Self { essence, charset });
        }
        found
    }

    /// Whether the type says that the type of the body is unknown (MIME Sniffing, section 7, step 1).
    pub(super) fn is_unknown(&self) -> bool {
        matches!(&*self.essence, "unknown/unknown" | "application/unknown")
    }
}

/// Splits a header into its values (Fetch, "get, decode, and split"). Commas in quoted strings do not separate them.
fn split(header: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let values = header.split(move |c| {
        let escapes = is_quoted && !is_escaped && c == '\\';
        if c == '"' && !is_escaped {
            is_quoted = !is_quoted;
        }
        is_escaped = escapes;
        c == ',' && !is_quoted
    });
    values.map(|value| value.trim_matches([' ', '\t']))
}

/// Whether a type, in lower case, is JSON (WHATWG MIME Sniffing, "JSON MIME type").
pub(crate) fn is_json(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}

/// Returns the `charset` of a `Content-Type`.
pub(super) fn charset(content_type: &str) -> Option<String> {
    MediaType::extract(content_type)?.charset
}

#[cfg(test)]
mod tests {
    use super::{MediaType, charset};

    #[test]
    fn a_header_is_read_as_in_browsers() {
        // The first rows are the cases of `fetch/content-type` of web-platform-tests.
        let table = [
            (", text/plain", Some(("text/plain", None))),
            ("text/plain, ", Some(("text/plain", None))),
            ("text/html, text/plain", Some(("text/plain", None))),
            ("text/plain;charset=gbk, text/html", Some(("text/html", None))),
            ("text/plain;charset=gbk, text/html;charset=windows-1254", Some(("text/html", Some("windows-1254")))),
            ("text/plain;charset=gbk, text/plain", Some(("text/plain", Some("gbk")))),
            ("text/plain;charset=gbk, text/plain;charset=windows-1252", Some(("text/plain", Some("windows-1252")))),
            ("text/html;charset=gbk, text/html;x=\",text/plain", Some(("text/html", Some("gbk")))),
            ("text/html;charset=gbk, text/plain, text/html", Some(("text/html", None))),
            ("text/plain, */*", Some(("text/plain", None))),
            ("*/*, text/html", Some(("text/html", None))),
            ("text/html, */*;charset=gbk", Some(("text/html", None))),
            ("text/html;x=\", text/plain", Some(("text/html", None))),
            ("text/html;\", text/plain", Some(("text/html", None))),
            // The other rows are additional cases.
            ("Text/HTML ; CharSet=UTF-8", Some(("text/html", Some("UTF-8")))),
            ("\ttext/html\t", Some(("text/html", None))),
            ("text/html, html", Some(("text/html", None))),
            ("html, text/html;charset=koi8-r", Some(("text/html", Some("koi8-r")))),
            ("text/html;charset=a, text/html;charset=b, text/html", Some(("text/html", Some("a")))),
            ("text/html;x=\"\\\",\", image/png", Some(("image/png", None))),
            ("text/html;x=\"a,b\"", Some(("text/html", None))),
            ("unknown/unknown;charset=gbk", Some(("unknown/unknown", Some("gbk")))),
            ("html", None),
            ("text", None),
            ("charset=utf-8", None),
            ("utf-8", None),
            ("\"text/html; charset=utf-8\"", None),
            ("*/*", None),
            ("*/*, html", None),
            ("text /html", None),
            ("text/", None),
            ("/html", None),
            ("text/html/x", None),
            ("text/ht ml", None),
            ("; charset=utf-8", None),
            (",", None),
            ("", None),
        ];
        for (header, expected) in table {
            let expected = expected.map(|(essence, charset)| MediaType {
                essence: essence.to_owned(),
                charset: charset.map(str::to_owned),
            });
            assert_eq!(MediaType::extract(header), expected, "{header}");
        }
    }

    #[test]
    fn the_charset_is_the_first_parameter_of_that_name() {
        let cases = [
            ("text/html", None),
            ("text/html; charset=utf-8", Some("utf-8")),
            ("text/html;CHARSET=\"Shift_JIS\"", Some("Shift_JIS")),
            ("text/html; charset=\"utf-8", Some("utf-8")),
            ("text/html; charset=\"a\\\"b\"", Some("a\"b")),
            ("text/html; charset=\"utf-8\"x; y=z", Some("utf-8")),
            ("text/html; charset='utf-8'", Some("'utf-8'")),
            ("text/html; x=\"; charset=no\"; charset=yes", Some("yes")),
            ("text/html; charset=a; charset=b", Some("a")),
            ("text/html; charset=a; CHARSET=b", Some("a")),
            ("text/html; charset=; charset=b", Some("b")),
            ("text/html; flag; charset=koi8-r ", Some("koi8-r")),
            ("text/html; charset= koi8-r", Some(" koi8-r")),
            ("text/html; charset =koi8-r", None),
            ("text/html;;charset=a", Some("a")),
            ("text/html; charset=", None),
            ("text/html; charset", None),
            ("text/html charset=utf-8", None),
            (";charset=x", None),
        ];
        for (content_type, label) in cases {
            assert_eq!(charset(content_type).as_deref(), label, "{content_type}");
        }
    }
}
