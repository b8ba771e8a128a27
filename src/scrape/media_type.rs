//! The media type that a `Content-Type` header gives, by WHATWG Fetch and MIME Sniffing.
//!
//! The crate `data-url` parses a single type (MIME Sniffing, "parse a MIME type"); what Fetch makes of a header with
//! several of them is here. Not done is the check for old Apache servers, which call all that they do not know
//! `text/plain`.

use data_url::mime::Mime;

/// A media type: what a body is, and in which encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MediaType {
    /// `text/html`, in lower case.
    pub(super) essence: String,
    /// The label of an encoding, as written. There may be no such encoding.
    pub(super) charset: Option<String>,
}

impl MediaType {
    /// The type that a header gives, whose lines are joined by commas; `None` where nothing in it is a type (Fetch,
    /// "extract a MIME type"). The last type of several counts. It has the charset of the ones before it if they are the
    /// same type.
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

    /// Whether the type says that nobody knows what the body is (MIME Sniffing, section 7, step 1).
    pub(super) fn is_unknown(&self) -> bool {
        matches!(&*self.essence, "unknown/unknown" | "application/unknown")
    }
}

/// The values of a header (Fetch, "get, decode, and split"): commas in quoted strings do not separate them.
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

/// The `charset` of a `Content-Type`.
pub(super) fn charset(content_type: &str) -> Option<String> {
    MediaType::extract(content_type)?.charset
}

#[cfg(test)]
mod tests {
    use super::{MediaType, charset};

    #[test]
    fn a_header_gives_the_type_that_browsers_see() {
        // The first ones are the cases of `fetch/content-type` of web-platform-tests.
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
            // And these are others.
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
