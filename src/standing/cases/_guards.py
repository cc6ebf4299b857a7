"""Conditions that several lifecycles share, and the kinds of text that a step may carry."""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

from standing import policy
from standing.cases._machine import Case, Event, Facts, Guard, Signer, World

MAX_WORDS: Final = 4_000
MAX_REPLY: Final = 500  # L26
MAX_FILES: Final = 10
_LEAF_BYTES: Final = 32

Words = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_WORDS)]
Reasons = Annotated[str, msgspec.Meta(min_length=20, max_length=MAX_WORDS)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Named = Annotated[str, msgspec.Meta(max_length=200)]
Leaf = Annotated[bytes, msgspec.Meta(min_length=_LEAF_BYTES, max_length=_LEAF_BYTES)]
Leaves = Annotated[tuple[Leaf, ...], msgspec.Meta(max_length=MAX_FILES)]
Day = Annotated[int, msgspec.Meta(ge=0, le=100_000)]


SUBJECT: Final = ("subject", "representative", "desk")
"""Whoever speaks for a subject: themselves, somebody with a mandate, a desk."""


class Nothing(Facts, frozen=True, kw_only=True):
    """The step says no more."""


def files_of(event: Event) -> tuple[bytes, ...]:
    """Give the leaves of the files that a step brings."""
    files: tuple[bytes, ...] = getattr(event.facts, "files", ())
    return files


def _files_known(_case: Case | None, event: Event, _signer: Signer, world: World) -> str | None:
    missing = set(files_of(event)) - world.files
    return f"{len(missing)} of its files are not kept for this subject here" if missing else None


FILES_KNOWN: Final = Guard("L19", "every file it names is kept beside it", _files_known)


def independent(signer: Signer, world: World, issuers: tuple[str, ...]) -> str | None:
    """Tell what ties a reviewer to somebody whose work they would judge (L23, L66)."""
    ties = [("the operator", world.operator)]
    ties += [(f"the issuer {name}", world.employers.get(name, "")) for name in issuers]
    ties += [("an asking party", employer) for employer in sorted(world.parties)]
    for who, employer in ties:
        if employer and one_house(signer, employer):
            return f"the reviewer {signer.name} is employed by {signer.employer}, as is {who}"
    return None


def one_house(signer: Signer, employer: str) -> bool:
    """Tell whether somebody works for this employer, however its name is spelled."""
    return policy.one_spelling(signer.employer) == policy.one_spelling(employer)


def steps_of(signer: Signer, events: Iterable[Event], world: World) -> list[Event]:
    """Give the steps that somebody took, with this key or with another of theirs."""
    mine = (signer.role, signer.name)
    before = [(event, world.who(event.kid)) for event in events]
    return [event for event, who in before if who is not None and (who.role, who.name) == mine]


def took(signer: Signer, events: Iterable[Event], world: World) -> bool:
    """Tell whether somebody took one of these steps, with this key or with another of theirs."""
    return bool(steps_of(signer, events, world))


def two_houses(world: World, issuers: tuple[str, ...]) -> str | None:
    """Tell what is missing for two independent instances (L66)."""
    houses = {
        policy.one_spelling(reviewer.employer)
        for reviewer in world.reviewers
        if independent(reviewer, world, issuers) is None
    }
    if len(houses) < 2:  # noqa: PLR2004 - first and second instance
        return f"reviewers of {len(houses)} independent employers are accredited here, wanted 2"
    return None
