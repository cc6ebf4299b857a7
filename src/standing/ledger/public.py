"""What a ledger shows to everybody, as plain values: its log, one entry, its roll, its packs.

Nothing here concerns a person. Pages, the HTTP interface and its client share these types; hashes
are hexadecimal, days are dates.
"""

from bisect import bisect_right
from typing import Any

import msgspec

from standing import audit, charter, policy
from standing.errors import Refused
from standing.ledger._core import Core
from standing.verify.tree import leaf_hash
from standing.wire import cose
from standing.wire.days import LAST_DAY, format_day


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The common shape."""


class Signature(View, frozen=True, kw_only=True):
    """One line under a checkpoint."""

    name: str
    key_id: str
    kind: str


class Checkpoint(View, frozen=True, kw_only=True):
    """A signed size and root, with everybody who signed it."""

    size: int
    root: str
    signatures: tuple[Signature, ...]
    note: str


class Overview(View, frozen=True, kw_only=True):
    """The log as it stands: `published` is what outsiders can read, `witnessed` what they hold."""

    origin: str
    clock: str
    day: str
    genesis: str
    checkpoint_key: str
    size: int
    root: str
    published: Checkpoint | None
    witnessed: Checkpoint | None
    witnesses: int
    mirrors: int


class DaySize(View, frozen=True, kw_only=True):
    """How many entries the log held at the end of a day."""

    day: str
    size: int


class EntryLine(View, frozen=True, kw_only=True):
    """One entry in a list."""

    index: int
    day: str
    kind: str
    issuer: str
    slot: str


class Sibling(View, frozen=True, kw_only=True):
    """One step of a Merkle path: a hash over the entries `first` to `last`, and where it joins."""

    side: str
    first: int
    last: int
    hash: str


class Entry(View, frozen=True, kw_only=True):
    """One entry: what it says, and the path from its leaf to the root at `size`."""

    index: int
    day: str
    kind: str
    issuer: str
    slot: str
    signer: str
    key: str
    says: dict[str, Any]
    statement_hash: str
    leaf_hash: str
    bytes: int
    raw: str
    size: int
    root: str
    path: tuple[Sibling, ...]


class Holder(View, frozen=True, kw_only=True):
    """One key on the roll: whose it is and what it may do; no `until`: for as long as it lasts."""

    name: str
    employer: str
    role: str
    contexts: tuple[str, ...]
    kinds: tuple[str, ...]
    sector: str
    until: str
    since_entry: int
    revoked_entry: int | None
    key: str


class LogKey(View, frozen=True, kw_only=True):
    """One of the log's own keys of today, by what it is for; a COSE_Key in hexadecimal."""

    purpose: str
    key: str


class PackLine(View, frozen=True, kw_only=True):
    """One pack in a list; `published` is empty while the second signature is missing."""

    context: str
    version: int
    title: str
    force: str
    published: str
    digest: str
    signers: tuple[str, ...]
    in_force: bool


class Asker(View, frozen=True, kw_only=True):
    """A relying party that may ask something in a context: its key's thumbprint, the purpose."""

    party: str
    key: str
    purpose: str
    title: str


class ContestNumbers(View, frozen=True, kw_only=True):
    """Contests in numbers; a count below `smallest` could point at somebody and is left out."""

    day: str
    filed: int | None
    open: int | None
    outcomes: dict[str, int]
    median_days: int | None
    longest_days: int | None
    smallest: int


class Proven(View, frozen=True, kw_only=True):
    """What a receipt or a tlog-proof was found to prove."""

    kind: str
    index: int
    size: int
    root: str
    statement_hash: str
    signed_by: tuple[str, ...]
    in_this_copy: bool


def overview(core: Core) -> Overview:
    """Give the log's head, and its newest published checkpoint with who signed it."""
    published = witnessed = None
    if core.log.published() is not None:
        facts = audit.checkpoint_facts_at(core, core.state)
        published = _checkpoint(facts)
        witnessed = _checkpoint(facts["witnessed"]) if facts["witnessed"] else None
    head = core.log.head
    policy_ = core.outside.policy
    return Overview(
        origin=core.trust.origin,
        clock=core.trust.clock,
        day=format_day(core.today),
        genesis=core.trust.genesis,
        checkpoint_key=core.trust.checkpoint_key.cose_key().hex(),
        size=head.size,
        root=head.root.hex(),
        published=published,
        witnessed=witnessed,
        witnesses=len(policy_.witnesses) if policy_ else 0,
        mirrors=len(core.outside.mirrors),
    )


def _checkpoint(facts: dict[str, Any]) -> Checkpoint:
    return Checkpoint(
        size=facts["size"],
        root=facts["root"],
        signatures=tuple(Signature(**line) for line in facts["signatures"]),
        note=facts["note"],
    )


def growth(core: Core) -> list[DaySize]:
    """Give the log's size at the end of each day that brought an entry."""
    return [DaySize(day=format_day(day), size=size) for day, size in core.log.days()]


def entries(core: Core, start: int, stop: int) -> list[EntryLine]:
    """Describe a stretch of entries, oldest first."""
    days = core.log.days()
    found = []
    for index, data in enumerate(core.log.entries(start, stop), start):
        sign1 = cose.parse_sign1(data)
        claims = sign1.protected.get(cose.CWT, {})
        found.append(
            EntryLine(
                index=index,
                day=_day_at(days, index),
                kind=charter.kind_of(sign1),
                issuer=str(claims.get(cose.CWT_ISS)),
                slot=str(claims.get(cose.CWT_SUB)),
            )
        )
    return found


def _day_at(days: list[tuple[int, int]], index: int) -> str:
    place = bisect_right(days, index, key=lambda row: row[1])
    return format_day(days[place][0]) if place < len(days) else ""


def entry(core: Core, which: str) -> Entry:
    """Describe one entry, by index or statement hash; raises `E-INSPECT-01`."""
    index = audit.place_of(core, which)
    facts = audit.entry_facts_at(core, core.state, index)
    size = core.log.head.size
    hashes = core.log.inclusion(index, size)
    return Entry(
        day=_day_at(core.log.days(), index),
        size=size,
        root=core.log.head.root.hex(),
        path=tuple(
            Sibling(side=side, first=first, last=stop - 1, hash=node.hex())
            for (side, first, stop), node in zip(path_ranges(index, size), hashes, strict=True)
        ),
        **facts,
    )


def path_ranges(index: int, size: int) -> list[tuple[str, int, int]]:
    """Give (side, first entry, one past the last) of each node of an inclusion path, leaf first.

    RFC 9162, section 2.1.3: the tree splits at the largest power of two below its size.

    >>> path_ranges(2, 5)
    [('right', 3, 4), ('left', 0, 2), ('right', 4, 5)]
    """
    found: list[tuple[str, int, int]] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + (1 << (stop - start - 1).bit_length() - 1)
        if index < middle:
            found.append(("right", middle, stop))
            stop = middle
        else:
            found.append(("left", start, middle))
            start = middle
    return found[::-1]


def log_keys(core: Core) -> list[LogKey]:
    """List the log's own keys of today, by purpose."""
    purposes = sorted({"checkpoint", *(key.purpose for key in core.state.roll.log_keys.values())})
    named = [(purpose, core.state.log_key(purpose)) for purpose in purposes]
    return [LogKey(purpose=purpose, key=key.hex()) for purpose, key in named if key is not None]


def roll(core: Core) -> list[Holder]:
    """List every key that ever had a right, by role and name."""
    holders = [
        Holder(
            name=right.name,
            employer=right.employer,
            role=right.role,
            contexts=right.contexts,
            kinds=right.kinds,
            sector=right.sector,
            until=format_day(right.until) if right.until <= LAST_DAY else "",
            since_entry=right.since_entry,
            revoked_entry=right.revoked_entry,
            key=kid.hex(),
        )
        for kid, right in core.state.roll.keys.items()
    ]
    return sorted(holders, key=lambda holder: (holder.role, holder.name, holder.since_entry))


def packs(core: Core) -> list[PackLine]:
    """List the packs by context, newest version first."""
    lines = []
    for digest, said in core.state.roll.packs.items():
        of_context = [found for force, found in core.state.packs_of(said.context)
                      if force <= core.today]  # fmt: skip
        lines.append(
            PackLine(
                context=said.context,
                version=said.version,
                title=policy.parse_pack(core.log.document(digest)).title,
                force=format_day(said.force),
                published="" if said.published is None else format_day(said.published),
                digest=digest.hex(),
                signers=tuple(_name(core, kid) for kid in said.signers),
                in_force=bool(of_context) and of_context[-1] == digest,
            )
        )
    return sorted(lines, key=lambda line: (line.context, -line.version))


def askers(core: Core, context: str) -> list[Asker]:
    """List who may ask what in a context today: each accredited party with its kind's purposes."""
    line = next((one for one in packs(core) if one.context == context and one.in_force), None)
    if line is None:
        return []
    pack = policy.parse_pack(core.log.document(bytes.fromhex(line.digest)))
    return [
        Asker(party=holder.name, key=holder.key, purpose=name, title=purpose.title)
        for holder in roll(core)
        if holder.role == "relying-party" and context in holder.contexts
        and holder.revoked_entry is None
        for name, purpose in pack.purposes.items()
        if holder.sector in purpose.parties
    ]  # fmt: skip


def _name(core: Core, kid: bytes) -> str:
    right = core.state.roll.keys.get(kid)
    return kid.hex() if right is None else right.name


def check(core: Core, proof: bytes, statement: bytes | None) -> Proven:
    """Check a receipt, a tlog-proof or a statement that carries its receipt; raises `Broken`."""
    found = audit.check_proof_at(core, core.state, proof, statement)
    return Proven(
        kind=found.kind,
        index=found.index,
        size=found.size,
        root=found.root.hex(),
        statement_hash=found.statement_hash.hex(),
        signed_by=tuple(found.signed_by),
        in_this_copy=found.in_this_copy,
    )


def proof(core: Core, which: str, kind: str) -> tuple[int, bytes]:
    """Give the place of an entry and its proof: `receipt` or `tlog-proof`."""
    index = audit.place_of(core, which)
    if kind == "receipt":
        return index, core.log.receipt(index)
    return index, audit.prove(core, which).format()


def document(core: Core, digest: str) -> bytes:
    """Give a public document; raises `E-PUBLIC-01` for a name that is no digest."""
    try:
        named = bytes.fromhex(digest)
    except ValueError:
        named = b""
    if named.hex() != digest or len(named) != len(leaf_hash(b"")):
        raise Refused(
            "E-PUBLIC-01",
            "This names no document.",
            why="A document is named by its SHA-256, 64 small hexadecimal digits.",
            fix="Take the name from the entry that states it.",
        )
    return core.log.document(named)
