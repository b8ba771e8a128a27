//! The `Content-Type` header (RFC 9110, section 8.3; WHATWG MIME Sniffing for what the web makes of it).

/// Whether a body of this type is read as a page: HTML, XHTML, any text, any XML; what names no type; and what is one of
/// `further` types, which are in lower case. JSON never is: it has no elements.
pub(super) fn is_page(content_type: Option<&str>, further: &[String]) -> bool {
    let essence = essence(content_type.unwrap_or_default());
    if essence.is_empty() {
        return true;
    }
    let lower = essence.to_ascii_lowercase();
    let Some((kind, subtype)) = lower.split_once('/') else { return false };
    let is_listed = |listed: &String| match listed.split_once('/') {
        Some((listed, "*")) => listed == kind,
        _ => *listed == lower,
    };
    kind == "text"
        || subtype == "xml"
        || subtype.ends_with("+xml")
        || (!is_json(&lower) && further.iter().any(is_listed))
}

/// Whether a type, in lower case, is JSON (WHATWG MIME Sniffing, "JSON MIME type").
pub(crate) fn is_json(essence: &str) -> bool {
    matches!(essence, "application/json" | "text/json") || essence.ends_with("+json")
}

/// The type without its parameters, as written.
pub(super) fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim_matches(is_http_space)
}

/// The first `charset` parameter, without quotes.
pub(super) fn charset(content_type: &str) -> Option<String> {
    let mut rest = content_type;
    loop {
        rest = &rest[rest.find(';')? + 1..];
        let name = rest.trim_start_matches(is_http_space);
        let end = name.find([';', '='])?;
        if !name[end..].starts_with('=') {
            rest = &name[end..];
            continue;
        }
        let is_charset = name[..end].eq_ignore_ascii_case("charset");
        let (value, after) = parameter_value(&name[end + 1..]);
        if is_charset && !value.is_empty() {
            return Some(value);
        }
        rest = after;
    }
}

/// A token, or a quoted string with its escapes undone; and what follows it.
fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return (text[..end].trim_matches(is_http_space).to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in quoted.char_indices() {
        match c {
            _ if escaped => {
                value.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return (value, &quoted[at + 1..]),
            _ => value.push(c),
        }
    }
    (value, "")
}

fn is_http_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

#[cfg(test)]
mod tests {
    use super::{charset, is_page};

    #[test]
    fn pages_are_text_and_xml_and_what_says_nothing() {
        let cases = [
            (None, true),
            (Some(""), true),
            (Some(" ; charset=utf-8"), true),
            (Some("text/html"), true),
            (Some("Text/HTML; charset=utf-8"), true),
            (Some("text/plain"), true),
            (Some("application/xhtml+xml"), true),
            (Some("application/xml"), true),
            (Some("image/svg+xml"), true),
            (Some("application/json"), false),
            (Some("image/png"), false),
            (Some("html"), false),
        ];
        for (content_type, page) in cases {
            assert_eq!(is_page(content_type, &[]), page, "{content_type:?}");
        }
        let further = ["application/octet-stream", "image/*", "application/*"].map(str::to_owned);
        let cases = [
            ("application/octet-stream", 1, true),
            ("Application/Octet-Stream; x=y", 1, true),
            ("application/pdf", 1, false),
            ("image/png", 2, true),
            ("images/png", 2, false),
            ("application/pdf", 3, true),
            ("application/json", 3, false),
            ("application/ld+json", 3, false),
        ];
        for (content_type, listed, page) in cases {
            assert_eq!(is_page(Some(content_type), &further[..listed]), page, "{content_type:?}");
        }
    }

    #[test]
    fn the_charset_is_the_first_parameter_of_that_name() {
        let cases = [
            ("text/html", None),
            ("text/html; charset=utf-8", Some("utf-8")),
            ("text/html;CHARSET=\"Shift_JIS\"", Some("Shift_JIS")),
            ("text/html; charset=\"a\\\"b\"", Some("a\"b")),
            ("text/html; x=\"; charset=no\"; charset=yes", Some("yes")),
            ("text/html; charset=a; charset=b", Some("a")),
            ("text/html; flag; charset= koi8-r ", Some("koi8-r")),
            ("text/html; charset=", None),
            ("text/html; charset", None),
            (";charset=x", Some("x")),
        ];
        for (content_type, label) in cases {
            assert_eq!(charset(content_type).as_deref(), label, "{content_type}");
        }
    }
}
