"""Work lists as plain values and as text: what the command line prints."""

from typing import Any

import msgspec

from standing.ledger.case_views import WorkLine


def work_facts(line: WorkLine) -> dict[str, Any]:
    """Give one line of a work list by name; what to do as it is typed."""
    facts: dict[str, Any] = msgspec.to_builtins(line)
    return facts | {"do": facts.pop("commands")}


def work_text(line: WorkLine) -> str:
    """Write one line of a work list, and what it is about below."""
    due = f", due before {line.due}" if line.due else ""
    head = f"{line.case}  {line.lifecycle} in {line.context}, {line.state},"
    lines = [f"{head} {line.age_days} days old{due}"]
    lines += [
        f"  about {r['record']}  {r['type']} of {r['day']}, {r['issuer']}"
        + (f", {r['reference']}" if r["reference"] else "")
        + (f"; replied: {r['reply']['words']}" if r["reply"] else "")
        for r in line.records
    ]
    if line.waits_on:
        lines.append(f"  waits on {'; '.join(line.waits_on)}")
    return "\n".join([*lines, *(f"  do: {command}" for command in line.commands)])
