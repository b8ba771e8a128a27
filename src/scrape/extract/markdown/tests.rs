//! Tables of elements and their Markdown. Many of the cases are those of Turndown's tests and of the GFM specification,
//! in our own words.

use encoding_rs::UTF_8;
use url::Url;

use super::super::link::Links;
use super::markdown;
use crate::scrape::parse::parse;

/// Returns the Markdown of a page.
pub(super) fn of(html: &str) -> String {
    let document = parse(html).expect("a page");
    markdown(&document.dom, 0, None)
}

fn check(cases: &[(&str, &str)]) {
    let wrong = cases.iter().map(|(html, expected)| (*html, *expected, of(html)));
    let wrong: Vec<_> = wrong.filter(|(_, expected, found)| expected != found).collect();
    assert!(wrong.is_empty(), "the element, what is expected, what was found: {wrong:#?}");
}

#[test]
fn paragraphs_and_headings() {
    check(&[
        ("", ""),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<p>b</p>c", "a\n\nb\n\nc"),
        ("<p> a \n\t b </p>", "a b"),
        ("<p></p><p> </p><p>a</p><div></div>", "a"),
        ("<div>a</div><div>b</div>", "a\n\nb"),
        ("<div>a<div>b<div>c</div></div></div>", "a\n\nb\n\nc"),
        (
            "<h1>a</h1><h2>b</h2><h3>c</h3><h4>d</h4><h5>e</h5><h6>f</h6>",
            "# a\n\n## b\n\n### c\n\n#### d\n\n##### e\n\n###### f",
        ),
        ("<h1></h1><h2> </h2>a", "a"),
        ("<h2>a<br>b</h2>", "## a b"),
        ("<h2><div>a</div><div>b</div></h2>", "## a b"),
        ("<h3>a <em>b</em> <a href=c>d</a></h3>", "### a *b* [d](c)"),
        ("<h1>C #</h1><h1>C#</h1><h1>##</h1>", "# C \\#\n\n# C#\n\n# \\##"),
        ("<p>a<br>b</p>", "a\\\nb"),
        ("<p>a<br><br>b</p>", "a\n\nb"),
        ("<p>a<br> <br>b<br></p>", "a\n\nb"),
        ("<p><br>a</p>", "a"),
        ("a<hr>b", "a\n\n---\n\nb"),
        ("<ul><li><hr></ul>", "- ___"),
        ("<p>a&nbsp;b</p>", "a\u{a0}b"),
        ("<p>a<!-- b -->c</p>", "ac"),
        ("<address>a</address><center>b</center>", "a\n\nb"),
        ("<p>a<span> b</span> <span>c </span>d</p>", "a b c d"),
        ("<title>t</title><body>a", "a"),
    ]);
}

#[test]
fn emphasis() {
    check(&[
        ("<b>a</b> <strong>b</strong>", "**a** **b**"),
        ("<i>a</i> <em>b</em>", "*a* *b*"),
        ("<del>a</del> <s>b</s> <strike>c</strike>", "~~a~~ ~~b~~ ~~c~~"),
        ("a<b> b </b>c", "a **b** c"),
        ("a<b>b</b>c", "a**b**c"),
        ("<b></b>a<i> </i>b", "a b"),
        ("<b><i>a</i></b>", "***a***"),
        ("<b>a <i>b</i></b>", "**a *b***"),
        ("<b>a<b>b</b></b>", "**ab**"),
        ("<b>a</b><b>b</b>", "**ab**"),
        ("<b>a</b><i>b</i>", "**a***b*"),
        ("<b>a<br></b>b", "**a**\\\nb"),
        ("<b><br>a</b>", "**a**"),
        ("<b><p>a</p><p>b</p></b>", "**a**\n\n**b**"),
        ("<i>a<ul><li>b</ul></i>", "*a*\n\n- *b*"),
        // These would not be emphasis in CommonMark.
        ("a<b>(b)</b>c", "a(b)c"),
        ("a <b>(b)</b> c", "a **(b)** c"),
        ("a<b>b!</b>c", "ab!c"),
        ("<b>&nbsp;</b>", "\u{a0}"),
        ("<b>日本</b>語", "**日本**語"),
        ("<b>*</b>", "**\\***"),
        ("<u>a</u><ins>b</ins><mark>c</mark><small>d</small><sup>e</sup>", "abcde"),
        ("<q>a</q>", "\"a\""),
        ("<b>a <a href=u>b</a></b>", "**a [b](u)**"),
    ]);
}

#[test]
fn code() {
    check(&[
        ("<code>a</code>", "`a`"),
        ("<code>a`b</code>", "``a`b``"),
        ("<code>`a`</code>", "`` `a` ``"),
        ("<code>a``b`c</code>", "```a``b`c```"),
        ("<code></code>a", "a"),
        ("a<code> b </code>c", "a `b` c"),
        ("<code>a\n  b</code>", "`a b`"),
        ("<code>a<br>b</code>", "`a b`"),
        ("<code>*a* [b] &lt;c&gt; \\d</code>", "`*a* [b] <c> \\d`"),
        ("<code>a <b>b</b> c</code>", "`a b c`"),
        ("<code><a href=u>a</a></code>", "[`a`](u)"),
        ("<code>a<a href=u>b</a>c</code>", "`a`[`b`](u)`c`"),
        ("<b><code>a</code></b>", "**`a`**"),
        ("<kbd>Ctrl</kbd>+<samp>x</samp>", "`Ctrl`+`x`"),
        ("<pre>a\n  b</pre>", "```\na\n  b\n```"),
        ("<pre>\na\n\n b\n</pre>", "```\na\n\n b\n```"),
        ("<pre><code class='language-rust'>fn a() {}</code></pre>", "```rust\nfn a() {}\n```"),
        ("<pre class='lang-js x'>a</pre>", "```js\na\n```"),
        ("<div class='highlight highlight-source-shell'><pre>a</pre></div>", "```shell\na\n```"),
        ("<pre>```\na\n```</pre>", "````\n```\na\n```\n````"),
        ("<pre>a<br>b</pre>", "```\na\nb\n```"),
        ("<pre><div>a</div><div>b</div></pre>", "```\na\nb\n```"),
        ("<pre>*a* &lt;b&gt; _c_</pre>", "```\n*a* <b> _c_\n```"),
        ("<pre> </pre>a", "a"),
        ("<h2>a<pre>b c</pre></h2>", "## a `b c`"),
        ("<ul><li>a<pre>b\nc</pre></ul>", "- a\n\n  ```\n  b\n  c\n  ```"),
        ("<blockquote><pre>a\n\nb</pre></blockquote>", "> ```\n> a\n>\n> b\n> ```"),
        ("<xmp><b></xmp>", "```\n<b>\n```"),
    ]);
}

#[test]
fn lists() {
    check(&[
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<ol><li>a<li>b</ol>", "1. a\n2. b"),
        ("<ol start=9><li>a<li>b</ol>", "9. a\n10. b"),
        ("<ol start=0><li>a</ol><p>b<ol start=-3><li>c</ol>", "0. a\n\nb\n\n1. c"),
        ("<ol start=999999999><li>a<li>b</ol>", "999999999. a\n999999999. b"),
        ("<ol start=99999999999><li>a</ol>", "1. a"),
        ("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b"),
        ("<ul><li><div>a</div></li><li><div>b</div></li></ul>", "- a\n- b"),
        ("<ul><li><p>a</p><p>b</p></li></ul>", "- a\n\n  b"),
        ("<ul><li>a<ul><li>b<ul><li>c</ul></ul><li>d</ul>", "- a\n  - b\n    - c\n- d"),
        ("<ol><li>a<ul><li>b</ul><ol><li>c</ol></ol>", "1. a\n   - b\n\n   1. c"),
        ("<ol start=10><li>a<ul><li>b</ul></ol>", "10. a\n    - b"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b"),
        ("<ul><li><ul><li>a</ul></ul>", "- - a"),
        ("<ul><li>a<li></li><li>b</ul>", "- a\n- b"),
        ("<ul><li>a</ul><ul><li>b</ul>", "- a\n\n* b"),
        ("<ol><li>a</ol><ol><li>b</ol>", "1. a\n\n1) b"),
        ("<ul><li>a</ul><p>b</p><ul><li>c</ul>", "- a\n\nb\n\n- c"),
        ("<ul><li>a</ul>b", "- a\n\nb"),
        ("a<ul><li>b</ul>", "a\n\n- b"),
        ("<ul><li>a<blockquote>b</blockquote>c</ul>", "- a\n\n  > b\n\n  c"),
        ("<ul><li># a<li>1. b<li>- c</ul>", "- \\# a\n- 1\\. b\n- \\- c"),
        ("<ul><li>a<br>b</ul>", "- a\\\n  b"),
        ("<ul><li><h2>a</h2>b</ul>", "- ## a\n\n  b"),
        ("<ul><li><input type=checkbox checked> a<li><label><input type=checkbox>b</label></ul>", "- [x] a\n- [ ] b"),
        ("<input type=checkbox>a", "a"),
        ("<li>a</li><li>b</li>", "- a\n- b"),
        ("<menu><li>a</menu>", "- a"),
        ("<dl><dt>a<dd>b<dd>c<dt>d<dd>e</dl>", "**a**\n\n- b\n- c\n\n**d**\n\n- e"),
    ]);
}

#[test]
fn quotes_figures_and_details() {
    check(&[
        ("<blockquote>a</blockquote>", "> a"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<blockquote>a<blockquote>b</blockquote>c</blockquote>", "> a\n>\n> > b\n>\n> c"),
        ("<blockquote>a</blockquote><blockquote>b</blockquote>", "> a\n\n> b"),
        ("<blockquote><ul><li>a<li>b</ul></blockquote>", "> - a\n> - b"),
        ("<blockquote><h1>a</h1></blockquote>", "> # a"),
        ("<blockquote></blockquote>a", "a"),
        ("<figure><img src=a alt=b><figcaption>c</figcaption></figure>", "![b](a)\n\nc"),
        ("<details><summary>a</summary><p>b</p></details>", "**a**\n\nb"),
        ("<details><summary><b>a</b></summary>b</details>", "**a**\n\nb"),
    ]);
}

#[test]
fn links_and_images() {
    check(&[
        ("<a href=u>a</a>", "[a](u)"),
        ("<a href=u title='t'>a</a>", "[a](u \"t\")"),
        ("<a href=u title='a \"b\" \\ \n c'>a</a>", "[a](u \"a \\\"b\\\" \\\\ c\")"),
        ("<a href='a b'>a</a>", "[a](a%20b)"),
        ("<a href='a(b)c'>a</a>", "[a](a\\(b\\)c)"),
        ("<a href='a<b>\\'>a</a>", "[a](a%3Cb%3E%5C)"),
        ("<a href=' a\nb '>a</a>", "[a](ab)"),
        ("<a href=u></a>a", "a"),
        ("<a>a</a><a name=b>b</a>", "ab"),
        ("<a href='JavaScript:x()'>a</a>", "a"),
        ("<a href=u> a </a>b", "[a](u) b"),
        ("<a href=u>a]b[c</a>", "[a\\]b\\[c](u)"),
        ("<a href=u><b>a</b></a>", "[**a**](u)"),
        ("<b><a href=u>a</a></b>", "**[a](u)**"),
        ("<a href=u><h3>a</h3><p>b</p></a>", "### [a](u)\n\n[b](u)"),
        ("<a href=u><img src=i alt=a></a>", "[![a](i)](u)"),
        ("!<a href=u>a</a>", "\\![a](u)"),
        ("<a href=u>a</a><a href=v>b</a>", "[a](u)[b](v)"),
        ("<img src=u>", "![](u)"),
        ("<img src=u alt='a [b]' title=t>", "![a \\[b\\]](u \"t\")"),
        ("<img alt=a>b", "b"),
        ("<img src='data:image/gif;base64,AA' data-src=u alt=a>", "![a](u)"),
        ("<img src='data:image/gif;base64,AA' alt=a>b", "b"),
        ("<img src=u width=1 height=1>b", "b"),
        ("<picture><source srcset=v><img src=u></picture>", "![](u)"),
        ("a<img src=u>b", "a![](u)b"),
        ("<svg><title>t</title><a href=u>x</a></svg>a", "a"),
        ("<math><mi>x</mi><annotation>y</annotation></math>", "x"),
    ]);
}

#[test]
fn links_are_absolute() {
    let document = parse("<a href=../c>a</a> <a href='#d'>b</a> <img src='//i/x y.png'> <a href='http://['>e</a>")
        .expect("a page");
    let page = Url::parse("https://h/a/b?q").expect("a URL");
    let links = Links::new(&page, None, UTF_8);
    let expected = "[a](https://h/c) [b](https://h/a/b?q#d) ![](https://i/x%20y.png) e";
    assert_eq!(markdown(&document.dom, 0, Some(&links)), expected);
}

#[test]
fn tables() {
    check(&[
        ("<table><tr><th>a<th>b<tr><td>c<td>d</table>", "| a | b |\n| --- | --- |\n| c | d |"),
        ("<table><thead><tr><td>a<td>b<tbody><tr><td>c<td>d</table>", "| a | b |\n| --- | --- |\n| c | d |"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "| | |\n| --- | --- |\n| a | b |\n| c | d |"),
        (
            "<table><tr><th align=left>a<th align=right>b<th align=center>c</table>",
            "| a | b | c |\n| :-- | --: | :-: |",
        ),
        (
            "<table><tr><th>a<th>b<tr><td colspan=2>c<tr><td>d<td>e</table>",
            "| a | b |\n| --- | --- |\n| c | |\n| d | e |",
        ),
        (
            "<table><tr><th>a<th>b<tr><td rowspan=2>c<td>d<tr><td>e</table>",
            "| a | b |\n| --- | --- |\n| c | d |\n| | e |",
        ),
        ("<table><tr><th>a<th>b<tr><td>c</table>", "| a | b |\n| --- | --- |\n| c |"),
        ("<table><tr><th>a|b<th><code>c|d</code></table>", "| a\\|b | `c\\|d` |\n| --- | --- |"),
        ("<table><tr><th>a<br>b<th> c <b>d </b></table>", "| a<br>b | c **d** |\n| --- | --- |"),
        ("<table><tr><th>a<th><p>b</p></table>", "| a | b |\n| --- | --- |"),
        ("<table><caption>a</caption><tr><th>b<th>c</table>", "a\n\n| b | c |\n| --- | --- |"),
        (
            "<table><tfoot><tr><td>c<td>d</tfoot><thead><tr><th>a<th>b</thead></table>",
            "| a | b |\n| --- | --- |\n| c | d |",
        ),
        // Layout.
        ("<table><tr><td>a</table>", "a"),
        ("<table><tr><td>a<tr><td>b</table>", "a\n\nb"),
        ("<table><tr><td><p>a</p><p>b</p><td>c</table>", "a\n\nb\n\nc"),
        ("<table><tr><td><ul><li>a</ul><td>b</table>", "- a\n\nb"),
        ("<table role=presentation><tr><td>a<td>b</table>", "a\n\nb"),
        ("<table><tr><td>a<td><table><tr><th>b<th>c</table></table>", "a\n\n| b | c |\n| --- | --- |"),
        ("<ul><li>a<table><tr><th>b<th>c</table></ul>", "- a\n\n  | b | c |\n  | --- | --- |"),
    ]);
}

#[test]
fn characters_are_escaped_where_they_would_mean_something() {
    check(&[
        ("<p>*a* a*b 2 * 3</p>", "\\*a\\* a\\*b 2 * 3"),
        ("<p>_a_ a_b _ b</p>", "\\_a\\_ a_b _ b"),
        ("<p>`a`</p>", "\\`a\\`"),
        ("<p>a\\*b c\\d e\\</p>", "a\\\\\\*b c\\d e\\\\"),
        ("<p># a</p><p>#a</p><p>####### a</p><p>a # b</p>", "\\# a\n\n#a\n\n####### a\n\na # b"),
        (
            "<p>1. a</p><p>1.a</p><p>12) a</p><p>a 1. b</p><p>1234567890. a</p>",
            "1\\. a\n\n1.a\n\n12\\) a\n\na 1. b\n\n1234567890. a",
        ),
        ("<p>- a</p><p>-a</p><p>+ a</p><p>* a</p><p>a - b</p>", "\\- a\n\n-a\n\n\\+ a\n\n\\* a\n\na - b"),
        ("<p>> a</p><p>a > b</p>", "\\> a\n\na > b"),
        ("<p>---</p><p>***</p><p>___</p><p>- - -</p>", "\\---\n\n\\*\\*\\*\n\n\\_\\_\\_\n\n\\- - -"),
        ("<p>a<br>===</p><p>a<br>---</p><p>===</p>", "a\\\n\\===\n\na\\\n\\---\n\n==="),
        ("<p>a<br># b<br>1. c</p>", "a\\\n\\# b\\\n1\\. c"),
        ("<p>~~~</p><p>~5 km</p><p>a ~~b~~</p>", "\\~\\~\\~\n\n~5 km\n\na \\~\\~b\\~\\~"),
        ("<p>[a](b) c [d] [e]: f</p>", "\\[a\\](b) c [d] [e]: f"),
        ("<p>[a]: b</p><p>![a](b)</p>", "\\[a]: b\n\n![a\\](b)"),
        ("<p>&lt;b&gt; a &lt; b &lt;3 &lt;/i></p>", "\\<b> a < b <3 \\</i>"),
        ("<p>&amp;amp; &amp;#38; a & b &amp;b</p>", "\\&amp; \\&#38; a & b &b"),
        ("<p>| a | b |<br>|---|---|</p>", "| a | b |\\\n\\|---|---|"),
        ("<p>a: b</p><p>100% !</p>", "a: b\n\n100% !"),
        ("<h2>1. a</h2><h2># a</h2>", "## 1. a\n\n## # a"),
    ]);
}

#[test]
fn what_is_not_text_is_left_out() {
    check(&[
        ("<script>a</script><style>b</style><template><p>c</p></template>d", "d"),
        ("<p><noscript><img src=a></noscript>b", "b"),
        (
            "<p hidden>a</p><p style='color:red; Display : NONE !important'>b</p><p style='visibility:hidden'>c</p>d",
            "d",
        ),
        ("<span aria-hidden=true>a</span><span aria-hidden=false>b</span>", "b"),
        ("<iframe>a</iframe><video>b</video><audio>c</audio><object>d</object>e", "e"),
        ("<select><option>a</select><textarea>b</textarea><input value=c>d", "d"),
        ("<pre>a<span hidden>b</span>c</pre>", "```\nac\n```"),
    ]);
}

/// An element deep inside a page, and pages that are as deep or as long as hostile pages are.
#[test]
fn depth_and_length_cost_no_more_than_their_share() {
    let deep = |tag: &str| format!("{}x", format!("<{tag}>").repeat(20_000));
    for tag in ["div", "blockquote", "ul><li", "b", "table><tr><td", "dl><dd", "q"] {
        let text = of(&deep(tag));
        assert!(text.trim_matches('"').ends_with(['x', '*']), "{tag}: {}", &text[text.len().saturating_sub(40)..]);
        assert!(text.len() < 100_000, "{tag}: {}", text.len());
    }
    let cells = "<td colspan=1000 rowspan=1000>a".repeat(5_000);
    assert!(of(&format!("<table><tr><th>b<th>c<tr>{cells}</table>")).len() < 100_000);
    for part in ["<b>a</b> ", "a<br>", "<i>a<p>", "<a href=u>a", "[a](", "`", "<code>a</code>", "*a", "<li>a<ul>", "~a"]
    {
        let text = of(&part.repeat(20_000));
        assert!(text.len() < 3_000_000, "{part}: {}", text.len());
    }
}

#[test]
fn only_the_element_and_what_is_below_it_is_written() {
    let document = parse("<p>a<ul><li>b<b>c</b></ul><p>d").expect("a page");
    let dom = &document.dom;
    let of = |name: &str| dom.elements(dom.whole()).find(|at| dom.name_text(dom.node(*at).name()) == name).expect(name);
    assert_eq!(markdown(dom, of("ul"), None), "- b**c**");
    assert_eq!(markdown(dom, of("b"), None), "**c**");
    assert_eq!(markdown(dom, of("p"), None), "a");
}
