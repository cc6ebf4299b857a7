"""The matrix of moves between bands, as a grid of cells."""

from typing import Final

from standing.pages._voice import Voice
from standing.pages.draw import Count, Mark, Plot, Row, Table, rect, words, wrapped
from standing.policy.simulation import Simulation

_LABELS: Final = 24.0
_RIGHT: Final = 99.6
_CELL: Final = 52
_LINE: Final = 14
_DEEPEST: Final = 0.45  # ink on the deepest shade keeps its contrast in both schemes

_BETTER: Final = ("moves.better", "moves.better-least", "moves.better-out")
_WORSE: Final = ("moves.worse", "moves.worse-least", "moves.worse-out")


def moves(result: Simulation, voice: Voice) -> Plot:
    """Draw how many go from which band to which, in the order of the bands."""
    old, new = result.old_bands, result.new_bands
    width = (_RIGHT - _LABELS) / max(len(new), 1)
    top = 8 + _LINE * max(len(_broken(name)) for name in (voice.say("moves.corner"), *new))
    marks = _lines("start dim", 0, 12, voice.say("moves.corner"))
    for place, name in enumerate(new):
        marks += _lines("middle", _LABELS + (place + 0.5) * width, 12, name)
    for place, name in enumerate(old):
        y = top + place * _CELL
        marks += _lines("start", 0, y + 20, name)
        for column, count in enumerate(result.moves[place]):
            share = (count or 0) / max(sum(n or 0 for n in result.moves[place]), 1)
            word = _word(result, voice, place, column)
            marks += _cell(voice, count, share, word, _LABELS + column * width, width, y)
    how = voice.say("moves.how")
    if any(None in row for row in result.moves):
        how += voice.say("space") + voice.say("plot.hatch")
    return Plot(
        "moves",
        _title(result, voice),
        how,
        top + len(old) * _CELL + 2,
        tuple(marks),
        Table(
            voice.say("moves.caption"),
            (voice.say("moves.corner"), *new),
            tuple(
                Row(name, tuple(voice.count(count) for count in row))
                for name, row in zip(old, result.moves, strict=True)
            ),
        ),
        columns=len(new),
    )


def _cell(
    voice: Voice, count: Count, share: float, word: str, x: float, width: float, y: int
) -> list[Mark]:
    box = rect("hatch cell" if count is None else "cell", x, width, y, _CELL)
    middle = x + width / 2
    marks = [box]
    if count:
        shade = rect("shade", x, width, y, _CELL)
        shade.at["fill-opacity"] = f"{_DEEPEST * share:.3f}"
        marks = [shade, box]
    if count is None:
        label = {"x": f"{middle:.2f}%", "y": str(y + 9), "width": "24", "height": "18"}
        marks.append(Mark("rect", "label", label | {"transform": "translate(-12 0)"}))
    dim = "" if count or count is None else " dim"
    marks.append(words(f"n middle{dim}", middle, y + 22, voice.count(count)))
    if word and count:
        marks.append(words("middle small", middle, y + 40, word))
    return marks


def _word(result: Simulation, voice: Voice, old: int, new: int) -> str:
    if result.old_bands[old] == result.new_bands[new]:
        return voice.say("moves.stays")
    if result.old_bands != result.new_bands:
        return ""  # bands of two scales have no common order
    return voice.say("moves.up" if new > old else "moves.down")


def _lines(look: str, x: float, y: int, name: str) -> list[Mark]:
    return [words(look, x, y + place * _LINE, text) for place, text in enumerate(_broken(name))]


def _broken(name: str) -> list[str]:
    return wrapped(name, 10, most=3)


def _title(result: Simulation, voice: Voice) -> str:
    if result.old_bands != result.new_bands:
        return voice.say(
            "moves.title-differ",
            old=voice.say("list").join(result.old_bands),
            new=voice.say("list").join(result.new_bands),
        )
    cells = [
        (new - old, count) for old, row in enumerate(result.moves) for new, count in enumerate(row)
    ]
    better = _sum(voice, [count for step, count in cells if step > 0], _BETTER)
    worse = _sum(voice, [count for step, count in cells if step < 0], _WORSE)
    subjects = voice.subjects(result.subjects)
    return voice.say("moves.title", all=subjects, better=better, worse=worse)


def _sum(voice: Voice, counts: list[Count], messages: tuple[str, str, str]) -> str:
    """Add what is shown; where something is left out, no sum may stand for the whole."""
    whole, least, out = messages
    known = sum(count or 0 for count in counts)
    if None in counts and not known:
        return voice.say(out)
    return voice.say(least if None in counts else whole, n=voice.number(known))
