"""What if: the same rules on a history with a record less, or with acts that might still come."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from standing.errors import Refused
from standing.policy._fold import RecordFact, Score, score
from standing.policy._forecast import Outlook, forecast
from standing.policy._schedule import Schedule

_MOST_ACTS = 100


class WhatIf(msgspec.Struct, frozen=True):
    """Two futures: as things are, and as they would be; `day` is when all that is assumed counts.

    `as_is` and `as_if` are scores on that day; the forecasts begin today.
    """

    day: int
    as_is: Score
    as_if: Score
    forecast_as_is: tuple[Outlook, ...]
    forecast_as_if: tuple[Outlook, ...]


def what_if(
    records: Iterable[RecordFact],
    schedule: Schedule,
    as_of: int,
    *,
    annulled: Sequence[str] = (),
    more: Sequence[str] = (),
    months: int = 24,
) -> WhatIf:
    """Suppose that some records were annulled today, and that acts of some types came today.

    Acts that come are noticed today and count when their time of notice is over. Raises
    `E-SCORE-06` for a record that is not there, a type that is not weighed, or over 100 acts.
    """
    held = list(records)
    today = schedule.rules_on(as_of)
    unknown = sorted(set(annulled) - {record.id for record in held})
    strange = sorted(set(more) - today.weights.keys())
    if unknown or strange or len(more) > _MOST_ACTS:
        raise _refused(unknown, strange, sorted(today.weights))
    supposed = [
        msgspec.structs.replace(record, status="annulled") if record.id in annulled else record
        for record in held
    ]
    numbers: Counter[str] = Counter()
    for code in more:
        numbers[code] += 1
        supposed.append(RecordFact(f"supposed {code} {numbers[code]}", code, as_of, as_of))
    known = schedule.known_on(as_of)
    day = as_of + today.notice if more else as_of
    return WhatIf(
        day,
        score(held, known, day),
        score(supposed, known, day),
        forecast(held, schedule, as_of, months=months),
        forecast(supposed, schedule, as_of, months=months),
    )


def _refused(unknown: list[str], strange: list[str], types: list[str]) -> Refused:
    if unknown:
        why = f"There is no record {unknown[0]} among this subject's."
    elif strange:
        why = f"Today's rules do not weigh {strange[0]}; they weigh {', '.join(types)}."
    else:
        why = f"At most {_MOST_ACTS} acts can be supposed at once."
    return Refused(
        "E-SCORE-06",
        "This cannot be supposed.",
        why=why,
        fix="See the records with: standing score SUBJECT --context C; the acts with: standing pack"
        " show PACK.",
    )
