#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the program's JSON lines against docs/reading.schema.json. Usage: test_schema.py WMSDR SOURCE_DIR
It first shows that the schema can refuse. Exit 77: the package python3-jsonschema is missing."""
import copy
import json
import os
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed: skipped")
    sys.exit(77)

wmsdr, source = sys.argv[1:3]
with open(os.path.join(source, "docs/reading.schema.json")) as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)


def lines_of(arguments, text=""):
    run = subprocess.run([wmsdr] + arguments, input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return [json.loads(line) for line in run.stdout.decode().splitlines()]


def refused(line):
    return any(True for _ in validator.iter_errors(line))


heard = lines_of(["rx", "-q", "-F", "json", "-r", os.path.join(source, "data/demo.sigmf-meta")])
if len(heard) < 5 or any(refused(line) for line in heard):
    sys.exit("the demo's lines do not fit the schema: %s" % [e.message for l in heard for e in validator.iter_errors(l)])

# What must not pass.
broken = 0
for change in (
    lambda l: l.pop("telegram"),
    lambda l: l.update(verdict="believable"),
    lambda l: l.update(id=10000001),
    lambda l: l.update(telegram=l["telegram"].lower()),
    lambda l: l.update(readable=False),
    lambda l: l["records"][0].update(value="123.456"),
    lambda l: l["records"][0].pop("raw"),
    lambda l: l["records"][0].update(kind="number"),
    lambda l: l["tpl"].update(header="medium"),
):
    line = copy.deepcopy(heard[0])
    change(line)
    broken += refused(line)
if broken != 9:
    sys.exit("the schema refuses only %d of 9 broken lines" % broken)

# Everything there is.
telegrams = []
corpus = os.path.join(source, "../shared/corpora/telegrams.jsonl")
if os.path.exists(corpus):
    with open(corpus) as file:
        telegrams = [json.loads(line).get("hex") for line in file]
count = faults = 0
for line in lines_of(["decode", "-q", "-F", "json"], "\n".join(t for t in telegrams if t) + "\n"):
    count += 1
    for error in validator.iter_errors(line):
        faults += 1
        if faults <= 5:
            print("%s: %s at %s" % (line["telegram"], error.message, list(error.absolute_path)))
print("%d lines, %d faults" % (count + len(heard), faults))
sys.exit(1 if faults else 0)
