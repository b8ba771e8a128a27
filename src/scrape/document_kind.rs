//! What a body is read as: the one place where a media type decides that.

use super::media_type::is_json;

/// What a body is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DocumentKind {
    /// A page of HTML. It stays one if it begins with an XML declaration.
    Html,
    /// XML: XHTML, a feed, a sitemap, a picture in SVG. If it is not well-formed, it is read as HTML.
    Xml,
    /// JSON, for rules that can read it.
    Json,
    /// Any other text. It is parsed as HTML, too.
    Text,
}

impl DocumentKind {
    /// Returns the kind of a body of this media type. All types are in lower case.
    ///
    /// `further` are the types that the settings name besides HTML, text and XML; a body of such a type is read as HTML.
    /// `reads_json` says whether a rule can read JSON. The result is `None` for a body that is not read, such as an
    /// image, or JSON that no rule can read.
    pub(super) fn of(essence: &str, further: &[String], reads_json: bool) -> Option<Self> {
        let (kind, subtype) = essence.split_once('/')?;
        let is_listed = |listed: &String| match listed.split_once('/') {
            Some((listed, "*")) => listed == kind,
            _ => *listed == essence,
        };
        if is_json(essence) {
            return reads_json.then_some(Self::Json);
        }
        // WHATWG MIME Sniffing, "XML MIME type", and other main types (`model/xml`).
        if subtype == "xml" || subtype.ends_with("+xml") {
            return Some(Self::Xml);
        }
        if essence == "text/html" || (kind != "text" && further.iter().any(is_listed)) {
            return Some(Self::Html);
        }
        (kind == "text").then_some(Self::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::DocumentKind::{self, Html, Json, Text, Xml};

    #[test]
    fn the_media_type_decides_the_kind() {
        let cases = [
            ("text/html", Some(Html)),
            ("text/plain", Some(Text)),
            ("text/csv", Some(Text)),
            ("application/xhtml+xml", Some(Xml)),
            ("application/rss+xml", Some(Xml)),
            ("application/xml", Some(Xml)),
            ("text/xml", Some(Xml)),
            ("image/svg+xml", Some(Xml)),
            ("text/xml-external-parsed-entity", Some(Text)),
            ("application/xml-dtd", None),
            ("application/json", None),
            ("text/json", None),
            ("application/ld+json", None),
            ("image/png", None),
            ("application/octet-stream", None),
        ];
        for (essence, kind) in cases {
            assert_eq!(DocumentKind::of(essence, &[], false), kind, "{essence}");
            let with_json = if essence.ends_with("json") { Some(Json) } else { kind };
            assert_eq!(DocumentKind::of(essence, &[], true), with_json, "{essence}");
        }
        let further = ["application/octet-stream", "image/*", "application/*"].map(str::to_owned);
        let cases = [
            ("application/octet-stream", 1, Some(Html)),
            ("application/pdf", 1, None),
            ("image/png", 2, Some(Html)),
            ("image/svg+xml", 2, Some(Xml)),
            ("images/png", 2, None),
            ("application/pdf", 3, Some(Html)),
            ("application/json", 3, None),
            ("application/ld+json", 3, None),
        ];
        for (essence, listed, kind) in cases {
            assert_eq!(DocumentKind::of(essence, &further[..listed], false), kind, "{essence}");
        }
    }
}
