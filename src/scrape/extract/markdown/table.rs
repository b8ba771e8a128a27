//! Tables that GFM can express: rows of cells that have no blocks in them. The first row of a GFM table is its header.

use super::inline::{Inline, Mode};
use super::look;
use super::walk::Source;
use crate::scrape::document::{Dom, known};

/// How many empty cells the attributes of one table may add. A page can ask for a thousand in each cell.
const MOST_EMPTY_CELLS: usize = 10_000;

/// Whether a table holds data that GFM can express. Other tables arrange parts of a page, and their cells are sections.
pub(in crate::scrape::extract) fn is_data(dom: &Dom, table: u32) -> bool {
    if matches!(dom.attribute(table, known::ROLE), Some("presentation" | "none")) {
        return false;
    }
    let (mut rows, mut cells, mut heads) = (0, 0, 0);
    // The end of the cell, and the blocks in it.
    let (mut end, mut blocks) = (0, 0);
    for at in dom.elements(dom.descendants(table)) {
        match dom.node(at).name() {
            known::TR => rows += 1,
            known::TH | known::TD if at >= end => {
                (end, blocks) = (dom.node(at).end, 0);
                cells += 1;
                heads += usize::from(dom.node(at).is_html(known::TH));
            }
            // One paragraph, as editors write it.
            known::P | known::DIV if at < end && blocks == 0 => blocks += 1,
            name if at < end && look::is_block(name) => return false,
            known::TABLE => return false,
            _ => {}
        }
    }
    cells > 1 && (heads > 0 || rows > 0 && cells > rows)
}

/// One row: where it is, and whether it is a header.
struct Row {
    at: u32,
    is_header: bool,
}

/// Writes a table that holds data.
pub(super) fn write(source: &Source<'_>, table: u32, outer: &Inline) -> String {
    let mut budget = MOST_EMPTY_CELLS;
    let mut below = Vec::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let found = rows_of(source, table);
    for row in &found {
        rows.push(cells_of(source, row.at, &mut below, &mut budget, outer));
    }
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let has_header = found.first().is_some_and(|row| row.is_header);
    let mut header = if has_header && !rows.is_empty() { rows.remove(0) } else { Vec::new() };
    header.resize(columns, String::new());
    let mut out = String::new();
    write_row(&mut out, &header);
    let sides = found.first().map(|row| sides(source.dom, row.at)).unwrap_or_default();
    let rules: Vec<_> = (0..columns).map(|nth| sides.get(nth).copied().unwrap_or("---").to_owned()).collect();
    out.push('\n');
    write_row(&mut out, &rules);
    for row in rows {
        out.push('\n');
        write_row(&mut out, &row);
    }
    out
}

fn write_row(out: &mut String, cells: &[String]) {
    out.push('|');
    for cell in cells {
        out.push(' ');
        out.push_str(cell);
        out.push_str(if cell.is_empty() { "|" } else { " |" });
    }
}

/// Returns the rows in the order of the page, but those of the head first.
fn rows_of(source: &Source<'_>, table: u32) -> Vec<Row> {
    let dom = source.dom;
    let (mut head, mut body) = (Vec::new(), Vec::new());
    for at in dom.elements(dom.descendants(table)).filter(|at| dom.node(*at).is_html(known::TR)) {
        if source.is_skipped(at) || source.is_skipped(dom.node(at).parent()) {
            continue;
        }
        let is_in_head = dom.node(dom.node(at).parent()).is_html(known::THEAD);
        let mut cells = dom.children(at).filter(|cell| dom.node(*cell).is_element()).peekable();
        let is_header = is_in_head || cells.peek().is_some() && cells.all(|cell| dom.node(cell).is_html(known::TH));
        if is_in_head { &mut head } else { &mut body }.push(Row { at, is_header });
    }
    head.append(&mut body);
    head
}

/// Returns the cells of a row. `below` has, for each column, how many more rows a cell further up covers.
fn cells_of(source: &Source<'_>, row: u32, below: &mut Vec<usize>, budget: &mut usize, outer: &Inline) -> Vec<String> {
    let dom = source.dom;
    let mut cells = Vec::new();
    let covered = |cells: &mut Vec<String>, below: &mut Vec<usize>| {
        while let Some(rows) = below.get_mut(cells.len()).filter(|rows| **rows > 0) {
            *rows -= 1;
            cells.push(String::new());
        }
    };
    for at in dom.children(row).filter(|at| dom.node(*at).is_html(known::TD) || dom.node(*at).is_html(known::TH)) {
        if source.is_skipped(at) {
            continue;
        }
        covered(&mut cells, below);
        let span = |name| dom.attribute(at, name).and_then(|text| text.trim_ascii().parse().ok()).unwrap_or(1).max(1);
        let (mut columns, mut rows): (usize, usize) = (span(known::COLSPAN), span(known::ROWSPAN));
        let extra = columns.saturating_mul(rows) - 1;
        if extra <= *budget {
            *budget -= extra;
        } else {
            (columns, rows) = (1, 1);
        }
        let first = cells.len();
        if rows > 1 {
            below.resize(below.len().max(first + columns), 0);
            below[first..first + columns].fill(rows - 1);
        }
        cells.push(source.flat(dom.descendants(at), Mode::Cell, outer));
        cells.resize(first + columns, String::new());
    }
    covered(&mut cells, below);
    cells
}

/// Returns the rules under the header's cells, which also align the columns.
fn sides(dom: &Dom, row: u32) -> Vec<&'static str> {
    let mut sides = Vec::new();
    for at in dom.children(row).filter(|at| dom.node(*at).is_element()) {
        let side = match dom.attribute(at, known::ALIGN).unwrap_or_default() {
            "left" => ":--",
            "right" => "--:",
            "center" => ":-:",
            _ => "---",
        };
        let columns: usize = dom.attribute(at, known::COLSPAN).and_then(|text| text.parse().ok()).unwrap_or(1);
        sides.extend(std::iter::repeat_n(side, columns.clamp(1, MOST_EMPTY_CELLS)));
    }
    sides
}
