use proptest::prelude::*;

use super::body::text_of_body;
use super::parse::MAX_DEPTH;
use super::{Json, JsonError, parse, parse_body, parse_script, value};

fn written(json: &Json) -> String {
    let mut out = Vec::new();
    value(&mut out, json);
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn values_are_read_as_they_were_written() {
    let table = [
        ("null", "null"),
        (" true\n", "true"),
        ("\u{feff}false", "false"),
        ("0", "0"),
        ("-0", "-0"),
        ("-0.0e-0", "-0.0e-0"),
        ("1.50", "1.50"),
        ("1E+9", "1E+9"),
        ("1e999", "1e999"),
        ("1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890"),
        ("[]", "[]"),
        ("{}", "{}"),
        ("[1,[2,[]],{}]", "[1,[2,[]],{}]"),
        ("\t[ 1 ,\r\n2 ] ", "[1,2]"),
        (r#"{"b":1,"a":2}"#, r#"{"b":1,"a":2}"#),
        (r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#),
        (r#"{"a":{"a":1,"a":2},"a":[]}"#, r#"{"a":[]}"#),
        (r#"{"":1}"#, r#"{"":1}"#),
        (r#""\"\\\/\b\f\n\r\t\u0041""#, r#""\"\\/\b\f\n\r\tA""#),
        (r#""\ud83d\ude00""#, "\"😀\""),
        (r#""\ud83d""#, "\"\u{fffd}\""),
        (r#""\ude00\ud83d""#, "\"\u{fffd}\u{fffd}\""),
        (r#""\ud83d\ud83d\ude00""#, "\"\u{fffd}😀\""),
        (r#""\ud83dx\n""#, "\"\u{fffd}x\\n\""),
        ("\"é\u{7f}\"", "\"é\\u007f\""),
    ];
    for (text, expected) in table {
        assert_eq!(parse(text).map(|json| written(&json)).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_not_json_is_refused_at_its_place() {
    let table = [
        ("", 1, 1, "expected a value, found the end of the text"),
        ("  ", 1, 3, "expected a value, found the end of the text"),
        ("<html>", 1, 1, "expected a value, found '<'"),
        ("{\n  \"a\": tru\n}", 2, 8, "expected a value, found 't'"),
        ("truex", 1, 1, "expected a value, found 't'"),
        ("[1,]", 1, 4, "expected a value, found ']'"),
        ("[,]", 1, 2, "expected a value, found ','"),
        ("[1 2]", 1, 4, "expected a comma or \"]\" after an element of a list, found '2'"),
        ("[1", 1, 3, "expected a comma or \"]\" after an element of a list, found the end of the text"),
        ("[1}", 1, 3, "expected a comma or \"]\" after an element of a list, found '}'"),
        ("{\"a\":1,}", 1, 8, "expected a key in double quotes, found '}'"),
        ("{'a':1}", 1, 2, "expected a key in double quotes, found '\\''"),
        ("{a:1}", 1, 2, "expected a key in double quotes, found 'a'"),
        ("{\"a\" 1}", 1, 6, "expected a colon after a key, found '1'"),
        ("{\"a\":1 \"b\":2}", 1, 8, "expected a comma or \"}\" after a value of an object, found '\"'"),
        ("01", 1, 2, "a number does not begin with 0 and has at most one point"),
        ("1.", 1, 3, "expected a digit, found the end of the text"),
        ("1.2.3", 1, 4, "a number does not begin with 0 and has at most one point"),
        (".5", 1, 1, "expected a value, found '.'"),
        ("+1", 1, 1, "expected a value, found '+'"),
        ("-", 1, 2, "expected a digit, found the end of the text"),
        ("1e", 1, 3, "expected a digit, found the end of the text"),
        ("NaN", 1, 1, "expected a value, found 'N'"),
        ("\"é\n\"", 1, 3, "a string contains a line break or another control character"),
        ("[\"a", 1, 2, "a string is not closed"),
        ("\"\\x\"", 1, 3, "expected one of the escapes that JSON has, found 'x'"),
        ("\"\\", 1, 3, "expected an escape, found the end of the text"),
        ("\"\\u12g4\"", 1, 3, "\\u needs four hexadecimal digits"),
        ("\"\\u12é\"", 1, 3, "\\u needs four hexadecimal digits"),
        ("\"\\u12", 1, 3, "\\u needs four hexadecimal digits"),
        ("1 2", 1, 3, "expected the end of the text, found '2'"),
        ("{} x", 1, 4, "expected the end of the text, found 'x'"),
        ("// x\n1", 1, 1, "expected a value, found '/'"),
        (
            "{\"a\":1}\n{\"a\":2}",
            2,
            1,
            "there is another value after the first: one value a line (JSON lines) is not JSON",
        ),
    ];
    for (text, line, column, message) in table {
        let error = parse(text).expect_err(text);
        let JsonError { offset, .. } = error;
        assert_eq!((error.line, error.column, &*error.message), (line, column, message), "{text}");
        assert!(text.is_char_boundary(offset), "{text}");
    }
}

#[test]
fn nesting_has_a_limit() {
    for (open, close, levels) in [("[", "]", 1), ("{\"a\":", "}", 1), ("[{\"a\":", "}]", 2)] {
        let at_most = MAX_DEPTH / levels;
        let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        parse(&nested(at_most)).expect(open);
        let error = parse(&nested(at_most + 1)).expect_err(open);
        assert_eq!(error.message, "the lists and objects nest more than 128 deep");
        assert!(parse_script(&nested(at_most + 1)).1.is_some());
    }
    // The depth of an unclosed text is limited too.
    assert!(parse(&"[".repeat(10_000_000)).is_err());
}

#[test]
fn scripts_are_read_in_a_tolerant_way() {
    let table: [(&str, &[&str], bool); 24] = [
        ("", &[], true),
        (" // nothing", &[], true),
        ("{\"a\":1}", &["{\"a\":1}"], true),
        ("{\"a\":1}{\"b\":2};\n[3],", &["{\"a\":1}", "{\"b\":2}", "[3]"], true),
        ("<!-- {\"a\":1} -->", &["{\"a\":1}"], true),
        ("<!-- a {comment} -->{\"a\":1}", &["{\"a\":1}"], true),
        ("<!--\n{\"a\":1}\n//-->", &["{\"a\":1}"], true),
        ("<!-- not closed {\"a\":1}", &[], false),
        ("//<![CDATA[\n1\n//]]>", &["1"], true),
        ("/*<![CDATA[*/1/*]]>*/", &["1"], true),
        ("<![CDATA[1]]>", &["1"], true),
        ("[1,/*,*/2,//,\n3,]", &["[1,2,3]"], true),
        ("[1,,2]", &[], false),
        ("[NaN,Infinity,-Infinity]", &["[null,null,null]"], true),
        ("\"a\nb\tc\"", &[r#""a\nb\tc""#], true),
        (r#""don\'t \x \é""#, &[r#""don't x é""#], true),
        ("\"/* no comment */ // <!-- -->\"", &["\"/* no comment */ // <!-- -->\""], true),
        ("\u{feff}\u{a0}{\"a\":\u{a0}1}", &["{\"a\":1}"], true),
        ("{\"a\":1} and {\"b\":2}", &["{\"a\":1}"], false),
        ("{\"a\":1", &[], false),
        ("/* not closed", &[], false),
        ("{\"a\":1} /* not closed", &["{\"a\":1}"], false),
        ("{a:1}", &[], false),
        ("var x = 1", &[], false),
    ];
    for (text, values, is_whole) in table {
        let (found, error) = parse_script(text);
        assert_eq!(found.iter().map(written).collect::<Vec<_>>(), values, "{text}");
        assert_eq!(error.is_none(), is_whole, "{text}: {error:?}");
    }
}

#[test]
fn a_body_is_decoded_by_its_first_bytes_or_its_charset() {
    let utf_16 = |text: &str, unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let utf_32 = |text: &str, unit: fn(u32) -> [u8; 4]| text.chars().flat_map(|c| unit(c as u32)).collect::<Vec<u8>>();
    for text in ["{\"é\":\"日😀\"}", "1", "\"日\"", "[]"] {
        for marked in [format!("\u{feff}{text}"), text.to_owned()] {
            let bodies = [
                marked.as_bytes().to_vec(),
                utf_16(&marked, u16::to_le_bytes),
                utf_16(&marked, u16::to_be_bytes),
                utf_32(&marked, u32::to_le_bytes),
                utf_32(&marked, u32::to_be_bytes),
            ];
            for body in bodies {
                // What the bytes say counts more than the label.
                for charset in [None, Some("utf-8"), Some("nonsense")] {
                    let read = text_of_body(&body, charset);
                    assert_eq!(read.trim_start_matches('\u{feff}'), text, "{body:?}");
                    assert_eq!(parse_body(&body, charset), parse(text), "{body:?}");
                }
            }
        }
    }
    assert_eq!(text_of_body(b"\"\xe9\"", Some("ISO-8859-1")), "\"é\"");
    assert_eq!(text_of_body(b"\"\xe9\"", None), "\"\u{fffd}\"");
    assert_eq!(text_of_body(b"1\0\0\0\0\xd8\0\0x", None), "1\u{fffd}\u{fffd}");
    assert_eq!(text_of_body(b"", None), "");
}

#[test]
fn what_servers_write_around_json_is_skipped() {
    let table = [
        ")]}'\n{\"a\":1}",
        ")]}',\n{\"a\":1}",
        " )]}'{\"a\":1}",
        "while(1);{\"a\":1}",
        "while (1); {\"a\":1}",
        "for(;;);{\"a\":1}",
        "for (;;);{\"a\":1}",
        "callback({\"a\":1})",
        "callback({\"a\":1});",
        "  callback ( {\"a\":1} ) ; \n",
        "/**/callback({\"a\":1});",
        "/* x */ /**/ callback({\"a\":1});\n",
        "a.b_1.$c[\"d\"]({\"a\":1});",
        "jQuery123_456({\"a\":1});",
        "/**/ typeof callback === 'function' && callback({\"a\":1});",
        "({\"a\":1})",
        ")]}'\ncallback({\"a\":1});",
    ];
    for text in table {
        assert_eq!(parse_body(text.as_bytes(), None).map(|json| written(&json)).as_deref(), Ok("{\"a\":1}"), "{text}");
    }
    // These are texts with parentheses, or not JSON.
    assert_eq!(parse_body(b"\"a(b)\"", None), Ok(Json::from("a(b)")));
    assert_eq!(parse_body(b"[\"(\",1,\")\"]", None), parse("[\"(\",1,\")\"]"));
    for text in
        ["callback({\"a\":1}", "callback()", "a(1)(2)", "callback(1); alert(2)", "x = f(1)", ")]}'", "typeof x && y"]
    {
        assert!(parse_body(text.as_bytes(), None).is_err(), "{text}");
    }
    // The place is that in the whole text.
    let error = parse_body(b")]}'\ncb([1,\n x])", None).expect_err("not JSON");
    assert_eq!((error.offset, error.line, error.column), (13, 3, 2));
}

/// Generates texts that are nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    const PIECES: [&str; 34] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\"a\"",
        "\"b\":",
        "\\",
        "\\u",
        "d83d",
        "\\ude00",
        "\\n",
        "1",
        "-",
        "0",
        ".5",
        "e+1",
        "true",
        "null",
        "fals",
        " ",
        "\n",
        "é",
        "\u{1}",
        "\u{feff}",
        "//",
        "/*",
        "*/",
        "<!--",
        "-->",
        "[1,2]",
        "{\"a\":1}",
    ];
    prop::collection::vec(prop::sample::select(&PIECES), 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn the_same_texts_are_json_as_for_serde_json(text in nearly_json()) {
        // Half surrogates are errors there, and texts for us.
        let has_surrogate = text.contains("\\ud");
        let ours = parse(&text);
        if !has_surrogate && !text.starts_with('\u{feff}') {
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // Its numbers have a range.
            let out_of_range = theirs.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
            prop_assert!(out_of_range || ours.is_ok() == theirs.is_ok(), "{text:?}: {ours:?} {theirs:?}");
            if let (Ok(ours), Ok(theirs)) = (&ours, theirs) {
                prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&written(ours)).expect("JSON"), theirs);
            }
        }
        // What is JSON is one value of a script.
        if let Ok(ours) = ours {
            prop_assert_eq!(parse_script(&text), (vec![ours], None));
        }
        let _ = parse_body(text.as_bytes(), None);
    }
}
