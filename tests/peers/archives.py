"""Reads archives that warcio wrote, and compares the records with what warcio reads.

Usage: archives.py GLEANER

Each answer is written in several forms: as it was sent (in chunks, compressed with gzip or deflate) and as other
archivers keep it (decoded, with the headers of the encoded body). Each archive is written as WARC 1.0 and 1.1, with and
without gzip members.
"""

import gzip
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import zlib

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

PAGE = "<!DOCTYPE html><title>Seite {}</title><p>Füllung " + "lorem ipsum " * 400


def chunked(body):
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def answers():
    """Pairs of headers and payload, and whether a body is there as it was sent."""
    for nth, charset in enumerate(["utf-8", "windows-1252", "utf-16"]):
        plain = PAGE.format(nth).encode(charset)
        html = ("Content-Type", f"text/html; charset={charset}")
        length = ("Content-Length", str(len(plain)))
        in_gzip, in_deflate = gzip.compress(plain), zlib.compress(plain)
        yield [html, length], plain
        yield [html], plain
        yield [html, ("Transfer-Encoding", "chunked")], chunked(plain)
        yield [html, ("Content-Encoding", "gzip"), ("Content-Length", str(len(in_gzip)))], in_gzip
        yield [html, ("Content-Encoding", "deflate")], in_deflate
        yield [html, ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")], chunked(in_gzip)
        # As Common Crawl keeps it.
        yield [html, length, ("X-Crawl-Content-Encoding", "gzip"), ("X-Crawl-Transfer-Encoding", "chunked")], plain
        # Chunks and codings undone, headers as they were sent.
        yield [html, ("Transfer-Encoding", "chunked")], plain
        yield [html, ("Content-Encoding", "gzip")], plain


def write(file, version, compressed):
    writer = WARCWriter(file, gzip=compressed, warc_version=version)
    writer.write_record(writer.create_warcinfo_record("test.warc", {"software": "warcio"}))

    def add(kind, url, protocol_line, headers, payload, protocol="HTTP/1.1"):
        head = StatusAndHeaders(protocol_line, headers, protocol=protocol) if protocol_line else None
        fields = {"payload": io.BytesIO(payload)} | ({"http_headers": head} if head else {})
        record = writer.create_warc_record(url, kind, **fields)
        writer.write_record(record)
        return record

    for nth, (headers, payload) in enumerate(answers()):
        url = f"http://h{nth}.invalid/a?b={nth}"
        request = StatusAndHeaders("GET / HTTP/1.1", [("Host", "h")], is_http_request=True)
        writer.write_record(writer.create_warc_record(url, "request", http_headers=request))
        add("response", url, "200 OK", headers, payload)
    add("response", "https://missing.invalid/", "404 Not Found", [("Content-Type", "text/html")], b"<title>no")
    add("response", "http://old.invalid/", "200 OK", [("Content-Type", "text/html")], b"<title>old", "HTTP/1.0")
    add("response", "http://moved.invalid/", "301 Moved", [("Location", "http://old.invalid/")], b"")
    add("resource", "http://resource.invalid/", None, [], b"<title>resource")
    add("metadata", "http://meta.invalid/", None, [], b"a: b")
    add("response", "dns:h.invalid", None, [], b"20260101 192.0.2.1")
    revisit = writer.create_revisit_record(
        "http://again.invalid/",
        digest="sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        refers_to_uri="http://old.invalid/",
        refers_to_date="2026-01-01T00:00:00Z",
    )
    writer.write_record(revisit)


def expected(path):
    """URL, status and length of the body of each answer, as warcio reads them."""
    with open(path, "rb") as file:
        for record in ArchiveIterator(file):
            url = record.rec_headers.get_header("WARC-Target-URI") or ""
            date = record.rec_headers.get_header("WARC-Date")
            if not url.startswith("http"):
                continue
            if record.rec_type == "revisit":
                yield (url, None, 0, "truncated", None, date)
            elif record.rec_type == "response":
                body = record.content_stream().read()
                status = int(record.http_headers.get_statuscode())
                title = next((str(nth) for nth in range(3) if f"Seite {nth}".encode() in body), None)
                kind = None if status == 200 else "http_status"
                yield (url, status, len(body), kind, title, date)


def found(gleaner, path):
    command = [gleaner, "run", path, "-f", "jsonl", "--set", "extract.title=title::text", "--quiet"]
    run = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    assert run.returncode == 3, f"exit code {run.returncode}"
    for line in run.stdout.splitlines():
        record = json.loads(line)
        kind = record["failure"] and record["failure"]["kind"]
        title = record["data"] and record["data"]["title"]
        title = title[-1] if title and title.startswith("Seite ") else None
        assert record["attempts"] == 0 and record["input"]["warc_record_id"].startswith("urn:uuid:"), record
        yield (record["url"], record["status"], record["bytes"], kind, title, record["input"]["warc_date"])


def main(gleaner):
    gleaner = pathlib.Path(gleaner).resolve()
    with tempfile.TemporaryDirectory() as folder:
        for version in ["1.0", "1.1"]:
            for name, compressed in [("a.warc", False), ("a.warc.gz", True)]:
                path = pathlib.Path(folder, name)
                with open(path, "wb") as file:
                    write(file, version, compressed)
                theirs, ours = list(expected(path)), list(found(gleaner, path))
                assert len(theirs) > 30, len(theirs)
                for their, our in zip(theirs, ours, strict=True):
                    # UTF-16 hides the title from a search for bytes.
                    their = their[:4] + (our[4] if their[4] is None else their[4],) + their[5:]
                    assert their == our, f"{name} of WARC {version}:\nwarcio  {their}\ngleaner {our}"
                print(f"{name} of WARC {version}: {len(ours)} records as warcio reads them")


main(*sys.argv[1:])
