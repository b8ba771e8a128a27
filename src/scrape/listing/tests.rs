use std::time::{Duration, Instant};

use super::read;
use crate::model::{Listing, ListingFile, Lists};

/// The longest time that a hostile file of a few megabytes may take, in a build without optimisation.
const BOUNDED: Duration = Duration::from_secs(20);

/// Each entry as `loc`, or as `loc lastmod=.. changefreq=.. priority=..`; or the reason why there is none.
fn entries(bytes: &[u8], content_type: Option<&str>) -> Result<(Lists, Vec<String>), String> {
    let bytes = read(ListingFile::Sitemap, bytes, content_type)?;
    assert!(Listing::is_valid(&bytes));
    let mut listing = Listing::new(bytes).expect("a listing");
    let mut entries = Vec::new();
    while let Some(entry) = listing.next_entry() {
        let facts = entry.facts().map(|(name, text)| format!(" {name}={text}"));
        entries.push(format!("{}{}", entry.loc, facts.collect::<String>()));
    }
    Ok((listing.lists(), entries))
}

#[track_caller]
fn pages(text: &str, expected: &[&str]) {
    let (lists, found) = entries(text.as_bytes(), None).unwrap_or_else(|why| panic!("{why}: {text}"));
    assert_eq!(
        (lists, &found[..]),
        (Lists::Pages, &expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
        "{text}"
    );
}

/// A sitemap with these elements in its only entry.
fn urlset(elements: &str) -> String {
    format!("<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url>{elements}</url></urlset>")
}

#[test]
fn entries_of_a_sitemap_are_pages_with_what_it_says_about_them() {
    let table: [(&str, &[&str]); 22] = [
        ("<loc>http://h/</loc>", &["http://h/"]),
        (
            "<loc> http://h/a\n</loc><lastmod>2026-11-28</lastmod><changefreq> daily </changefreq><priority>0.5</priority>",
            &["http://h/a lastmod=2026-11-28 changefreq=daily priority=0.5"],
        ),
        ("<priority>1</priority><loc>http://h/</loc>", &["http://h/ priority=1"]),
        ("<loc>http://h/?a=1&amp;b=2</loc>", &["http://h/?a=1&b=2"]),
        // Not well-formed, and common.
        ("<loc>http://h/?a=1&b=2</loc>", &["http://h/?a=1&b=2"]),
        ("<loc>http://h/?a&b=&c;&amp</loc>", &["http://h/?a&b=&c;&amp"]),
        ("<loc>http://h/?a=1&#38;b=&#x32;&lt;&apos;</loc>", &["http://h/?a=1&b=2<'"]),
        ("<loc>http://h/&nbsp;&eacute;</loc>", &["http://h/&nbsp;&eacute;"]),
        ("<loc><![CDATA[http://h/?a&b]]></loc>", &["http://h/?a&b"]),
        ("<loc>http://h/<!-- no --><![CDATA[a]]>b</loc>", &["http://h/ab"]),
        ("<loc/>", &[""]),
        ("<loc></loc><loc>http://h/</loc>", &[""]),
        ("<loc>http://h/1</loc><loc>http://h/2</loc>", &["http://h/1"]),
        ("<lastmod>2026</lastmod>", &[]),
        ("<loc>/a</loc><lastmod/>", &["/a"]),
        ("<LOC>http://h/</LOC>", &[]),
        ("<x:loc>http://h/x</x:loc><loc>http://h/</loc>", &["http://h/"]),
        (
            "<loc>http://h/</loc><image:image><image:loc>http://h/i.png</image:loc><loc>http://h/i</loc></image:image>",
            &["http://h/"],
        ),
        ("<image:loc>http://h/i.png</image:loc>", &[]),
        ("<loc>http://h/<b>x</b></loc>", &["http://h/"]),
        ("<xhtml:link rel=\"alternate\" hreflang=\"de\" href=\"http://h/de\"/><loc>http://h/</loc>", &["http://h/"]),
        ("<url><loc>http://h/</loc></url>", &[]),
    ];
    for (elements, expected) in table {
        pages(&urlset(elements), expected);
    }
    let long = "x".repeat(300);
    pages(&urlset(&format!("<loc>http://h/</loc><lastmod>{long}</lastmod>")), &["http://h/"]);
    pages("<urlset/>", &[]);
    pages(
        "<?xml version='1.0'?>\n<!DOCTYPE urlset [<!ENTITY e 'http://h/'>]><urlset><url><loc>&e;</loc></url></urlset>",
        &["&e;"],
    );
}

#[test]
fn elements_count_by_the_prefix_of_the_root() {
    pages(
        "<sm:urlset xmlns:sm='http://www.sitemaps.org/schemas/sitemap/0.9'><sm:url><sm:loc>http://h/</sm:loc>\
         <loc>http://h/no</loc></sm:url><url><loc>http://h/no</loc></url></sm:urlset>",
        &["http://h/"],
    );
}

#[test]
fn entries_of_an_index_are_sitemaps() {
    let text = "<sitemapindex><sitemap><loc>http://h/1.xml</loc><lastmod>2026</lastmod></sitemap>\
                <url><loc>http://h/no</loc></url><sitemap><loc>2.xml</loc></sitemap></sitemapindex>";
    let found = entries(text.as_bytes(), None);
    assert_eq!(found, Ok((Lists::Sitemaps, vec!["http://h/1.xml lastmod=2026".to_owned(), "2.xml".to_owned()])));
}

#[test]
fn the_links_of_feeds_are_pages() {
    let rss = |items: &str| {
        format!(
            "<rss version='2.0'><channel><link>http://h/</link><atom:link href='http://h/f'/>{items}</channel></rss>"
        )
    };
    let table: [(String, &[&str]); 9] = [
        (
            rss(
                "<item><link>http://h/1</link><guid>http://h/g</guid><pubDate>Sat, 28 Nov 2026 10:00:00 GMT</pubDate></item>",
            ),
            &["http://h/1 lastmod=Sat, 28 Nov 2026 10:00:00 GMT"],
        ),
        (rss("<item><guid>http://h/g</guid></item>"), &["http://h/g"]),
        (rss("<item><link/><guid isPermaLink='true'>http://h/g</guid></item>"), &["http://h/g"]),
        (rss("<item><guid isPermaLink='false'>http://h/g</guid></item><item><guid>7</guid></item>"), &[]),
        (rss("<item><atom:link href='http://h/a'/><title>t</title></item>"), &[]),
        (
            "<rdf:RDF xmlns='http://purl.org/rss/1.0/'><channel><link>http://h/</link></channel>\
             <item><link>http://h/1</link></item></rdf:RDF>"
                .to_owned(),
            &["http://h/1"],
        ),
        (
            "<feed xmlns='http://www.w3.org/2005/Atom'><link href='http://h/'/><entry><link rel='edit' href='/e'/>\
             <link rel='alternate' href='/1?a&amp;b'/><link href='/2'/><updated>2026</updated></entry></feed>"
                .to_owned(),
            &["/1?a&b lastmod=2026"],
        ),
        ("<a:feed><a:entry><a:link href=' /1?a&b&amp;c '/></a:entry></a:feed>".to_owned(), &["/1?a&b&c"]),
        ("<feed><entry><link rel='self' href='/1'/></entry></feed>".to_owned(), &[]),
    ];
    for (text, expected) in table {
        pages(&text, expected);
    }
}

#[test]
fn a_text_has_a_url_on_each_line() {
    pages("\u{feff}http://h/1\r\n\n  https://h/2  \rnot a url", &["http://h/1", "https://h/2", "not a url"]);
}

#[test]
fn the_robots_txt_of_a_host_lists_sitemaps() {
    let bytes = read(ListingFile::RobotsTxt, b"Sitemap: /1.xml\nSitemap: http://h/2.xml", None).expect("never fails");
    let mut listing = Listing::new(bytes).expect("a listing");
    assert_eq!(listing.lists(), Lists::SitemapsOfRobotsTxt);
    assert_eq!(listing.next_entry().map(|entry| entry.loc.to_owned()).as_deref(), Some("/1.xml"));
    assert_eq!(listing.next_entry().map(|entry| entry.loc.to_owned()).as_deref(), Some("http://h/2.xml"));
}

#[test]
fn the_encoding_is_that_of_xml_and_a_wrong_byte_costs_one_url() {
    let utf16 = |mark: &str, to: fn(u16) -> [u8; 2]| -> Vec<u8> {
        format!("{mark}{}", urlset("<loc>http://h/é</loc>")).encode_utf16().flat_map(to).collect()
    };
    let latin = |head: &str| [head.as_bytes(), b"<urlset><url><loc>http://h/\xe9</loc></url></urlset>"].concat();
    let table = [
        (utf16("\u{feff}", u16::to_le_bytes), None, "http://h/é"),
        (utf16("\u{feff}", u16::to_be_bytes), None, "http://h/é"),
        (utf16("", u16::to_le_bytes), None, "http://h/é"),
        (latin("<?xml version='1.0' encoding='ISO-8859-1'?>"), None, "http://h/é"),
        (latin(""), Some("text/xml; charset=iso-8859-1"), "http://h/é"),
        (latin(""), None, "http://h/\u{fffd}"),
        (latin("<?xml version='1.0' encoding='none'?>"), None, "http://h/\u{fffd}"),
    ];
    for (bytes, content_type, expected) in table {
        let found = entries(&bytes, content_type);
        assert_eq!(found, Ok((Lists::Pages, vec![expected.to_owned()])), "{}", bytes.escape_ascii());
    }
}

#[test]
fn what_is_not_a_sitemap_is_refused_with_a_reason() {
    let table = [
        ("", "it is empty"),
        (" \n\u{feff}", "it is neither"),
        ("\u{feff} \n", "it is empty"),
        ("<!DOCTYPE html>\n<html><body>404</body></html>", "it is HTML, not a sitemap"),
        ("<HTML><p>404", "it is HTML, not a sitemap"),
        (
            "<Error><Code>NoSuchKey</Code></Error>",
            "its root element is `Error`, not urlset, sitemapindex, rss, feed or RDF",
        ),
        ("{\"error\": 404}", "it is neither XML nor a text with a URL on each line"),
        ("Not found\nhttp://h/", "it is neither XML"),
        ("ftp://h/", "it is neither XML"),
        ("<!-- only a comment -->", "it has no element"),
        ("<urlset><url><loc>http://h/</loc></url>", "it is cut off: its elements do not end"),
        ("<urlset><url><loc>http://h/</lo", "it is not well-formed: "),
        ("<urlset>\n<url></urlset>", "it is not well-formed: "),
        ("<urlset>\n\n<url a=\"></url>", "it is not well-formed: "),
    ];
    for (text, expected) in table {
        let why = entries(text.as_bytes(), None).expect_err(text);
        assert!(why.starts_with(expected), "{text}: {why}");
    }
    let why = entries(b"<urlset>\n\n</x>", None).expect_err("another end");
    assert!(why.ends_with(", in line 3"), "{why}");
}

#[test]
fn hostile_files_take_a_bounded_time_and_give_no_more_than_they_have() {
    let entry = "<url><loc>http://h/</loc></url>";
    let many = |text: &str, count: usize| text.repeat(count);
    let attributes = (0..100_000).map(|n| format!(" a{n}='b'")).collect::<Vec<_>>().concat();
    let names = (0..50_000).map(|n| format!("<a{n} xmlns:b{n}='c'>")).collect::<Vec<_>>().concat();
    let files = [
        ("deep", format!("<urlset>{}", many("<a>", 500_000))),
        ("deep in a field", format!("<urlset><url><loc>{}", many("<a>", 500_000))),
        ("names", format!("<urlset>{names}")),
        ("attributes", format!("<feed><entry><link{attributes} href='/'/></entry></feed>")),
        ("references", format!("<urlset><url><loc>{}</loc></url></urlset>", many("&a;", 500_000))),
        ("ampersands", format!("<urlset><url><loc>{}</loc></url></urlset>", many("&", 1_000_000))),
        ("pieces", format!("<urlset><url><loc>{}</loc></url></urlset>", many("a<!---->", 200_000))),
        ("a declaration", format!("<!DOCTYPE a [{}]><urlset/>", many("<!ENTITY a '&a;&a;'>", 50_000))),
        ("open comments", format!("<urlset>{}", many("<!--", 500_000))),
        ("an open section", format!("<urlset><url><loc><![CDATA[{}", many("]]", 500_000))),
    ];
    for (what, text) in files {
        let begun = Instant::now();
        let found = entries(text.as_bytes(), None);
        assert!(begun.elapsed() < BOUNDED, "{what}: {:?}", begun.elapsed());
        let most = found.map_or(0, |(_, found)| found.iter().map(String::len).max().unwrap_or(0));
        assert!(most <= crate::model::LONGEST_URL + 8, "{what}: {most}");
    }
    let text = format!("<urlset>{}</urlset>", many(entry, 100_000));
    assert_eq!(
        entries(text.as_bytes(), None).map(|(_, found)| found.len()),
        Ok(100_000),
        "there is no limit of 50,000"
    );
}
