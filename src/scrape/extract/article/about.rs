//! What a page says about its article: title, byline, date, language, site and excerpt.

use super::edges::simplified;
use super::linked_data::LinkedData;
use super::unwanted::text_of;
use super::words;
use crate::scrape::document::{Dom, Name, known};
use crate::scrape::extract::markdown::look;
use crate::scrape::json::Json;

/// The longest byline in the text of a page, in bytes.
const LONGEST_BYLINE: usize = 100;

/// What is known about the article.
#[derive(Debug, Default)]
pub(super) struct About {
    /// Whether the page says that it is an article.
    pub(super) is_article: bool,
    pub(super) title: Option<String>,
    pub(super) byline: Option<String>,
    date: Option<String>,
    language: Option<String>,
    site: Option<String>,
    excerpt: Option<String>,
}

impl About {
    pub(super) fn of(dom: &Dom) -> Self {
        let linked = LinkedData::of(dom);
        let meta = Metas::of(dom);
        let site = meta.first(&["og:site_name", "application-name"]).or(linked.site);
        let date = meta.first(&[
            "article:published_time",
            "datepublished",
            "date",
            "dc.date",
            "dc.date.issued",
            "dcterms.date",
            "parsely-pub-date",
            "sailthru.date",
            "pubdate",
            "publishdate",
            "citation_publication_date",
        ]);
        Self {
            is_article: linked.is_article || meta.first(&["og:type"]).is_some_and(|kind| kind == "article"),
            title: title(
                dom,
                linked.title.or_else(|| meta.first(&["og:title", "twitter:title", "dc.title"])),
                site.as_deref(),
            ),
            byline: linked
                .byline
                .or_else(|| {
                    meta.first(&["author", "article:author", "dc.creator", "parsely-author", "citation_author"])
                })
                .filter(|byline| !byline.starts_with("http"))
                .or_else(|| byline(dom)),
            date: linked.date.or(date).or_else(|| visible_date(dom)),
            language: language(dom).or(linked.language).or_else(|| meta.first(&["og:locale", "content-language"])),
            site,
            excerpt: meta
                .first(&["og:description", "description", "twitter:description", "dc.description"])
                .or(linked.excerpt),
        }
    }

    /// Returns the keys before the text. Without a description, the first paragraph of the text is the excerpt.
    pub(super) fn entries(self, text: &str) -> Vec<(String, Json)> {
        let excerpt = self.excerpt.or_else(|| text.split("\n\n").find(|block| block.len() > 40).map(str::to_owned));
        let value = |text: Option<String>| text.map_or(Json::Null, Json::String);
        [
            ("title", self.title),
            ("byline", self.byline),
            ("date", self.date),
            ("language", self.language),
            ("site", self.site),
            ("excerpt", excerpt),
        ]
        .map(|(key, text)| (key.to_owned(), value(text)))
        .into()
    }
}

/// The names and contents of the `<meta>` elements.
struct Metas<'a>(Vec<(String, &'a str)>);

impl<'a> Metas<'a> {
    fn of(dom: &'a Dom) -> Self {
        let mut all = Vec::new();
        for at in dom.elements(dom.whole()).filter(|at| dom.node(*at).is_html(known::META)) {
            let Some(content) = dom.attribute(at, known::CONTENT).map(str::trim).filter(|it| !it.is_empty()) else {
                continue;
            };
            let keys = [known::PROPERTY, known::NAME, known::ITEMPROP, known::HTTP_EQUIV];
            for name in keys.iter().filter_map(|key| dom.attribute(at, *key)) {
                all.push((name.trim().to_ascii_lowercase(), content));
            }
        }
        Self(all)
    }

    /// Returns the content of the first of these names that the page has.
    fn first(&self, names: &[&str]) -> Option<String> {
        let content =
            |name: &&str| self.0.iter().find(|(its, _)| its == name).map(|(_, content)| (*content).to_owned());
        names.iter().find_map(content)
    }
}

/// Returns the title: what is declared, or else the `<title>`, without the name of the site.
fn title(dom: &Dom, declared: Option<String>, site: Option<&str>) -> Option<String> {
    let texts = |name: Name| {
        let elements = dom.elements(dom.whole()).filter(move |at| dom.node(*at).is_html(name));
        elements.map(|at| text_of(dom, at)).filter(|text| !text.is_empty())
    };
    let headings: Vec<String> = texts(known::H1).take(5).collect();
    let Some(full) = declared.or_else(|| texts(known::TITLE).next()) else { return headings.into_iter().next() };
    let plain = simplified(&full);
    // A heading that the full title begins or ends with is the title itself.
    let is_part = |heading: &&String| {
        let heading = simplified(heading);
        heading.len() * 3 >= plain.len() && (plain.starts_with(&heading) || plain.ends_with(&heading))
    };
    if let Some(heading) = headings.iter().find(is_part) {
        return Some(heading.clone());
    }
    Some(without_site(&full, site).to_owned())
}

/// Cuts the name of the site off: `A storm - The Paper`.
fn without_site<'t>(title: &'t str, site: Option<&str>) -> &'t str {
    for separator in [" | ", " - ", " – ", " — ", " · ", " • ", " » ", " :: ", "｜", "_"] {
        if let Some((start, end)) = title.rsplit_once(separator) {
            let is_site = site.is_some_and(|site| simplified(site) == simplified(end));
            let is_short =
                separator != "_" && start.split_whitespace().count() >= 3 && end.split_whitespace().count() <= 4;
            if is_site || is_short {
                return start.trim_end();
            }
        }
    }
    title
}

/// Returns the author from the text of the page: `rel=author`, `itemprop=author`, or a class that says so.
fn byline(dom: &Dom) -> Option<String> {
    let mut names = Vec::new();
    let is_byline = |at: &u32| {
        let is = |name: Name, word: &str| {
            dom.attribute(*at, name).is_some_and(|value| value.split_ascii_whitespace().any(|it| it == word))
        };
        if is(known::REL, "author") || is(known::ITEMPROP, "author") {
            return true;
        }
        names.clear();
        if let Some(class) = dom.attribute(*at, known::CLASS) {
            words::split(class, &mut names);
        }
        names.iter().any(|word| word == "byline" || word == "author")
    };
    let elements = dom.elements(dom.whole()).filter(|at| !look::is_silent(dom, *at)).filter(is_byline);
    let mut texts = elements.take(20).map(|at| text_of(dom, at));
    let text = texts.find(|text| !text.is_empty() && text.len() <= LONGEST_BYLINE)?;
    let lower = text.to_lowercase();
    let prefix =
        ["by ", "written by ", "von ", "par ", "por ", "автор: "].iter().find(|start| lower.starts_with(**start));
    Some(prefix.and_then(|prefix| text.get(prefix.len()..)).unwrap_or(&text).to_owned())
}

/// Returns the first `<time datetime>` of the page.
fn visible_date(dom: &Dom) -> Option<String> {
    let mut times = dom.elements(dom.whole()).filter(|at| dom.node(*at).is_html(known::TIME));
    times.find_map(|at| dom.attribute(at, known::DATETIME)).map(str::to_owned)
}

fn language(dom: &Dom) -> Option<String> {
    let html = dom.elements(dom.whole()).find(|at| dom.node(*at).is_html(known::HTML))?;
    dom.attribute(html, known::LANG).map(str::trim).filter(|lang| !lang.is_empty()).map(str::to_owned)
}
