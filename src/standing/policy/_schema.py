"""The shape of a catalogue and of a pack: frozen types, unknown fields refused.

Every number has a bound here, so that no sum of later arithmetic can leave 64 bits; the linter
then proves that no score leaves 32 (L12). A code that is enforced while the system runs has no
field: there is nothing in these types that could switch it off.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from standing.errors import Refused
from standing.wire.days import format_day, parse_day

MAX_POINTS: Final = 1_000_000
MAX_SCALE: Final = 1_000_000_000
MAX_DAYS: Final = 3_660

Code = Annotated[str, Meta(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$", max_length=64)]


class PackDay(int):
    """A day, whole days since 1970-01-01, that is written `2026-11-23` in every document."""

    __slots__ = ()


def read_day(kind: type, value: object) -> object:
    """Turn a document's text into the day type; a ValueError says which days do not exist."""
    assert kind is PackDay  # the only type here that msgspec does not know
    if not isinstance(value, str):
        raise TypeError("Expected a day like 2026-11-23")
    try:
        return PackDay(parse_day(value))
    except Refused as error:
        raise ValueError(error.why) from None


def write_day(value: object) -> str:
    """Turn the day type into a document's text."""
    assert isinstance(value, PackDay)  # see read_day
    return format_day(value)


FieldName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Line = Annotated[str, Meta(min_length=1, max_length=240)]
Text = Annotated[str, Meta(max_length=2_000)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
DigestOrNone = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")]
Points = Annotated[int, Meta(ge=-MAX_POINTS, le=MAX_POINTS)]
Level = Annotated[int, Meta(ge=-MAX_SCALE, le=MAX_SCALE)]
Span = Annotated[int, Meta(ge=0, le=MAX_DAYS)]
Length = Annotated[int, Meta(ge=1, le=MAX_DAYS)]
Count = Annotated[int, Meta(ge=0, le=1_000)]
Small = Annotated[int, Meta(ge=-2_147_483_648, le=2_147_483_647)]

Tier = Literal["minor", "general", "serious"]
Subjects = Literal["person", "sole_trader", "organisation"]
TIERS: Final[tuple[Tier, ...]] = ("minor", "general", "serious")


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One part of a signed document."""


# --- the catalogue ------------------------------------------------------------------------------


class Setting(_Part, frozen=True, kw_only=True):
    """One setting in which conduct may be recorded, with the sectors that may ever ask there."""

    title: Line
    source: Code
    sectors: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]


class Duty(_Part, frozen=True, kw_only=True):
    """The written duty behind an act type; `sha256` is the digest of `text` in UTF-8."""

    title: Line
    citation: Line
    url: Annotated[str, Meta(pattern=r"^https://[^\s]+$", max_length=400)]
    source: Code
    text: Annotated[str, Meta(min_length=1, max_length=2_000)]
    sha256: Digest
    sample: bool = False
    penal: bool = False


class Field(_Part, frozen=True, kw_only=True):
    """One coded detail: a whole number from `least` to `most`, or one of `codes`."""

    least: Small | None = None
    most: Small | None = None
    codes: Annotated[tuple[Code, ...], Meta(max_length=50)] = ()
    required: bool = True


class ActType(_Part, frozen=True, kw_only=True):
    """One observable act: its sign, the worst tier a pack may give it, its duty and its details."""

    setting: Code
    act: Line
    sign: Literal[-1, 1]
    ceiling: Tier
    duty: Duty | None = None
    fields: Annotated[dict[FieldName, Field], Meta(max_length=8)] = {}


class Catalogue(_Part, frozen=True, kw_only=True):
    """The signed list of everything that may be recorded anywhere; packs only weigh it."""

    format: Literal["standing/catalogue/1"]
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    title: Line
    settings: Annotated[dict[Code, Setting], Meta(max_length=40)]
    types: Annotated[dict[Code, ActType], Meta(max_length=1_000)]


# --- the pack -----------------------------------------------------------------------------------


class Band(_Part, frozen=True, kw_only=True):
    """A named stretch of the scale that begins at `least` and ends below the next band."""

    name: Code
    least: Level


class Act(_Part, frozen=True, kw_only=True):
    """What one record of a type weighs, for how long, and what limits it.

    `points` holds from the day of conduct; each pair of `ages` is (age in days, points from then
    on), the last one (validity_days, 0). `cap` bounds the sum over one window of `window_days`.
    `warn_first`: the first record of a window weighs nothing. `duty` pins the digest of the duty.
    """

    tier: Tier
    points: Points
    validity_days: Length
    ages: Annotated[tuple[tuple[Span, Points], ...], Meta(min_length=1, max_length=40)]
    cap: Annotated[int, Meta(ge=0, le=MAX_SCALE)]
    window_days: Length
    inputs: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=8)]
    warn_first: bool = False
    ages_from: Literal["conduct", "latest-record", "clean-period"] = "conduct"
    duty: DigestOrNone = ""
    legal_ground: Annotated[str, Meta(max_length=240)] = ""


class Recovery(_Part, frozen=True, kw_only=True):
    """A way back: each record of type `act` gives back up to `points` of records of `restores`.

    At most `yearly` of them give anything in a year, which is 365 days counted from the first day
    of force; 0 is no limit. `time` names no act: the age table does the work. `payment` never
    stands alone (L15).
    """

    kind: Literal["lesson", "service", "time", "payment", "instalment", "waiver"]
    restores: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=40)]
    act: Annotated[str, Meta(max_length=64)] = ""
    points: Annotated[int, Meta(ge=0, le=MAX_POINTS)] = 0
    yearly: Count = 0


class Purpose(_Part, frozen=True, kw_only=True):
    """A question that may be asked: by which sectors, with which answers, opening which perk."""

    title: Line
    parties: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]
    answers: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]
    perk: Annotated[str, Meta(max_length=64)] = ""


class Trigger(_Part, frozen=True, kw_only=True):
    """How many counted records of a tier allow a restriction to be proposed; 0 is never."""

    serious: Count = 0
    general: Count = 0
    minor: Count = 0
    score_below: Level | None = None


class Alternative(_Part, frozen=True, kw_only=True):
    """What stays open to someone who is restricted, on the same route and day."""

    service: Code
    title: Line
    price_percent: Annotated[int, Meta(ge=0, le=1_000)]
    time_percent: Annotated[int, Meta(ge=0, le=1_000)]
    where_none: Literal["not-applied", "applied"] = "not-applied"


class Restriction(_Part, frozen=True, kw_only=True):
    """A consequence that a relying party may ask for, under its own cited term."""

    code: Code
    title: Line
    context: Code
    purpose: Code
    effect: Literal["refuse-sale", "refuse-booking", "require-deposit", "close", "recall", "stop"]
    service: Code
    days: Length
    trigger: Trigger
    alternative: Alternative
    own_term: Line


class Perk(_Part, frozen=True, kw_only=True):
    """A better term for counted positive records; the same term has a way without any record."""

    code: Code
    title: Line
    context: Code
    purpose: Code
    acts: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]
    records: Annotated[int, Meta(ge=1, le=1_000)]
    with_it: Line
    without_it: Line
    other_route: Text
    worth_permille: Annotated[int, Meta(ge=0, le=1_000)]
    touches: Code
    consent_days: Span


class Organisation(_Part, frozen=True, kw_only=True):
    """Who takes part, in which role, and whose employees act for it."""

    name: Line
    employer: Line
    role: Literal[
        "operator", "issuer", "relying-party", "reviewer", "second-reviewer", "rule-maker"
    ]
    kind: Literal["private", "public-authority", "sole-supplier"]
    sector: Annotated[str, Meta(max_length=64)] = ""


class Change(_Part, frozen=True, kw_only=True):
    """What this version replaces. A context's first pack has nothing to compare and says so."""

    first_force: PackDay
    summary: Line
    previous: DigestOrNone = ""
    simulation: DigestOrNone = ""


class Impact(_Part, frozen=True, kw_only=True):
    """The confidence interval of the ratio between groups, in thousandths, or "not shown"."""

    result: Literal["shown", "not shown"]
    low_permille: Annotated[int, Meta(ge=0, le=100_000)] = 0
    high_permille: Annotated[int, Meta(ge=0, le=100_000)] = 0


class Attachment(_Part, frozen=True, kw_only=True):
    """A document signed beside the pack, by digest; `sample` says that it is no real opinion."""

    kind: Literal["legal-opinion", "impact-assessment", "diff", "simulation"]
    title: Line
    sha256: Digest
    sample: bool = False


class Calendar(_Part, frozen=True, kw_only=True):
    """Days on which nobody has to act. `weekend`: 1 is Monday, 7 is Sunday."""

    weekend: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], Meta(max_length=3)]
    holidays: Annotated[
        dict[
            Annotated[str, Meta(pattern=r"^[0-9]{4}$")],
            Annotated[tuple[PackDay, ...], Meta(max_length=80)],
        ],
        Meta(max_length=40),
    ]
    rolls: tuple[Literal["time-to-act", "record-end", "restriction-end"], ...] = ("time-to-act",)


class Register(_Part, frozen=True, kw_only=True):
    """The public register whose entries are the basis of records about organisations."""

    name: Line
    url: Annotated[str, Meta(pattern=r"^https://[^\s]+$", max_length=400)]
    history_from: PackDay


class Given(_Part, frozen=True, kw_only=True):
    """One record of an example; `day` and `noticed` count from the pack's first day of force."""

    id: Code
    type: Code
    day: Annotated[int, Meta(ge=-MAX_DAYS, le=MAX_DAYS)]
    noticed: Annotated[int, Meta(ge=-MAX_DAYS, le=MAX_DAYS)] | None = None
    status: Literal["effective", "contested", "annulled", "lapsed", "retracted"] = "effective"


class Expect(_Part, frozen=True, kw_only=True):
    """What the example must come to; `counted` names points by record where they matter."""

    score: Level
    band: Code
    counted: dict[Code, Small] = {}


class Example(_Part, frozen=True, kw_only=True):
    """A worked example that the linter runs."""

    title: Line
    at: Annotated[int, Meta(ge=0, le=2 * MAX_DAYS)]
    given: Annotated[tuple[Given, ...], Meta(max_length=50)]
    expect: Expect


class Pack(_Part, frozen=True, kw_only=True):
    """One context's rules, complete: what is weighed, what may follow, who takes part.

    `catalogue` is the digest of the catalogue that the pack is written against; packs of linter 1
    name none.
    """

    format: Literal["standing/pack/1"]
    linter: Annotated[int, Meta(ge=1, le=1_000)]
    catalogue: DigestOrNone = ""
    context: Code
    version: Annotated[int, Meta(ge=1, le=1_000_000)]
    title: Line
    setting: Code
    source: Code
    subjects: Annotated[tuple[Subjects, ...], Meta(min_length=1, max_length=3)]
    published: PackDay
    force: PackDay
    change: Change
    base: Level
    floor: Level
    ceiling: Level
    bands: Annotated[tuple[Band, ...], Meta(min_length=2, max_length=20)]
    score_of: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]
    window_days: Length
    notice_days: Annotated[int, Meta(ge=0, le=90)]
    contest_days: Span
    acts: Annotated[dict[Code, Act], Meta(min_length=1, max_length=200)]
    purposes: Annotated[dict[Code, Purpose], Meta(max_length=20)]
    organisations: Annotated[tuple[Organisation, ...], Meta(max_length=50)]
    impact: Impact
    calendar: Calendar
    recoveries: Annotated[tuple[Recovery, ...], Meta(max_length=100)] = ()
    restrictions: Annotated[tuple[Restriction, ...], Meta(max_length=20)] = ()
    perks: Annotated[tuple[Perk, ...], Meta(max_length=20)] = ()
    public_register: Register | None = None
    attachments: Annotated[tuple[Attachment, ...], Meta(max_length=20)] = ()
    justifications: Annotated[dict[str, Text], Meta(max_length=8)] = {}
    examples: Annotated[tuple[Example, ...], Meta(max_length=50)] = ()

    def restriction(self, code: str) -> Restriction | None:
        """Give a restriction by its code, or nothing."""
        return next((one for one in self.restrictions if one.code == code), None)

    @property
    def about_people(self) -> bool:
        """Whether the codes for natural persons and sole traders bind this pack."""
        return self.subjects != ("organisation",)

    @property
    def about_persons(self) -> bool:
        """Whether the codes for natural persons bind this pack."""
        return "person" in self.subjects
