//! Writes pieces of HTML with their Markdown, for a comparison with a parser of Markdown (`tests/peers`).

use std::fs;
use std::io::{BufWriter, Write as _};

use super::tests::of;

/// The number of generated pieces.
const PIECES: usize = 5_000;

/// Words that mean something in Markdown or HTML, and others.
const WORDS: [&str; 40] = [
    "a",
    "word",
    "ein Satz.",
    "*",
    "**b**",
    "_x_",
    "a_b",
    "`c`",
    "\\",
    "\\*",
    "[l](m)",
    "[x]",
    "[ ]",
    "]",
    "![i](j)",
    "# h",
    "#",
    "1.",
    "2)",
    "- d",
    "-",
    "+ e",
    "&gt; f",
    "&gt;",
    "---",
    "===",
    "~~g~~",
    "~",
    "|",
    "a|b",
    "&lt;div&gt;",
    "&lt;",
    "&amp;amp;",
    "&amp;",
    "!",
    "(n)",
    "日本",
    "「語」",
    "&quot;q&quot;",
    "2 * 3 * 4",
];

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    /// Returns a number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end
    }

    fn words(&mut self) -> String {
        let count = 1 + self.below(3);
        let spaces = [" ", " ", "\n", ""];
        (0..count).map(|_| WORDS[self.below(WORDS.len())].to_owned() + spaces[self.below(4)]).collect()
    }

    fn inline(&mut self, depth: usize, is_in_link: bool) -> String {
        let mut out = String::new();
        for _ in 0..=self.below(3) {
            let words = self.words();
            let inner = if depth == 0 { words.clone() } else { self.inline(depth - 1, true) };
            let part = match self.below(12) {
                0 => format!("<b>{inner}</b>"),
                1 => format!("<i>{inner}</i>"),
                2 => format!("<s>{inner}</s>"),
                3 => format!("<code>{words}</code>"),
                4 if !is_in_link => format!("<a href='u{}'>{inner}</a>", ["", "(1)", " x"][self.below(2)]),
                5 => "<img src='i' alt='k'>".to_owned(),
                6 => format!("{words}<br>"),
                7 => format!(" <em>{words}</em> "),
                _ => words,
            };
            out.push_str(&part);
        }
        out
    }

    fn blocks(&mut self, depth: usize) -> String {
        let mut out = String::new();
        for _ in 0..=self.below(3) {
            let text = self.inline(2, false);
            let inner = if depth == 0 { text.clone() } else { self.blocks(depth - 1) };
            let part = match self.below(11) {
                0 => format!("<h{0}>{text}</h{0}>", 1 + self.below(4)),
                1 => format!("<blockquote>{inner}</blockquote>"),
                2 => format!("<ul><li>{inner}</li><li>{text}</li></ul>"),
                3 => format!("<ol><li>{text}</li><li>{inner}</li><li></li><li>{text}</li></ol>"),
                4 => format!("<ul><li>{text}<ul><li>{text}</li></ul></li></ul>"),
                5 => format!("<pre>{}\n  {}</pre>", self.words(), self.words()),
                6 => "<hr>".to_owned(),
                7 => format!("<table><tr><th>{text}</th><th>x</th></tr><tr><td>y</td><td>{text}</td></tr></table>"),
                8 => format!("<div>{inner}</div>"),
                _ => format!("<p>{text}</p>"),
            };
            out.push_str(&part);
        }
        out
    }
}

/// `GLEANER_MARKDOWN=markdown.jsonl cargo test --lib markdown_is_written_for_peers -- --ignored`
///
/// Writes one object a line, with a piece of HTML and its Markdown. The pieces are the same in every run.
#[test]
#[ignore = "writes the file that `tests/peers` reads"]
fn markdown_is_written_for_peers() {
    let file = std::env::var_os("GLEANER_MARKDOWN").expect("GLEANER_MARKDOWN names a file");
    let mut out = BufWriter::new(fs::File::create(file).expect("a file"));
    let mut numbers = Numbers(1);
    for _ in 0..PIECES {
        let html = numbers.blocks(2);
        let line = serde_json::json!({ "html": html, "markdown": of(&html) });
        writeln!(out, "{line}").expect("room on the disk");
    }
    out.flush().expect("room on the disk");
}
