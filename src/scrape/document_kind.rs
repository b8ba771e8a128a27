//! What a body is read as: the one place where a media type decides that.

use super::media_type::is_json;

/// What a body is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentKind {
    /// A page of HTML. XML and all text are read as one, too.
    Html,
}

impl DocumentKind {
    /// The kind of a body of this media type: of HTML, XHTML, any text, any XML, and of the types that the settings name
    /// (`further`). All types are in lower case. `None` for a body that is not read, such as an image. JSON is never read:
    /// it has no elements.
    pub(super) fn of(essence: &str, further: &[String]) -> Option<Self> {
        let (kind, subtype) = essence.split_once('/')?;
        let is_listed = |listed: &String| match listed.split_once('/') {
            Some((listed, "*")) => listed == kind,
            _ => *listed == essence,
        };
        let is_page = kind == "text"
            || subtype == "xml"
            || subtype.ends_with("+xml")
            || (!is_json(essence) && further.iter().any(is_listed));
        is_page.then_some(Self::Html)
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentKind;

    #[test]
    fn pages_are_text_and_xml() {
        let cases = [
            ("text/html", true),
            ("text/plain", true),
            ("application/xhtml+xml", true),
            ("application/xml", true),
            ("image/svg+xml", true),
            ("application/json", false),
            ("image/png", false),
            ("application/octet-stream", false),
        ];
        for (essence, page) in cases {
            assert_eq!(DocumentKind::of(essence, &[]).is_some(), page, "{essence}");
        }
        let further = ["application/octet-stream", "image/*", "application/*"].map(str::to_owned);
        let cases = [
            ("application/octet-stream", 1, true),
            ("application/pdf", 1, false),
            ("image/png", 2, true),
            ("images/png", 2, false),
            ("application/pdf", 3, true),
            ("application/json", 3, false),
            ("application/ld+json", 3, false),
        ];
        for (essence, listed, page) in cases {
            assert_eq!(DocumentKind::of(essence, &further[..listed]).is_some(), page, "{essence}");
        }
    }
}
