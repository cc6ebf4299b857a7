"""Runs a campaign of trials: start it with the shim preloaded, read one line of JSON from it.

    LD_PRELOAD=shim.so python -m tests.faults.driver CAMPAIGN WORK FOLDER

A trial is a forked child, so that thousands of them need one interpreter's start.
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tests.faults.disk import Disk, Tree
from tests.faults.oracle import Examiner, Seen, judge
from tests.faults.shim import Act, Event, Fault
from tests.faults.trials import ERRORS, KILLS, Trials, follow, without_map
from tests.faults.work import WORKS

MOST_FAILURES = 20


class Campaign:
    """Trials of one work, and the examiner of what they leave."""

    def __init__(self, work: str, folder: Path) -> None:
        self.trials = Trials(WORKS[work], folder)
        self.examiner = Examiner(WORKS[work], folder)

    def wrong(self, seen: Seen, tree: Tree) -> str:
        return judge(seen, self.examiner.examine(without_map(tree)))

    def stopped(self, faults: Sequence[Fault]) -> Iterator[str]:
        """Strike every call; judge what processes find afterwards."""
        for fault, call in self.trials.strikes(faults):
            events = self.trials.run(fault, call.number)
            disk, seen = self.trials.before()
            for _ in follow(disk, seen, events):
                pass
            for fault_found in self._after_stop(fault, call, events, disk, seen):
                yield f"{fault} at call {call.number} ({describe(call)}): {fault_found}"

    def _after_stop(
        self, fault: Fault, call: Event, events: Sequence[Event], disk: Disk, seen: Seen
    ) -> Iterator[str]:
        if self.trials.went_another_way(events, call.number):
            yield "the run went another way before it"
        if without_map(disk.seen()) != self.trials.real():
            yield "a call went by unseen"
        yield from bad_marks(fault, events)
        if wrong := self.wrong(seen, disk.seen()):
            yield wrong

    def without_power(self, *, any_change: bool) -> Iterator[str]:
        """Cut the power after every call of an undisturbed run."""
        disk, seen = self.trials.before()
        for event in follow(disk, seen, self.trials.undisturbed):
            yield from self._cut(disk, seen, event)
            if any_change:
                for case, tree in disk.after_any_power_cut():
                    if wrong := self.wrong(seen, tree):
                        yield f"power cut after {describe(event)}, {case}: {wrong}"

    def _cut(self, disk: Disk, seen: Seen, event: Event) -> Iterator[str]:
        for case, tree in disk.after_power_cut():
            if wrong := self.wrong(seen, tree):
                yield f"power cut after {describe(event)}, {case}: {wrong}"


def bad_marks(fault: Fault, events: Iterable[Event]) -> Iterator[str]:
    """Give what a child said of itself that it should not have to."""
    for event in events:
        # making a log is not yet guarded: until there is one, the system's own errors come through
        raised = event.path.startswith("raised") and not event.path.endswith("create")
        if event.path.startswith("wrong") or raised:
            yield event.path
        if fault.act is Act.SHORT and event.path.startswith("refused"):
            yield f"a short write is no error, and yet {event.path}"


def describe(call: Event) -> str:
    """Name a call, or what a child told."""
    names = [Path(name).name for name in (call.path, call.other) if name]
    return " ".join([call.op.name.lower(), *names])


def first_of_each(failures: Iterable[str]) -> Iterator[str]:
    """Give one failure of each trial: what follows it says the same again."""
    last = ""
    for failure in failures:
        trial = failure.partition(":")[0]
        if trial != last:
            yield failure
        last = trial


CAMPAIGNS: dict[str, Callable[[Campaign], Iterator[str]]] = {
    "killed": lambda campaign: campaign.stopped(KILLS[:2]),
    "killed-also-after": lambda campaign: campaign.stopped(KILLS),
    "failed": lambda campaign: campaign.stopped(ERRORS[:3]),
    "failed-all-ways": lambda campaign: campaign.stopped(ERRORS),
    "power": lambda campaign: campaign.without_power(any_change=False),
    "power-any": lambda campaign: campaign.without_power(any_change=True),
}


def main(name: str, work: str, folder: str) -> None:
    campaign = Campaign(work, Path(folder).resolve())
    failures = []
    for failure in first_of_each(CAMPAIGNS[name](campaign)):
        failures.append(failure)
        if len(failures) == MOST_FAILURES:
            break
    told = {
        "calls": len(campaign.trials.calls),
        "trials": campaign.trials.count,
        "states": campaign.examiner.states,
        "failures": failures,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
