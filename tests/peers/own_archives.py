"""Reads an archive that Gleaner wrote as warcio and pywb do, and compares it with what the server sent.

Usage: own_archives.py FOLDER

FOLDER has `pages.warc.gz` and `sent.jsonl`: for each response its path, its status, its body as it was sent, and its
body without codings (both in base64; null if warcio does not decode it).
"""

import base64
import collections
import io
import json
import os
import sys

from pywb.indexer.cdxindexer import write_cdx_index
from pywb.warcserver.resource.blockrecordloader import BlockArcWarcRecordLoader
from warcio.archiveiterator import ArchiveIterator
from warcio.cli import main as warcio


def path_of(url):
    return "/" + url.split("/", 3)[3]


def by_warcio(path):
    """Each response as warcio reads it: (path, status, body as sent, decoded body)."""
    found = []
    for decode in (False, True):
        bodies = []
        with open(path, "rb") as file:
            records = iter(ArchiveIterator(file, check_digests="raise"))
            assert next(records).rec_type == "warcinfo"
            for record in records:
                if record.rec_type == "request":
                    of = record.rec_headers.get_header("WARC-Concurrent-To")
                    assert of == last.rec_headers.get_header("WARC-Record-ID")
                    continue
                assert record.rec_type == "response", record.rec_type
                last = record
                url = record.rec_headers.get_header("WARC-Target-URI")
                stream = record.content_stream() if decode else record.raw_stream
                bodies.append((path_of(url), int(record.http_headers.get_statuscode()), stream.read()))
        found.append(bodies)
    return [(path, status, sent, plain) for (path, status, sent), (_, _, plain) in zip(*found)]


def by_pywb(path):
    """Each response as pywb finds it by its index: (path, status, body as sent)."""
    index = io.BytesIO()
    with open(path, "rb") as file:
        write_cdx_index(index, file, os.path.basename(path), cdxj=True, include_all=True)
    found = []
    for line in index.getvalue().decode().splitlines():
        entry = json.loads(line.split(" ", 2)[2])
        record = BlockArcWarcRecordLoader().load(path, entry["offset"], entry["length"])
        assert record.rec_headers.get_header("WARC-Target-URI") == entry["url"]
        if record.rec_type == "response":
            assert str(entry["status"]) == record.http_headers.get_statuscode()
            found.append((path_of(entry["url"]), int(entry["status"]), record.raw_stream.read()))
    return found


def main(folder):
    path = os.path.join(folder, "pages.warc.gz")
    with open(os.path.join(folder, "sent.jsonl"), encoding="utf-8") as file:
        sent = [json.loads(line) for line in file]
    expected = [
        (one["path"], one["status"], base64.b64decode(one["sent"]), None if one["plain"] is None else base64.b64decode(one["plain"]))
        for one in sent
    ]
    undecoded = {path for path, _, _, plain in expected if plain is None}
    try:
        warcio(["check", path])
    except SystemExit as end:
        assert not end.code, "`warcio check` finds faults"
    counter = collections.Counter
    found = [(*one[:3], None if one[0] in undecoded else one[3]) for one in by_warcio(path)]
    assert counter(found) == counter(expected), "warcio reads something else"
    assert counter(by_pywb(path)) == counter(one[:3] for one in expected), "pywb reads something else"
    print(f"{len(expected)} responses are the same for warcio and pywb")


if __name__ == "__main__":
    main(*sys.argv[1:])
