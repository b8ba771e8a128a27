use serde_json::{Value, json};

use super::{MAX_BYTES, MAX_COLUMNS, MAX_VALUES, rows};
use crate::scrape::json::{Json, value};
use crate::scrape::parse::parse;

fn found(page: &str) -> (Value, bool) {
    let document = parse(page).expect("a page");
    let found = rows(&document.dom, 0);
    let mut out = Vec::new();
    value(&mut out, &Json::Array(found.rows));
    (serde_json::from_slice(&out).expect("JSON"), found.too_many)
}

#[test]
fn rows_are_objects_by_header() {
    let table = [
        // Headers in `thead`, and without it.
        (
            "<thead><tr><th>A<th>B<tbody><tr><td>1<td>2<tr><td>3<td>4",
            json!([{ "A": "1", "B": "2" }, { "A": "3", "B": "4" }]),
        ),
        ("<thead><tr><td>A<td>B<tbody><tr><td>1<td>2", json!([{ "A": "1", "B": "2" }])),
        ("<tr><th>A<th>B<tr><td>1<td>2", json!([{ "A": "1", "B": "2" }])),
        (
            "<tr><td>1<td>2<tr><td>3<td>4",
            json!([{ "column_1": "1", "column_2": "2" }, { "column_1": "3", "column_2": "4" }]),
        ),
        ("<tr><td><th>A<tr><th>x<td>1", json!([{ "column_1": "x", "A": "1" }])),
        (
            "<tr><th>A<td>1<tr><th>B<td>2",
            json!([{ "column_1": "A", "column_2": "1" }, { "column_1": "B", "column_2": "2" }]),
        ),
        (
            "<tr><th>A<td><tr><th>B<td>2",
            json!([{ "column_1": "A", "column_2": "" }, { "column_1": "B", "column_2": "2" }]),
        ),
        ("<tr><th scope=row>A<tr><th scope=ROW>B", json!([{ "column_1": "A" }, { "column_1": "B" }])),
        ("<thead><tr><th>A<th>B<tbody><tr><th scope=row>x<td>1", json!([{ "A": "x", "B": "1" }])),
        ("<tr><th>A<tr><th>B", json!([{ "A": "B" }])),
        ("<thead></thead><tr><th>A<tr><td>1", json!([{ "A": "1" }])),
        ("<thead><tr><th>A</thead><thead><tr><th>B</thead><tr><td>1", json!([{ "A": "B" }, { "A": "1" }])),
        ("<thead><tr><th>A", json!([])),
        ("", json!([])),
        // Several headers, equal ones, and missing ones.
        (
            "<thead><tr><th rowspan=2>N<th colspan=2>Size<tr><th>W<th>H<tbody><tr><td>a<td>1<td>2",
            json!([{ "N": "a", "Size / W": "1", "Size / H": "2" }]),
        ),
        ("<thead><tr><th colspan=2>Title<tr><th>A<th>B<tbody><tr><td>1<td>2", json!([{ "A": "1", "B": "2" }])),
        ("<thead><tr><th colspan=2>Title<tbody><tr><td>1<td>2", json!([{ "Title": "1", "Title_2": "2" }])),
        (
            "<tr><th>A<th>A<th><th>A_2<th>A<tr><td>1<td>2<td>3<td>4<td>5",
            json!([{ "A": "1", "A_2": "2", "column_3": "3", "A_2_2": "4", "A_3": "5" }]),
        ),
        ("<tr><th> A \n <b>b</b><br>c<tr><td>1", json!([{ "A b c": "1" }])),
        // Rows that are too short, too long, or empty.
        ("<tr><th>A<th>B<tr><td>1<tr><td>2<td>", json!([{ "A": "1", "B": null }, { "A": "2", "B": "" }])),
        ("<tr><th>A<tr><td>1<td>2", json!([{ "A": "1", "column_2": "2" }])),
        ("<tr><th>A<tr><tr><td>1<tr>", json!([{ "A": "1" }])),
        // Spans.
        ("<tr><th>A<th>B<tr><td rowspan=2>x<td>1<tr><td>2", json!([{ "A": "x", "B": "1" }, { "A": "x", "B": "2" }])),
        ("<tr><th>A<th>B<tr><td colspan=2>x<tr><td>1<td>2", json!([{ "A": "x", "B": "x" }, { "A": "1", "B": "2" }])),
        (
            "<tr><th>A<th>B<th>C<tr><td>1<td rowspan=2 colspan=2>x<tr><td>2<tr><td>3<td>4<td>5",
            json!([{ "A": "1", "B": "x", "C": "x" }, { "A": "2", "B": "x", "C": "x" }, { "A": "3", "B": "4", "C": "5" }]),
        ),
        (
            "<tr><th>A<th>B<tbody><tr><td rowspan=0>x<td>1<tr><td>2<tbody><tr><td>y<td>3",
            json!([{ "A": "x", "B": "1" }, { "A": "x", "B": "2" }, { "A": "y", "B": "3" }]),
        ),
        (
            "<thead><tr><th>A<th>B<tbody><tr><td rowspan=9>x<td>1<tbody><tr><td>y<td>2",
            json!([{ "A": "x", "B": "1" }, { "A": "y", "B": "2" }]),
        ),
        (
            "<tr><th>A<th>B<tr><td colspan=100%>all<tr><td>1<td>2",
            json!([{ "A": "all", "B": "all" }, { "A": "1", "B": "2" }]),
        ),
        ("<tr><th colspan=2>A<tr><td colspan=2>1", json!([{ "A": "1" }])),
        (
            "<tr><th>A<tr><td colspan=0 rowspan=x>1<tr><td colspan=-1 rowspan='+1 '>2",
            json!([{ "A": "1" }, { "A": "2" }]),
        ),
        // A cell that grows from above stays where it is.
        (
            "<tr><th>A<th>B<th>C<tr><td>1<td rowspan=2>x<td>2<tr><td colspan=3>y",
            json!([{ "A": "1", "B": "x", "C": "2" }, { "A": "y", "B": "x", "C": "y" }]),
        ),
        // `tfoot`, `caption`, nested tables.
        (
            "<caption>c</caption><thead><tr><th>A<tfoot><tr><td>sum<tbody><tr><td>1",
            json!([{ "A": "1" }, { "A": "sum" }]),
        ),
        ("<tr><th>A<tr><td>x<table><tr><td>in<td>ner</table>y<tr><td>2", json!([{ "A": "x in ner y" }, { "A": "2" }])),
        // Text.
        (
            "<tr><th>A<tr><td><p>one</p>two<br>three<ul><li>f<b>o</b>ur<li>five</ul><script>no</script><!--no-->\u{a0}",
            json!([{ "A": "one two three four five" }]),
        ),
        ("<tr><th>A<tr><td>a<div><div>b</div></div>c<template>no</template>", json!([{ "A": "a b c" }])),
    ];
    for (page, expected) in table {
        assert_eq!(found(&format!("<table>{page}</table>")), (expected, false), "{page}");
    }
}

#[test]
fn the_first_table_below_an_element_is_read() {
    assert_eq!(
        found("<div><p>x</p><table><tr><td>1</table><table><tr><td>2</table></div>").0,
        json!([{ "column_1": "1" }])
    );
    assert_eq!(found("<p>no table"), (json!([]), false));
}

#[test]
fn tables_that_would_give_too_much_are_cut() {
    let long = "x".repeat(1 << 20);
    let grows = format!("<tr>{}", "<td rowspan=65534 colspan=1000>x".repeat(100));
    let many = "<tr><td>1<td>2<td>3".repeat(170_000);
    let texts = format!("<tr>{}<tr><td colspan=500>{long}", "<td>y".repeat(500));
    let header = format!("<tr><th colspan=900>{long}{}", format!("<tr>{}", "<td>y".repeat(900)).repeat(400));
    let wide = format!("<tr>{}", "<td>y".repeat(3_000));
    let empty = format!("<tr><td colspan=1000 rowspan=65534>{}", "<tr>".repeat(65_534));
    for page in [grows.clone(), grows + &"<tr><td>".repeat(65_534), many, texts, header, wide, empty] {
        let document = parse(&format!("<table>{page}</table>")).expect("a page");
        let found = rows(&document.dom, 0);
        assert!(found.too_many, "{}", &page[..60]);
        let mut out = Vec::new();
        let values = found.rows.iter().map(|row| match row {
            Json::Object(entries) => {
                assert!(entries.len() <= MAX_COLUMNS);
                value(&mut out, row);
                entries.len()
            }
            _ => panic!("an object"),
        });
        assert!(values.sum::<usize>() <= MAX_VALUES);
        assert!(out.len() <= 2 * MAX_BYTES, "{}", out.len());
    }
}
