//! Writes what selectors and expressions find on pages, to compare it with parsel (`tests/peers/rules.py`).

use std::env;
use std::fs;
use std::io::{BufWriter, Write as _};

use serde_json::{Value, json};

use super::{Arity, Extractor, PageFacts, Rule, Steps, ValueRule, xpath};
use crate::scrape::document::{Dom, Kind};
use crate::scrape::parse::{Document, parse};

/// Pages without parts that libxml2's markup writes in another way.
const PAGES: [&str; 7] = [
    // A shop.
    "<!DOCTYPE html><html lang=en><head><title>The  Shop</title><meta name=description content='All we sell'></head>\
     <body><!-- top --><h1 class='title main'>Our <em>best</em> goods</h1><div id=list class=products>\
     <div class='product new' data-id=1><h2><a href=/p/1>Kettle</a></h2><p class=price>24.95</p><p>In stock: 3</p></div>\
     <div class=product data-id=2><h2><a href=/p/2>Pan</a></h2><p class='price sale'>19</p><p>Sold out</p></div>\
     <div class='product new' data-id=10><h2><a href=http://other.example/p/10>Spoon</a></h2><p class=price>1.50</p></div>\
     </div><p>See <a href=/terms rel=nofollow>terms</a> and <a name=end>the end</a>.</p></body></html>",
    // Tables and lists, with white space between the tags.
    "<html><body>\n<table id=t>\n<thead><tr><th>Name</th><th>Size</th></tr></thead>\n<tbody>\n\
     <tr class=odd><td>a</td><td>1</td></tr>\n<tr class=even><td>b</td><td>20</td></tr>\n\
     <tr class=odd><td> c  d </td><td>x</td></tr>\n</tbody></table>\n\
     <ul><li>one</li><li>two<ul><li>two.one</li><li>two.two</li></ul></li><li class=last>three</li></ul>\n\
     <dl><dt>k1</dt><dd>v1</dd><dt>k2</dt><dd>v2</dd><dd>v3</dd></dl></body></html>",
    // Nesting, empty elements, comments.
    "<html><body><div id=a><div id=b><div id=c><p>deep</p><!--c1--></div><p></p></div><!--c2--></div>\
     <div id=d>text<b>bold</b>tail<i>it<b>both</b></i></div><div id=e class=''></div><p id=x.y>x &amp; y &lt; z</p>\
     <section><h2>A</h2><p>a1</p><p>a2</p><h2>B</h2><p>b1</p></section></body></html>",
    // Other scripts, and classes between all kinds of white space.
    "<html lang=ru><body class='один\ttwo\nthree'><p title='Привет'>Привет, <span>мир</span>!</p><p title=ß>Straße ÄÖ</p>\
     <p class='a-b a_b A'>日本語のテキスト</p><p lang=ja>名前</p><a href='?q=%C3%A9#x'>é</a></body></html>",
    // A form.
    "<html><body><form action=/go method=post><label for=n>Name</label><input id=n name=n value=v1 type=text>\
     <input name=m value=v2 type=hidden><select name=s><option value=1>one</option><option value=2 class=last>two</option>\
     </select><textarea name=t>line 1\nline 2</textarea><button type=submit>Go</button></form></body></html>",
    // Names with capital letters, colons, and digits.
    "<html><body><svg width=10><g class=new><path d='M 0 0'></path><text>in svg</text></g></svg><my-tag a-b=1>own</my-tag>\
     <h1>1</h1><h2>2</h2><h3>-3.5</h3><h4> 4 </h4><h5>1e3</h5><h6>five</h6></body></html>",
    "",
];

const XPATHS: &[&str] = &[
    // Paths and axes.
    "//a",
    "//a/@href",
    "//a/text()",
    "//text()",
    "//@*",
    "//@class",
    "//*",
    "/html",
    "/html/body/*",
    "html",
    "body",
    "body/p",
    ".",
    "./body",
    ".//a",
    "*",
    "node()",
    "//comment()",
    "//node()",
    "//p/..",
    "//p/parent::div",
    "//b/ancestor::*",
    "//b/ancestor-or-self::*",
    "//b/ancestor::div[1]",
    "//div/descendant::p",
    "//div/descendant-or-self::div",
    "//h2/following-sibling::*",
    "//h2/following-sibling::p[1]",
    "//li/following-sibling::li[1]",
    "//p/preceding-sibling::*",
    "//p/preceding-sibling::*[1]",
    "//dd/preceding-sibling::dt[1]",
    "//h2/following::p",
    "//h2/following::p[1]",
    "//p/preceding::h2",
    "//p/preceding::h2[1]",
    "//p/preceding::*[last()]",
    "//b/following::node()",
    "//b/preceding::node()",
    "//a/@href/..",
    "//@id/parent::*",
    "//@id/ancestor::*",
    "//@class/following::p",
    "//@class/preceding::p",
    "//self::p",
    "//child::p",
    "//attribute::id",
    "//div//p",
    "//div/div",
    "//div/*/p",
    "//li//li",
    "//ul/li",
    "//tr/td[2]",
    "//tr/td[2]/text()",
    "//svg",
    "//svg//path/@d",
    "//g/*",
    "//my-tag",
    "//@a-b",
    "//DIV",
    "/",
    "/..",
    "..",
    "//nothing",
    // Predicates.
    "//a[1]",
    "(//a)[1]",
    "(//a)[last()]",
    "//a[last()]",
    "//li[2]",
    "//li[position()=2]",
    "//li[position() < 3]",
    "//li[position() mod 2 = 1]",
    "//li[last()-1]",
    "//li[0]",
    "//li[1.5]",
    "//li[-1]",
    "//tr[@class]",
    "//tr[not(@class)]",
    "//tr[@class='odd'][2]",
    "//tr[2][@class='even']",
    "//*[@class='product'][1]",
    "//div[p]",
    "//div[not(p)]",
    "//div[.//a]",
    "//div[h2/a]",
    "//div[@id='a']//div[@id]",
    "//a[@href and @rel]",
    "//a[@href or @name]",
    "//p[a][1]",
    "//div[p[@class='price']]",
    "//div[p > 10]",
    "//div[p < 10]",
    "//div[p = 19]/@data-id",
    "//div[p != 19]/@data-id",
    "//*[@data-id > 1]",
    "//*[@data-id = 1 or @data-id = 10]",
    "//td[. = 'b']",
    "//td[text() = 'a']/following-sibling::td/text()",
    "//th[.='Size']/text()",
    "//td[number(.) > 5]",
    "//tr[td = '1']",
    "//*[text()]",
    "//*[not(*)]",
    "//*[not(node())]",
    "//*[count(*) = 2]",
    "//p[string-length() > 8]",
    "//*[@id][position()=2]",
    "//dt[text()='k2']/following-sibling::dd",
    "//*[self::h2 or self::h3]",
    "//ul[li[2]]",
    "//*[@*]",
    "//*[count(@*) > 2]",
    "//section/p[preceding-sibling::h2[1] = 'B']",
    "//p[not(following-sibling::p)]",
    "(//p)[position() > 1][1]",
    "(//ul/li | //p)[2]",
    "//li[.//text()[contains(., 'two.')]]",
    // Strings.
    "string(//h1)",
    "string(//nothing)",
    "string(//a/@href)",
    "normalize-space(//h1)",
    "normalize-space(//title)",
    "//td[normalize-space()='c d']",
    "//p[contains(., 'stock')]",
    "//a[contains(@href, '/p/')]/text()",
    "//a[starts-with(@href, 'http')]",
    "//p[contains(text(), 'Привет')]",
    "//*[contains(concat(' ', normalize-space(@class), ' '), ' new ')]",
    "concat(//a, '-', //a[2])",
    "concat('a', 1, true())",
    "substring('12345', 2, 3)",
    "substring('12345', 1.5, 2.6)",
    "substring('12345', 0, 3)",
    "substring('12345', 2)",
    "substring('12345', -42, 1 div 0)",
    "substring('12345', 0 div 0)",
    "substring('名前です', 2, 2)",
    "substring-before(//a/@href, '/p')",
    "substring-after(//a/@href, '/')",
    "substring-before('abc', '')",
    "substring-after('abc', '')",
    "substring-after('abc', 'x')",
    "translate('bar', 'abc', 'AB')",
    "translate('--aaa--', 'abc-', 'ABC')",
    "translate('aa', 'aa', 'xy')",
    "translate('Äé', 'é', 'e')",
    "string-length('日本')",
    "string-length(//title)",
    "string(true())",
    "string(1.0)",
    "string(-0.5)",
    "string(1 div 3 > 0)",
    "string(0 div 0)",
    "string(1 div 0)",
    "string(123456)",
    "string(0.1)",
    "//p/text()[normalize-space()]",
    "contains('abc', '')",
    "starts-with('', '')",
    // Numbers and booleans.
    "count(//a)",
    "count(//a | //p)",
    "count(//nothing)",
    "sum(//p[@class='price'])",
    "sum(//nothing)",
    "sum(//td)",
    "number(//h3)",
    "number(//h4)",
    "number(//h5)",
    "number(//h6)",
    "number('')",
    "number(true())",
    "number('.5')",
    "number('5.')",
    "number('-')",
    "number('+1')",
    "floor(-1.5)",
    "ceiling(-1.5)",
    "ceiling(1.2)",
    "round(2.5)",
    "round(-2.5)",
    "round(-0.2)",
    "round(1 div 0)",
    "1 + 2 * 3",
    "(1 + 2) * 3",
    "10 div 4",
    "7 mod 3",
    "-7 mod 3",
    "7 mod -3",
    "5.5 mod 2",
    "1 - -1",
    "--1",
    "2 - 1 - 1",
    "boolean(//a)",
    "boolean(//nothing)",
    "boolean('')",
    "boolean('0')",
    "boolean(0)",
    "boolean(0 div 0)",
    "not(//a)",
    "true()",
    "false()",
    "1 = 1",
    "1 = '1'",
    "'a' < 'b'",
    "true() = 1",
    "//a = //a/text()",
    "//nothing = //a",
    "//nothing != //a",
    "//td = 20",
    "//td > 19",
    "19 < //td",
    "//td >= 'x'",
    "//td != 'a'",
    "//a = true()",
    "//nothing = false()",
    "//a > false()",
    "1 < 2 < 3",
    "3 > 2 > 1",
    "1 = 1 = 1",
    "1 and 0",
    "0 or ''",
    "10000000000",
    "0.00001",
    "1 div 3",
    // Names.
    "name(//a)",
    "name()",
    "local-name(//svg)",
    "name(//@href)",
    "name(//text())",
    "//*[name()='p']",
    "//*[local-name()='svg']",
    "//*[starts-with(name(), 'h')]",
    "namespace-uri(//a)",
    "local-name(//comment())",
    "lang('en')",
    // Unions.
    "//h1 | //h2",
    "//h2 | //h1",
    "//a/@href | //a/text()",
    "//a | //a",
    "//@id | //@class | //p",
    "//li | //ul",
    "(//h1 | //h2)[2]",
    // What parsel adds.
    "//*[has-class('new')]",
    "//*[has-class('product', 'new')]",
    "//*[has-class('a-b')]",
    "//body[has-class('two')]",
    "//*[has-class('nothing')]",
    "//a[re:test(@href, '/p/\\d$')]",
    "//a[re:test(., '^K')]/text()",
    "//*[re:test(@class, 'NEW', 'i')]",
    "//td[re:test(., '^\\d+$')]/text()",
    "re:test(//h1, 'best')",
    "re:replace(//h1, 'b(e)st', 'g', 'w\\1rst')",
    "re:replace('aaa', 'a', '', 'b')",
    "re:replace('a1b2', '([a-z])(\\d)', 'g', '\\2\\1')",
    "re:replace('x', 'y', 'g', 'z')",
    "set:difference(//p, //p[@class])",
    "set:intersection(//p, //div/p)",
    "set:distinct(//tr/@class)",
    "set:has-same-node(//p, //div/p)",
    "set:leading(//p, //p[2])",
    "set:trailing(//p, //p[2])",
    "set:leading(//p, //nothing)",
    // Written in full, or with much space.
    "/descendant-or-self::node()/child::a",
    "  //a  [ 1 ] / @ href ",
    "//a[ contains ( @href , 'p' ) ]",
    "child::body/child::*",
    "descendant::p",
    "self::node()",
    "//div[div]/div",
    "//div[@id = //p/../@id]/@id",
    "//li[not(preceding-sibling::li)]",
    "//div[count(ancestor::div) = 2]",
    "//*[. = //h2]",
];

const SELECTORS: &[&str] = &[
    "a",
    "a::text",
    "a::attr(href)",
    "*",
    "h1, h2",
    "h2 a::text",
    "div > p",
    "div p",
    "h2 + p",
    "h2 ~ p",
    "#list",
    ".product",
    ".product.new",
    "div.product > h2 > a::attr(href)",
    "[data-id]",
    "[data-id='1']",
    "[href^='/p']",
    "[href$='10']",
    "[href*='other']",
    "[class~=new]",
    "[lang|=en]",
    "[class]",
    "p:first-child",
    "p:last-child",
    "li:nth-child(2)",
    "li:nth-child(odd)::text",
    "li:nth-child(2n+1)",
    "li:nth-last-child(1)",
    "p:first-of-type",
    "p:last-of-type",
    "p:nth-of-type(2)",
    "p:nth-last-of-type(1)",
    "p:only-of-type",
    "b:only-child",
    "div:empty",
    "p:empty",
    ":root",
    "html:root",
    "p:not(.price)",
    "div:not([id])",
    ":not(a)",
    "div:has(a)",
    "div:has(> p)",
    "tr:has(td)",
    "div:is(.new, #a)",
    ":is(h1, h2)::text",
    ":where(h1, h2)",
    "p:contains('stock')",
    "p:contains(stock)",
    "td:contains('b')",
    "p:contains('Привет')::text",
    "div:contains('Kettle') a::text",
    "li:contains('two')",
    "p:contains('')",
    "h1:contains('Our best')",
    "*:contains('deep')",
    "p:contains('STOCK')",
    "p:not(:contains('stock'))",
    "div:contains('Pan'):contains('19')",
    "p#x\\.y",
    "[id='x.y']",
    ".a-b",
    ".a_b",
    "tr.odd td::text",
    "tr.odd td:first-child::text",
    "option:last-child",
    "input[type=hidden]::attr(value)",
    "a[href][rel]",
    "dt + dd::text",
    "my-tag",
    "svg path::attr(d)",
    "g.new text::text",
    "body > *",
    "* > b",
    "p *::text",
    "div *::attr(id)",
    "html",
    "body",
    "h6, h5, h4",
    "section > h2:first-of-type ~ p",
    "title::text",
    "ul ul li",
    "[title='Привет']",
    "p[title]::text",
    "a:nth-child(1)::attr(href)",
    "DIV",
    "a::attr(nothing)",
    "nothing",
];

/// Returns the document as a list of what opens and closes, for Python to build the same one.
fn events(dom: &Dom) -> Value {
    let (mut events, mut open) = (Vec::new(), Vec::new());
    for at in dom.walk(1..dom.whole().end) {
        while let Some(end) = open.pop_if(|end| *end <= at) {
            events.push(json!([end]));
        }
        match dom.node(at).kind() {
            Kind::Element => {
                let attributes = dom.attributes(at).iter();
                let attributes = attributes.map(|it| json!([dom.name_text(it.name()), dom.value(it)]));
                let name = dom.name_text(dom.node(at).name());
                events.push(json!(["element", name, attributes.collect::<Vec<_>>()]));
                open.push(dom.subtree(at).end);
            }
            Kind::Text => events.push(json!(["text", dom.text(at)])),
            Kind::Comment => events.push(json!(["comment", dom.text(at)])),
            _ => {}
        }
    }
    json!(events)
}

fn by_css(document: &Document, css: &str) -> Value {
    // As in parsel, nothing is trimmed.
    let rule = ValueRule { steps: Steps { trim: false, ..Steps::default() }, ..ValueRule::new(css, Arity::Many) };
    let extractor = Extractor::of(&vec![("found".to_owned(), Rule::Value(rule))]).expect(css);
    let data = extractor.extract(document, &PageFacts::of(&"http://h/".parse().expect("a URL"))).expect(css).data;
    serde_json::from_slice::<Value>(&data).expect("JSON")["found"].take()
}

fn by_xpath(document: &Document, xpath: &str) -> Value {
    let tree = xpath::Tree::new(&document.dom);
    let found = xpath::XPath::new(xpath).expect(xpath).select(&tree, None).expect(xpath);
    json!(found.strings(&tree).collect::<Vec<_>>())
}

/// `GLEANER_PEERS=rules.jsonl cargo test --lib rules_are_written_for_peers -- --ignored`
///
/// Writes one object for each page, with all rules and what they find.
#[test]
#[ignore = "writes the file that `tests/peers` reads"]
fn rules_are_written_for_peers() {
    let file = env::var_os("GLEANER_PEERS").expect("GLEANER_PEERS names a file");
    let mut out = BufWriter::new(fs::File::create(file).expect("a file"));
    let shop = include_str!("../../../fixtures/site/index.html");
    for page in PAGES.into_iter().chain([shop]) {
        let document = parse(page).expect("a page");
        let css = SELECTORS.iter().map(|css| json!([css, by_css(&document, css)])).collect::<Vec<_>>();
        let xpath = XPATHS.iter().map(|xpath| json!([xpath, by_xpath(&document, xpath)])).collect::<Vec<_>>();
        writeln!(out, "{}", json!({ "events": events(&document.dom), "css": css, "xpath": xpath }))
            .expect("room on the disk");
    }
    out.flush().expect("room on the disk");
}
