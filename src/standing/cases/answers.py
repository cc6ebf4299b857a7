"""What may be answered about somebody in a context on a day: `clear`, a restriction, a perk.

Pure functions of the vault's documents, the published rules and the day, so that an answer, its
recall and the audit agree; a ledger that slept finds what one that was awake has found.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from standing import policy
from standing.cases.decisions import CLEAR, Asked
from standing.cases.lifecycles import Case, WorkingDays, fold_cases
from standing.cases.scores import facts_of, live_since
from standing.cases.standing import in_force, standings, views
from standing.errors import Refused
from standing.policy import Pack, Schedule, Score
from standing.vault import Link, OpenRecord, Presented, Question, Vault

_PERSON: Final = "person"


@dataclass(frozen=True, slots=True)
class Burden:
    """A restriction in force: what it is called, for which purpose, and whether it needs a way out.

    `stands_alone`: it applies even where the party offers no ordinary service instead (L31).
    """

    code: str
    purpose: str
    stands_alone: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """What answers need of the published rules; each raises `E-PACK-12` where there are none."""

    schedule: Callable[[str], Schedule]
    pack: Callable[[str, int], Pack]  # in force in a context on a day
    days: Callable[[str], WorkingDays]


def choose(burdens: Iterable[Burden], asked: Asked, pack: Pack) -> str:
    """Give the answer where no perk is due: the first restriction that fits, else `clear`."""
    purpose = pack.purposes.get(asked.purpose)
    for burden in burdens:
        fits = burden.purpose == asked.purpose and (burden.stands_alone or asked.alternative)
        if fits and purpose is not None and burden.code in purpose.answers:
            return burden.code
    return CLEAR


def burdens_of(
    vault: Vault, rules: Rules, number: int, context: str, day: int
) -> tuple[Burden, ...]:
    """List the restrictions in force about a subject on a day, in the order of the pack.

    None without live consent to the purpose, none while anything is contested, none beyond the
    records that carry it.
    """
    agreed = _purposes(vault, number, context, day)
    cases = fold_cases(vault, number, context, day, lambda: rules.days(context))
    begun = [c for c in cases if c.lifecycle == "restriction" and c.state == "begun"]
    if not begun or (agreed is not None and not agreed):
        return ()
    pack = rules.pack(context, day)
    records, score = _scored(vault, rules, number, context, day, cases)
    seen = views(records, pack, score, standings(cases))
    codes = {case.first.code for case in begun if in_force(case, pack, seen, cases, day)}
    return tuple(
        Burden(one.code, one.purpose, one.alternative.where_none == "applied")
        for one in pack.restrictions
        if one.code in codes and (agreed is None or one.purpose in agreed)
    )


def perk_of(
    vault: Vault, rules: Rules, number: int, context: str, purpose: str, day: int
) -> str | None:
    """Give the perk of a purpose that is due to a subject on a day, or nothing.

    Due: consent to the purpose holds, and has held without a break for as long as from everyone
    (L51); and the records that the pack asks for count.
    """
    pack = rules.pack(context, day)
    opened = pack.purposes[purpose].perk if purpose in pack.purposes else ""
    perk = next((one for one in pack.perks if one.code == opened), None)
    agreed = _purposes(vault, number, context, day)
    since = vault.agreed.consent_since(number, context, day)
    cases = fold_cases(vault, number, context, day, lambda: rules.days(context))
    try:
        _, score = _scored(vault, rules, number, context, day, cases)
    except Refused:
        return None
    if perk is None or perk.code not in pack.purposes[purpose].answers:
        return None
    is_long_enough = since is not None and since <= day - perk.consent_days
    if agreed is not None and not (purpose in agreed and is_long_enough):
        return None
    return perk.code if perk.code in policy.consequences(score, pack) else None


def names_of(vault: Vault, number: int, context: str, day: int) -> Iterator[bytes]:
    """Give the keyed hashes by which a burden on a day is found: references and key.

    Not by a reference that several people use: nobody is burdened for another (L32, L57).
    """
    for reference in _references(vault, number, context):
        held = vault.people.holder(context, reference, day)
        if held is not None and held.subject == number and not held.shared:
            yield vault.secret.reference(context, reference)
    key = vault.people.key_of(number, day)
    if key:
        yield vault.secret.maker(context, key)


def questions_of(
    vault: Vault, number: int, context: str
) -> list[tuple[bytes, bytes, Question | Presented]]:
    """List (name, leaf, question) of what was asked about a subject, by reference or token.

    A reference that stood for somebody else before, or does now, shows nothing of theirs.
    """
    found = []
    for reference in _references(vault, number, context):
        name, links = (
            vault.secret.reference(context, reference),
            vault.people.links(context, reference),
        )
        for leaf in vault.asked.under(name):
            kept = vault.asked.question(leaf)
            then = next((one for one in links if kept.day < one.until), links[-1])
            if then.subject == number:
                found.append((name, leaf, kept))
    for key in vault.people.keys_of(number):
        name = vault.secret.maker(context, key)
        found += [(name, leaf, vault.asked.question(leaf)) for leaf in vault.asked.under(name)]
    return sorted(found, key=lambda one: (one[2].day, one[1]))


def _references(vault: Vault, number: int, context: str) -> list[str]:
    links = (opened.document for opened in vault.filed.documents(number, "link"))
    mine = (link for link in links if isinstance(link, Link) and link.context == context)
    return sorted({link.reference for link in mine})


def _scored(
    vault: Vault, rules: Rules, number: int, context: str, day: int, cases: list[Case]
) -> tuple[list[OpenRecord], Score]:
    since = live_since(vault, number, context, day)
    records = [r for r in vault.filed.records_of(number, context) if r.included <= day]
    facts = facts_of(records, since, standings(cases))
    return records, policy.score(facts, rules.schedule(context), day)


def _purposes(vault: Vault, number: int, context: str, day: int) -> frozenset[str] | None:
    """Give what a subject agreed to; None for whom no consent is needed: a register's."""
    subject = vault.people.subject(number)
    if subject is not None and subject[0] != _PERSON:
        return None
    terms = vault.agreed.terms(number, context, day)
    return terms.purposes if terms is not None else frozenset()
