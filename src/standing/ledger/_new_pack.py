"""May this pack follow what the ledger holds? The linter reads a pack alone; this compares it.

Each check raises with a code of its own. Both doors ask: `standing pack publish` and registration
over HTTP. What is missing on the roll is not missing here: organisations may be accredited later.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from standing import charter, policy
from standing.errors import Broken, Refused
from standing.ledger._core import Core
from standing.wire.days import format_day

_PARTIES = frozenset({"issuer", "relying-party"})
_ROLE_ON_THE_ROLL = {"second-reviewer": "reviewer"}  # the charter knows one kind of reviewer
_FIX_SIGN = "Correct the pack and have it signed again."


def check_new_pack(core: Core, new: policy.Pack, given: Mapping[bytes, bytes]) -> None:
    """Compare a linted pack with the ledger; `given` holds documents by digest, kept or not yet."""
    _check_catalogue(core, new)
    _check_succession(core, new)
    rights = [
        right
        for right in core.state.roll.keys.values()
        if right.revoked_entry is None and right.until >= core.today
    ]
    _check_listed(new, rights)
    _check_parties(new, rights)
    _check_attachments(core, new, given)
    _check_simulation(core, new, given)


def latest(core: Core, context: str) -> tuple[bytes, policy.Pack] | None:
    """Give the newest published pack of a context with its digest."""
    packs = core.state.packs_of(context)
    if not packs:
        return None
    digest = packs[-1][1]
    return digest, policy.parse_pack(core.log.document(digest))


def attached(new: policy.Pack) -> Iterator[tuple[policy.Attachment, bytes, bytes | None]]:
    """Give each attachment, its digest, and its bytes where its title is its text."""
    for attachment in new.attachments:
        digest, title = bytes.fromhex(attachment.sha256), attachment.title.encode()
        is_own_text = attachment.sample and hashlib.sha256(title).digest() == digest
        yield attachment, digest, title if is_own_text else None


def _check_catalogue(core: Core, new: policy.Pack) -> None:
    # the linter compared canonical bytes; a catalogue that came over HTTP may lie in another form
    newest = core.state.roll.catalogues[-1].hex()
    if new.catalogue != newest:
        raise Refused(
            "E-PACK-13",
            "The pack names another catalogue than the ledger's newest one.",
            why=f"Got {new.catalogue or 'none'}, the newest is {newest}.",
            fix="Publish the catalogue in its canonical form, then the pack: "
            "standing pack catalogue FILE --key RULE-MAKER.key.",
        )


def _check_succession(core: Core, new: policy.Pack) -> None:
    published = core.state.packs_of(new.context)
    before = latest(core, new.context)
    version = before[1].version + 1 if before else 1
    if new.version != version:
        raise Refused(
            "E-PACK-14",
            f"The next pack of {new.context} is version {version}.",
            why=f"Got version {new.version}.",
            fix=_FIX_SIGN,
        )
    if before is None:
        return
    said = (new.change.first_force, new.change.previous)
    wanted = (published[0][0], before[0].hex())
    if said != wanted:
        raise Refused(
            "E-PACK-15",
            f"The pack does not follow version {before[1].version} of {new.context}.",
            why=f"Got first force {format_day(said[0])} and previous {said[1]}, allowed are "
            f"{format_day(wanted[0])} and {wanted[1]}.",
            fix=_FIX_SIGN,
        )
    packs = [(force, policy.parse_pack(core.log.document(name))) for force, name in published]
    policy.Schedule([*packs, (new.force, new)])  # raises E-SCHED-01


def _check_listed(new: policy.Pack, rights: Sequence[charter.Accreditation]) -> None:
    for listed in new.organisations:
        is_asker = listed.role == "relying-party"
        role = _ROLE_ON_THE_ROLL.get(listed.role, listed.role)
        said = (role, listed.employer, listed.sector if is_asker else "")
        known = [
            (right.role, right.employer, right.sector if is_asker else "")
            for right in rights
            if right.name == listed.name
        ]
        if known and said not in known:
            raise Refused(
                "E-PACK-16",
                f"The pack says of {listed.name} what the roll does not say.",
                why=f"Got {_words(said)}; the roll says {_words(known[0])}.",
                fix=_FIX_SIGN,
                where="organisations",
            )


def _check_parties(new: policy.Pack, rights: Sequence[charter.Accreditation]) -> None:
    listed = {(one.role, one.name, one.employer) for one in new.organisations}
    for right in rights:
        if right.role in _PARTIES and new.context in right.contexts:
            wanted: tuple[str, str, str] = (right.role, right.name, right.employer)
            if wanted not in listed:
                raise Refused(
                    "E-PACK-17",
                    f"The pack does not list {right.name}.",
                    why=f"It is accredited as {right.role} of {right.employer} in {new.context}, "
                    "and whoever is bound by a pack must be able to read who takes part.",
                    fix="List it under organisations and have the pack signed again.",
                    where="organisations",
                )


def _check_attachments(core: Core, new: policy.Pack, given: Mapping[bytes, bytes]) -> None:
    for attachment, digest, own in attached(new):
        if own is None and _kept(core, digest, given) is None:
            raise Refused(
                "E-PACK-18",
                f"The attachment {attachment.title!r} is missing.",
                why=f"No document with the SHA-256 {attachment.sha256} is kept or given.",
                fix="Give it: standing pack publish FILE --attach DOCUMENT.",
                where="attachments",
            )


def _check_simulation(core: Core, new: policy.Pack, given: Mapping[bytes, bytes]) -> None:
    if not new.change.simulation:
        return  # a first pack; the linter refuses a later one without (L38)
    data = _kept(core, bytes.fromhex(new.change.simulation), given)
    if data is None:
        raise Refused(
            "E-PACK-19",
            "The simulation that the pack names is missing.",
            why=f"No document with the SHA-256 {new.change.simulation} is kept or given.",
            fix="Give it: standing pack publish FILE --simulation DOCUMENT.",
            where="change.simulation",
        )
    before = latest(core, new.context)
    if before is None:
        return
    found = policy.parse_simulation(data)
    said = (found.context, found.old_pack, found.new_rules)
    wanted = (new.context, before[0].hex(), policy.rules_digest(new).hex())
    if said != wanted:
        raise Refused(
            "E-PACK-21",
            "The simulation compared other rules.",
            why=f"Got context, old pack and new rules {_words(said)}; this pack has "
            f"{_words(wanted)}.",
            fix="Simulate this pack against the one before it, name the result and sign again.",
            where="change.simulation",
        )
    if found.impact != new.impact:
        raise Refused(
            "E-PACK-22",
            "The pack states another impact than its simulation found.",
            why=f"Got {_impact(new.impact)}, the simulation says {_impact(found.impact)}.",
            fix="State the impact of the simulation and have the pack signed again.",
            where="impact",
        )


def _kept(core: Core, digest: bytes, given: Mapping[bytes, bytes]) -> bytes | None:
    if digest in given:
        return given[digest]
    try:
        return core.log.document(digest)
    except Broken:
        return None


def _words(parts: Sequence[str]) -> str:
    return ", ".join(part or "none" for part in parts)


def _impact(impact: policy.Impact) -> str:
    return f"{impact.result} ({impact.low_permille} to {impact.high_permille} thousandths)"
