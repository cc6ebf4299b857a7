"""An entry's way to the root, drawn: its leaf, each hash beside it, and what they come to."""

from typing import Final, NamedTuple

from standing.ledger.public import Entry
from standing.pages.draw import Mark, Plot, Row, Table, line, rect, words
from standing.verify.tree import node_hash
from standing.web._problems import N_
from standing.web._voice import Voice

_ROW: Final = 50
_TOP: Final = 8
_BOX: Final = 30
_SHORT: Final = 8
_OWN_AT: Final = 50.0
_WIDE: Final = 24.0
_SIDES: Final = {"left": N_("left"), "right": N_("right")}


class Step(NamedTuple):
    """One level: the hash that is reached there, and the sibling that leads on from it."""

    reached: str
    first: int
    last: int
    side: str
    sibling: str
    sibling_first: int
    sibling_last: int


def steps(entry: Entry) -> list[Step]:
    """Follow the path from the leaf; the last step leads to the root."""
    reached = bytes.fromhex(entry.leaf_hash)
    first = last = entry.index
    found = []
    for node in entry.path:
        found.append(Step(reached.hex(), first, last, node.side, node.hash, node.first, node.last))
        other = bytes.fromhex(node.hash)
        reached = node_hash(other, reached) if node.side == "left" else node_hash(reached, other)
        first, last = min(first, node.first), max(last, node.last)
    return found


def path_plot(entry: Entry, voice: Voice) -> Plot:
    """Draw the path, root above and leaf below."""
    found = steps(entry)
    marks: list[Mark] = []
    height = _TOP + len(found) * _ROW + _BOX
    y = float(height - _BOX)
    for step in found:
        marks += _level(step, y, voice)
        y -= _ROW
    marks += _box("proven", _OWN_AT, y, entry.root, voice.say("root"))
    count = len(found)
    return Plot(
        "path",
        voice.say_n(
            "One hash leads from this entry to the signed root",
            "%(n)s hashes lead from this entry to the signed root",
            count,
        ),
        voice.say(
            "From below: the entry's own hash is joined with the one beside it, and the result"
            " with the next, up to the root that the checkpoint signs."
        ),
        height + 4,
        tuple(marks),
        Table(
            voice.say("The path, from the leaf up"),
            (voice.say("Joined with the hash over"), voice.say("On the"), voice.say("Hash")),
            tuple(
                Row(
                    _range(step.sibling_first, step.sibling_last, voice),
                    (voice.say(_SIDES[step.side]), step.sibling),
                )
                for step in found
            ),
        ),
    )


def _range(first: int, last: int, voice: Voice) -> str:
    if first == last:
        return voice.say("entry %(n)s", n=voice.number(first))
    return voice.say(
        "entries %(first)s to %(last)s", first=voice.number(first), last=voice.number(last)
    )


def _level(step: Step, y: float, voice: Voice) -> list[Mark]:
    beside = 16.0 if step.side == "left" else 84.0
    own = _box("own", _OWN_AT, y, step.reached, _range(step.first, step.last, voice))
    other = _box(
        "beside", beside, y, step.sibling, _range(step.sibling_first, step.sibling_last, voice)
    )
    above = y - _ROW + _BOX
    return [
        line("grid joint", (_OWN_AT, _OWN_AT), (y, above)),
        line("grid joint", (beside, _OWN_AT), (y, above)),
        *own,
        *other,
    ]


def _box(look: str, middle: float, y: float, digest: str, text: str) -> list[Mark]:
    return [
        rect(f"node {look}", middle - _WIDE / 2, _WIDE, y, _BOX),
        words("middle mono", middle, y + 13, digest[:_SHORT]),
        words("middle tiny", middle, y + 25, text),
    ]
