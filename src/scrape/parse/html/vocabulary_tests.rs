//! The parts of generated pages.

use std::sync::LazyLock;

/// Each line has elements that have rules about each other.
const LINES: &str = "
    a b i u nobr font code big em p div span table td applet marquee object button aside li
    table caption colgroup col tbody thead tfoot tr td th template form input select b p script style br
    ruby rb rt rp rtc p span div b
    select selectedcontent option optgroup button div b hr datalist
    svg math mi mo mtext annotation-xml mglyph malignmark foreignObject desc title font p div table template select g
    select option optgroup hr input button div p svg b textarea keygen
    html head body title meta link script style noscript noframes template base basefont bgsound frameset p br
    frameset frame noframes html body input p pre b table
    pre listing textarea title script style xmp iframe noembed plaintext p b image img
    p div ul ol li dd dt dl h1 h2 h3 address form button main search blockquote center span
    a address b body br button div form frame h4 head i keygen li object param small source strike strong sub summary
    template table tr td col caption tbody body html frameset select div b i a p svg
    body html head p b table form input a div unknown x-own-element wbr embed
";

/// The themes. Each theme has the elements of one line.
pub(super) static THEMES: LazyLock<Vec<Vec<&str>>> =
    LazyLock::new(|| LINES.trim().lines().map(|line| line.split_whitespace().collect()).collect());

/// All elements.
pub(super) static TAGS: LazyLock<Vec<&str>> = LazyLock::new(|| LINES.split_whitespace().collect());

/// Beginnings of pages.
#[rustfmt::skip]
pub(super) const DOCTYPES: &[&str] = &[
    "", "<!doctype html>", "<!DOCTYPE html>\n<html><head></head><body>", "<!doctype html><body>", "<!doctype>",
    "<!doctype x y>", "<!doctype html system>", "<!doctype html SYSTEM 'about:legacy-compat'>",
    "<!doctype html system 'a' b>", "<!doctype html PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">",
    "<!doctype html public \"-//W3C//DTD HTML 4.01 Transitional//EN\" \"http://x/\" y>",
    "<!doctype html public \"-//W3C//DTD XHTML 1.0 Frameset//EN\"''>", "<!doctype html public 'html'>",
    "<!doctype html public '-//ietf//dtd html//en' x>", "<!doctype html public\"a>", "<!doctypehtml>",
    "<!DocType HTML\n>", "<!doctype html public '", "<!doctype \0h\0 public '\0'>",
    "<!-- c --><!doctype html><!-- d -->", "<?xml version=1?>\n<!doctype html>", "\u{feff}<!doctype html>",
    " \n<!doctype html>", "x<!doctype html>",
];

/// Texts that may follow the name of a tag.
#[rustfmt::skip]
pub(super) const ATTRIBUTES: &[&str] = &[
    " id=a", " class='b c'", " href=\"/x?a=1&amp;b=2&copy=3\"", " type=hidden", " TYPE=Hidden", " color=red",
    " size=1", " face", " charset=utf-8", " http-equiv=content-type content='text/html; charset=x'", " viewbox=1",
    " xlink:href=d", " xml:lang=en", " xmlns=e", " xmlns:xlink=f", " definitionurl=g", " encoding=text/html",
    " a=1 A=2", " =x", " a=&lt", " data-long-attribute-name=1", " /", "/", " b=\"1\"c='2'", " d = 3", " e=",
    " \u{e9}=\u{20ac}", " shadowrootmode=open", " f='a\nb'", " g=\"", " h='<p>'", " \0=\0", " id=b", " class='c b'",
    " for=a",
];

/// All other parts of pages.
#[rustfmt::skip]
pub(super) const PIECES: &[&str] = &[
    "text", " ", "\n", "\r\n", "\r", "\t ", "a < b", "&amp;", "&lt", "&notit;", "&#65;", "&#10;", "&#10", "&#x0d;",
    "&#0;", "&#128;", "&nosuch;", "&", "<!-- c -->", "<!--", "-->", "<!-->", "<!--->", "--!>", "<!---",
    "<!doctype html>", "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01 Transitional//EN\">",
    "<!doctype html system 'about:legacy-compat'>", "<!doctype>", "<!doctype x y>", "<!x>", "<?php x?>", "</>",
    "</ x>", "</", "<", "<3", "<![CDATA[x]]>", "<![CDATA[", "]]>", "\0", "\u{feff}", "\u{e9}\u{20ac}",
    "<script><!-- <script> --></script>", "<script><!--<script></script>", "</script>\u{feff}x",
    "<meta charset=x>\u{feff}", "<pre>\n\nx", "<textarea>\n&amp;</textarea>", "<title>a&b</title",
    "<table> <tr> <td>", "<tr>", "</table>", "<b><i><p>", "</b>", "<a>", "</p>", "</br>", "<svg><title>",
    "<math><mi>", "<select><option>", "<template>", "</template>", "</body>", "</html>", "<frameset>", "</frameset>",
    "\u{1f600}", "<p id=1>x<b>y<p>z", "<font color=1>", "<nobr>",
    "<div><div><div><div><div><div><div><div><div><div>", "<caption><b>", "<ruby>a<rtc>",
    "<math><annotation-xml><svg>", "<input type=hidden>", "<p><b id=1><b id=2><b id=3><b id=4></p>x",
    "<b><i><u><div>x</b>y", "<input type=hidden><frameset>", "<pre>&#10x", "<svg><foreignObject></foreignobject>x",
    "<font size=1>", "</caption>", "<pre></>\nx", "<table><tr><td><p>", "</form>", "<select><hr>",
    "<?a b?>", "<?a", "<?_x\ty??>", "<?xml-stylesheet>", "<?a$>", "<?1>", "<?", "<select><selectedcontent>",
    "<option selected>x<b>y</b></option>", "<option disabled>z</option>", "<math><annotation-xml encoding=text/html>",
    "<table> <!doctype x>y", "<template><thead>", "<isindex>", "<?marker name='a'>", "<?start name='a'>", "<?end>",
    "<template for=a>x",
];
