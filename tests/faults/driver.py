"""Runs a campaign of trials: start it with the shim preloaded, read one line of JSON from it.

    LD_PRELOAD=shim.so python -m tests.faults.driver CAMPAIGN WORK FOLDER [MUTANT]

A trial is a forked child, so that thousands of them need one interpreter's start.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tests.faults.disk import Disk, Tree
from tests.faults.mutants import MUTANTS
from tests.faults.oracle import Examiner, Seen, judge
from tests.faults.rules import Watch, broken
from tests.faults.shim import Act, Event, Fault, Op
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

    def stopped_then_without_power(self, faults: Sequence[Fault]) -> Iterator[str]:
        """Stop a writer at every call, let the next go on, and cut the power after any of its.

        What a process left in the system's cache is read by the next one, and may never have been
        written to the disk. After a fault that did not stop the writer, its own calls come first.
        """
        for fault, call in self.trials.strikes(faults):
            wrong = next(self._stop_and_cut(fault, call), "")
            if wrong:
                yield f"{fault} at call {call.number} ({describe(call)}), {wrong}"

    def _stop_and_cut(self, fault: Fault, call: Event) -> Iterator[str]:
        events = self.trials.run(fault, call.number)
        disk, seen = self.trials.before()
        for event in follow(disk, seen, events):
            if event.op is Op.MARK:
                yield from self._cut(disk, seen, event)
        if seen.created:
            disk.restart()
            for event in follow(disk, seen, self.trials.go_on()):
                for wrong in self._cut(disk, seen, event):
                    yield f"in the next writer {wrong}"

    def read_then_without_power(self) -> Iterator[str]:
        """Let a reader look while the writer stands at any call, and cut the power then.

        The reader may have shown the signed head that it saw: it must not be lost.
        """
        for kill, call in self.trials.strikes(KILLS[:1]):
            wrong = next(self._read_and_cut(kill, call), "")
            if wrong:
                yield f"read before call {call.number} ({describe(call)}), {wrong}"

    def _read_and_cut(self, kill: Fault, call: Event) -> Iterator[str]:
        events = self.trials.run(kill, call.number)
        disk, seen = self.trials.before()
        for _ in follow(disk, seen, events):
            pass
        if seen.created:
            disk.restart()
            for event in follow(disk, seen, self.trials.look()):
                yield from self._cut(disk, seen, event)

    def in_order(self) -> Iterator[str]:
        """Hold the journal of an undisturbed run against the rules."""
        disk, _ = self.trials.before()
        for rule, event in broken(disk, self.trials.place, self.trials.trace()):
            yield f"{rule} is broken by {describe(event)}"

    def struck(self) -> list[str]:
        """Name the kinds of calls that the undisturbed run makes, with their files."""
        disk, _ = self.trials.before()
        watch = Watch(disk, self.trials.place)
        kinds = set()
        for event in self.trials.undisturbed:
            if event.number:
                name = watch.name(event.path) if event.path else watch.changed(event)
                kinds.add(f"{event.op.name.lower()} {name}")
            if event.op is not Op.MARK:
                disk.apply(event)
        return sorted(kinds)

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
    names = [Path(name).name[:40] for name in (call.path, call.other) if name]
    return " ".join([call.op.name.lower(), *names])


CAMPAIGNS: dict[str, Callable[[Campaign], Iterator[str]]] = {
    "killed": lambda campaign: campaign.stopped(KILLS[:2]),
    "killed-also-after": lambda campaign: campaign.stopped(KILLS),
    "failed": lambda campaign: campaign.stopped(ERRORS[:2]),
    "failed-all-ways": lambda campaign: campaign.stopped(ERRORS),
    "killed-then-power": lambda campaign: campaign.stopped_then_without_power(KILLS[:1]),
    "failed-then-power": lambda campaign: campaign.stopped_then_without_power(ERRORS[:1]),
    "read-then-power": lambda campaign: campaign.read_then_without_power(),
    "order": lambda campaign: campaign.in_order(),
    "power": lambda campaign: campaign.without_power(any_change=False),
    "power-any": lambda campaign: campaign.without_power(any_change=True),
}


def main(name: str, work: str, folder: str, mutant: str = "") -> None:
    if mutant:
        MUTANTS[mutant]()
    enough = 1 if mutant and name != "order" else MOST_FAILURES
    tempfile.tempdir = folder  # readers make their copies there
    campaign = Campaign(work, Path(folder).resolve())
    failures = []
    for failure in CAMPAIGNS[name](campaign):
        failures.append(failure)
        if len(failures) == enough:
            break
    told = {
        "calls": len(campaign.trials.calls),
        "trials": campaign.trials.count,
        "states": campaign.examiner.states,
        "struck": campaign.struck(),
        "failures": failures,
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
