//! `table`: the rows of an HTML table, as objects by header.
//!
//! The cells of the table are placed by the Standard's algorithm (WHATWG HTML, "forming a table"): `rowspan` and
//! `colspan` repeat a cell, a cell does not grow out of its row group, and the rows of `<tfoot>` come last. Rows of
//! tables inside of cells are part of the text of their cell.
//!
//! The headers are the rows of the first `<thead>`. Without it, they are the first rows of nothing but `<th>`, where the
//! first cell may also be an empty `<td>`. `<th scope="row">` is an ordinary cell. Without any header, the names are
//! `column_1`, `column_2` and so on. A column below several headers has all their names: `Size / Width`. A header over
//! all columns is a title, and is left out if there are others. Equal names are numbered (`Size`, `Size_2`), and a
//! column without a name is `column_3`.
//!
//! A value is the text of the cell with white space folded; `<br>` and blocks count as white space. It is `null` if the
//! row is too short to have the cell. Two things are left out: columns in which no cell begins, such as those of
//! `colspan="100%"`, and rows that have no cells of their own.
//!
//! Different from `pandas.read_html`: all values are strings; names of several headers are joined, and not tuples; a
//! missing cell is `null` and an empty one is `""`, where both are NaN there; equal names are numbered from 2, and not
//! `Size.1`; a `<tfoot>` between others comes last.

use std::collections::HashSet;

use super::value;
use crate::scrape::document::{Dom, Name, known};
use crate::scrape::json::Json;

/// The largest `colspan` and `rowspan` (WHATWG HTML, 4.9.11).
const MAX_COLSPAN: u32 = 1_000;
const MAX_ROWSPAN: u32 = 65_534;

/// The most columns of a table. More are left out.
const MAX_COLUMNS: usize = 1_000;

/// The most rows of headers. Later ones are rows like others.
const MAX_HEADERS: usize = 20;

/// The longest name of a column, in characters. It is repeated in each row.
const MAX_NAME: usize = 200;

/// The most places that are looked at to place all cells, the most values of the result, and the most bytes of its
/// names and values together. Rows after that are left out.
const MAX_PLACES: usize = 10_000_000;
const MAX_VALUES: usize = 500_000;
const MAX_BYTES: usize = 32 << 20;

/// The rows of a table.
#[derive(Debug, PartialEq)]
pub(super) struct Rows {
    /// An object for each row, from top to bottom.
    pub(super) rows: Vec<Json>,
    /// Whether the table has so many rows or columns that some are left out.
    pub(super) too_many: bool,
}

/// Returns the rows of a table: the element at `at`, or the first table below it.
pub(super) fn rows(dom: &Dom, at: u32) -> Rows {
    let table = dom.elements(dom.subtree(at)).find(|at| dom.node(*at).is_html(known::TABLE));
    table.map_or(Rows { rows: Vec::new(), too_many: false }, |table| Table::read(dom, table).rows())
}

#[derive(Debug, Default)]
struct Table {
    rows: Vec<Row>,
    cells: Vec<Cell>,
}

#[derive(Debug)]
struct Row {
    /// The number of its row group.
    group: usize,
    /// Whether it is in a `<thead>`.
    is_head: bool,
    /// Its cells.
    first: usize,
    end: usize,
}

#[derive(Debug)]
struct Cell {
    text: String,
    columns: u32,
    /// In how many rows it stands. 0 means all up to the end of the row group.
    rows: u32,
    is_header: bool,
}

impl Table {
    fn read(dom: &Dom, table: u32) -> Self {
        let is = |name: Name| move |at: &u32| dom.node(*at).is_html(name);
        let mut read = Self::default();
        let first_head = dom.children(table).find(is(known::THEAD));
        let (feet, others): (Vec<u32>, Vec<u32>) = dom.children(table).partition(is(known::TFOOT));
        for (group, at) in others.into_iter().chain(feet).enumerate() {
            if is(known::TR)(&at) {
                read.row(dom, at, usize::MAX, false);
            } else if [known::THEAD, known::TBODY, known::TFOOT].iter().any(|name| is(*name)(&at)) {
                for row in dom.children(at).filter(is(known::TR)) {
                    read.row(dom, row, group, first_head == Some(at));
                }
            }
        }
        read
    }

    fn row(&mut self, dom: &Dom, row: u32, group: usize, is_head: bool) {
        let first = self.cells.len();
        for at in dom.children(row) {
            let node = dom.node(at);
            if !node.is_html(known::TD) && !node.is_html(known::TH) {
                continue;
            }
            let span = |name: Name| dom.attribute(at, name).and_then(non_negative);
            let scope = dom.attribute(at, known::SCOPE).unwrap_or_default().to_ascii_lowercase();
            self.cells.push(Cell {
                text: text(dom, at),
                columns: span(known::COLSPAN).filter(|span| *span > 0).unwrap_or(1).min(MAX_COLSPAN),
                rows: span(known::ROWSPAN).unwrap_or(1).min(MAX_ROWSPAN),
                is_header: node.is_html(known::TH) && scope != "row" && scope != "rowgroup",
            });
        }
        let end = self.cells.len();
        self.rows.push(Row { group, is_head, first, end });
    }

    /// Returns the number of rows at the top that are headers.
    fn headers(&self) -> usize {
        let heads = self.rows.iter().take_while(|row| row.is_head).count();
        if heads > 0 {
            return heads.min(MAX_HEADERS);
        }
        let is_header = |row: &&Row| match &self.cells[row.first..row.end] {
            [] => false,
            [first, others @ ..] => {
                let is_corner = !others.is_empty() && first.text.is_empty();
                (first.is_header || is_corner) && others.iter().all(|cell| cell.is_header)
            }
        };
        match self.rows.iter().take_while(is_header).count() {
            // A table of nothing but `<th>` has one row of headers.
            all if all == self.rows.len() => all.min(1),
            some => some.min(MAX_HEADERS),
        }
    }

    /// Returns the columns in which cells begin.
    fn columns(&self) -> Vec<usize> {
        let mut begins = Vec::new();
        let mut grid = Grid::default();
        for row in &self.rows {
            grid.place(self, row, |column| {
                begins.resize(begins.len().max(column + 1), false);
                begins[column] = true;
            });
            if grid.places > MAX_PLACES {
                break;
            }
        }
        (0..begins.len()).filter(|column| begins[*column]).collect()
    }

    fn rows(&self) -> Rows {
        let (columns, headers) = (self.columns(), self.headers());
        let (mut heads, mut names, mut rows) = (Vec::new(), None, Vec::new());
        let (mut grid, mut values, mut bytes) = (Grid::default(), 0, 0);
        for (nth, row) in self.rows.iter().enumerate() {
            grid.place(self, row, |_| {});
            if grid.places > MAX_PLACES {
                return Rows { rows, too_many: true };
            }
            let cells = columns.iter().map(|column| {
                let cell = grid.columns.get(*column).and_then(|column| column.cell);
                cell.map(|cell| self.cells[cell].text.as_str())
            });
            if nth < headers {
                heads.push(cells.collect::<Vec<_>>());
                continue;
            }
            let names: &Vec<String> = names.get_or_insert_with(|| names_of(&heads, columns.len()));
            if row.first == row.end {
                continue;
            }
            values += names.len();
            let written = names.iter().zip(cells.clone()).map(|(name, cell)| name.len() + cell.map_or(0, str::len));
            bytes += written.sum::<usize>();
            if values > MAX_VALUES || bytes > MAX_BYTES {
                return Rows { rows, too_many: true };
            }
            let value = |cell: Option<&str>| cell.map_or(Json::Null, Json::from);
            rows.push(Json::Object(names.iter().cloned().zip(cells.map(value)).collect()));
        }
        Rows { rows, too_many: grid.is_cut }
    }
}

/// Places the cells of a table row by row.
#[derive(Debug, Default)]
struct Grid {
    columns: Vec<Column>,
    group: usize,
    /// How many places were looked at.
    places: usize,
    /// Whether columns were left out.
    is_cut: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Column {
    /// The cell in this column of the current row.
    cell: Option<usize>,
    /// In how many more rows it stands.
    more: u32,
}

impl Grid {
    /// Places the cells of the next row. Calls `begins` with the first column of each.
    fn place(&mut self, table: &Table, row: &Row, mut begins: impl FnMut(usize)) {
        let ends = self.group != row.group;
        self.group = row.group;
        for column in &mut self.columns {
            if ends || column.more == 0 {
                *column = Column::default();
            }
            column.more = column.more.saturating_sub(1);
        }
        let mut at = 0;
        for cell in row.first..row.end {
            while self.columns.get(at).is_some_and(|column| column.cell.is_some()) {
                at += 1;
            }
            let Cell { columns, rows, .. } = table.cells[cell];
            let end = at + columns as usize;
            self.is_cut |= at >= MAX_COLUMNS;
            if at >= MAX_COLUMNS {
                break;
            }
            begins(at);
            let end = end.min(MAX_COLUMNS);
            self.columns.resize(self.columns.len().max(end), Column::default());
            // Where an earlier cell grows into this one, it stays.
            for column in self.columns[at..end].iter_mut().filter(|column| column.cell.is_none()) {
                *column = Column { cell: Some(cell), more: rows.checked_sub(1).unwrap_or(u32::MAX) };
            }
            at = end;
        }
        self.places += self.columns.len();
    }
}

/// Returns the names of the columns, all different. `heads` are the texts of the headers, row by row.
fn names_of(heads: &[Vec<Option<&str>>], columns: usize) -> Vec<String> {
    let is_title = |row: &&Vec<Option<&str>>| columns > 1 && row.iter().all(|text| *text == row[0]);
    let mut heads: Vec<_> = heads.iter().collect();
    if !heads.iter().all(is_title) {
        heads.retain(|row| !is_title(row));
    }
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(columns);
    for column in 0..columns {
        let mut parts: Vec<&str> = heads.iter().filter_map(|row| row[column]).filter(|part| !part.is_empty()).collect();
        // A header that spans rows is there once for each.
        parts.dedup();
        let plain = if parts.is_empty() { format!("column_{}", column + 1) } else { parts.join(" / ") };
        let plain: String = plain.chars().take(MAX_NAME).collect();
        let numbered = (2..).map(|number| format!("{plain}_{number}"));
        let name = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken.contains(name));
        let name = name.expect("numbers do not end");
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// Returns the text of a cell.
fn text(dom: &Dom, at: u32) -> String {
    let (mut pieces, mut hidden, mut blocks) = (Vec::new(), 0, Vec::new());
    for at in dom.walk(dom.descendants(at)).filter(|at| dom.node(*at).is_element() || dom.node(*at).is_text()) {
        while blocks.pop_if(|end| *end <= at).is_some() {
            pieces.push(" ");
        }
        let node = dom.node(at);
        if at < hidden {
            continue;
        }
        if node.is_text() {
            pieces.push(dom.text(at));
        } else if node.is_html(known::SCRIPT) || node.is_html(known::STYLE) {
            hidden = dom.subtree(at).end;
        } else if separates(node.name()) {
            pieces.push(" ");
            blocks.push(dom.subtree(at).end);
        }
    }
    value::fold(pieces.into_iter()).trim().to_owned()
}

/// Whether the text before an element and the text in it are not one word.
fn separates(name: Name) -> bool {
    [
        known::BR,
        known::DD,
        known::DIV,
        known::DL,
        known::DT,
        known::HR,
        known::LI,
        known::OL,
        known::P,
        known::TABLE,
        known::TD,
        known::TH,
        known::TR,
        known::UL,
    ]
    .contains(&name)
}

/// Reads a number by the Standard's rules for non-negative integers: white space, perhaps a plus, digits, and anything.
fn non_negative(text: &str) -> Option<u32> {
    let text = text.trim_ascii_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = &text[..text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len())];
    if digits.is_empty() { None } else { Some(digits.parse().unwrap_or(u32::MAX)) }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
