use encoding_rs::UTF_8;

use super::{Faults, NotWellFormed, parse};
use crate::scrape::document::Dom;

/// Texts, with the markup of their documents.
pub(super) const TEXTS: &[(&str, &str)] = &[
    ("<a/>", "<a/>"),
    ("<a></a>", "<a/>"),
    ("<A><b>x</b><B/></A>", "<A><b>x</b><B/></A>"),
    ("<?xml version='1.0' encoding='utf-8'?>\n<a b='c' d = \"e\" />", "<a b=\"c\" d=\"e\"/>"),
    ("<a>&lt;&#65;&#x42;&amp;&gt;&quot;&apos;</a>", "<a>&lt;AB&amp;&gt;\"'</a>"),
    ("<a>x<![CDATA[<b>&amp;]]>y<![CDATA[]]>z</a>", "<a>x&lt;b&gt;&amp;amp;yz</a>"),
    ("<a>1<!-- c -->2<?p  d ?>3</a>", "<a>1<!-- c -->2<?p d ?>3</a>"),
    ("<!--x--><?p?><a/><!--y-->\n<?q r?>", "<!--x--><?p?><a/><!--y--><?q r?>"),
    ("<a>1\r\n2\r3\n4&#13;</a>", "<a>1\n2\n3\n4&#13;</a>"),
    ("<a b='1\r\n2\t3&#10;&#9;'/>", "<a b=\"1 2 3&#10;&#9;\"/>"),
    ("<p:a xmlns:p='u' p:b='1' b='2'><p:c/></p:a>", "<p:a xmlns:p=\"u\" p:b=\"1\" b=\"2\"><p:c/></p:a>"),
    ("<a xmlns='u'><b xmlns=''/><p:c xmlns:p='u'/></a>", "<a xmlns=\"u\"><b xmlns=\"\"/><p:c xmlns:p=\"u\"/></a>"),
    (
        "<a xml:lang='de' xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:xml=\"http://www.w3.org/XML/1998/namespace\" xml:lang=\"de\"/>",
    ),
    ("<été ж='1'>名</été>", "<été ж=\"1\">名</été>"),
    (
        "<html xmlns='http://www.w3.org/1999/xhtml'><head><title/><script src='a'/></head></html>",
        "<html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title/><script src=\"a\"/></head></html>",
    ),
    (
        "<template xmlns='http://www.w3.org/1999/xhtml'><p/></template>",
        "<template xmlns=\"http://www.w3.org/1999/xhtml\"><p/></template>",
    ),
    // Entities of the document itself.
    ("<!DOCTYPE a [<!ENTITY e 'x'><!ENTITY f '&e;&e;'>]><a b='&f;'>&f;-&e;</a>", "<a b=\"xx\">xx-x</a>"),
    ("<!DOCTYPE a [<!ENTITY e '<b>1</b>2'>]><a>0&e;3</a>", "<a>0<b>1</b>23</a>"),
    ("<!DOCTYPE a [<!ENTITY e '&#38;lt;'><!ENTITY e 'second'>]><a>&e;</a>", "<a>&lt;</a>"),
    ("<!DOCTYPE a [<!ENTITY % p '<!ENTITY e \"x\">'> %p; ]><a>&e;</a>", "<a>x</a>"),
    ("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>1&e;2</a>", "<a>12</a>"),
    ("<!DOCTYPE a [<!ATTLIST a b CDATA 'c' d (x|y) #IMPLIED e ID #REQUIRED>]><a/>", "<a b=\"c\"/>"),
    ("<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a b='d'/>", "<a b=\"d\"/>"),
    // Files that are not read declare the entities of HTML, and perhaps others.
    (
        "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'x'><rss>&eacute;&x;</rss>",
        "<rss>é&amp;x;</rss>",
    ),
    ("<!DOCTYPE a [<!ENTITY % p SYSTEM 'x'> %p;]><a>&x;</a>", "<a>&amp;x;</a>"),
];

/// Texts that are not well-formed, with the line and column of the fault, and a part of the reason.
pub(super) const FAULTS: &[(&str, (usize, usize), &str)] = &[
    ("", (1, 1), "no root element"),
    (" \n", (2, 1), "no root element"),
    ("<!--x-->", (1, 9), "no root element"),
    ("text", (1, 1), "text outside the root element"),
    ("<a/>\n text", (2, 2), "text outside the root element"),
    ("<a/>&amp;", (1, 5), "a reference outside the root element"),
    ("<a/><![CDATA[x]]>", (1, 5), "a CDATA section outside"),
    ("<a/><b/>", (1, 5), "a second root element"),
    ("<a>", (1, 4), "`<a>` is not closed"),
    ("<a><b></a>", (1, 7), "`</a>` closes `<b>`"),
    ("<a></A>", (1, 4), "`</A>` closes `<a>`"),
    ("<a></a></b>", (1, 8), "`</b>` closes an element that is not open"),
    ("<p:a xmlns:p='u' xmlns:q='u'></q:a>", (1, 30), "`</q:a>` closes `<p:a>`"),
    ("<a b='1' b='2'/>", (1, 1), "attribute `b` occurs twice"),
    ("<a p:b='1' q:b='2' xmlns:p='u' xmlns:q='u'/>", (1, 1), "occurs twice"),
    ("<a b=c/>", (1, 4), "the value of attribute `b` is not in quotes"),
    ("<a b/>", (1, 4), "attribute `b` has no value"),
    ("<a b='c'd='e'/>", (1, 9), "white space before attribute `d`"),
    ("<a 1='c'/>", (1, 4), "not a valid name of an attribute"),
    ("<a b='<'/>", (1, 4), "contains a `<`"),
    ("<a b='x/>", (1, 1), "no end of an attribute's value"),
    ("<1/>", (1, 1), "not a valid name of an element"),
    ("<a><></></a>", (1, 4), "not a valid name of an element"),
    ("<a>\n\n x & y</a>", (3, 4), "write it as `&amp;`"),
    ("<a>&nbsp;</a>", (1, 4), "`&nbsp;` refers to an entity that is not declared"),
    ("<a b='&nbsp;'/>", (1, 14), "`&nbsp;` refers to an entity that is not declared"),
    ("<a>&#0;</a>", (1, 4), "does not stand for a character"),
    ("<a>&#xD800;</a>", (1, 4), "does not stand for a character"),
    ("<a>&#+65;</a>", (1, 4), "does not stand for a character"),
    ("<a>&#X41;</a>", (1, 4), "does not stand for a character"),
    ("<a>& amp;</a>", (1, 4), "not a valid reference"),
    ("<a>é\u{b}</a>", (1, 5), "U+000B"),
    ("<a>\u{ffff}</a>", (1, 4), "U+FFFF"),
    ("<a>]]></a>", (1, 4), "must be written as `]]&gt;`"),
    ("<a><!-- -- --></a>", (1, 4), "a comment contains `--`"),
    ("<a><!-- ---></a>", (1, 4), "a comment contains `--`"),
    ("<a><!-- ", (1, 4), "no `-->`"),
    ("<a><![CDATA[ ", (1, 4), "no `]]>`"),
    ("<a><? x?></a>", (1, 4), "not a valid processing instruction"),
    ("<a><?XML x?></a>", (1, 4), "not a valid processing instruction"),
    ("<a><?p", (1, 4), "no `?>`"),
    (" <?xml version='1.0'?><a/>", (1, 2), "must be at the very beginning"),
    ("<?xml version='1.0'?><?xml version='1.0'?><a/>", (1, 22), "must be at the very beginning"),
    ("<?xml encoding='utf-8'?><a/>", (1, 6), "must begin with `version"),
    ("<p:a/>", (1, 1), "the prefix `p` is not declared"),
    ("<a p:b=''/>", (1, 1), "the prefix `p` is not declared"),
    ("<a><b xmlns:p='u'/><p:c/></a>", (1, 20), "the prefix `p` is not declared"),
    ("<a xmlns:p=''/>", (1, 14), "cannot stand for no namespace"),
    ("<a xmlns:xmlns='u'/>", (1, 19), "cannot be declared"),
    ("<a xmlns:xml='u'/>", (1, 17), "belong together"),
    ("<a:b:c xmlns:a='u'/>", (1, 1), "not a valid name"),
    ("<:a/>", (1, 1), "not a valid name"),
    ("<!doctype a><a/>", (1, 1), "`<!DOCTYPE`"),
    ("<a/><!DOCTYPE a>", (1, 5), "before the root element"),
    ("<!DOCTYPE a><!DOCTYPE a><a/>", (1, 13), "only once"),
    ("<!DOCTYPE a [<!ENTITY e 'x&#60;y'>]><a b='&e;'/>", (1, 47), "an entity with a `<`"),
    ("<!DOCTYPE a PUBLIC 'x'><a/>", (1, 23), "the document type needs"),
    ("<!DOCTYPE a [<!ENTITY e '%x;'>]><a/>", (1, 14), "contains a `%`"),
    ("<!DOCTYPE a [<!ENTITY e 'x & y'>]><a/>", (1, 14), "not a valid reference"),
    ("<!DOCTYPE a [<!ENTITY e>]><a/>", (1, 14), "`<!ENTITY` is not valid"),
    ("<!DOCTYPE a [<!ELEMENT a (b,c|d)>]><a/>", (1, 14), "`<!ELEMENT` is not valid"),
    ("<!DOCTYPE a [<![INCLUDE[]]>]><a/>", (1, 14), "does not begin a declaration"),
    ("<!DOCTYPE a [<!ENTITY e '<b>'>]><a>&e;</b></a>", (1, 36), "`<b>` is not closed"),
    ("<!DOCTYPE a [<!ENTITY e '</a><a>'>]><a>&e;</a>", (1, 40), "closes an element that is not open"),
    ("<!DOCTYPE a [<!ENTITY e '&e;'>]><a>&e;</a>", (1, 36), "contains itself"),
    ("<!DOCTYPE a [<!ENTITY e '&f;'><!ENTITY f '&e;'>]><a b='&e;'/>", (1, 60), "contains itself"),
    ("<!DOCTYPE a [<!ENTITY e SYSTEM 'x' NDATA n>]><a>&e;</a>", (1, 49), "a file that is not XML"),
    ("<!DOCTYPE a [<!ENTITY e SYSTEM 'x'>]><a b='&e;'/>", (1, 48), "external entity"),
    ("<?xml version='1.0' standalone='yes'?><!DOCTYPE a SYSTEM 'x'><a>&x;</a>", (1, 65), "not declared"),
];

fn parsed(text: &str, faults: Faults) -> Result<Dom, NotWellFormed> {
    let mut dom = Dom::new();
    parse(text, UTF_8, faults, &mut dom)?;
    dom.check().expect(text);
    let is_text = |at: u32| dom.node(at).is_text();
    for at in dom.whole().filter(|at| is_text(*at)) {
        assert!(dom.next_sibling(at).is_none_or(|next| !is_text(next)), "two texts are adjacent in {text}");
    }
    Ok(dom)
}

fn markup(text: &str, faults: Faults) -> String {
    parsed(text, faults).map_or_else(|fault| fault.to_string(), |dom| dom.outer_html(0))
}

#[test]
fn a_document_keeps_what_xml_means() {
    let mut wrong = Vec::new();
    for (text, expected) in TEXTS {
        let found = markup(text, Faults::Refused);
        if found != *expected {
            wrong.push(format!("{text}\n  {found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_fault_is_reported_with_its_place() {
    let mut wrong = Vec::new();
    for (text, place, reason) in FAULTS {
        match parsed(text, Faults::Refused) {
            Err(fault) if fault.reason.contains(reason) && (fault.line, fault.column) == *place => {}
            other => wrong.push(format!("{text}\n  {:?}", other.map(|dom| dom.outer_html(0)))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn faults_that_many_feeds_have_are_repaired() {
    let table = [
        ("<a>x & y &z</a>", "<a>x &amp; y &amp;z</a>"),
        ("<a b='x & y&'>&&amp;&</a>", "<a b=\"x &amp; y&amp;\">&amp;&amp;&amp;</a>"),
        ("<a>& b; &#0; &c;</a>", "<a>&amp; b; &amp;#0; &amp;c;</a>"),
        ("<a b='&eacute;'>&nbsp;&NotEqualTilde;</a>", "<a b=\"é\">\u{a0}≂\u{338}</a>"),
        ("\n <?xml version='1.0'?><a>1\u{b}2</a>", "<a>12</a>"),
    ];
    for (text, expected) in table {
        assert!(parsed(text, Faults::Refused).is_err(), "{text}");
        assert_eq!(markup(text, Faults::Repaired), expected, "{text}");
    }
    for text in ["<a><b></a>", "<a b=c/>", "<a>", "text", "<a/><b/>", "<p:a/>", "<a b='' b=''/>"] {
        assert!(parsed(text, Faults::Repaired).is_err(), "{text}");
    }
}

#[test]
fn declarations_cannot_add_much_to_a_document() {
    let nested = |n: usize, text: &str| {
        let levels = (1..n)
            .fold(String::new(), |all, n| all + &format!("<!ENTITY e{n} '{}'>", format!("&e{};", n - 1).repeat(10)));
        format!("<!DOCTYPE a [<!ENTITY e0 '{text}'>{levels}]>")
    };
    let long = "x".repeat(100_000);
    let defaults = (0..1000).fold(String::new(), |all, n| all + &format!(" b{n} CDATA 'x'"));
    let table = [
        ("billion laughs", nested(12, "lol") + "<a>&e11;</a>"),
        ("of nothing", nested(12, "") + "<a>&e11;</a>"),
        ("in an attribute", nested(12, "lol") + "<a b='&e11;'/>"),
        ("quadratic", format!("<!DOCTYPE a [<!ENTITY e '{long}'>]><a>{}</a>", "&e;".repeat(1000))),
        ("default values", format!("<!DOCTYPE a [<!ATTLIST b{defaults}>]><a>{}</a>", "<b/>".repeat(1000))),
        ("parameters", format!("<!DOCTYPE a [<!ENTITY % e '<!--{long}-->'>{}]><a/>", "%e;".repeat(1000))),
    ];
    for (name, text) in table {
        for faults in [Faults::Refused, Faults::Repaired] {
            let fault = parsed(&text, faults).expect_err(name);
            assert!(fault.reason.contains("add more than"), "{name}: {fault}");
        }
    }
    // What is within the limits is read.
    let text = nested(3, "lol") + "<a>&e2;</a>";
    assert_eq!(markup(&text, Faults::Refused), format!("<a>{}</a>", "lol".repeat(100)));
}

#[test]
fn hostile_documents_take_linear_time() {
    const N: usize = 100_000;
    let numbered = |n: usize, part: fn(usize) -> String| (0..n).fold(String::new(), |all, n| all + &part(n));
    let cases = [
        ("nested", "<a>".repeat(N) + &"</a>".repeat(N), true),
        ("unclosed", "<a>".repeat(N), false),
        ("attributes", format!("<a{}/>", numbered(N, |n| format!(" b{n}='1'"))), true),
        ("prefixes", format!("<a{}/>", numbered(N / 2, |n| format!(" xmlns:p{n}='u{n}' p{n}:b='1'"))), true),
        ("declarations", numbered(N, |_| "<p:a xmlns:p='u'>".into()) + &"</p:a>".repeat(N), true),
        ("pieces", format!("<a>{}</a>", "x&amp;<![CDATA[y]]>".repeat(N)), true),
        ("ampersands", format!("<a>{}</a>", "&".repeat(N)), false),
        ("comments", format!("<a>{}</a>", "<!---->".repeat(N)), true),
        ("model", format!("<!DOCTYPE a [<!ELEMENT a {}b{}>]><a/>", "(".repeat(N), ")".repeat(N)), true),
        ("open brackets", "<".repeat(N), false),
    ];
    for (name, text, is_well_formed) in cases {
        let found = parsed(&text, Faults::Refused);
        assert_eq!(found.is_ok(), is_well_formed, "{name}: {:?}", found.err());
        drop(found.map(|dom| dom.outer_html(0)));
    }
}
