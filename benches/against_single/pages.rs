//! Generates the pages, which are the same in every run.

use std::fmt::Write;

/// The kind of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Small,
    Catalogue,
    Large,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Small, Self::Catalogue, Self::Large];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Catalogue => "catalogue",
            Self::Large => "large",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Small => "2 KB pages",
            Self::Catalogue => "59 KB catalogue pages",
            Self::Large => "520 KB pages",
        }
    }

    /// The number of pages that a run fetches, which takes a few seconds.
    pub(crate) fn count(self) -> usize {
        match self {
            Self::Small => 30_000,
            Self::Catalogue => 4_000,
            Self::Large => 500,
        }
    }

    /// The number of different pages.
    pub(crate) fn variety(self) -> usize {
        match self {
            Self::Small | Self::Catalogue => 100,
            Self::Large => 20,
        }
    }

    fn products(self) -> usize {
        match self {
            Self::Small => 1,
            Self::Catalogue => 40,
            Self::Large => 360,
        }
    }
}

const WORDS: [&str; 24] = [
    "harbour", "lantern", "orchard", "granite", "thimble", "meadow", "copper", "winter", "saddle", "ribbon", "kettle",
    "ferry", "almond", "signal", "cellar", "pepper", "marble", "garden", "ladder", "velvet", "bridge", "candle",
    "market", "feather",
];

/// Returns a page. Pages with different numbers differ.
pub(crate) fn page(kind: Kind, number: usize) -> String {
    let mut words = Words(number as u64 + 1);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{} | Shop</title>\
         <link rel=\"stylesheet\" href=\"/style.css\"></head>\n<body><nav><ul>",
        words.some(5)
    );
    for item in 0..if kind == Kind::Small { 4 } else { 20 } {
        let word = words.some(1);
        let _ = writeln!(page, "<li><a href=\"/shelf/{word}/{item}\">{word}</a></li>");
    }
    page += "</ul></nav><main>\n";
    for product in 0..kind.products() {
        let (title, text) = (words.some(4), words.some(90));
        let price = words.next() % 10_000;
        let _ = write!(
            page,
            "<article class=\"product_pod\" data-id=\"{product}\">\n  <div class=\"image_container\"><a \
             href=\"/book/{number}-{product}/index.html\"><img src=\"/media/{product}.jpg\" alt=\"{title}\" \
             class=\"thumbnail\"></a></div>\n  <p class=\"star-rating Three\"><i class=\"icon-star\"></i><i \
             class=\"icon-star\"></i><i class=\"icon-star\"></i></p>\n  <h3><a \
             href=\"/book/{number}-{product}/index.html\" title=\"{title}\">{title} &amp; more</a></h3>\n  <div \
             class=\"product_price\"><p class=\"price_color\">£{}.{:02}</p><p class=\"instock availability\"><i \
             class=\"icon-ok\"></i> In stock</p></div>\n  <p class=\"description\">{text}</p>\n</article>\n",
            price / 100,
            price % 100
        );
    }
    page += "</main><footer><p>An invented shop.</p></footer></body></html>\n";
    page
}

/// A fixed sequence of words for each seed.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn some(&mut self, count: usize) -> String {
        let words: Vec<&str> = (0..count).map(|_| WORDS[(self.next() % 24) as usize]).collect();
        words.join(" ")
    }
}
