"""Score a sample with zen-engine: a decision table gives each record's points, a loop adds them.

Reads the sample as JSON on its input, writes the scores and the time of the table alone.
"""

import json
import sys
import time
from typing import Any

import zen


def table(weights: dict[str, Any]) -> Any:
    """Write the age tables as one decision table: first rule that fits wins."""
    fields = [("t", "type"), ("a", "age")]
    rules = []
    for code, weight in weights.items():
        begin, points = 0, weight["points"]
        for day, following in weight["ages"]:
            rules.append(
                {"_id": f"{code}{begin}", "t": json.dumps(code), "a": f"[{begin}..{day - 1}]",
                 "p": str(points)}
            )  # fmt: skip
            begin, points = day, following
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": i, "name": field, "field": field} for i, field in fields],
        "outputs": [{"id": "p", "name": "points", "field": "points"}],
        "rules": rules,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode", "position": {"x": 0, "y": 0}},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": content,
         "position": {"x": 1, "y": 0}},
        {"id": "out", "name": "out", "type": "outputNode", "position": {"x": 2, "y": 0}},
    ]  # fmt: skip
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    return zen.ZenEngine().create_decision({"nodes": nodes, "edges": edges})


def main() -> None:
    sample = json.load(sys.stdin)
    decide = table(sample["weights"]).evaluate
    scores, records, spent = [], 0, 0.0
    for person in sample["people"]:
        cells, warned = {}, set()
        for code, day, noticed, status in person:
            weight = sample["weights"][code]
            age = sample["today"] - day
            began = time.perf_counter()
            points = decide({"type": code, "age": age})["result"].get("points")
            spent += time.perf_counter() - began
            records += 1
            is_set_aside = status in {"annulled", "retracted"} or (
                status != "effective" and weight["negative"]
            )
            if points is None or is_set_aside or sample["today"] < noticed + sample["notice"]:
                continue
            cell = (code, (day - sample["force"]) // weight["window"])
            if weight["warns"] and cell not in warned:
                warned.add(cell)
                continue
            cells[cell] = cells.get(cell, 0) + points
        total = sum(
            max(-sample["weights"][code]["cap"], min(sample["weights"][code]["cap"], points))
            for (code, _), points in cells.items()
        )
        scores.append(min(max(sample["base"] + round(total), sample["floor"]), sample["ceiling"]))
    json.dump(
        {"scores": scores, "records": records, "us_per_record": spent / records * 1e6}, sys.stdout
    )


main()
