//! Pages for each case in which html5ever does not follow the Standard. Our document is the Standard's, and html5ever's
//! differs.

use encoding_rs::UTF_8;

use super::Parser;
use super::comparison::{Compared, Comparison};
use super::rules::Correction;
use crate::scrape::document::Dom;

/// Returns the content of the body as markup.
fn body(page: &str) -> String {
    let mut dom = Dom::new();
    Parser::default().parse(page, UTF_8, &mut dom).expect("a page");
    dom.check().expect(page);
    let html = dom.outer_html(0);
    let start = html.find("<body>").map_or(0, |at| at + "<body>".len());
    html[start..].trim_end_matches("</html>").trim_end_matches("</body>").to_owned()
}

/// A case, a page that reaches it, and the content of the page's body by the Standard.
type Case = (Correction, &'static str, &'static str);

use Correction::{
    AnnotationHoldsHtml, AnnotationScope, ByteOrderMark, DoctypeInTable, FramesetAfterTemplate, LineEndAfterPre,
    ProcessingInstruction, SelectedContent, SpecialElements, TableBodyInScope, TemplateFor, TextInTableTemplate,
};

#[rustfmt::skip]
const CASES: &[Case] = &[
    (SpecialElements, "<b>1<search>2</b>3</search>4", "<b>1</b><search><b>2</b>3</search>4"),
    (SpecialElements, "<ul><li>1<search><li>2</search></ul>", "<ul><li>1<search><li>2</li></search></li></ul>"),
    (SpecialElements, "<span>1<search>2</span>3</search>4", "<span>1<search>23</search>4</span>"),
    (SpecialElements, "<dl><dt>1<search><dd>2", "<dl><dt>1<search><dd>2</dd></search></dt></dl>"),
    (SpecialElements, "<li><isindex><li>x", "<li><isindex></isindex></li><li>x</li>"),
    (SpecialElements, "<li><svg><foreignObject><li>x", "<li><svg><foreignObject><li>x</li></foreignObject></svg></li>"),
    (SpecialElements, "<span><math><mi></span>x", "<span><math><mi>x</mi></math></span>"),
    (SpecialElements, "<span><svg><title></span>x", "<span><svg><title>x</title></svg></span>"),
    (AnnotationHoldsHtml, "<math><annotation-xml encoding=text/html><p>in</p></math>x",
        "<math><annotation-xml encoding=\"text/html\"><p>in</p></annotation-xml></math>x"),
    (AnnotationHoldsHtml, "<math><annotation-xml encoding=APPLICATION/XHTML+XML><div>in",
        "<math><annotation-xml encoding=\"APPLICATION/XHTML+XML\"><div>in</div></annotation-xml></math>"),
    (AnnotationScope, "<div><math><annotation-xml></div>x", "<div><math><annotation-xml>x</annotation-xml></math></div>"),
    (ByteOrderMark, "\u{feff}x", "\u{feff}x"),
    (ByteOrderMark, "<script></script>\u{feff}x", "\u{feff}x"),
    (ByteOrderMark, "<meta charset=utf-8>\u{feff}x", "\u{feff}x"),
    (FramesetAfterTemplate, "<head><template></template></head><p><frameset>",
        "<html><head><template></template></head><frameset></frameset>"),
    (FramesetAfterTemplate, "<template>x</template><p><frameset>",
        "<html><head><template>x</template></head><frameset></frameset>"),
    (LineEndAfterPre, "<pre>&#10x", "<pre>x</pre>"),
    (LineEndAfterPre, "<listing>&#x0ax", "<listing>x</listing>"),
    (LineEndAfterPre, "<textarea>&#10x</textarea>", "<textarea>x</textarea>"),
    (LineEndAfterPre, "<pre></>\nx", "<pre>x</pre>"),
    (DoctypeInTable, "<table> <!doctype html>x", "x<table> </table>"),
    (DoctypeInTable, "<table><tr> <!doctype html>x<td>", "x<table><tbody><tr> <td></td></tr></tbody></table>"),
    (TextInTableTemplate, "<body><template><tbody></tbody><b><caption></caption> ",
        "<template><tbody></tbody><b></b><caption></caption> </template>"),
    (TableBodyInScope, "<body><template><thead><tbody>", "<template><thead></thead><tbody></tbody></template>"),
    (ProcessingInstruction, "<p><?a b?>x", "<p><?a b?>x</p>"),
    (ProcessingInstruction, "<p><?a>x", "<p><?a ?>x</p>"),
    (TemplateFor, "<p>a<?marker name='x'>c</p><template for=x>b</template>", "<p>abc</p>"),
    (SelectedContent, "<select><button><selectedcontent></button><option>a<i>b</i><option>c",
        "<select><button><selectedcontent>a<i>b</i></selectedcontent></button><option>a<i>b</i></option><option>c</option></select>"),
];

#[test]
#[expect(clippy::print_stderr, reason = "it shows all wrong cases")]
fn the_parser_follows_the_standard_if_html5ever_does_not() {
    let mut comparison = Comparison::by_the_standard();
    let mut wrong = 0;
    for (correction, page, expected) in CASES {
        let compared = comparison.compare(page).expect(page);
        let Compared::Corrected(reached) = compared else {
            eprintln!("{page}: {compared:?}");
            wrong += 1;
            continue;
        };
        if !reached.contains(correction) || body(page) != *expected {
            eprintln!("{page}\n  {reached:?}\n  {}\n  {expected}", body(page));
            wrong += 1;
        }
    }
    assert_eq!(wrong, 0);
    let mut by_rules_of_html5ever = Comparison::by_rules_of_html5ever();
    for (_, page, _) in CASES {
        assert_eq!(by_rules_of_html5ever.compare(page), Ok(Compared::Same), "{page}");
    }
    for correction in Correction::ALL {
        assert!(CASES.iter().any(|(it, ..)| *it == correction), "no case for {correction:?}");
    }
}

#[test]
fn a_processing_instruction_has_a_target_and_may_have_data() {
    let cases = [
        ("<?something good>", "<?something good?>"),
        ("<?hey   there?>", "<?hey there?>"),
        ("<?hey\tthere=1?>", "<?hey there=1?>"),
        ("<?hey?there>", "<?hey ?there?>"),
        ("<?something ? >", "<?something ? ?>"),
        ("<?a ??>", "<?a ??>"),
        ("<?t d > ?>", "<?t d ?> ?&gt;"),
        ("<?_x-1>", "<?_x-1 ?>"),
        ("<?UPPER>", "<?UPPER ?>"),
        ("<?a \0>", "<?a \0?>"),
        ("<?a\t\0>", "<?a \0?>"),
        ("<?a$?>", "<!--?a$?-->"),
        ("<?xml version='1.0'?>", "<!--?xml version='1.0'?-->"),
        ("<?XML-stylesheet>", "<!--?XML-stylesheet-->"),
        ("<?1st>", "<!--?1st-->"),
        ("<? x>", "<!--? x-->"),
        ("<?>", "<!--?-->"),
        ("<?a\0>", "<!--?a\u{fffd}-->"),
        ("<?-a>", "<!--?-a-->"),
        ("<?start", ""),
        ("<?start data ?", ""),
        ("<?", ""),
        ("<?a$", "<!--?a$-->"),
        ("<table><?a><tr><?b>", "<table><?a ?><tbody><tr><?b ?></tr></tbody></table>"),
        ("<svg><?a></svg>", "<svg><?a ?></svg>"),
        ("<textarea><?a></textarea>", "<textarea>&lt;?a&gt;</textarea>"),
        ("<pre><?a>\nx", "<pre><?a ?>\nx</pre>"),
    ];
    for (page, expected) in cases {
        assert_eq!(body(&format!("<body>{page}")), expected, "{page}");
    }
    let page = "<?a><html><?b><head><noscript><?c></noscript></head><?d><body></body><?e></html><?f>";
    let html = "<?a ?><html><?b ?><head><noscript><?c ?></noscript></head><?d ?><body></body><?e ?></html><?f ?>";
    assert_eq!(body(page), html.trim_end_matches("</html>").split_once("<body>").map_or("", |(_, rest)| rest));
}

#[test]
fn a_template_forbids_a_frameset_only_in_the_body() {
    let cases = [
        ("<head></head><template></template><p><frameset>", "<frameset></frameset>"),
        ("<p><template></template><frameset>", "<body><p><template></template></p></body>"),
        ("<template></template><body><frameset>", "<body></body>"),
        ("<template></template>x<frameset>", "<body>x</body>"),
        ("<template></template></br><frameset>", "<body><br></body>"),
        ("<template><frameset></template>", "<body></body>"),
    ];
    for (page, expected) in cases {
        let mut dom = Dom::new();
        Parser::default().parse(page, UTF_8, &mut dom).expect("a page");
        let html = dom.outer_html(0);
        assert_eq!(html.split_once("</head>").map(|(_, rest)| rest), Some(&*[expected, "</html>"].concat()), "{page}");
    }
}

#[test]
fn the_content_of_a_template_for_replaces_its_markers() {
    #[rustfmt::skip]
    let cases = [
        // The cases of web-platform-tests.
        ("<div><?start name='p'>Old content</div><template for=p>New content</template>", "<div>New content</div>"),
        ("<div><?start name='p'>Old<?end> content</div><template for=p>New</template>", "<div>New content</div>"),
        ("<div><?marker name='p'> content</div><template for=p>New</template>", "<div>New content</div>"),
        ("<div>New <?marker name='p'></div><template for=p>content</template>", "<div>New content</div>"),
        ("<div>New <?marker name='a'> c <?marker name='b'></div><template for=a>X</template><template for=b>Y</template>", "<div>New X c Y</div>"),
        ("<div>New <?marker name=\"a\"> c <?marker name=\"a\"></div><template for=a>X</template>", "<div>New X c <?marker name=\"a\"?></div>"),
        ("<div><?marker name='b'> c</div><template for=b>X<?marker name='b'></template><template for=b>Y</template>", "<div>XY c</div>"),
        ("<div><?start name='a'>New <?start name='b'> c <?end> after <?end></div><template for=a>X</template>", "<div>X</div>"),
        ("<div><?start name='a'>New <?start name='b'> c <?end> after</div><template for=b>X</template>", "<div><?start name='a'?>New X after</div>"),
        ("<div><?start name='a'>New <?start name='b'> c <?end name='a'> after<?end></div><template for=a>X</template>", "<div>X</div>"),
        ("<div><?start name='a'>New <?start name='b'> c <?end name='a'> after<?end></div><template for=b>X</template>", "<div><?start name='a'?>New X after<?end ?></div>"),
        ("<div><?start name='a#b'>New <?start> c <?end> after<?end></div><template for='a#b'>X</template>", "<div>X</div>"),
        ("<div><?start name=''>Old<?end></div><template for=''>New</template>", "<div><?start name=''?>Old<?end ?></div><template for=\"\">New</template>"),
        ("<div><?marker name=''>Old</div><template for=''>New</template>", "<div><?marker name=''?>Old</div><template for=\"\">New</template>"),
        ("<div><?start name='p'>Old<?end></div><template for=p><span>New</template>", "<div><span>New</span></div>"),
        ("<div><?start name='p'>Old content</div><template for=p><span>New content</template>", "<div><span>New content</span></div>"),
        ("<div>New <?marker name='p'> c</div><template for=p><span>X</template>", "<div>New <span>X</span> c</div>"),
        // Names and scopes.
        ("<?marker name='p'><template for=q>x</template>", "<?marker name='p'?><template for=\"q\">x</template>"),
        ("<?Marker name='p'><template for=p>x</template>", "<?Marker name='p'?><template for=\"p\">x</template>"),
        ("<?marker name=p><template for=p>x</template>", "<?marker name=p?><template for=\"p\">x</template>"),
        ("<template for=p>x</template><?marker name='p'>", "<template for=\"p\">x</template><?marker name='p'?>"),
        ("<p><?marker name='p'></p><div><template for=p>x</template></div>", "<p><?marker name='p'?></p><div><template for=\"p\">x</template></div>"),
        ("<div><p><?marker name='p'></p><template for=p>x</template></div>", "<div><p>x</p></div>"),
        ("<template><?marker name='p'><template for=p>x</template></template>", "<template>x</template>"),
        ("<template><?marker name='p'></template><template for=p>x</template>", "<template><?marker name='p'?></template><template for=\"p\">x</template>"),
        ("<?marker name='p'><template shadowrootmode=open for=p>x</template>", "<?marker name='p'?><template shadowrootmode=\"open\" for=\"p\">x</template>"),
        ("<?marker name='p'><template shadowrootmode=x for=p>y</template>", "y"),
        // What is inserted.
        ("<table><tbody><?marker name='p'></table><template for=p><tr><td>x</template>y", "<table><tbody><tr><td>x</td></tr></tbody></table>y"),
        ("<div><?marker name='p'></div><table><template for=p><tr><div>x</template></table>", "<div><?marker name='p'?></div><table><template for=\"p\"><tr></tr><div>x</div></template></table>"),
        ("<div><?marker name='p'></div><template for=p><tr><div>x</template>", "<div><tr></tr><div>x</div></div>"),
        ("<div><?marker name='p'></div><template for=p><b><p>x</b>y</template>z", "<div><b></b><p><b>x</b>y</p></div>z"),
        ("<div><?start name='p'><i>a</i><?end>b</div><template for=p><!--c--><?d></template>", "<div><!--c--><?d ?>b</div>"),
        ("<div><?start name='p'><u>a<template for=p>b</template>c", "<div><?start name='p'?><u>a<template for=\"p\">b</template>c</u></div>"),
        ("<div><?start name='p'>a<template for=p>b</template>c", "<div>bc</div>"),
        ("<div><?marker name='p'></div><template for=p>x<template for=p>y</template>z</template>", "<div>xyz</div>"),
        ("<div><?start name='p'>a<?end></div><template for=p>b", "<div><?start name='p'?>b<?end ?></div>"),
        ("<select><?marker name='p'></select><template for=p><option>x</template>", "<select><option>x</option></select>"),
    ];
    for (page, expected) in cases {
        assert_eq!(body(&format!("<body>{page}")), expected, "{page}");
    }
    let mut dom = Dom::new();
    Parser::default().parse("<?marker name='p'><head><?marker name='t'></head><template for=t><title>x</title></template><body><template for=t><meta></template>", UTF_8, &mut dom).expect("a page");
    assert_eq!(
        dom.outer_html(0),
        "<?marker name='p'?><html><head><title>x</title></head><body><template for=\"t\"><meta></template></body></html>"
    );
}

#[test]
fn a_selectedcontent_contains_a_copy_of_the_selected_option() {
    const SHOWN: &str = "<button><selectedcontent></selectedcontent></button>";
    // The select, with `{}` for the button, and the expected content of the `selectedcontent`.
    let cases = [
        ("<select>{}<option>a<option>b</select>", "a"),
        ("<select><option>a</option>{}<option>b</select>", "a"),
        ("<select>{}<option>a<option selected>b<option>c</select>", "b"),
        ("<select>{}<option selected>a<option selected>b<option>c</select>", "b"),
        ("<select><option selected>a</option>{}</select>", "a"),
        ("<select>{}<option disabled>a<option>b</select>", "b"),
        ("<select>{}<option disabled selected>a<option>b</select>", "a"),
        ("<select>{}<optgroup disabled><option>a</optgroup><option>b</select>", "b"),
        ("<select>{}<optgroup><option>a</optgroup><option>b</select>", "a"),
        ("<select>{}<div><option>a</div><option>b</select>", "a"),
        ("<select size=1>{}<option>a</select>", "a"),
        ("<select size=x>{}<option>a</select>", "a"),
        ("<select size=0>{}<option>a</select>", "a"),
        ("<select size=2>{}<option>a</select>", ""),
        ("<select size=' +2'>{}<option selected>a</select>", "a"),
        ("<select multiple>{}<option selected>a</select>", ""),
        ("<select>{}<datalist><option>a</datalist><option>b</select>", "b"),
        ("<select>{}<template><option>a</template><option>b</select>", "b"),
        ("<select>{}<option><template>a</template></select>", "<template>a</template>"),
        ("<select>{}<option>a<svg viewbox=1><path></svg></select>", "a<svg viewBox=\"1\"><path></path></svg>"),
        ("<select>{}<option>a<selectedcontent>b</selectedcontent></select>", "a<selectedcontent></selectedcontent>"),
        ("<select>{}<option><p>a", "<p>a</p>"),
        ("<select>{}</select>", ""),
        ("<select><div>{}</div><option>a</select>", "a"),
    ];
    for (page, shown) in cases {
        let page = page.replace("{}", SHOWN);
        let html = body(&page);
        let (_, rest) = html.split_once("<button><selectedcontent>").expect("a selectedcontent");
        assert_eq!(rest.split_once("</selectedcontent></button>").map(|(it, _)| it), Some(shown), "{page}: {html}");
    }
    let elsewhere = [
        ("<selectedcontent>x</selectedcontent>", "<selectedcontent>x</selectedcontent>"),
        (
            "<select><selectedcontent></selectedcontent><selectedcontent></selectedcontent><option>a",
            "<select><selectedcontent>a</selectedcontent><selectedcontent></selectedcontent><option>a</option></select>",
        ),
        (
            "<select><option><selectedcontent></selectedcontent>a",
            "<select><option><selectedcontent></selectedcontent>a</option></select>",
        ),
    ];
    for (page, expected) in elsewhere {
        assert_eq!(body(page), expected, "{page}");
    }
}
