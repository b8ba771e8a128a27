"""Checks our JSON Schemas with jsonschema, and what it says of values with what our tests say.

    GLEANER_SCHEMAS=schemas.jsonl cargo test --test it schemas_are_written_for_peers -- --ignored
    python3 schemas.py schemas.jsonl config/*.toml

Each line of the file has a schema, and values of which each is valid or not. The other files are settings.
"""

import json
import sys
import tomllib

from jsonschema import Draft7Validator


def main():
    wrong = []
    counts = {True: 0, False: 0}
    path, *settings = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    for nth, line in enumerate(lines):
        Draft7Validator.check_schema(line["schema"])
        validator = Draft7Validator(line["schema"])
        for case in line["values"]:
            counts[case["valid"]] += 1
            if validator.is_valid(case["value"]) != case["valid"]:
                wrong.append(f"schema {nth}: {json.dumps(case)}")
    of_settings = Draft7Validator(lines[0]["schema"])
    for name in settings:
        with open(name, "rb") as file:
            for error in of_settings.iter_errors(tomllib.load(file)):
                wrong.append(f"{name}: {error.json_path}: {error.message}")
    print(f"{len(lines)} schemas, {counts[True]} valid and {counts[False]} invalid values, {len(settings)} files")
    if wrong or len(lines) < 10 or min(counts.values()) < 100 or len(settings) < 4:
        sys.exit("\n".join(wrong[:20]) or "some cases are missing")


main()
