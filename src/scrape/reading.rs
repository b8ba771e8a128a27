//! Reads a fetched page: decode -> parse -> extract.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use url::Url;

use super::decode::{Confidence, decode, decode_as, decode_xml};
use super::document_kind::DocumentKind;
use super::extract::{self, Content, Extracted, Extractor, PageFacts, Problem, Warnings};
use super::fetch::FetchedPage;
use super::json;
use super::media_type::MediaType;
use super::parse::{Document, NotWellFormed, Parsed, parse_into, parse_malformed_xml_into, parse_tentative_into};
use super::settings::PageParser;
use super::table::Table;
use crate::model::{Failure, FailureKind, Stage, TaskFacts, shown_url};

/// The result of reading a page.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    pub(super) made: Result<Made, Failure>,
    /// Whether html5ever parsed the page.
    pub(super) by_reference: bool,
    /// How long decoding and parsing took.
    pub(super) parse: Duration,
    /// How long extracting took.
    pub(super) extract: Duration,
}

impl Read {
    /// Turns the data into rows, if there is a table.
    pub(super) fn in_rows(self, table: Option<&Table>) -> Self {
        let Some(table) = table else { return self };
        let made = self.made.and_then(|made| match made {
            Made::Data(extracted) => {
                let data = table.rows(&extracted.data)?;
                Ok(Made::Data(Extracted { data, ..extracted }))
            }
            Made::Elsewhere(to) => Ok(Made::Elsewhere(to)),
        });
        Self { made, ..self }
    }
}

/// What reading a page produced.
#[derive(Debug, PartialEq)]
pub(super) enum Made {
    Data(Extracted),
    /// The page redirects by itself, with a `<meta>` refresh.
    Elsewhere(Url),
}

thread_local! {
    /// The document of this thread. All its pages reuse the memory.
    static DOCUMENT: RefCell<Document> = RefCell::new(Document::new());
}

/// Runs the stages after fetching. `task` is what the list says about the page, if a rule needs it. `refreshed` is the
/// URL of a page whose `<meta>` refresh may count as a redirect.
pub(super) fn data_of(
    extractor: &Extractor,
    parser: PageParser,
    page: &FetchedPage,
    task: Option<&TaskFacts>,
    refreshed: Option<&Url>,
) -> Read {
    let facts = PageFacts {
        final_url: &page.url,
        status: page.status,
        headers: &page.headers,
        fetched_at: page.fetched_at,
        task,
    };
    DOCUMENT.with_borrow_mut(|document| {
        document.choice = parser;
        let begun = Instant::now();
        let parsed = match page.kind {
            DocumentKind::Html | DocumentKind::Text => Some(read_html(page, document)),
            DocumentKind::Xml => Some(read_xml(page, document)),
            // Reading and extracting are one step.
            DocumentKind::Json => None,
        };
        let parse = begun.elapsed();
        let made = match parsed {
            Some(parsed) => parsed.and_then(|()| of_document(extractor, document, &facts, refreshed)),
            None => of_json(extractor, page, document, &facts),
        };
        Read { made, by_reference: document.by_reference, parse, extract: begun.elapsed().saturating_sub(parse) }
    })
}

fn of_document(
    extractor: &Extractor,
    document: &Document,
    facts: &PageFacts<'_>,
    refreshed: Option<&Url>,
) -> Result<Made, Failure> {
    if let Some(to) = refreshed.and_then(|url| extract::elsewhere(document, url)) {
        return Ok(Made::Elsewhere(to));
    }
    let mut warnings = Warnings::default();
    if let Some(fault) = &document.not_well_formed {
        warnings.add(None, Problem::NotWellFormed, &fault.to_string());
    }
    extractor.extract_from(Content::Document(document), facts, warnings).map(Made::Data)
}

fn of_json(
    extractor: &Extractor,
    page: &FetchedPage,
    document: &mut Document,
    facts: &PageFacts<'_>,
) -> Result<Made, Failure> {
    document.clear();
    let charset = page.content_type.as_deref().and_then(MediaType::extract).and_then(|found| found.charset);
    let json = json::parse_body(&page.body, charset.as_deref()).map_err(|error| {
        let message = format!("read {} as JSON: {error}", shown_url(&page.url));
        Failure::new(FailureKind::Decode, Stage::Parse, message)
    })?;
    extractor.extract_from(Content::Json(&json, document), facts, Warnings::default()).map(Made::Data)
}

/// Parses a page into `document`, decoded in the encoding that the page declares or suggests.
fn read_html(page: &FetchedPage, document: &mut Document) -> Result<(), Failure> {
    let decoded = decode(&page.body, page.content_type.as_deref(), page.url.host_str());
    if decoded.confidence == Confidence::Certain {
        return parse_into(document, &decoded.text, decoded.encoding);
    }
    match parse_tentative_into(document, &decoded.text, decoded.encoding)? {
        Parsed::Whole => Ok(()),
        Parsed::Declares(encoding) => parse_into(document, &decode_as(&page.body, encoding).text, encoding),
    }
}

/// Parses a document of XML into `document`. One that is not well-formed is parsed as HTML.
fn read_xml(page: &FetchedPage, document: &mut Document) -> Result<(), Failure> {
    let decoded = decode_xml(&page.body, page.content_type.as_deref());
    let in_bytes = decoded.problem.map(|(offset, reason)| NotWellFormed::at(&decoded.text, offset, reason));
    let Err(fault) = parse_malformed_xml_into(document, &decoded.text, decoded.encoding, in_bytes) else {
        return Ok(());
    };
    read_html(page, document)?;
    document.not_well_formed = Some(fault);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use crate::model::Phases;

    use bytes::Bytes;
    use encoding_rs::{Encoding, GBK, KOI8_R, MACINTOSH, SHIFT_JIS, UTF_8, WINDOWS_1251, WINDOWS_1252};
    use reqwest::header::HeaderMap;
    use url::Url;

    use super::{
        Document, DocumentKind, Extractor, Failure, FetchedPage, Made, PageFacts, PageParser, data_of, read_html,
        read_xml,
    };
    use crate::scrape::extract::{Arity, Fields, Rule, ValueRule};

    /// Makes the page longer than the part that the prescan reads.
    fn filler() -> String {
        format!("<script>/*{}*/</script>", "x".repeat(1200))
    }

    fn page(content_type: Option<&str>, body: impl Into<Bytes>) -> FetchedPage {
        let url = Url::parse("http://h.example/").expect("a URL");
        let content_type = content_type.map(str::to_owned);
        let (kind, body) = (DocumentKind::Html, body.into());
        let (headers, fetched_at) = (HeaderMap::new(), Some(SystemTime::UNIX_EPOCH));
        FetchedPage {
            url,
            status: 200,
            content_type,
            kind,
            follows_meta: false,
            body,
            headers,
            fetched_at,
            phases: Phases::default(),
            _turn: None,
        }
    }

    fn data(made: Result<Made, Failure>) -> bytes::Bytes {
        match made {
            Ok(Made::Data(extracted)) => extracted.data,
            other => panic!("{other:?}"),
        }
    }

    fn encoding_of(content_type: Option<&str>, body: impl Into<Bytes>) -> &'static Encoding {
        let mut document = Document::new();
        read_html(&page(content_type, body), &mut document).expect("a page");
        document.dom.encoding()
    }

    #[test]
    fn a_declaration_after_the_prescanned_bytes_sets_the_encoding() {
        let metas = [
            "<meta charset={}>",
            "<META CHARSET=\"{}\"/>",
            "<meta http-equiv=Content-Type content='text/html; charset={}'>",
            "<meta content='text/html;charset = \"{}\"' http-equiv=content-type>",
        ];
        let texts = [
            ("gbk", GBK, "价格"),
            ("windows-1251", WINDOWS_1251, "цена"),
            ("koi8-r", KOI8_R, "ё"),
            ("macintosh", MACINTOSH, "café"),
            ("shift_jis", SHIFT_JIS, "値"),
            ("iso-8859-15", encoding_rs::ISO_8859_15, "5 €"),
            ("utf-8", UTF_8, "é"),
            ("x-user-defined", WINDOWS_1252, "€"),
            ("utf-16", UTF_8, "é"),
        ];
        let fields = Fields::from([("p".to_owned(), Rule::Value(ValueRule::new("p::text", Arity::One)))]);
        let extractor = Extractor::of(&fields).expect("a rule");
        for meta in metas {
            for (label, encoding, text) in texts {
                let html = format!("<!doctype html>{}{}<p>{text}", filler(), meta.replace("{}", label));
                let body = encoding.encode(&html).0.into_owned();
                let made = data_of(&extractor, PageParser::Own, &page(None, body), None, None).made;
                let expected = serde_json::json!({ "p": text }).to_string();
                assert_eq!(data(made), expected, "{meta} {label}");
            }
        }
    }

    #[test]
    fn only_a_meta_element_of_the_tree_declares_an_encoding() {
        let table = [
            ("<!--{}-->", false),
            ("<script>'{}'</script>", false),
            ("<style>{}</style>", false),
            ("<title>{}</title>", false),
            ("<p title='{}'>", false),
            ("<textarea>{}</textarea>", false),
            ("<body><iframe>{}</iframe>", false),
            ("<body><xmp>{}</xmp>", false),
            ("<noframes>{}</noframes>", false),
            ("<frameset>{}</frameset>", false),
            ("<plaintext>{}", false),
            ("<?x {}", false),
            ("<svg><title><![CDATA[{}]]></title></svg>", false),
            ("<noscript>{}</noscript>", true),
            ("<body><noscript>{}</noscript>", true),
            ("<template>{}</template>", true),
            ("<body><p>text{}", true),
            ("<svg>{}</svg>", true),
            ("<table>{}</table>", true),
            ("</head>{}", true),
            ("</html>{}", true),
            ("<script>'<!--'</script>{}<!-- -->", true),
            ("<meta charset=nonsense>{}", true),
            ("<meta name=charset content=big5>{}", true),
            ("{}<meta charset=big5>", true),
        ];
        for (around, counts) in table {
            let meta = around.replace("{}", "<meta charset=koi8-r>");
            // Cyrillic letters that are not valid UTF-8 make the decoder guess.
            let html = [filler().as_bytes(), meta.as_bytes(), b"\xc1\xd3\xc4"].concat();
            assert_eq!(encoding_of(None, html) == KOI8_R, counts, "{around}");
        }
    }

    #[test]
    fn a_declaration_changes_a_tentative_encoding_but_not_a_certain_one() {
        let late = |label: &str| format!("{}<meta charset={label}>", filler());
        let table: [(Option<&str>, String, &Encoding); 10] = [
            (Some("text/html; charset=windows-1252"), late("gbk") + "\u{e9}", WINDOWS_1252),
            (Some("text/html; charset=nonsense"), late("gbk"), GBK),
            (None, "\u{feff}".to_owned() + &late("gbk"), UTF_8),
            // The prescan reads the text of a script, but the parser knows that it is no element.
            (None, "<script>'<meta charset=big5>'</script>".to_owned() + &late("gbk"), GBK),
            (None, "<meta charset=koi8-r>".to_owned() + &late("gbk"), KOI8_R),
            (None, "<?xml version='1.0' encoding='koi8-r'?>".to_owned() + &late("gbk"), GBK),
            // In pure ASCII, the encoding only affects how links are written.
            (None, late("gbk"), GBK),
            (None, late("gbk") + "\u{e9}", GBK),
            (None, late("iso-2022-jp"), encoding_rs::ISO_2022_JP),
            (None, late("iso-2022-kr"), encoding_rs::REPLACEMENT),
        ];
        for (content_type, body, encoding) in table {
            let shown = format!("{content_type:?} {:?}", &body[..20]);
            assert_eq!(encoding_of(content_type, body).name(), encoding.name(), "{shown}");
        }
        let utf_16: Vec<u8> = late("gbk").encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(encoding_of(None, [b"<\0?\0x\0".as_slice(), &utf_16].concat()), encoding_rs::UTF_16LE);
    }

    #[test]
    fn links_of_an_ascii_page_use_the_encoding_that_it_declares() {
        let fields = Fields::from([("a".to_owned(), Rule::Value(ValueRule::new("a::url", Arity::One)))]);
        let extractor = Extractor::of(&fields).expect("a rule");
        let html = format!("{}<meta charset=windows-1251><a href='?&#1078;'>", filler());
        let made = data_of(&extractor, PageParser::Own, &page(None, html), None, None).made;
        assert_eq!(data(made), "{\"a\":\"http://h.example/?%E6\"}");
    }

    #[test]
    fn html5ever_parses_all_pages_if_the_settings_say_so_and_no_other_page() {
        let fields = Fields::from([("b".to_owned(), Rule::Value(ValueRule::new("b", Arity::One)))]);
        let extractor = Extractor::of(&fields).expect("a rule");
        // By the Standard, `search` ends the formatting before it.
        let search = "<b>1<search>2</b>3</search>";
        let utf_8 = Some("text/html; charset=utf-8");
        let cases = [
            (PageParser::Own, None, search, false, "<b>1</b>"),
            (PageParser::Own, utf_8, search, false, "<b>1</b>"),
            (PageParser::Reference, None, search, true, "<b>1<search>2</search></b>"),
            (PageParser::Reference, utf_8, search, true, "<b>1<search>2</search></b>"),
            (PageParser::Own, None, search, false, "<b>1</b>"),
        ];
        for (parser, content_type, html, by_reference, first) in cases {
            let read = data_of(&extractor, parser, &page(content_type, html.to_owned()), None, None);
            let expected = serde_json::json!({ "b": first }).to_string();
            assert_eq!(data(read.made), expected, "{parser:?}");
            assert_eq!(read.by_reference, by_reference, "{parser:?}");
        }
    }

    #[test]
    fn xml_that_is_not_well_formed_is_repaired_or_read_as_html() {
        let table: [(&[u8], bool, Option<&str>, &str); 8] = [
            (b"<a><title/><p>x</p></a>", true, None, "x"),
            ("<?xml version='1.0' encoding='koi8-r'?><p>\u{fffd}</p>".as_bytes(), true, None, "О©╫"),
            (b"<p>a & b</p>", true, Some("line 1, column 6: this `&`"), "a & b"),
            (
                b"<?xml version='1.0'?>\n<p>\xe9</p>",
                true,
                Some("line 2, column 4: the bytes here are not valid UTF-8"),
                "\u{fffd}",
            ),
            (b"<?xml version='1.0' encoding='x-none'?><p>x</p>", true, Some("`x-none` is not known"), "x"),
            (b"<body><p>x<br></body>", false, Some("line 1, column 15: `</body>` closes `<br>`"), "x"),
            (b"<meta charset=koi8-r><p>\xc1", false, Some("line 1, column 25: the bytes here"), "\u{430}"),
            (b"<p>x", false, Some("`<p>` is not closed"), "x"),
        ];
        let mut document = Document::new();
        for (body, is_xml, fault, text) in table {
            let shown = body.escape_ascii();
            let page = FetchedPage { kind: DocumentKind::Xml, ..page(Some("text/xml"), body.to_vec()) };
            read_xml(&page, &mut document).expect("a document");
            assert_eq!(document.is_xml(), is_xml, "{shown}");
            let found = document.not_well_formed().map(ToString::to_string);
            match fault {
                None => assert_eq!(found, None, "{shown}"),
                Some(fault) => assert!(found.as_deref().is_some_and(|it| it.contains(fault)), "{shown}: {found:?}"),
            }
            let fields = Fields::from([("p".to_owned(), Rule::Value(ValueRule::new("p::text", Arity::One)))]);
            let extractor = Extractor::of(&fields).expect("a rule");
            let data = extractor.extract(&document, &PageFacts::of(&page.url)).expect("data").data;
            assert_eq!(data, serde_json::json!({ "p": text }).to_string(), "{shown}");
        }
        // The next page has no fault of the last one.
        read_html(&page(Some("text/html"), "<p>x"), &mut document).expect("a page");
        assert_eq!((document.is_xml(), document.not_well_formed()), (false, None));
    }

    #[test]
    fn only_pages_of_xhtml_lead_elsewhere_by_themselves() {
        const META: &str = "<meta xmlns='http://www.w3.org/1999/xhtml' http-equiv='refresh' content='0; url=b'/>";
        let table = [
            (format!("<html xmlns='http://www.w3.org/1999/xhtml'><head>{META}</head></html>"), true),
            (format!("<feed xmlns='http://www.w3.org/2005/Atom'><entry>{META}</entry></feed>"), false),
            (format!("<svg xmlns='http://www.w3.org/2000/svg'>{META}</svg>"), false),
            (format!("<html>{META}</html>"), false),
        ];
        let extractor = Extractor::of(&Fields::new()).expect("rules");
        for (body, leads) in table {
            let page = FetchedPage { kind: DocumentKind::Xml, ..page(None, body.clone()) };
            let made = data_of(&extractor, PageParser::Own, &page, None, Some(&page.url)).made;
            assert_eq!(matches!(made, Ok(Made::Elsewhere(_))), leads, "{body}");
        }
    }
}
