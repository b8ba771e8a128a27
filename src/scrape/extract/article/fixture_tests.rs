//! Pages with their texts: `fixtures/articles/NAME/page.html`, and `text.txt` beside it.
//!
//! The texts are what a careful reader calls the running text of the page: paragraphs, headings, lists, tables, code and
//! quotations, without the title, lines about the author, captions, and quotations that repeat the text.

use std::collections::HashMap;
use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use encoding_rs::UTF_8;
use url::Url;

use super::{DEEPEST, TooLarge, article};
use crate::scrape::extract::link::Links;
use crate::scrape::extract::markdown::markdown;
use crate::scrape::json::Json;
use crate::scrape::parse::parse;

/// The least F1 of each page, and of all pages together.
const LEAST: f64 = 0.95;
const LEAST_MEAN: f64 = 0.98;

struct Fixture {
    name: String,
    page: String,
    text: String,
}

fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/articles");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let entries = fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path());
    let folders = entries.filter(|path| path.is_dir());
    let mut all: Vec<Fixture> = folders
        .map(|path| Fixture {
            name: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            page: read(&path.join("page.html")),
            text: read(&path.join("text.txt")),
        })
        .collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn found(page: &str) -> Result<Option<Json>, TooLarge> {
    let document = parse(page).expect("a page");
    let base = Url::parse("https://example.com/news/1").expect("a URL");
    article(&document.dom, &Links::new(&base, None, UTF_8), true)
}

fn string<'j>(article: Option<&'j Json>, key: &str) -> Option<&'j str> {
    match article?.get(key)? {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// Counts the words of a text, in lower case. Each character of Chinese and Japanese is a word.
fn words(text: &str) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    let mut word = String::new();
    for char in text.chars().flat_map(char::to_lowercase).chain([' ']) {
        let is_alone = matches!(char, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}');
        if !char.is_alphanumeric() || is_alone {
            let complete = std::mem::take(&mut word);
            *words.entry(complete).or_default() += 1;
        }
        if is_alone {
            *words.entry(char.to_string()).or_default() += 1;
        } else if char.is_alphanumeric() {
            word.push(char);
        }
    }
    words.remove("");
    words
}

/// Returns the harmonic mean of precision and recall of the words.
fn f1(found: &str, expected: &str) -> f64 {
    let (found, expected) = (words(found), words(expected));
    let both: usize = found.iter().map(|(word, count)| (*count).min(expected.get(word).copied().unwrap_or(0))).sum();
    let all = found.values().sum::<usize>() + expected.values().sum::<usize>();
    #[expect(clippy::cast_precision_loss, reason = "counts of words are small")]
    let f1 = 2.0 * both as f64 / all.max(1) as f64;
    f1
}

#[test]
fn the_text_of_each_fixture_is_found() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 30);
    let mut sum = 0.0;
    for Fixture { name, page, text } in &fixtures {
        let article = found(page).expect("a page that is not too deep");
        let text_found = string(article.as_ref(), "text").unwrap_or_default();
        let f1 = f1(text_found, text);
        assert!(f1 >= LEAST, "{name}: F1 {f1:.3}\n{text_found}");
        sum += f1;
    }
    #[expect(clippy::cast_precision_loss, reason = "there are few fixtures")]
    let mean = sum / fixtures.len() as f64;
    assert!(mean >= LEAST_MEAN, "the mean F1 is {mean:.3}");
}

/// The HTML of an article is a page, of which the Markdown is the same.
#[test]
fn the_html_of_an_article_is_the_article() {
    for Fixture { name, page, .. } in fixtures() {
        let article = found(&page).expect("a page that is not too deep").expect(&name);
        let (html, expected) = (string(Some(&article), "html"), string(Some(&article), "markdown"));
        let document = parse(html.expect("HTML")).expect("a page");
        assert_eq!(markdown(&document.dom, 0, None), expected.expect("Markdown"), "{name}");
        assert!(!html.unwrap_or_default().contains("<script"), "{name}");
    }
}

#[test]
fn what_a_page_says_about_its_article_is_found() {
    let text =
        "<p>A sentence that is long enough to count as running text, with commas, and with an end.</p>".repeat(4);
    let table = [
        ("<title>A storm at sea - The Paper</title>", "title", Some("A storm at sea")),
        (
            "<title>A storm at sea</title><meta property=og:title content='Storm &amp; sea'>",
            "title",
            Some("Storm & sea"),
        ),
        ("<title>Storm: at sea | X</title><body><h1>Storm: at sea</h1>", "title", Some("Storm: at sea")),
        ("", "title", None),
        ("<meta name=author content='A. B.'>", "byline", Some("A. B.")),
        ("<body><p class=byline>By <a rel=author href=/a>Ann B</a></p>", "byline", Some("Ann B")),
        ("<body><p><a rel=author href=/a>Ann B</a></p>", "byline", Some("Ann B")),
        ("<meta property=article:published_time content=2026-01-02T03:04:05Z>", "date", Some("2026-01-02T03:04:05Z")),
        ("<body><time datetime=2026-01-02>yesterday</time>", "date", Some("2026-01-02")),
        ("<html lang=pt-BR>", "language", Some("pt-BR")),
        ("<meta property=og:site_name content=Paper>", "site", Some("Paper")),
        ("<meta name=description content='In short.'>", "excerpt", Some("In short.")),
        (
            "<script type=application/ld+json>{\"@graph\":[{\"@type\":\"Organization\",\"name\":\"no\"},{\"@type\":[\"NewsArticle\"],\
             \"headline\":\"H\",\"datePublished\":\"2026\",\"author\":[{\"name\":\"A\"},\"B\"],\"publisher\":{\"name\":\"P\"}}]}</script>",
            "byline",
            Some("A, B"),
        ),
        (
            "<script type=application/ld+json>{\"@type\":\"Article\",\"publisher\":{\"name\":\"P\"}}</script>",
            "site",
            Some("P"),
        ),
        ("<script type=application/ld+json>{ not JSON</script>", "site", None),
    ];
    for (head, key, expected) in table {
        let article = found(&format!("{head}<article>{text}</article>")).expect("a page that is not too deep");
        assert!(article.is_some(), "{head}");
        assert_eq!(string(article.as_ref(), key), expected, "{key} of {head}");
    }
}

#[test]
fn a_page_without_an_article_gives_none() {
    let teaser =
        "<div class=card><h3><a href=/a>The title of some other page</a></h3><p>A short summary of it.</p></div>";
    let table = [
        String::new(),
        "<p>Too short.</p>".to_owned(),
        format!("<main>{}</main>", teaser.repeat(30)),
        format!("<ul>{}</ul>", "<li><a href=/x>A link to another page, with a long text</a></li>".repeat(50)),
        format!("<nav><p>{}</p></nav>", "Nothing but a menu, in long sentences. ".repeat(50)),
        format!("<form>{}<input name=q></form>", "<label>A name <input></label>".repeat(30)),
        "<script>".to_owned() + &"let a = 1; ".repeat(1_000),
        "<p>&nbsp;</p>".repeat(1_000),
    ];
    for page in table {
        assert_eq!(found(&page), Ok(None), "{}", &page[..page.len().min(100)]);
    }
}

/// A title of which no letter is left must not equal the empty text of a block.
#[test]
fn a_title_without_letters_is_no_reason_to_lose_the_text() {
    let text = "A sentence that is long enough to count as running text, with commas, and with an end. ".repeat(4);
    let article = found(&format!("<title>???</title><article>{text}<h2>!</h2>{text}</article>")).expect("a page");
    assert!(string(article.as_ref(), "text").is_some_and(|found| found.len() > text.len()));
}

#[test]
fn a_page_that_nests_too_deeply_is_refused() {
    let page = |depth: usize| {
        format!("{}<p>{}", "<div>".repeat(depth), "A sentence of running text, which goes on. ".repeat(20))
    };
    // `<html>`, `<body>` and `<p>` count, too.
    assert!(matches!(found(&page(DEEPEST - 3)), Ok(Some(_))));
    assert_eq!(found(&page(DEEPEST - 2)), Err(TooLarge::Deep));
    assert_eq!(found(&page(20_000)), Err(TooLarge::Deep));
}

/// Each of these would take minutes if any step looked at everything below every element.
#[test]
fn hostile_pages_take_a_time_that_grows_with_their_length() {
    let sentence = "A sentence of running text, which goes on and on. ";
    let pages = [
        format!("{}{}", "<div class=x>".repeat(480), "<p>".to_owned() + &sentence.repeat(40_000)),
        format!("<article>{}", "<p>a</p>".repeat(200_000)),
        format!(
            "<article>{}",
            format!("<div class='share meta'><h1>{sentence}</h1>") + &format!("<p>{sentence}").repeat(40_000)
        ),
        format!("<td>{}", format!("{sentence}<h2>x</h2>").repeat(40_000)),
        format!(
            "<article>{}<div>{}",
            format!("{sentence}<h2>x</h2>").repeat(40_000),
            format!("<p>{sentence}").repeat(80_000)
        ),
        format!("<time>{}</time>", format!("<time><p>{sentence}</p></time>").repeat(20_000)),
        format!("<div class='banner related'>{sentence}").repeat(400) + &sentence.repeat(20_000),
        format!("<p class='{}'>{sentence}", "share-".repeat(300_000)),
        format!("<script type=application/ld+json>{}</script><p>{}", "[".repeat(900_000), sentence.repeat(20)),
        format!(
            "<script type=application/ld+json>[{}1]</script><p>{}",
            "{\"@type\":\"Article\"},".repeat(40_000),
            sentence.repeat(20)
        ),
    ];
    for page in pages {
        let start = Instant::now();
        let _ = found(&page);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(20), "{}: {took:?}", &page[..60]);
    }
}

/// `GLEANER_ARTICLES=articles.jsonl cargo test --lib articles_are_written_for_peers -- --ignored`
///
/// Writes one object a line: the name of a fixture, its page, the expected text, the text that we find, and the seconds
/// that parsing the page and finding its article takes.
#[test]
#[ignore = "writes the file that `tests/peers` reads"]
fn articles_are_written_for_peers() {
    let file = std::env::var_os("GLEANER_ARTICLES").expect("GLEANER_ARTICLES names a file");
    let mut out = BufWriter::new(fs::File::create(file).expect("a file"));
    for Fixture { name, page, text } in fixtures() {
        let timed = (0..5).map(|_| {
            let start = Instant::now();
            let article = found(&page).expect("a page that is not too deep");
            (start.elapsed(), article)
        });
        let (took, article) = timed.min_by_key(|(took, _)| *took).expect("a run");
        let ours = string(article.as_ref(), "text").unwrap_or_default();
        let line = serde_json::json!({
            "name": name, "page": page, "expected": text, "ours": ours, "seconds": took.as_secs_f64(),
        });
        writeln!(out, "{line}").expect("room on the disk");
    }
    out.flush().expect("room on the disk");
}
