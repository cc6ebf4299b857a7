"""Score a sample with zen-engine: an expression gives each record's points, a loop adds them.

Reads the sample as JSON on its input, writes the scores and the time of the expression alone.
"""

import json
import sys
import time
from typing import Any

import zen


def rule(weights: dict[str, Any]) -> Any:
    """Write the age tables as one compiled expression, the fastest form that the engine has."""
    text = "0"
    for code, weight in weights.items():
        inner = "null"
        steps = [(weight["points"], weight["ages"][0][0])]
        steps += [
            (p, d) for (_, p), (d, _) in zip(weight["ages"], weight["ages"][1:], strict=False)
        ]
        for points, before in reversed(steps):
            inner = f"age < {before} ? {points} : {inner}"
        text = f"type == '{code}' ? ({inner}) : ({text})"
    return zen.compile_expression(text)


def main() -> None:
    sample = json.load(sys.stdin)
    decide = rule(sample["weights"]).evaluate
    scores, records, spent = [], 0, 0.0
    for person in sample["people"]:
        cells, warned = {}, set()
        for code, day, noticed, status in person:
            weight = sample["weights"][code]
            age = sample["today"] - day
            began = time.perf_counter()
            points = decide({"type": code, "age": age})
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
