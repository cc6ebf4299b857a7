"""The judgement: may this key say this, now? One rule per kind, each a pure function.

Order of checks: form, signer known, right in force, then the kind's own rule, then the
signature (the costliest). A refused statement changes nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from standing.charter import _state
from standing.charter._state import (
    LOG_PURPOSES,
    ROLES,
    Accreditation,
    LogKey,
    PackEntry,
    Roll,
    State,
    read_log_key,
)
from standing.charter._statements import (
    Accredit,
    Batch,
    CalendarDay,
    DayMoved,
    Envelope,
    Genesis,
    KeySet,
    Marks,
    Revoke,
    Statement,
    issuer_of,
    kind_of,
    parse_statement,
)
from standing.errors import Refused
from standing.wire import cose
from standing.wire.days import format_day
from standing.wire.keys import PublicKey

_FIX_ACCREDIT = "Ask the operator to accredit the key: standing accredit KEY.pub --role ROLE."
_PACK_SIGNERS = 2


def admit(state: State | None, sign1: cose.Sign1, *, check_signature: bool = True) -> State:
    """Give the state after this statement; raises `Refused` and changes nothing if it may not be.

    `check_signature=False` is for an auditor who checks all signatures elsewhere, with
    `signer_of` telling the key.
    """
    statement = parse_statement(sign1)
    if state is None:
        return _found(sign1, statement, check_signature=check_signature)
    key = signer_of(state, sign1)
    after = _rule(state, sign1, statement)
    if check_signature:
        sign1.verify(PublicKey.from_cose_key(key))
    return msgspec.structs.replace(after, size=state.size + 1)


def replay(entries: Iterable[bytes], state: State | None = None) -> State | None:
    """Judge entries in order, as the log holds them; raises at the first that has no right."""
    for entry in entries:
        state = admit(state, cose.parse_sign1(entry))
    return state


def signer_of(state: State | None, sign1: cose.Sign1) -> bytes:
    """Give the COSE_Key whose signature this statement needs; raises if it has no right to sign."""
    if state is None:
        statement = parse_statement(sign1)
        if not isinstance(statement, Genesis):
            raise _no_genesis()
        return statement.operator_key
    kind = kind_of(sign1)
    if kind in {"day", "marks"} or (kind == "document" and sign1.kid in state.roll.log_keys):
        return _clerk(state, sign1)
    return right_of(state, sign1.kid, kind, issuer_of(sign1)).key


def _clerk(state: State, sign1: cose.Sign1) -> bytes:
    clerk = state.log_key("clerk")
    if clerk is None or sign1.kid != PublicKey.from_cose_key(clerk).thumbprint:
        raise Refused(
            "E-CHARTER-02",
            "Only the ledger's clerk key moves the day, publishes marks and states scores.",
            why="The statement is signed with another key.",
            fix="Let the ledger make this statement itself.",
        )
    return clerk


def right_in_force(state: State, kid: bytes) -> Accreditation:
    """Give the right that a key has now; raises `E-CHARTER-01`, `-03` or `-04` if it has none."""
    right = state.roll.keys.get(kid)
    if right is None:
        raise Refused(
            "E-CHARTER-01",
            "No accredited key signed this statement.",
            why=f"The key {kid.hex()[:16]} is not on the roll.",
            fix=_FIX_ACCREDIT,
        )
    if right.revoked_entry is not None:
        raise Refused(
            "E-CHARTER-03",
            f"The key of {right.name} was revoked.",
            why=f"Entry {right.revoked_entry} ended its right to sign.",
            fix=_FIX_ACCREDIT,
        )
    if state.day > right.until:
        raise Refused(
            "E-CHARTER-04",
            f"The accreditation of {right.name} has ended.",
            why=f"It ran to {format_day(right.until)}, and it is {format_day(state.day)}.",
            fix=_FIX_ACCREDIT,
        )
    return right


def right_of(state: State, kid: bytes, kind: str, issuer: str) -> Accreditation:
    """Give the right of a key to sign a kind in an issuer's name, now; raises if it has none."""
    right = right_in_force(state, kid)
    if kind not in right.kinds:
        raise Refused(
            "E-CHARTER-05",
            f"{right.name} may not sign statements of kind {kind!r}.",
            why=f"Its key is accredited for: {', '.join(right.kinds) or 'nothing public'}.",
            fix=_FIX_ACCREDIT,
        )
    if issuer != right.name:
        raise Refused(
            "E-CHARTER-06",
            "The statement names another issuer than its key.",
            why=f"Got {issuer!r}, the key belongs to {right.name!r}.",
            fix="Sign with the named issuer's own key.",
        )
    return right


def _no_genesis() -> Refused:
    return Refused(
        "E-CHARTER-07",
        "The first entry of a ledger is its genesis.",
        why="Another kind of statement came first.",
        fix="Make a ledger with: standing init.",
    )


def _found(sign1: cose.Sign1, statement: Statement, *, check_signature: bool) -> State:
    if not isinstance(statement, Genesis):
        raise _no_genesis()
    seconds = statement.interval_seconds
    if (
        statement.clock not in {"real", "simulated"}
        or seconds <= 0
        or _state.SECONDS_A_DAY % seconds
        or statement.day < 0
    ):
        raise Refused(
            "E-CHARTER-08",
            "The genesis names no usable clock.",
            why=f"Got clock {statement.clock!r}, interval {seconds} s, day {statement.day}.",
            fix="Use clock real or simulated and an interval that divides a day.",
        )
    operator = PublicKey.from_cose_key(statement.operator_key)
    read_log_key("checkpoint", statement.checkpoint_key)
    if sign1.kid != operator.thumbprint:
        raise Refused(
            "E-CHARTER-09",
            "The genesis is not signed by the operator that it names.",
            why="Its key id is another.",
            fix="Sign the genesis with the operator's key.",
        )
    if check_signature:
        sign1.verify(operator)
    founder = Accreditation(
        key=statement.operator_key,
        role="operator",
        name=statement.operator_name,
        employer=statement.operator_employer,
        kinds=tuple(sorted(ROLES["operator"])),
        contexts=(),
        sector="",
        until=2**31,
        since_entry=0,
    )
    first_interval = statement.day * _state.SECONDS_A_DAY // seconds
    return State(
        genesis=statement,
        roll=Roll({operator.thumbprint: founder}, {}, (), {}),
        size=1,
        day=statement.day,
        marked_through=first_interval - 1,
    )


def _rule(state: State, sign1: cose.Sign1, statement: Statement) -> State:
    rule: Callable[[State, cose.Sign1, Any], State] | None = _RULES.get(type(statement))
    if rule is None:
        raise Refused(
            "E-CHARTER-10",
            "A ledger has one genesis.",
            why="This statement would found it a second time.",
            fix="Found another ledger in another directory: standing init.",
        )
    return rule(state, sign1, statement)


def _set_key(state: State, _sign1: cose.Sign1, statement: KeySet) -> State:
    if statement.purpose not in LOG_PURPOSES:
        raise Refused(
            "E-CHARTER-11",
            f"{statement.purpose!r} is no purpose of a log key.",
            why=f"The purposes are {', '.join(sorted(LOG_PURPOSES))}.",
            fix="Name one of them.",
        )
    kid = _fresh_key(state, read_log_key(statement.purpose, statement.key))
    keys = state.roll.log_keys | {kid: LogKey(statement.purpose, statement.key, state.size)}
    return _with_roll(state, log_keys=keys)


def _fresh_key(state: State, key: PublicKey) -> bytes:
    key.check_key()
    kid = key.thumbprint
    taken = set(state.roll.keys) | set(state.roll.log_keys)
    taken.add(PublicKey.from_cose_key(state.genesis.checkpoint_key).thumbprint)
    if kid in taken:
        raise Refused(
            "E-CHARTER-12",
            "This key is already on the roll.",
            why="A key serves one organisation and one purpose, once.",
            fix="Make a new key: standing key new ROLE -o FILE.",
        )
    return kid


def _accredit(state: State, _sign1: cose.Sign1, statement: Accredit) -> State:
    kid = _fresh_key(state, PublicKey.from_cose_key(statement.key))
    allowed = ROLES.get(statement.role)
    if allowed is None or not set(statement.kinds) <= allowed:
        raise Refused(
            "E-CHARTER-13",
            f"A {statement.role} cannot be accredited for {', '.join(statement.kinds)}.",
            why=f"Allowed: {', '.join(sorted(allowed or ROLES))}.",
            fix="Name a role and kinds that go together.",
        )
    if not statement.name or not statement.employer or statement.until < state.day:
        raise Refused(
            "E-CHARTER-14",
            "An accreditation names an organisation, its employer and a day to come.",
            why=f"Got {statement.name!r}, {statement.employer!r}, day {statement.until}.",
            fix="Give --name, --employer and a later --until.",
        )
    for other in state.roll.keys.values():
        if other.name == statement.name and (other.role, other.employer) != (
            statement.role,
            statement.employer,
        ):
            raise Refused(
                "E-CHARTER-15",
                f"The name {statement.name!r} belongs to another organisation or role.",
                why=f"It is the {other.role} of {other.employer}.",
                fix="Choose a name of its own.",
            )
    right = Accreditation(
        key=statement.key,
        role=statement.role,
        name=statement.name,
        employer=statement.employer,
        kinds=statement.kinds,
        contexts=statement.contexts,
        sector=statement.sector,
        until=statement.until,
        since_entry=state.size,
    )
    return _with_roll(state, keys=state.roll.keys | {kid: right})


def _revoke(state: State, sign1: cose.Sign1, statement: Revoke) -> State:
    right = state.roll.keys.get(statement.kid)
    if right is None or right.revoked_entry is not None or statement.kid == sign1.kid:
        raise Refused(
            "E-CHARTER-16",
            "There is no such key in force to revoke.",
            why="It is not on the roll, was revoked before, or is the operator's own.",
            fix="Name the key id of a key in force.",
        )
    gone = msgspec.structs.replace(right, revoked_entry=state.size)
    return _with_roll(state, keys=state.roll.keys | {statement.kid: gone})


def _move_day(state: State, _sign1: cose.Sign1, statement: DayMoved) -> State:
    if statement.day < state.day:
        raise Refused(
            "E-CHARTER-17",
            f"The day cannot go back to {format_day(statement.day)}.",
            why=f"The ledger's day is {format_day(state.day)}.",
            fix="Set this machine's clock right and try again.",
        )
    if state.marked_through < state.first_interval_of(statement.day) - 1:
        raise Refused(
            "E-CHARTER-18",
            "The marks of the days before are missing.",
            why="Every interval is covered by a marks statement before a later day begins.",
            fix="Let the ledger publish its marks first: standing tick.",
        )
    return msgspec.structs.replace(state, day=statement.day)


def _mark(state: State, _sign1: cose.Sign1, statement: Marks) -> State:
    if statement.through <= state.marked_through:
        raise Refused(
            "E-CHARTER-19",
            "These marks cover no new interval.",
            why=f"Interval {state.marked_through} is covered, got {statement.through}.",
            fix="Publish each interval once.",
        )
    return msgspec.structs.replace(state, marked_through=statement.through)


def _batch(state: State, sign1: cose.Sign1, statement: Batch) -> State:
    right = state.roll.keys[sign1.kid]
    if statement.context not in right.contexts:
        raise Refused(
            "E-CHARTER-20",
            f"{right.name} may not issue in the context {statement.context!r}.",
            why=f"Its contexts are: {', '.join(right.contexts) or 'none'}.",
            fix=_FIX_ACCREDIT,
        )
    packs = state.packs_of(statement.context)
    if not packs or packs[0][0] > state.day:
        raise Refused(
            "E-CHARTER-21",
            f"No pack is in force for {statement.context!r}.",
            why="Records enter a context only under published rules that are in force.",
            fix="Publish a pack and wait for its day of force: standing pack publish FILE.",
        )
    return state


def _envelope(state: State, sign1: cose.Sign1, statement: Envelope) -> State:
    if statement.kind == "pack":
        return _pack(state, sign1, statement)
    if statement.kind == "catalogue" and statement.digest not in state.roll.catalogues:
        return _with_roll(state, catalogues=(*state.roll.catalogues, statement.digest))
    return state


class _PackFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    context: str
    version: int
    force: CalendarDay
    linter: int
    catalogue: bytes


def _pack(state: State, sign1: cose.Sign1, statement: Envelope) -> State:
    try:
        facts = msgspec.convert(statement.facts, _PackFacts, builtin_types=(bytes,))
    except msgspec.ValidationError as problem:
        raise _bad_pack("Its facts have the wrong form.", f"{problem}.") from None
    if facts.catalogue not in state.roll.catalogues:
        raise _bad_pack("It is written against an unknown catalogue.", "Publish that one first.")
    before = state.roll.packs.get(statement.digest)
    if before is None:
        _check_new_pack(state, facts)
        signers: tuple[bytes, ...] = (sign1.kid,)
    elif (before.context, before.version, before.force, before.linter, before.catalogue) != (
        facts.context,
        facts.version,
        facts.force,
        facts.linter,
        facts.catalogue,
    ):
        raise _bad_pack("Its second signature states other facts.", "Both sign the same facts.")
    elif sign1.kid in before.signers or before.published is not None:
        raise _bad_pack("This key has signed it, or it is published.", "Two keys sign, once each.")
    else:
        signers = (*before.signers, sign1.kid)
    published = state.day if len(signers) >= _PACK_SIGNERS else None
    if published is not None and facts.force <= published:
        raise _bad_pack(
            "It would be in force before it is published.",
            f"Force {format_day(facts.force)}, publication {format_day(published)}.",
        )
    entry = PackEntry(
        facts.context,
        facts.version,
        facts.force,
        facts.linter,
        facts.catalogue,
        signers,
        published,
    )
    return _with_roll(state, packs=state.roll.packs | {statement.digest: entry})


def _check_new_pack(state: State, facts: _PackFacts) -> None:
    for other in state.roll.packs.values():
        if other.context != facts.context or other.published is None:
            continue
        if other.version >= facts.version or other.force >= facts.force:
            raise _bad_pack(
                f"{facts.context} already has version {other.version}.",
                "A later pack has a higher version and a later day of force.",
            )


def _bad_pack(what: str, why: str) -> Refused:
    return Refused(
        "E-CHARTER-22",
        f"This pack cannot be published. {what}",
        why=why,
        fix="Correct the pack, lint it (standing pack lint FILE) and publish it again.",
    )


def _with_roll(state: State, **changes: Any) -> State:
    return msgspec.structs.replace(state, roll=msgspec.structs.replace(state.roll, **changes))


_RULES: dict[type, Callable[[State, cose.Sign1, Any], State]] = {
    KeySet: _set_key,
    Accredit: _accredit,
    Revoke: _revoke,
    DayMoved: _move_day,
    Marks: _mark,
    Batch: _batch,
    Envelope: _envelope,
}
