use encoding_rs::UTF_8;
use serde_json::{Value, json};
use url::Url;

use super::{feed, json_feed};
use crate::scrape::json::{self, Json};
use crate::scrape::parse::{Document, parse_into, parse_xml_into};

/// The URL of all feeds.
pub(super) const URL: &str = "http://h/feeds/all";

/// Feeds, with their entries as JSON. Keys without a value are left out.
pub(super) const FEEDS: &[(&str, &str)] = &[
    (
        "<?xml version='1.0'?><rss version='2.0'><channel><title>c</title><link>http://h/</link><item><title>A</title>\
         <link>http://h/1</link><guid isPermaLink='false'>x1</guid><pubDate>Sat, 07 Sep 2002 00:00:01 GMT</pubDate>\
         <description>D</description><author>a@h (A)</author><category>t1</category><category domain='d'>t2</category>\
         <enclosure url='http://h/a.mp3' length='12' type='audio/mpeg'/></item></channel></rss>",
        r#"[{"title":"A","link":"http://h/1","id":"x1","published":"Sat, 07 Sep 2002 00:00:01 GMT","author":"a@h (A)",
         "summary":"D","tags":["t1","t2"],"enclosures":[{"href":"http://h/a.mp3","type":"audio/mpeg","length":"12"}]}]"#,
    ),
    ("<rss version='2.0'><channel/></rss>", "[]"),
    ("<rss version='2.0'><channel><item/></channel></rss>", "[{}]"),
    // CDATA, references and markup.
    (
        "<rss><channel><item><title><![CDATA[A & <b>B</b>]]></title><description>&lt;p&gt;x &amp;amp; y&lt;/p&gt;\
         </description></item></channel></rss>",
        r#"[{"title":"A & <b>B</b>","summary":"<p>x &amp; y</p>"}]"#,
    ),
    (
        "<rss><channel><item><title> a <![CDATA[ b ]]> c\n</title><description><![CDATA[<p>x</p>]]> y</description></item>\
         </channel></rss>",
        r#"[{"title":"a  b  c","summary":"<p>x</p> y"}]"#,
    ),
    // Links.
    ("<rss><channel><item><link>/1?a=b&amp;c=d</link></item></channel></rss>", r#"[{"link":"http://h/1?a=b&c=d"}]"#),
    ("<rss><channel><item><link>  http://h/2 \n</link></item></channel></rss>", r#"[{"link":"http://h/2"}]"#),
    (
        "<rss><channel><item><guid>http://h/3</guid></item><item><guid isPermaLink='true'>http://h/4</guid></item>\
         <item><guid isPermaLink='false'>http://h/5</guid></item></channel></rss>",
        r#"[{"link":"http://h/3","id":"http://h/3"},{"link":"http://h/4","id":"http://h/4"},{"id":"http://h/5"}]"#,
    ),
    ("<rss><channel><item><guid>tag:1</guid></item></channel></rss>", r#"[{"id":"tag:1"}]"#),
    (
        "<rss><channel><item><guid>http://h/g</guid><link>http://h/l</link></item></channel></rss>",
        r#"[{"link":"http://h/l","id":"http://h/g"}]"#,
    ),
    (
        "<rss xmlns:atom='http://www.w3.org/2005/Atom'><channel><atom:link rel='self' href='/f'/><item>\
         <atom:link rel='self' href='/s'/><link>http://h/6</link></item></channel></rss>",
        r#"[{"link":"http://h/6"}]"#,
    ),
    // Modules.
    (
        "<rss xmlns:content='http://purl.org/rss/1.0/modules/content/' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>\
         <item><title>A</title><dc:creator>me</dc:creator><dc:date>2024-03-01T10:00:00Z</dc:date><dc:subject>s</dc:subject>\
         <description>short</description><content:encoded><![CDATA[<p>long</p>]]></content:encoded></item></channel></rss>",
        r#"[{"title":"A","author":"me","updated":"2024-03-01T10:00:00Z","tags":["s"],"summary":"short","content":"<p>long</p>"}]"#,
    ),
    (
        "<rss xmlns:c='http://purl.org/rss/1.0/modules/content/' xmlns:D='http://purl.org/dc/elements/1.1/'><channel>\
         <item><D:creator>me</D:creator><description>d</description><c:encoded>&lt;i&gt;</c:encoded></item></channel></rss>",
        r#"[{"author":"me","summary":"d","content":"<i>"}]"#,
    ),
    (
        "<rss xmlns:media='http://search.yahoo.com/mrss/'><channel><item><title>A</title><media:content url='x.jpg'>\
         <media:title>M</media:title></media:content></item></channel></rss>",
        r#"[{"title":"A"}]"#,
    ),
    (
        "<rss xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel><item><title>A</title>\
         <itunes:author>me</itunes:author></item></channel></rss>",
        r#"[{"title":"A","author":"me"}]"#,
    ),
    // RSS 1.0, 0.90 and 0.91.
    (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' \
         xmlns:dc='http://purl.org/dc/elements/1.1/'><channel rdf:about='http://h/'><title>c</title><items><rdf:Seq>\
         <rdf:li resource='http://h/1'/></rdf:Seq></items></channel><item rdf:about='http://h/1'><title>A</title>\
         <link>http://h/1</link><description>D</description><dc:date>2004-01-02</dc:date></item></rdf:RDF>",
        r#"[{"title":"A","link":"http://h/1","id":"http://h/1","summary":"D","updated":"2004-01-02"}]"#,
    ),
    (
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://my.netscape.com/rdf/simple/0.9/'>\
         <channel><title>c</title></channel><item><title>A</title><link>http://h/1</link></item></rdf:RDF>",
        r#"[{"title":"A","link":"http://h/1"}]"#,
    ),
    (
        "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' \
         'http://my.netscape.com/publish/formats/rss-0.91.dtd'><rss version='0.91'><channel><item>\
         <title>caf&eacute;</title><link>http://h/1</link></item></channel></rss>",
        r#"[{"title":"café","link":"http://h/1"}]"#,
    ),
    (
        "<rss version='0.92'><channel><item><description>only</description></item></channel></rss>",
        r#"[{"summary":"only"}]"#,
    ),
    // Atom.
    (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title><author><name>F</name></author><entry><title>A</title>\
         <link href='http://h/1'/><id>urn:1</id><published>2024-01-01T00:00:00Z</published>\
         <updated>2024-01-02T00:00:00+01:00</updated><author><name>N</name><email>n@h</email></author><summary>S</summary>\
         <category term='t' label='T'/></entry></feed>",
        r#"[{"title":"A","link":"http://h/1","id":"urn:1","published":"2024-01-01T00:00:00Z",
         "updated":"2024-01-02T00:00:00+01:00","author":"N (n@h)","summary":"S","tags":["t"]}]"#,
    ),
    (
        "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>A</a:title><a:link rel='self' href='/s'/>\
         <a:link rel='edit' href='/e'/><a:link rel='alternate' type='text/html' href='/1'/></a:entry></a:feed>",
        r#"[{"title":"A","link":"http://h/1"}]"#,
    ),
    (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title type='html'>&lt;b&gt;A&lt;/b&gt; &amp;amp; B</title>\
         <summary type='html'>&lt;p&gt;s</summary></entry></feed>",
        r#"[{"title":"<b>A</b> &amp; B","summary":"<p>s"}]"#,
    ),
    (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A</title><content type='xhtml'>\n\
         <div xmlns='http://www.w3.org/1999/xhtml'><p>x<br/>y</p></div>\n</content></entry></feed>",
        r#"[{"title":"A","content":"<p>x<br/>y</p>"}]"#,
    ),
    (
        "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='http://h/b/'><entry xml:base='c/'><title>A</title>\
         <link href='1'/><link rel='enclosure' href='a.mp3' type='audio/mpeg' length='5'/></entry></feed>",
        r#"[{"title":"A","link":"http://h/b/c/1","enclosures":[{"href":"http://h/b/c/a.mp3","type":"audio/mpeg","length":"5"}]}]"#,
    ),
    (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A</title><content src='http://h/x' type='text/html'/>\
         <source><title>other</title><id>o</id></source></entry></feed>",
        r#"[{"title":"A"}]"#,
    ),
    (
        "<feed version='0.3' xmlns='http://purl.org/atom/ns#'><entry><title>A</title><link rel='alternate' type='text/html' \
         href='http://h/1'/><issued>2003-12-13T08:29:29-04:00</issued><modified>2003-12-14</modified>\
         <author><name>N</name></author><content type='text/html' mode='escaped'>&lt;p&gt;x</content></entry></feed>",
        r#"[{"title":"A","link":"http://h/1","published":"2003-12-13T08:29:29-04:00","updated":"2003-12-14","author":"N",
         "content":"<p>x"}]"#,
    ),
    (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title/><author><uri>http://h/me</uri></author></entry></feed>",
        "[{}]",
    ),
    (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A</title><author><name>M</name></author>\
         <author><name>N</name></author><link href='http://h/1'/><category term='t'/><category term='t'/>\
         <category term='u'/></entry></feed>",
        r#"[{"title":"A","author":"M, N","link":"http://h/1","tags":["t","u"]}]"#,
    ),
    (
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>A</title><link type='application/pdf' href='/x.pdf'/>\
         <link type='text/html' href='?q'/></entry></feed>",
        r#"[{"title":"A","link":"http://h/feeds/all?q"}]"#,
    ),
    (
        "<rss><channel><item><title>A</title><image><title>I</title><url>u</url><link>http://h/i</link></image>\
         <link>http://h/1</link><source url='http://h/s'>S</source></item></channel></rss>",
        r#"[{"title":"A","link":"http://h/1"}]"#,
    ),
    (
        "<rss xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:dcterms='http://purl.org/dc/terms/'><channel><item>\
         <dc:title>A</dc:title><dcterms:issued>2024-01-01</dcterms:issued><dcterms:modified>2024-01-02</dcterms:modified>\
         <dc:description>D</dc:description></item></channel></rss>",
        r#"[{"title":"A","published":"2024-01-01","updated":"2024-01-02","summary":"D"}]"#,
    ),
    // Languages.
    (
        "<?xml version='1.0'?><rss><channel><item><title>名前 — Ж</title><link>http://h/%E5</link></item></channel></rss>",
        r#"[{"title":"名前 — Ж","link":"http://h/%E5"}]"#,
    ),
    // Feeds that are not well-formed.
    (
        "\n<?xml version='1.0'?><rss><channel><item><title>A & B&nbsp;C</title><link>http://h/?a=1&b=2</link></item>\
         </channel></rss>",
        r#"[{"title":"A & B\u00a0C","link":"http://h/?a=1&b=2"}]"#,
    ),
    (
        "<rss><channel><item><title>A\u{b}B</title><description>&eacute;</description></item></channel></rss>",
        r#"[{"title":"AB","summary":"é"}]"#,
    ),
    (
        "<rss><channel><item><title>A</title><link>http://h/1</link><dc:creator>me</dc:creator></item>\
         <item><title>B</title><guid isPermaLink=false>x</guid><pubDate>d</pubDate></item></channel></rss>",
        r#"[{"title":"A","link":"http://h/1","author":"me"},{"title":"B","id":"x","published":"d"}]"#,
    ),
    (
        "<rss><channel><item><title><![CDATA[A & B]]></title><description><![CDATA[x y]]></description></itm></channel>",
        r#"[{"title":"A & B","summary":"x y"}]"#,
    ),
];

pub(super) fn entries(text: &str) -> Option<Value> {
    let mut document = Document::new();
    if parse_xml_into(&mut document, text, UTF_8).is_err() {
        parse_into(&mut document, text, UTF_8).expect("a page");
    }
    feed(&document, &Url::parse(URL).expect("a URL")).map(|json| value(&json))
}

fn value(json: &Json) -> Value {
    let mut out = Vec::new();
    json::value(&mut out, json);
    serde_json::from_slice(&out).expect("JSON")
}

/// Removes the keys without a value, after checking that all keys are there.
fn short(entries: Option<Value>) -> Value {
    const KEYS: [&str; 10] =
        ["author", "content", "enclosures", "id", "link", "published", "summary", "tags", "title", "updated"];
    let mut entries = entries.unwrap_or_default();
    for entry in entries.as_array_mut().into_iter().flatten() {
        let entry = entry.as_object_mut().expect("an object");
        let mut keys: Vec<&String> = entry.keys().collect();
        keys.sort();
        assert_eq!(keys, KEYS);
        entry.retain(|_, value| *value != Value::Null && *value != json!([]));
    }
    entries
}

#[test]
fn the_entries_of_a_feed_have_the_names_of_feedparser() {
    assert!(FEEDS.len() >= 30);
    let mut wrong = Vec::new();
    for (text, expected) in FEEDS {
        let found = short(entries(text));
        if found != serde_json::from_str::<Value>(expected).expect(expected) {
            wrong.push(format!("{text}\n  {found}\n  {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn other_documents_are_not_feeds() {
    for text in [
        "<html xmlns='http://www.w3.org/1999/xhtml'><body><item/></body></html>",
        "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url/></urlset>",
        "<a><rss><channel><item/></channel></rss></a>",
        "<feed xmlns='urn:other'><entry/></feed>",
        "<p>text",
    ] {
        assert_eq!(entries(text), None, "{text}");
    }
}

#[test]
fn json_feeds_have_the_same_entries() {
    let object = |entries: &[(&str, Json)]| {
        Json::Object(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    };
    let version = |n: &str| ("version", Json::from(format!("https://jsonfeed.org/version/{n}")));
    let author = |name: &str| object(&[("name", Json::from(name))]);
    let attachment = object(&[
        ("url", Json::from("/a.mp3")),
        ("mime_type", Json::from("audio/mpeg")),
        ("size_in_bytes", Json::Number("12".into())),
    ]);
    let item = object(&[
        ("id", Json::Number("7".into())),
        ("url", Json::from("../1")),
        ("title", Json::from(" A ")),
        ("content_html", Json::from("<p>x")),
        ("content_text", Json::from("x")),
        ("summary", Json::from("")),
        ("date_published", Json::from("2024-01-01T00:00:00Z")),
        ("authors", Json::Array(vec![author("M"), author("N")])),
        ("author", author("old")),
        ("tags", Json::Array(vec![Json::from("t"), Json::from("t"), Json::Null])),
        ("attachments", Json::Array(vec![attachment, Json::Null])),
    ]);
    let old = object(&[("external_url", Json::from("http://e/")), ("author", author("old"))]);
    let feed = object(&[version("1.1"), ("items", Json::Array(vec![item, Json::Null, old]))]);
    let url = Url::parse(URL).expect("a URL");
    let found = json_feed(&feed, &url).map(|json| value(&json));
    let expected = json!([
        {
            "title": "A", "link": "http://h/1", "id": "7", "published": "2024-01-01T00:00:00Z", "author": "M, N",
            "content": "<p>x", "tags": ["t"],
            "enclosures": [{ "href": "http://h/a.mp3", "type": "audio/mpeg", "length": "12" }],
        },
        { "link": "http://e/", "author": "old" },
    ]);
    assert_eq!(short(found), expected);
    for other in [
        object(&[]),
        Json::Null,
        object(&[version("1")]),
        object(&[("version", Json::from("1.1")), ("items", Json::Array(Vec::new()))]),
    ] {
        assert_eq!(json_feed(&other, &url), None, "{other:?}");
    }
}

#[test]
fn hostile_feeds_take_linear_time() {
    const N: usize = 20_000;
    let nested = format!("<rss>{}{}</rss>", "<item><title>".repeat(N), "</title></item>".repeat(N));
    assert_eq!(entries(&nested).and_then(|entries| entries.as_array().map(Vec::len)), Some(1));
    let categories = (0..N).fold(String::new(), |all, n| all + &format!("<category>{n}</category>"));
    let many = format!("<rss><item>{categories}</item></rss>");
    assert_eq!(entries(&many).and_then(|entries| entries[0]["tags"].as_array().map(Vec::len)), Some(N));
}
