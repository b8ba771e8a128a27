"""Reads the same run in all formats, as other programs do, and checks that they hold the same values.

Usage: formats.py FOLDER

FOLDER has the outputs `records.EXTENSION` of runs over the same pages. Readers: Python's json, csv, gzip and sqlite3,
zcat, zstd of `zstandard`, pandas, pyarrow and DuckDB. Null and the empty string are the same, and a value of a table of
text is compared as text.
"""

import csv
import datetime
import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys

import duckdb
import pandas
import pyarrow.parquet
import zstandard

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

# What may differ between two runs.
OF_ONE_RUN = ("elapsed_ms", "worker", "fetched_at")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def values(record, carried, fields):
    """A record as one flat row: the carried columns, those about the task, and the fields."""
    row = {name: (record.get("input") or {}).get(name) for name in carried}
    for name, keys in OWN.items():
        value = record
        for key in keys:
            value = value and value.get(key)
        row[name] = value
    row.update(record["data"] or dict.fromkeys(fields))
    return row


def same(one, other):
    """Whether two values mean the same, whatever types the formats have for them."""
    if one in (None, "") or other in (None, ""):
        return one in (None, "") and other in (None, "")
    if isinstance(one, (list, dict)) and isinstance(other, str):
        return one == json.loads(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(other, datetime.datetime):
        there = datetime.datetime.fromisoformat(one)
        there = there if there.tzinfo else there.replace(tzinfo=datetime.timezone.utc)
        return there == (other if other.tzinfo else other.replace(tzinfo=datetime.timezone.utc))
    if isinstance(other, datetime.date):
        return one == other.isoformat()
    if isinstance(other, str) and not isinstance(one, str):
        # The digits of a number may differ: 1.5 and 1.50.
        return compact(one) == other or (isinstance(one, float) and one == float(other))
    if isinstance(one, bool) or isinstance(other, bool):
        return bool(one) == bool(other)
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return one == other
    # NUL is U+FFFD in formats whose readers end a text there.
    return one == other or str(one).replace("\0", "\N{REPLACEMENT CHARACTER}") == other


def check(name, rows, expected):
    assert len(rows) == len(expected), f"{name}: {len(rows)} rows instead of {len(expected)}"
    for row, right in zip(rows, expected):
        for key, value in right.items():
            # A table of text has a column for each key of an object whose keys the rules know.
            inner = {column: cell for column, cell in row.items() if column.startswith(key + ".")}
            assert key in row or inner, f"{name}: no column {key}"
            cells = inner or {key: row[key]}
            for column, cell in cells.items():
                part = (value or {}).get(column.removeprefix(key + ".")) if inner else value
                assert same(part, cell), f"{name}: row {right['seq']}, {column}: {cell!r} instead of {part!r}"
    print(f"{name}: {len(rows)} rows are the same")


def of_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def of_csv(text, delimiter=","):
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def unzstd(path):
    with open(path, "rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read().decode()


def main():
    csv.field_size_limit(1 << 30)
    (folder,) = sys.argv[1:]
    path = lambda extension: os.path.join(folder, f"records.{extension}")
    read = lambda extension: open(path(extension), encoding="utf-8", newline="").read()
    records = of_lines(read("jsonl"))
    carried = sorted({name for record in records for name in record.get("input") or {}})
    fields = next(record["data"] for record in records if record["data"]).keys()
    flat = lambda records: [values(record, carried, fields) for record in records]
    expected = flat(records)
    assert carried and any(record["failure"] for record in records) and len(records) > 20
    # Compressed outputs have several members.
    assert os.path.getsize(path("csv")) > 2 << 20, os.path.getsize(path("csv"))

    # JSON.
    check("json", flat(json.loads(read("json"))), expected)
    check("json.gz by gzip", flat(json.loads(gzip.open(path("json.gz"), "rt", encoding="utf-8").read())), expected)
    check("jsonl.gz by zcat", flat(of_lines(subprocess.run(["zcat", path("jsonl.gz")], check=True, capture_output=True, text=True).stdout)), expected)
    check("jsonl.zst by zstandard", flat(of_lines(unzstd(path("jsonl.zst")))), expected)
    check("json.zst by zstandard", flat(json.loads(unzstd(path("json.zst")))), expected)

    # Tables of text.
    check("csv", of_csv(read("csv")), expected)
    check("tsv", of_csv(read("tsv"), "\t"), expected)
    check("csv.gz by gzip", of_csv(gzip.open(path("csv.gz"), "rt", encoding="utf-8", newline="").read()), expected)
    check("csv.zst by zstandard", of_csv(unzstd(path("csv.zst"))), expected)
    for extension in ("csv.gz", "csv.zst"):
        table = pandas.read_csv(path(extension), dtype=str, keep_default_na=False, lineterminator="\n")
        check(f"{extension} by pandas", table.to_dict("records"), expected)
    options = "header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', new_line = '\\n', null_padding = false, max_line_size = 20000000"
    for extension in ("csv", "csv.gz", "csv.zst"):
        found = duckdb.sql(f"SELECT * FROM read_csv('{path(extension)}', {options})")
        check(f"{extension} by DuckDB", [dict(zip(found.columns, row)) for row in found.fetchall()], expected)
    for extension in ("jsonl.gz", "jsonl.zst"):
        count = duckdb.sql(f"SELECT count(*) FROM read_json('{path(extension)}', format = 'newline_delimited')").fetchall()
        assert count == [(len(records),)], f"{extension} by DuckDB: {count}"

    # An output without a record is valid too.
    assert gzip.open(path("empty.jsonl.gz")).read() == b"" and unzstd(path("empty.jsonl.zst")) == ""
    subprocess.run(["gzip", "-t", path("empty.jsonl.gz")], check=True)

    # Formats with types.
    if not os.path.exists(path("parquet")):
        print("no parquet and sqlite: the program was built without them")
        return
    table = pyarrow.parquet.read_table(path("parquet"))
    check("parquet by pyarrow", table.to_pylist(), expected)
    about = pyarrow.parquet.read_metadata(path("parquet")).metadata
    assert about[b"gleaner.version"] and len(about[b"gleaner.rules"]) == 32, about
    types = {field.name: str(field.type) for field in table.schema}
    assert types["seq"] == "int64" and types["elapsed_ms"] == "double" and types["url"] == "string", types
    assert types["fetched_at"] == "timestamp[us, tz=UTC]" and types["day"] == "date32[day]", types
    assert types["words"] == "list<element: string>" and types["stock"] == "bool" and types["price"] == "double", types
    assert types["items"] == "list<element: struct<name: string, count: int64>>", types
    found = duckdb.sql(f"SELECT * FROM '{path('parquet')}'")
    check("parquet by DuckDB", [dict(zip(found.columns, row)) for row in found.fetchall()], expected)
    pandas.read_parquet(path("parquet"))
    empty = pyarrow.parquet.read_table(path("empty.parquet"))
    assert empty.num_rows == 0 and empty.schema.field("items").type == table.schema.field("items").type

    database = sqlite3.connect(path("db"))
    database.row_factory = sqlite3.Row
    rows = [dict(row) for row in database.execute("SELECT rowid AS number, * FROM records ORDER BY rowid")]
    check("sqlite by sqlite3", rows, expected)
    assert [row["number"] for row in rows] == [row["seq"] + 1 for row in rows]
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    named = database.execute("SELECT count(*) FROM records WHERE items ->> '$[0].name' IS NOT NULL").fetchone()[0]
    assert named == sum(bool(row.get("items")) and row["items"][0]["name"] is not None for row in expected), named
    # The way out for a program without the feature.
    made = path("by-duckdb.parquet")
    duckdb.sql(f"COPY (FROM '{path('jsonl')}') TO '{made}'")
    assert pyarrow.parquet.read_table(made).num_rows == len(records)


main()
