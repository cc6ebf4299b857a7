"""Append entries one by one to pymerkle's SQLite tree: runs in an environment of its own."""

import json
import sys
import time

from pymerkle import SqliteTree

path, seconds = sys.argv[1], float(sys.argv[2])
tree = SqliteTree(path)
count = 0
began = time.perf_counter()
while time.perf_counter() - began < seconds:
    tree.append_entry(count.to_bytes(300, "big"))
    count += 1
rate = count / (time.perf_counter() - began)
began = time.perf_counter()
for index in range(1, 51):
    tree.prove_inclusion(index, count)
print(
    json.dumps({"appends_per_second": rate, "proof_ms": (time.perf_counter() - began) / 50 * 1e3})
)
