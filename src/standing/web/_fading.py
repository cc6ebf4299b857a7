"""What one record of each act weighs, and how it fades: a strip an act, days from left to right."""

from typing import Final

from standing import policy
from standing.pages.draw import Mark, Plot, Row, Table, line, percent, words
from standing.web._voice import Voice

_ROW: Final = 62
_TOP: Final = 6
_TALL: Final = 28


def fading_plot(pack: policy.Pack, voice: Voice) -> Plot:
    """Draw every act of a pack, the heaviest burden first, then what is to somebody's credit."""
    acts = sorted(pack.acts.items(), key=lambda item: (item[1].points, item[0]))
    names = {one.code: one.name for one in policy.arithmetic(pack).acts}
    longest = max(act.validity_days for _, act in acts)
    most = max(abs(act.points) for _, act in acts) or 1
    marks: list[Mark] = []
    for place, (code, act) in enumerate(acts):
        y = float(_TOP + place * _ROW)
        marks += _strip(voice.say(names[code]), act, y, longest, most, voice)
    heaviest = min(act.points for _, act in acts)
    last = max((a.validity_days for _, a in acts if a.points < 0), default=longest)
    return Plot(
        "fading",
        voice.say(
            "One record takes %(points)s points at most, and every burden is gone after %(days)s"
            " days",
            points=voice.number(-min(heaviest, 0)),
            days=voice.number(last),
        ),
        voice.say(
            "Each strip is one record: as high as the points that it weighs, from the day of"
            " conduct on the left until it is gone."
        ),
        _TOP + len(acts) * _ROW + 18,
        (*marks, *_axis(longest, float(_TOP + len(acts) * _ROW), voice)),
        Table(
            voice.say("What one record weighs, by its age in days"),
            (
                voice.say("Act"), voice.say("At first"), voice.say("Later"),
                voice.say("Gone after (days)"),
            ),
            tuple(
                Row(
                    voice.say(names[code]),
                    (
                        voice.points(act.points),
                        voice.listed(
                            [f"{voice.number(day)}: {voice.points(p)}" for day, p in act.ages[:-1]]
                        ) or "–",
                        voice.number(act.validity_days),
                    ),
                )
                for code, act in acts
            ),
        ),
    )  # fmt: skip


def _strip(
    name: str, act: policy.Act, y: float, longest: int, most: int, voice: Voice
) -> list[Mark]:
    base = y + 18 + _TALL
    ages = [(0, act.points), *act.ages]
    path = f"M0 {_TALL}"
    for (day, points), (until, _) in zip(ages, [*ages[1:], (act.validity_days, 0)], strict=True):
        height = _TALL - max(2.0, _TALL * abs(points) / most) if points else _TALL
        path += f"L{1000 * day / longest:.0f} {height:.1f}H{1000 * until / longest:.0f}"
    at = {
        "x": "0", "y": f"{y + 18:g}", "width": percent(100), "height": str(_TALL),
        "d": f"{path}V{_TALL}Z", "box": f"0 0 1000 {_TALL}",
    }  # fmt: skip
    look = "burden" if act.points < 0 else "credit"
    label = f"{voice.points(act.points)}  {name}"
    return [
        words("n start", 0, y + 12, label),
        Mark("area", look, at),
        line("grid", (0, 100), (base, base)),
    ]


def _axis(longest: int, y: float, voice: Voice) -> list[Mark]:
    return [
        words("dim start", 0, y + 12, voice.say("day of conduct")),
        words("dim end", 100, y + 12, voice.say_n("%(n)s day later", "%(n)s days later", longest)),
    ]
