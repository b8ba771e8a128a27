"""Reads a table as other programs do, and compares it with the same run as JSON Lines.

Usage: tables.py TABLE.csv RECORDS.jsonl

Readers: Python's csv, pandas, DuckDB, and SQLite by way of csv. A cell is compared as text; null and the empty string are
the same.
"""

import csv
import json
import re
import sqlite3
import sys

import duckdb
import pandas

# Names in the table, and where the records have the value. These keys are the same in two runs.
OWN = {
    "seq": ("seq",),
    "url": ("url",),
    "final_url": ("final_url",),
    "status": ("status",),
    "failure_kind": ("failure", "kind"),
    "failure_stage": ("failure", "stage"),
    "failure_message": ("failure", "message"),
    "attempts": ("attempts",),
    "bytes": ("bytes",),
    "warnings": ("warnings",),
}

# Columns that may differ between two runs.
OF_ONE_RUN = {"elapsed_ms", "worker", "fetched_at"}


def as_text(value):
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # In JSON, Gleaner escapes all control characters.
    return re.sub("[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text)


def expected(record, header):
    row = []
    for name in header:
        if name in OF_ONE_RUN:
            value = None
        elif name in OWN:
            value = record
            for key in OWN[name]:
                value = value and value.get(key)
        else:
            value = record["data"] and record["data"][name]
        row.append(as_text(value))
    return row


def by_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    return header, rows


def by_pandas(path):
    table = pandas.read_csv(path, dtype=str, keep_default_na=False, lineterminator="\n")
    return list(table.columns), table.values.tolist()


def by_duckdb(path):
    found = duckdb.sql(
        f"SELECT * FROM read_csv('{path}', header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"',"
        " new_line = '\\n', null_padding = false, max_line_size = 20000000)"
    )
    return found.columns, [[cell or "" for cell in row] for row in found.fetchall()]


def by_sqlite(path):
    header, rows = by_csv(path)
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in header)
    database = sqlite3.connect(":memory:")
    database.execute(f"CREATE TABLE records ({names})")
    marks = ", ".join("?" * len(header))
    database.executemany(f"INSERT INTO records VALUES ({marks})", rows)
    return header, [list(row) for row in database.execute("SELECT * FROM records")]


def main():
    table, lines = sys.argv[1:]
    with open(lines, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    header, _ = by_csv(table)
    assert len(header) >= 1900, f"{len(header)} columns"
    whole = [expected(record, header) for record in records]
    assert any("\r" in cell for row in whole for cell in row), "no carriage return to try"
    for reader in (by_csv, by_pandas, by_duckdb, by_sqlite):
        names, rows = reader(table)
        assert list(names) == header, f"{reader.__name__}: the header"
        assert len(rows) == len(whole), f"{reader.__name__}: {len(rows)} rows instead of {len(whole)}"
        for row, right in zip(rows, whole):
            for name, cell, value in zip(header, row, right):
                assert cell == value or name in OF_ONE_RUN, f"{reader.__name__}: row {right[0]}, column {name}: {cell!r} instead of {value!r}"
        print(f"{reader.__name__}: {len(rows)} rows of {len(header)} columns are the same")


main()
