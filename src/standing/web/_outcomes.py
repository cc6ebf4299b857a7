"""How contests ended: bars, and who was right in the title."""

from typing import Final

from standing.ledger.public import ContestNumbers
from standing.pages.draw import Plot, Reach, Row, Table, bar, words
from standing.web._problems import N_
from standing.web._voice import Voice

_ROW: Final = 28
_OUTCOMES: Final = {
    "annul": N_("annulled: the subject was right"),
    "conceded": N_("the issuer gave in"),
    "lapsed": N_("not decided in time: it no longer counts"),
    "correct": N_("corrected, in the subject's favour"),
    "uphold": N_("upheld: the record stands"),
    "inadmissible": N_("not admitted"),
    "taken-back": N_("taken back by the subject"),
    "dismissed": N_("dismissed: nothing was new"),
    "left": N_("closed in favour of a subject who left"),
    "reentered": N_("back on new evidence"),
}
_FOR_SUBJECT: Final = frozenset({"annul", "conceded", "lapsed", "correct", "left"})


def outcomes_plot(numbers: ContestNumbers, voice: Voice) -> Plot | None:
    """Draw how contests ended; None where every count is too small to be shown."""
    rows = [(name, numbers.outcomes[name]) for name in _OUTCOMES if name in numbers.outcomes]
    if not rows:
        return None
    whole = sum(count for _, count in rows)
    won = sum(count for name, count in rows if name in _FOR_SUBJECT)
    reach = Reach([[count] for _, count in rows])
    marks = []
    for place, (name, count) in enumerate(rows):
        y = 4 + place * (_ROW + 18)
        look = "credit" if name in _FOR_SUBJECT else "own"
        marks.append(words("start", 0, y + 11, voice.say(_OUTCOMES[name])))
        marks += bar(reach, count, voice.number(count), look, start=0, room=86, y=y + 18)
    return Plot(
        "outcomes",
        voice.say(
            "%(won)s of %(all)s contests that ended went the subject's way",
            won=voice.number(won),
            all=voice.number(whole),
        ),
        voice.say("A filled bar is an outcome in the subject's favour."),
        4 + len(rows) * (_ROW + 18),
        tuple(marks),
        Table(
            voice.say("How contests ended"),
            (voice.say("Outcome"), voice.say("Contests")),
            tuple(Row(voice.say(_OUTCOMES[name]), (voice.number(count),)) for name, count in rows),
        ),
    )
