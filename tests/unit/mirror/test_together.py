"""Log, forks of it, mirror and witness together: whatever happens, no two inconsistent states.

The model knows each log as the list of its entries; one log continues another if the shorter is
how the longer begins.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from standing.errors import Broken
from standing.mirror import follow
from standing.verify.checkpoints import parse_checkpoint
from standing.verify.tree import leaf_hash, root_of
from standing.witness import Witness
from standing.witness._request import format_request
from tests.unit.log.conftest import ORIGIN, entry, group
from tests.unit.mirror.support import LOG_KEY, MIRROR, MIRROR_NAME, check_mirror, open_log
from tests.unit.witness.support import CLASSIC, NAME, POST

BRANCH = 1_000_000
SIZES = st.one_of(st.integers(1, 5), st.sampled_from([250, 256, 300, 512]))
WHICH = st.integers(0, 3)


def root_over(numbers):
    return root_of([leaf_hash(entry(n)) for n in numbers])


def continues(one, other):
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


class Together(RuleBasedStateMachine):
    """`logs[0]` is the honest one; the others began as copies of one and went on otherwise."""

    @initialize()
    def begin(self):
        self.root = Path(tempfile.mkdtemp(prefix="together-"))
        self.logs = [[]]
        self.held: list[int] = []
        self.seen: list[int] = []
        self.caught = self.refused = 0
        self.witness = self._open(new=True)
        self._append(0, 3)

    def teardown(self):
        if hasattr(self, "root"):
            self.witness.close()
            shutil.rmtree(self.root)

    def _open(self, *, new=False):
        return Witness.open(
            self.root / "witness", name=NAME, keys=[CLASSIC, POST], logs=[LOG_KEY], new=new
        )

    def _place(self, which):
        return self.root / f"log{which}"

    def _append(self, which, count):
        numbers = self.logs[which]
        first = len(numbers) + which * BRANCH
        with open_log(self._place(which)) as log:
            log.append(group(first, first + count))
            log.publish()
        numbers += range(first, first + count)

    @rule(which=WHICH, count=SIZES)
    def append(self, which, count):
        if len(self.logs[which % len(self.logs)]) < 1500:
            self._append(which % len(self.logs), count)

    @precondition(lambda self: len(self.logs) < 4)
    @rule(which=WHICH, count=SIZES)
    def fork(self, which, count):
        which %= len(self.logs)
        shutil.copytree(self._place(which), self._place(len(self.logs)))
        self.logs.append(list(self.logs[which]))
        self._append(len(self.logs) - 1, count)

    @rule(which=WHICH)
    def mirror(self, which):
        which %= len(self.logs)
        fits = continues(self.held, self.logs[which])
        outcome = ""
        try:
            done = follow(
                self._place(which),
                self.root / "mirror",
                [LOG_KEY],
                key=MIRROR,
                name=MIRROR_NAME,
            )
        except Broken as error:
            outcome = error.code
        if fits:
            assert outcome == ""
            if len(self.logs[which]) > len(self.held):
                self.held = list(self.logs[which])
            assert done.size == len(self.held)
        else:
            assert outcome == "E-MIRROR-01"
            self._check_kept(which)

    def _check_kept(self, which):
        """Both signed checkpoints lie there, and prove it."""
        pair = {len(self.held), len(self.logs[which])}
        for folder in (self.root / "mirror" / "evidence").iterdir():
            assert folder.name.startswith("proven")
            notes = [(folder / name).read_bytes() for name in ("held", "offered")]
            stated = [parse_checkpoint(note)[0] for note in notes]
            if stated[1].root == root_over(self.logs[which]) and {s.size for s in stated} == pair:
                assert stated[0].root == root_over(self.held)
                return
        raise AssertionError("the fork was not preserved")

    @rule(which=WHICH, stale=st.booleans())
    def ask_witness(self, which, stale):
        which %= len(self.logs)
        numbers = self.logs[which]
        size, old = len(numbers), len(self.seen)
        with open_log(self._place(which)) as log:
            note = log.head.checkpoint
            said = old - 1 if stale and old else old
            path = log.consistency(said, size) if 0 < said < size else []
        before = len(self.witness.evidence())
        status = self.witness.add_checkpoint(format_request(said, path, note)).status
        kept = len(self.witness.evidence()) - before
        fits = continues(self.seen, numbers) and size >= old
        if fits and said == old:
            assert status == 200
            self.seen = list(numbers)
        elif size < said:
            assert status == 400
        elif size == old or said != old:
            assert status == 409
        else:
            assert status == 422
        if status == 422 or (size == old and not continues(self.seen, numbers)):
            self.refused += kept
            assert self._evidence_of(note)
        else:
            assert kept == 0

    def _evidence_of(self, note):
        text = note.partition(b"\n\n")[0]
        return any(text in kept.offered for kept in self.witness.evidence())

    @rule()
    def restart_witness(self):
        self.witness.close()
        self.witness = self._open()

    @rule()
    def lose_the_end_of_a_copy(self):
        """What an unfinished copy leaves past the checkpoint may be anything."""
        place = self.root / "mirror" / "tile" / "entries"
        with contextlib.suppress(FileNotFoundError):
            for path in place.iterdir():
                if path.is_file() and int(path.name) >= -(-len(self.held) // 256):
                    path.write_bytes(b"\0\0" * 256)

    @invariant()
    def the_mirror_holds_one_history(self):
        if self.held:
            assert check_mirror(self.root / "mirror") == len(self.held)
            note = (self.root / "mirror" / "checkpoint").read_bytes()
            assert parse_checkpoint(note)[0].root == root_over(self.held)

    @invariant()
    def the_witness_remembers_one_history(self):
        note = self.witness.checkpoint(ORIGIN)
        if note is None:
            assert self.seen == []
        else:
            stated = parse_checkpoint(note)[0]
            assert (stated.size, stated.root) == (len(self.seen), root_over(self.seen))


TestTogether = Together.TestCase
TestTogether.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
