"""What cases see of a ledger: who signs, who employs whom, which records there are, what is open.

Built for one subject in one context on today; what costs much is looked up when a guard asks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec

from standing import charter, policy
from standing.cases import standing
from standing.cases.lifecycles import (
    DECISIONS,
    Case,
    Event,
    RecordView,
    Signer,
    WorkingDays,
    World,
    fold_cases,
    may_act,
)
from standing.cases.scores import facts_of, live_since, ruled
from standing.errors import Refused
from standing.ledger import _rules
from standing.ledger._core import Core
from standing.policy import RecordFact
from standing.wire.keys import PublicKey

_IN_CONTEXT = frozenset({"issuer", "relying-party"})


def working_days(core: Core, context: str) -> WorkingDays:
    """Give the calendar that a context's packs state; weekends alone where there is none."""
    digests = tuple(digest for _, digest in core.state.packs_of(context)) if context else ()
    return _working_days(tuple(core.log.document(digest) for digest in digests))


@lru_cache(maxsize=64)
def _working_days(packs: tuple[bytes, ...]) -> WorkingDays:
    return WorkingDays.of(policy.parse_pack(data) for data in packs)


def cases_of(core: Core, number: int, context: str, day: int | None = None) -> list[Case]:
    """Fold every case of a subject in a context on a day, in order of name."""
    at = core.today if day is None else day
    return fold_cases(core.vault, number, context, at, lambda: working_days(core, context))


def known_as(core: Core, name: str, context: str | None) -> int:
    """Find whom a pseudonym or a reference names in a context; 0 for nobody.

    A pseudonym of another context names nobody here. Without a context, any pseudonym will do.
    """
    number = core.vault.people.find(name, context) or 0
    if context is None or ((link := core.vault.people.link(context, name)) and link[0] == number):
        return number
    return number if core.vault.secret.pseudonym(number, context) == name else 0


def running_stop(core: Core, number: int, context: str) -> Case | None:
    """Give the stop without a key that can still be undone, if there is one."""
    stops = (case for case in cases_of(core, number, context) if case.lifecycle == "stop")
    return next((case for case in stops if case.state == "frozen"), None)


def find_case(core: Core, name: str) -> Case:
    """Fold a case by its name, today; raises `E-CASE-06`."""
    found = core.vault.cases.find(name)
    if found is None:
        raise Refused(
            "E-CASE-06",
            f"There is no case {name!r} here.",
            why="It was erased with its subject, or never was.",
            fix="List cases with: standing case list.",
        )
    _, number, context = found
    for case in cases_of(core, number, context):
        if case.name == name:
            return case
    raise Refused(
        "E-CLOCK-02",
        "This machine's clock is behind the ledger.",
        why=f"The case {name} was opened on a later day than the clock's.",
        fix="Set the clock right and try again.",
    )


def signer_of(core: Core, kid: bytes, number: int, context: str, lifecycle: str) -> Signer:
    """Tell in which role a key acts for or towards a subject; raises `E-CASE-07`."""
    found = who_is(core, kid, number, context, lifecycle)
    if found is None:
        raise Refused(
            "E-CASE-07",
            "This key has no part in this case.",
            why="It is not the subject's, nobody gave it a mandate, and no accreditation that is"
            " in force covers this context.",
            fix="Sign with the subject's key, a mandated one, or an accredited one.",
        )
    return found


def who_is(core: Core, kid: bytes, number: int, context: str, lifecycle: str) -> Signer | None:
    """Tell whose key this is, towards this subject; None for nobody's."""
    if number and _thumbprint(core.vault.people.key_of(number, core.today)) == kid:
        return Signer("subject", "the subject", "", kid)
    right = core.state.roll.keys.get(kid)
    if right is not None:
        return _accredited(core, right, kid, context)
    if core.answer_key is not None and core.answer_key.public.thumbprint == kid:
        return Signer("ledger", core.trust.origin, core.state.genesis.operator_employer, kid)
    return _trusted_by(core, kid, number, context, lifecycle) if number else None


def ledger_keys(core: Core) -> frozenset[bytes]:
    """Give the thumbprints of every key under which the ledger took steps that the law opens."""
    return frozenset(_thumbprint(key) for _, key in core.state.log_keys("answer"))


def name_of(core: Core, case: Case, event: Event) -> str:
    """Say who took a step, however long ago."""
    was = who_was(core, event.kid, case.subject)
    match was.role:
        case "ledger":
            return "the ledger"
        case "subject" | "second-key":
            return was.name
        case role:
            return f"{role} {was.name}"


def who_was(core: Core, kid: bytes, number: int) -> Signer:
    """Tell whose key this is or once was: who lost the right to sign keeps name and employer.

    For the steps of a case alone: nobody without a part in it has signed one.
    """
    right = core.state.roll.keys.get(kid)
    if right is not None:
        return Signer(right.role, right.name, right.employer, kid)
    if kid in core.state.roll.log_keys:
        return Signer("ledger", core.trust.origin, core.state.genesis.operator_employer, kid)
    own = core.vault.people.keys_of(number) if number else ()
    if any(_thumbprint(key) == kid for key in own):
        return Signer("subject", "the subject", "", kid)
    for other in cases_of(core, number, "") if number else ():
        if other.lifecycle == "mandate" and _thumbprint(other.first.key) == kid:
            return Signer("representative", other.first.name, "", kid)
        if other.lifecycle == "second-key" and _thumbprint(other.first.key) == kid:
            return Signer("second-key", "the subject's second key", "", kid)
    return Signer("subject", "the subject", "", kid)


def _accredited(
    core: Core, right: charter.Accreditation, kid: bytes, context: str
) -> Signer | None:
    if right.revoked_entry is not None or core.today > right.until:
        return None
    is_bound = right.role in _IN_CONTEXT or bool(right.contexts)
    if context and is_bound and context not in right.contexts:
        return None
    return Signer(right.role, right.name, right.employer, kid)


def _trusted_by(core: Core, kid: bytes, number: int, context: str, lifecycle: str) -> Signer | None:
    for case in cases_of(core, number, ""):
        if case.lifecycle == "mandate" and case.state == "live":
            said = case.first
            if may_act(said, context, lifecycle) and _thumbprint(said.key) == kid:
                return Signer("representative", said.name, "", kid)
        is_kept = case.lifecycle == "second-key" and case.state == "kept"
        if is_kept and lifecycle == "recovery" and _thumbprint(case.first.key) == kid:
            return Signer("second-key", "the subject's second key", "", kid)
    return None


def trusted_keys(core: Core, number: int) -> list[tuple[PublicKey, Signer]]:
    """List the keys that stand or stood for a subject, or that a subject trusted."""
    cases = cases_of(core, number, "")
    subject = core.vault.people.subject(number)
    own = [subject[1] if subject else b"", *standing.recovered_keys(cases).values()]
    found = [("subject", "the subject", key) for key in own if key]
    for case in cases:
        if case.lifecycle == "mandate":
            found.append(("representative", case.first.name, case.first.key))
        elif case.lifecycle == "second-key":
            found.append(("second-key", "the subject's second key", case.first.key))
    keys = [(role, name, PublicKey.from_cose_key(key)) for role, name, key in found]
    return [(key, Signer(role, name, "", key.thumbprint)) for role, name, key in keys]


@lru_cache(maxsize=10_000)
def _thumbprint(cose_key: bytes) -> bytes:
    return PublicKey.from_cose_key(cose_key).thumbprint if cose_key else b""


def public_key(core: Core, kid: bytes, number: int) -> PublicKey:
    """Find the key behind a thumbprint that `signer_of` knows."""
    right = core.state.roll.keys.get(kid)
    if right is not None:
        return PublicKey.from_cose_key(right.key)
    if core.answer_key is not None and core.answer_key.public.thumbprint == kid:
        return core.answer_key.public
    held = [core.vault.people.key_of(number, core.today)]
    held += [
        case.first.key
        for case in cases_of(core, number, "")
        if case.lifecycle in {"mandate", "second-key"}
    ]
    return next(PublicKey.from_cose_key(key) for key in held if _thumbprint(key) == kid)


# --- the world of one subject -----------------------------------------------------------------


def world_of(
    core: Core, number: int, context: str, *, files: frozenset[bytes] = frozenset()
) -> World:
    """Gather what guards look at for one subject in one context, today."""
    # what is opened about nobody has no others: it must not cost more the more there are
    others = tuple(cases_of(core, number, context)) if number else ()
    world = World(
        day=core.today,
        now=core.engine.clock.now(),
        is_simulated=core.state.genesis.clock == "simulated",
        operator=core.state.genesis.operator_employer,
        days=working_days(core, context),
        others=others,
        files=files | (_evidence(core, number, context) if number else frozenset()),
        decided_today=lambda signer: _decided_today(core, signer),
        who=lambda who: who_was(core, who, number),
        is_known_key=core.vault.people.is_known_key,
    )
    if not context:
        return world
    rights = core.state.roll.keys.values()  # a revoked key's house is still whose record it was
    pack = _rules.pack(core, _rules.next_pack(core, context))
    book = Records(core, number, context, others)
    return replace(
        world,
        pack=pack,
        employers={r.name: r.employer for r in rights if r.role in {"issuer", "relying-party"}},
        parties=frozenset(
            r.employer
            for r in rights
            if r.role == "relying-party" and context in r.contexts and r.revoked_entry is None
        ),
        reviewers=tuple(
            Signer(r.role, r.name, r.employer, kid)
            for kid, r in core.state.roll.keys.items()
            if r.role == "reviewer" and _accredited(core, r, kid, context) is not None
        ),
        records=book,
        milder=book.is_milder,
    )


def _evidence(core: Core, number: int, context: str) -> frozenset[bytes]:
    query = "SELECT leaf FROM documents WHERE subject=? AND context=? AND kind='evidence'"
    return frozenset(leaf for (leaf,) in core.vault.db.execute(query, (number, context)))


def _decided_today(core: Core, signer: Signer) -> int:
    """Count the restrictions that a human decided today, with whichever of their keys."""
    steps = core.vault.cases.steps_of_day("restriction", core.today)
    decided = [step.kid for step in steps if step.event in DECISIONS]
    rights = (core.state.roll.keys.get(kid) for kid in decided)
    return sum(r is not None and (r.role, r.name) == (signer.role, signer.name) for r in rights)


class Records(Mapping[str, RecordView]):
    """A subject's records as guards see them, opened when the first one is asked for."""

    def __init__(self, core: Core, number: int, context: str, cases: tuple[Case, ...]) -> None:
        self._core = core
        self._number = number
        self._context = context
        self._cases = cases
        self._views: dict[str, RecordView] | None = None
        self._facts: list[RecordFact] = []

    def _all(self) -> dict[str, RecordView]:
        if self._views is None:
            self._views = self._open()
        return self._views

    def _open(self) -> dict[str, RecordView]:
        core, said = self._core, standing.standings(self._cases)
        records = core.vault.filed.records_of(self._number, self._context)
        pack = _rules.pack(core, _rules.next_pack(core, self._context))
        score = None
        try:
            since = live_since(core.vault, self._number, self._context, core.today)
            self._facts = facts_of(records, since)
            facts = ruled(self._facts, said, since)
            score = policy.score(facts, _rules.schedule(core, self._context), core.today)
        except Refused:
            pass  # nothing counts for whom nothing is scored
        return standing.views(records, pack, score, said)

    def __getitem__(self, name: str) -> RecordView:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def is_milder(self, record: str, facts: Any) -> bool:
        """Tell whether a correction lowers the score on no day of the next 24 months."""
        self._all()
        said = standing.standings(self._cases)
        others = [standing.applied(f, said.get(f.id)) if f.id != record else f for f in self._facts]
        corrected = [
            msgspec.structs.replace(
                f, type=facts.type or f.type, day=f.day if facts.on is None else facts.on
            )
            if f.id == record
            else f
            for f in others
        ]
        schedule, today = _rules.schedule(self._core, self._context), self._core.today
        if facts.type and _is_heavier(schedule.in_force(today), self[record].type, facts.type):
            return False
        before = policy.forecast(others, schedule, today)
        after = policy.forecast(corrected, schedule, today)
        return all(
            _at(after, day) >= _at(before, day) for day in {o.day for o in (*before, *after)}
        )


def _is_heavier(pack: policy.Pack, before: str, after: str) -> bool:
    """Tell whether an act type is of a heavier tier than another, or not weighed at all."""
    tiers = ("minor", "general", "serious")
    if after not in pack.acts:
        return True
    return before in pack.acts and tiers.index(pack.acts[after].tier) > tiers.index(
        pack.acts[before].tier
    )


def _at(outlooks: tuple[policy.Outlook, ...], day: int) -> int:
    return [outlook.raw for outlook in outlooks if outlook.day <= day][-1]
