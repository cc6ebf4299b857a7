"""Work lists as plain values and as text: what the command line prints."""

from typing import Any

from standing.cases.lifecycles import Case
from standing.cases.work import ANSWER, OUTCOME, Task
from standing.ledger._worklist import Work
from standing.wire.days import format_day


def work_facts(work: Work, today: int) -> dict[str, Any]:
    """Give one line of a work list by name."""
    case = work.case
    return {
        "case": case.name,
        "lifecycle": case.lifecycle,
        "context": case.context,
        "state": case.state,
        "opened": format_day(case.opened),
        "age_days": today - case.opened,
        "due": None if work.due is None else format_day(work.due),
        "do": [_command(case, task) for task in work.tasks],
        "waits_on": sorted({f"{task.role}: {task.step}" for task in work.waits_on}),
        "records": list(work.records),
    }


def _command(case: Case, task: Task) -> str:
    if task.step == OUTCOME:
        return f"standing case show {case.name}"
    more = " --words WORDS" if task.step == ANSWER else ""
    more = f" --step {task.about}" if task.step == "release" else more
    return f"standing {case.lifecycle} {task.step} {case.name} --key YOUR.key{more}"


def work_text(work: Work, today: int) -> str:
    """Write one line of a work list, and what it is about below."""
    facts = work_facts(work, today)
    due = f", due before {facts['due']}" if facts["due"] else ""
    head = f"{facts['case']}  {facts['lifecycle']} in {facts['context']}, {facts['state']},"
    lines = [f"{head} {facts['age_days']} days old{due}"]
    lines += [
        f"  about {r['record']}  {r['type']} of {r['day']}, {r['issuer']}"
        + (f", {r['reference']}" if r["reference"] else "")
        + (f"; replied: {r['reply']['words']}" if r["reply"] else "")
        for r in work.records
    ]
    if facts["waits_on"]:
        lines.append(f"  waits on {'; '.join(facts['waits_on'])}")
    return "\n".join([*lines, *(f"  do: {command}" for command in facts["do"])])
