//! Runs the stages one after another: fetch -> decode -> parse -> extract.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::decode::{Confidence, decode, decode_as, decode_xml};
use super::document_kind::DocumentKind;
use super::extract::Extractor;
use super::fetch::{Fetched, FetchedPage, Fetcher, RobotsFile};
use super::large::{LARGE_PAGE, LargePages};
use super::parse::{Document, NotWellFormed, Parsed, parse_into, parse_malformed_xml_into, parse_tentative_into};
use super::settings::PageParser;
use super::side_threads::SideThreads;
use super::{Error, Settings, extract};
use crate::model::{
    Answer, Failure, FailureKind, Page, Stage, Visit, Visited, check_sendable, shown_url, without_credentials,
};
use crate::robots::{self, Rules, product_token};

/// Turns URLs into answers. Each worker makes one, which holds its connections and compiled rules.
#[derive(Debug)]
pub struct Scraper {
    fetcher: Fetcher,
    extractor: Arc<Extractor>,
    parser: PageParser,
    /// The name by which robots.txt files address this program.
    product_token: String,
    /// Threads for large pages.
    side_threads: SideThreads,
}

/// The result of reading a page.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    pub(super) made: Result<Made, Failure>,
    /// Whether html5ever parsed the page.
    pub(super) by_reference: bool,
}

/// What reading a page produced.
#[derive(Debug, PartialEq)]
pub(super) enum Made {
    Data(Bytes),
    /// The page redirects by itself, with a `<meta>` refresh.
    Elsewhere(Url),
}

impl Scraper {
    /// Compiles the rules and sets up the HTTP clients. Opens no connection and reads no trust anchors yet.
    ///
    /// # Errors
    /// Fails if a rule or a header of the settings is invalid.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Ok(Self {
            extractor: Arc::new(Extractor::new(settings.extract.as_ref())?),
            parser: settings.parser,
            product_token: product_token(settings.fetch.sent_user_agent()).to_owned(),
            side_threads: SideThreads::new(LargePages::at_once(&settings.fetch)),
            fetcher: Fetcher::new(settings.fetch)?,
        })
    }

    /// Makes one request and extracts the data of the page. Returns redirects instead of following them.
    ///
    /// Calls `sent` when the request is being sent, if the visit asks for that.
    ///
    /// # Panics
    /// Panics if parsing or extracting panics, on any thread. The caller decides what a panic means.
    pub async fn visit(&self, visit: &Visit, sent: impl Fn() + Send + Sync + 'static) -> Visited {
        let (mut headers, mut by_reference) = (Vec::new(), false);
        let answer = self.try_visit(visit, sent, &mut headers, &mut by_reference).await;
        Visited { answer: answer.unwrap_or_else(Answer::Failure), headers, by_reference }
    }

    /// Requests a robots.txt once, and reads the rules that apply to this program. Returns redirects instead of
    /// following them.
    ///
    /// Reads at most 500 KiB of the file, as UTF-8, whatever its media type. A missing file (4xx, or a redirect to an
    /// invalid target) allows everything. If the file stays unknown (no answer, an incomplete one, a 5xx, or a 429),
    /// the result is a failure of stage `robots`.
    pub async fn robots(&self, visit: &Visit, sent: impl Fn() + Send + Sync + 'static) -> robots::Answer {
        match self.fetcher.robots(visit, sent).await {
            Ok(RobotsFile::Found(file)) => robots::Answer::Rules(Rules::parse(&file, &self.product_token)),
            Ok(RobotsFile::Absent) => robots::Answer::Rules(Rules::allow_all()),
            // A redirect to an unusable URL leads to no file.
            Ok(RobotsFile::Redirect { to, .. }) if check_sendable(&to).is_err() => {
                robots::Answer::Rules(Rules::allow_all())
            }
            Ok(RobotsFile::Redirect { status, to }) => robots::Answer::Redirect { status, to },
            Err(failure) => robots::Answer::Failed(Failure { stage: Stage::Robots, ..failure }),
        }
    }

    async fn try_visit(
        &self,
        visit: &Visit,
        sent: impl Fn() + Send + Sync + 'static,
        kept: &mut Vec<(String, String)>,
        by_reference: &mut bool,
    ) -> Result<Answer, Failure> {
        let url = &visit.url;
        let page = match self.fetcher.fetch(visit, sent, kept).await? {
            Fetched::Page(page) => page,
            Fetched::Redirect { status, to, bytes } => return leads_to(to, url, status, bytes),
            Fetched::NotModified { bytes } => return Ok(Answer::NotModified { bytes }),
        };
        let page = Arc::new(page);
        // Keeps the credentials: relative links of the page need them too.
        let refreshed = page.follows_meta.then(|| url.clone());
        let parser = self.parser;
        let read = if page.body.len() < LARGE_PAGE {
            data_of(&self.extractor, parser, &page, refreshed.as_ref())
        } else {
            let (extractor, page) = (Arc::clone(&self.extractor), Arc::clone(&page));
            let read = move || Ok(data_of(&extractor, parser, &page, refreshed.as_ref()));
            let failed = |failure| Read { made: Err(failure), by_reference: false };
            self.side_threads.run(read).await.unwrap_or_else(failed)
        };
        *by_reference = read.by_reference;
        let (final_url, status, bytes) = (page.url.to_string(), page.status, page.body.len() as u64);
        match read.made {
            Ok(Made::Elsewhere(to)) => leads_to(to, url, status, bytes),
            Ok(Made::Data(data)) => Ok(Answer::Page(Page { final_url, status, bytes, data })),
            Err(failure) => Err(Failure { final_url: Some(final_url), status: Some(status), bytes, ..failure }),
        }
    }
}

thread_local! {
    /// The document of this thread. All its pages reuse the memory.
    static DOCUMENT: RefCell<Document> = RefCell::new(Document::new());
}

/// Answers with a redirect from `url` to `to`, or fails if no request can be sent to `to`.
fn leads_to(to: Url, url: &Url, status: u16, bytes: u64) -> Result<Answer, Failure> {
    let Err(why) = check_sendable(&to) else {
        return Ok(Answer::Redirect { status, to, bytes });
    };
    let message = format!("follow the redirect of {}: no request can be sent to its target: {why}", shown_url(url));
    let failure = Failure::new(FailureKind::Protocol, Stage::Fetch, message);
    Err(Failure { final_url: Some(without_credentials(url).into()), status: Some(status), bytes, ..failure })
}

/// Runs the stages after fetching. `refreshed` is the URL of a page whose `<meta>` refresh may count as a redirect.
pub(super) fn data_of(extractor: &Extractor, parser: PageParser, page: &FetchedPage, refreshed: Option<&Url>) -> Read {
    let read = match page.kind {
        DocumentKind::Html | DocumentKind::Text | DocumentKind::Json => read,
        DocumentKind::Xml => read_xml,
    };
    DOCUMENT.with_borrow_mut(|document| {
        document.choice = parser;
        let made = read(page, document).and_then(|()| {
            if let Some(to) = refreshed.and_then(|url| extract::elsewhere(document, url)) {
                return Ok(Made::Elsewhere(to));
            }
            extractor.extract(document, &page.url).map(Made::Data)
        });
        Read { made, by_reference: document.by_reference }
    })
}

/// Parses a page into `document`, decoded in the encoding that the page declares or suggests.
fn read(page: &FetchedPage, document: &mut Document) -> Result<(), Failure> {
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
    read(page, document)?;
    document.not_well_formed = Some(fault);
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use encoding_rs::{Encoding, GBK, KOI8_R, MACINTOSH, SHIFT_JIS, UTF_8, WINDOWS_1251, WINDOWS_1252};
    use url::Url;

    use super::{Document, DocumentKind, Extractor, FetchedPage, Made, PageParser, data_of, read};
    use crate::scrape::extract::{Arity, Fields, Rule, ValueRule};

    /// Makes the page longer than the part that the prescan reads.
    fn filler() -> String {
        format!("<script>/*{}*/</script>", "x".repeat(1200))
    }

    fn page(content_type: Option<&str>, body: impl Into<Bytes>) -> FetchedPage {
        let url = Url::parse("http://h.example/").expect("a URL");
        let content_type = content_type.map(str::to_owned);
        let (kind, body) = (DocumentKind::Html, body.into());
        FetchedPage { url, status: 200, content_type, kind, follows_meta: false, body, _turn: None }
    }

    fn encoding_of(content_type: Option<&str>, body: impl Into<Bytes>) -> &'static Encoding {
        let mut document = Document::new();
        read(&page(content_type, body), &mut document).expect("a page");
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
        let extractor = Extractor::new(Some(&fields)).expect("a rule");
        for meta in metas {
            for (label, encoding, text) in texts {
                let html = format!("<!doctype html>{}{}<p>{text}", filler(), meta.replace("{}", label));
                let body = encoding.encode(&html).0.into_owned();
                let made = data_of(&extractor, PageParser::Own, &page(None, body), None).made;
                let expected = serde_json::json!({ "p": text }).to_string();
                assert_eq!(made, Ok(Made::Data(expected.into())), "{meta} {label}");
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
        let extractor = Extractor::new(Some(&fields)).expect("a rule");
        let html = format!("{}<meta charset=windows-1251><a href='?&#1078;'>", filler());
        let made = data_of(&extractor, PageParser::Own, &page(None, html), None).made;
        assert_eq!(made, Ok(Made::Data("{\"a\":\"http://h.example/?%E6\"}".into())));
    }

    #[test]
    fn html5ever_parses_what_the_own_parser_declines_and_all_pages_if_the_settings_say_so() {
        let fields = Fields::from([("b".to_owned(), Rule::Value(ValueRule::new("b", Arity::One)))]);
        let extractor = Extractor::new(Some(&fields)).expect("a rule");
        // By the Standard, `search` ends the formatting before it.
        let search = "<b>1<search>2</b>3</search>";
        // Comparing the attributes of formatting elements is work that html5ever does not count.
        let declined = (0..13_000).fold("<b>1</b>".to_owned(), |page, n| page + &format!("<b id={n}>"));
        let utf_8 = Some("text/html; charset=utf-8");
        let cases = [
            (PageParser::Own, None, search, false, "<b>1</b>"),
            (PageParser::Own, utf_8, search, false, "<b>1</b>"),
            (PageParser::Reference, None, search, true, "<b>1<search>2</search></b>"),
            (PageParser::Reference, utf_8, search, true, "<b>1<search>2</search></b>"),
            // This page takes html5ever a while.
            (PageParser::Own, utf_8, &declined, true, "<b>1</b>"),
            (PageParser::Own, None, search, false, "<b>1</b>"),
        ];
        for (parser, content_type, html, by_reference, first) in cases {
            let read = data_of(&extractor, parser, &page(content_type, html.to_owned()), None);
            let expected = serde_json::json!({ "b": first }).to_string();
            assert_eq!(read.made, Ok(Made::Data(expected.into())), "{parser:?}");
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
            super::read_xml(&page, &mut document).expect("a document");
            assert_eq!(document.is_xml(), is_xml, "{shown}");
            let found = document.not_well_formed().map(ToString::to_string);
            match fault {
                None => assert_eq!(found, None, "{shown}"),
                Some(fault) => assert!(found.as_deref().is_some_and(|it| it.contains(fault)), "{shown}: {found:?}"),
            }
            let fields = Fields::from([("p".to_owned(), Rule::Value(ValueRule::new("p::text", Arity::One)))]);
            let data = Extractor::new(Some(&fields)).expect("a rule").extract(&document, &page.url);
            assert_eq!(data, Ok(serde_json::json!({ "p": text }).to_string().into()), "{shown}");
        }
        // The next page has no fault of the last one.
        super::read(&page(Some("text/html"), "<p>x"), &mut document).expect("a page");
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
        let extractor = Extractor::new(None).expect("rules");
        for (body, leads) in table {
            let page = FetchedPage { kind: DocumentKind::Xml, ..page(None, body.clone()) };
            let made = data_of(&extractor, PageParser::Own, &page, Some(&page.url)).made;
            assert_eq!(matches!(made, Ok(Made::Elsewhere(_))), leads, "{body}");
        }
    }
}
