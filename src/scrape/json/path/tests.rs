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
