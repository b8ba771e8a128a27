use super::records::{Record, records};

/// The values of the `Sitemap` lines of a robots.txt, in order (<https://www.sitemaps.org/protocol.html#submit_robots>).
/// They concern all crawlers, wherever they stand. Reads at most 500 KiB of the body.
pub fn sitemaps(body: &[u8]) -> impl Iterator<Item = String> {
    records(body).filter_map(|record| match record {
        Record::Sitemap(value) if !value.is_empty() => Some(String::from_utf8_lossy(value).into_owned()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::sitemaps;

    #[test]
    fn all_sitemap_lines_count_whatever_group_they_stand_in() {
        let file = "\u{feff}Sitemap: http://h/1.xml\nUser-agent: x\nDisallow: /\nsitemap:http://h/\u{e9}.xml # two\n\
                    Sitemap:\nUser-agent: y\nSITEMAP: /3.xml\r\nSitemap: http://h/1.xml";
        let found: Vec<String> = sitemaps(file.as_bytes()).collect();
        assert_eq!(found, ["http://h/1.xml", "http://h/\u{e9}.xml", "/3.xml", "http://h/1.xml"]);
        assert_eq!(sitemaps(b"<html>Sitemap: x</html>").count(), 0);
    }
}
