use super::super::parse;
use super::{JsonPath, TooMany};

/// What a path selects, as JSON texts.
fn selected(path: &str, json: &str) -> Result<Vec<String>, TooMany> {
    let root = parse(json).expect(json);
    let found = JsonPath::new(path).expect(path).select(&root)?;
    let text = |json| {
        let mut out = Vec::new();
        super::super::value(&mut out, json);
        String::from_utf8(out).expect("UTF-8")
    };
    Ok(found.into_iter().map(text).collect())
}

#[test]
fn values_keep_their_digits_and_their_order() {
    const SHOP: &str = r#"{"b":[{"p":1.50},{"p":12345678901234567890123456789012345678901}],"a":{"p":1e999}}"#;
    let table: [(&str, &[&str]); 8] = [
        ("$.b[*].p", &["1.50", "12345678901234567890123456789012345678901"]),
        ("$..p", &["1.50", "12345678901234567890123456789012345678901", "1e999"]),
        ("$.a", &[r#"{"p":1e999}"#]),
        ("$.b[?@.p == 1.5].p", &["1.50"]),
        ("$.b[?@.p > 12345678901234567890123456789012345678900].p", &["12345678901234567890123456789012345678901"]),
        ("$.*[?@.p < 15e-1]", &[]),
        ("$[?@.p > 1e998].p", &["1e999"]),
        ("$.c", &[]),
    ];
    for (path, values) in table {
        assert_eq!(
            selected(path, SHOP).as_deref(),
            Ok(&*values.iter().map(ToString::to_string).collect::<Vec<_>>()),
            "{path}"
        );
    }
}

#[test]
fn paths_of_other_languages_get_a_suggestion() {
    let table = [
        ("data.items", "$.data.items"),
        ("items", "$.items"),
        (".items[]", "$.items[*]"),
        (".items[].price", "$.items[*].price"),
        (".items[] | .price", "$.items[*].price"),
        (".items[]?.price?", "$.items[*].price"),
        ("items[*]", "$.items[*]"),
        ("items[0].price", "$.items[0].price"),
        ("$.items[].price", "$.items[*].price"),
        ("$.items.[0]", "$.items[0]"),
        ("$.items.0.price", "$.items[0].price"),
        ("data.items.0", "$.data.items[0]"),
        ("/items/0", "$.items[0]"),
        ("/items/a~1b/c~0d", "$.items['a/b']['c~d']"),
        ("#/items/0", "$.items[0]"),
        ("$.my-key", "$['my-key']"),
        ("$.a.my-key[0]", "$.a['my-key'][0]"),
        ("$[items]", "$['items']"),
        ("$['a'][b]", "$['a']['b']"),
        ("[0].a", "$[0].a"),
        ("..price", "$..price"),
        ("@.price", "$.price"),
        ("$.", "$"),
        ("$.items.", "$.items"),
        (" $.items ", "$.items"),
        ("$items", "$.items"),
        ("$.items[?(@.a === 1)]", "$.items[?(@.a == 1)]"),
        ("$.items[?@.a == 1 and @.b == 2]", "$.items[?@.a == 1 && @.b == 2]"),
        ("items[?@.a == ']']", "$.items[?@.a == ']']"),
        ("*.price", "$[*].price"),
        ("ключ.значение", "$.ключ.значение"),
    ];
    for (written, meant) in table {
        let error = JsonPath::new(written).expect_err(written);
        assert_eq!(error.suggestion.as_deref(), Some(meant), "{written}: {error}");
        assert!(error.offset + error.length <= written.len(), "{written}: {error:?}");
        assert!(!error.to_string().contains("position"), "{error}");
    }
    for hopeless in ["", "$[", "$[?", "][", "$.a[?@.b ==]"] {
        let error = JsonPath::new(hopeless).expect_err(hopeless);
        assert_eq!(error.suggestion, None, "{hopeless}: {error}");
    }
}

#[test]
fn an_invalid_path_is_refused_at_its_place() {
    let table = [
        ("items", 0, 5, "a path begins with \"$\", which stands for the whole document"),
        ("", 0, 0, "a path begins with \"$\", which stands for the whole document"),
        ("$x", 1, 1, "expected \".name\", \"[..]\" or the end of the path, found 'x'"),
        ("$.a b", 3, 1, "expected \".name\", \"[..]\" or the end of the path, found ' '"),
        (
            "$.é.",
            5,
            0,
            "expected a name or \"*\" (names with other characters: ['my-name']), found the end of the path",
        ),
        ("$[0", 1, 2, "the bracket is not closed"),
        ("$['a", 2, 2, "the string is not closed"),
        ("$['a\\x']", 4, 2, "this escape does not exist: write \\\\ for a backslash"),
        ("$['\\ud800']", 3, 6, "half of a surrogate pair is not a character"),
        ("$[01]", 2, 2, "a whole number has digits and does not begin with 0"),
        ("$[9007199254740992]", 2, 16, "an index has at most 53 bits"),
        ("$[?@.a]x", 7, 1, "expected \".name\", \"[..]\" or the end of the path, found 'x'"),
        ("$[?@.a=1]", 6, 1, "expected \",\" or \"]\", found '='"),
        ("$[?1]", 3, 1, "this value must be compared with something, such as @.name == \"value\""),
        ("$[?@.* == 1]", 3, 3, "this path may select several values, which have no comparison: use value(..)"),
        ("$[?length(@.a)]", 3, 11, "the result of this function must be compared, such as length(@.name) > 3"),
        ("$[?match(@.a, 'b') == true]", 3, 15, "match(..) and search(..) are true or false and are not compared"),
        ("$[?!@.a == 1]", 8, 1, "\"!\" before a comparison needs parentheses: !(a == b)"),
        ("$[?size(@.a) > 1]", 3, 4, "\"size\" is not a function: there are length, count, value, match and search"),
        (
            "$[?count(1) > 1]",
            9,
            1,
            "expected a path, such as @.* (count() counts or reads what a path selects), found '1'",
        ),
        ("$[?match(@.a, '(')]", 14, 3, "\"(\" is not a valid regular expression: unclosed group"),
        ("$[?match(@.a, 'a)(b')]", 14, 6, "\"a)(b\" is not a valid regular expression: unopened group"),
        ("$[?@.a == 1.]", 10, 2, "\"1.\" is not a number of JSON"),
    ];
    for (path, offset, length, message) in table {
        let error = JsonPath::new(path).expect_err(path);
        assert_eq!((error.offset, error.length, &*error.message), (offset, length, message), "{path}");
    }
    for deep in ["(".repeat(100_000), "[?@".repeat(100_000), "length(".repeat(100_000), "!(".repeat(100_000)] {
        for path in [format!("$[?{deep}"), format!("$[?@{deep}")] {
            JsonPath::new(&path).expect_err("too deep or not a path");
        }
    }
}

#[test]
fn a_regular_expression_is_one_of_rfc_9485_and_matches_the_whole_text() {
    let table = [
        ("a.c", "abc", true),
        ("a.c", "a\rc", false),
        ("a.c", "a\nc", false),
        ("b", "abc", false),
        ("a|abc", "abc", true),
        ("[&&a]", "&", true),
        ("[&&a]", "a", true),
        ("[a~~b]", "~", true),
        ("[.]", "x", false),
        ("\\p{Lu}\\.", "É.", true),
        ("a{2,3}", "aaa", true),
        ("\\(a\\)", "(a)", true),
        ("\\[.\\]", "[x]", true),
    ];
    for (pattern, text, matches) in table {
        let mut json = Vec::new();
        super::super::value(&mut json, &super::Json::Array(vec![text.into(), pattern.into()]));
        let json = String::from_utf8(json).expect("UTF-8");
        let pattern = pattern.replace('\\', "\\\\");
        // The pattern may also come from the document.
        for path in [format!("$[?match($[0], '{pattern}')]"), "$[?match($[0], $[1])]".to_owned()] {
            assert_eq!(!selected(&path, &json).expect("few values").is_empty(), matches, "{path} {text:?}");
        }
    }
    // A pattern of the document that is not valid matches nothing.
    assert_eq!(selected("$[?search(@, $[1])]", "[\"a\",\"(\"]"), Ok(Vec::new()));
}

#[test]
fn work_without_measure_ends() {
    let list = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    let nested = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    let object = |count: usize| {
        let entries: Vec<String> = (0..count).map(|nth| format!("\"k{nth}\":{nth}")).collect();
        format!("{{{}}}", entries.join(","))
    };
    let long = format!("[\"{0}\",\"{0}\"]", "a".repeat(200_000));
    let table = [
        // Every value is selected over and over.
        ("$..*..*..*..*..*..*", nested.clone()),
        (&*format!("${}", "..*".repeat(30)), nested.clone()),
        (&*format!("$[{}]", vec!["*"; 2_000].join(",")), list(100_000)),
        (&*format!("$[{}]", vec!["::-1"; 2_000].join(",")), list(100_000)),
        (&*format!("${}", "[*,*]".repeat(100)), nested.clone()),
        // The filter walks the document for each value.
        ("$[?count($..*) > 1]", list(100_000)),
        ("$[?$ == $]", list(20_000)),
        ("$[?@ == $.k19999]", object(20_000)),
        ("$[?match(@, $[0])]", format!("[{}]", vec!["\"a\""; 10_000].join(","))),
        (&*format!("$[?{}]", vec!["length($[0]) == 1"; 2_000].join("||")), long.clone()),
        (&*format!("$[?{}]", vec!["$[0] < $[1]"; 2_000].join("||")), long.clone()),
        (&*format!("$[?{}]", vec!["search($[0], 'b')"; 2_000].join("||")), long.clone()),
    ];
    for (path, json) in &table {
        let root = parse(json).expect("JSON");
        let shown = &path[..path.len().min(40)];
        assert_eq!(JsonPath::new(path).expect(shown).select(&root).map(|found| found.len()), Err(TooMany), "{shown}");
    }
}

#[test]
fn the_work_may_grow_with_the_document() {
    let items: Vec<String> =
        (0..20_000).map(|nth| format!("{{\"a\":{{\"b\":[{nth},\"x\"]}},\"c\":\"{nth}\"}}")).collect();
    let json = format!("{{\"data\":{{\"items\":[{}]}}}}", items.join(","));
    let table = [
        ("$.data.items[*].a.b[0]", 20_000),
        ("$..b[0]", 20_000),
        ("$..*", 120_002),
        ("$..items[?@.a.b[0] > 9999 && search(@.c, '9')].c", 3_439),
        ("$..[?@..b]", 40_002),
        ("$.data.items[?@.a.b[1] == 'x'].a..*", 60_000),
        ("$.data.items[?length(@.c) < 3]", 100),
        ("$.data.items[::-2]", 10_000),
    ];
    let root = parse(&json).expect("JSON");
    for (path, count) in table {
        let found = JsonPath::new(path).expect(path).select(&root).map(|found| found.len());
        assert_eq!(found, Ok(count), "{path}");
    }
}
