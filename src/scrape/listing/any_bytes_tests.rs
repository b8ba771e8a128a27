//! Tests the reader of sitemaps with arbitrary text.

use proptest::prelude::*;

use super::read;
use crate::model::{Listing, ListingFile};

/// Parts of sitemaps, and parts that do not belong into one.
fn piece() -> impl Strategy<Value = String> {
    const PARTS: &[&str] = &[
        "<urlset>",
        "</urlset>",
        "<url>",
        "</url>",
        "<loc>",
        "</loc>",
        "<loc/>",
        "<sitemapindex>",
        "<sitemap>",
        "<rss>",
        "<channel>",
        "<item>",
        "<link>",
        "<link href='a&b'/>",
        "<feed>",
        "<entry>",
        "<x:loc>",
        "&",
        "&amp;",
        "&#x41;",
        "&#xffffffff;",
        "&nbsp;",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<!DOCTYPE a [<!ENTITY b 'c'>",
        "<?xml",
        "http://h/",
        "\n",
        "\0",
        "\u{feff}",
        "\u{fffd}",
    ];
    prop_oneof![4 => proptest::sample::select(PARTS).prop_map(str::to_owned), 1 => ".{0,6}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_bytes_give_a_listing_or_a_reason(
        root in proptest::sample::select(vec!["", "<urlset>", "<sitemapindex>", "<rss><channel>", "<feed>"]),
        pieces in proptest::collection::vec(piece(), 0..24),
        is_robots in any::<bool>(),
    ) {
        let text = root.to_owned() + &pieces.concat();
        let file = if is_robots { ListingFile::RobotsTxt } else { ListingFile::Sitemap };
        match read(file, text.as_bytes(), None) {
            Ok(bytes) => prop_assert!(Listing::is_valid(&bytes)),
            Err(why) => prop_assert!(!why.is_empty() && why.len() < 300, "{why}"),
        }
    }
}
