"""Publishing rules and reading them back: catalogue, packs, consent texts, schedules."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from standing import charter, policy
from standing.errors import Refused
from standing.ledger._core import Core
from standing.ledger._new_pack import attached, check_new_pack, latest
from standing.wire.days import format_day
from standing.wire.keys import KeyFile

_JSON = "application/json"
_BYTES = "application/octet-stream"
_TEXT = "text/plain; charset=utf-8"


def publish_catalogue(core: Core, data: bytes, key: KeyFile) -> bytes:
    """Publish the act types; gives the catalogue's digest."""
    signer = _rule_maker(core, key)
    document = policy.canonical(policy.parse_catalogue(data))
    digest = core.log.put_document(document)
    envelope = charter.Envelope("catalogue", digest, _JSON, {})
    core.commit([_sign(key, signer, "catalogue", envelope)])
    return digest


def publish_pack(
    core: Core,
    data: bytes,
    keys: Sequence[KeyFile],
    *,
    attach: Sequence[bytes] = (),
    simulation: bytes | None = None,
) -> bytes:
    """Lint a pack, compare it with the ledger, and publish it with the documents that it names.

    Gives the pack's digest. One key alone leaves the pack signed once, waiting for the second.
    """
    catalogue_digest, catalogue = current_catalogue(core)
    new = policy.load_pack(data, catalogue)
    if new.published != core.today:
        raise _another_day(core, new)
    given = _given(new, [*attach, *([] if simulation is None else [simulation])])
    check_new_pack(core, new, given)
    signers = [_rule_maker(core, key) for key in keys]
    digest = core.log.put_document(policy.canonical(new))
    facts = {
        "context": new.context,
        "version": new.version,
        "force": int(new.force),
        "linter": policy.LINTER_VERSION,
        "catalogue": catalogue_digest,
    }
    envelope = charter.Envelope("pack", digest, _JSON, facts)
    slot = f"pack/{new.context}/{new.version}"
    statements = [
        _sign(key, signer, slot, envelope) for key, signer in zip(keys, signers, strict=True)
    ]
    statements += [
        _sign(keys[0], signers[0], f"{name}/{new.context}/{new.version}", said)
        for name, said in _beside(core, new, catalogue, digest, given)
    ]
    core.commit(statements)
    return digest


def check_day(core: Core, new: policy.Pack) -> None:
    """Refuse a pack whose day of publication is past: it would give less notice than it says."""
    if new.published < core.today:
        raise _another_day(core, new)


def _another_day(core: Core, new: policy.Pack) -> Refused:
    return Refused(
        "E-PACK-10",
        f"The pack says it is published on {format_day(new.published)}.",
        why=f"Today is {format_day(core.today)}.",
        fix="Write today's day at published, check the day of force, and have it signed again.",
        where="published",
    )


def _given(new: policy.Pack, documents: Sequence[bytes]) -> dict[bytes, bytes]:
    given = {hashlib.sha256(data).digest(): data for data in documents}
    named = {attachment.sha256 for attachment in new.attachments} | {new.change.simulation}
    for digest in given:
        if digest.hex() not in named:
            raise Refused(
                "E-PACK-23",
                "A document was given that the pack does not name.",
                why=f"Its SHA-256 is {digest.hex()}; what is published stays public for ever.",
                fix="Give the documents that the pack names under attachments and change.",
            )
    return given


def _beside(
    core: Core,
    new: policy.Pack,
    catalogue: policy.Catalogue,
    digest: bytes,
    given: Mapping[bytes, bytes],
) -> Iterator[tuple[str, charter.Envelope]]:
    """Keep the documents that belong to a pack; gives what is stated of each, with its name."""
    for data in given.values():
        core.log.put_document(data)
    text = core.log.put_document(policy.consent_text(new, catalogue))
    about = {"about": "consent-text", "pack": digest}
    yield "consent-text", charter.Envelope("document", text, _TEXT, about)
    for number, (attachment, named, own) in enumerate(attached(new)):
        if own is not None:
            core.log.put_document(own)
        about = {"about": "attachment", "pack": digest, "attachment": attachment.kind}
        media_type = _BYTES if own is None else _TEXT
        yield f"attachment-{number}", charter.Envelope("document", named, media_type, about)
    before = latest(core, new.context)
    if before is not None:
        words = policy.diff_text(policy.diff_packs(before[1], new)).encode()
        about = {"about": "pack-diff", "pack": digest, "previous": before[0]}
        yield "pack-diff", charter.Envelope("document", core.log.put_document(words), _TEXT, about)
    if new.change.simulation:
        about = {"about": "simulation", "pack": digest}
        simulation = bytes.fromhex(new.change.simulation)
        yield "simulation", charter.Envelope("document", simulation, _JSON, about)


def current_catalogue(core: Core) -> tuple[bytes, policy.Catalogue]:
    """Give the newest published catalogue; raises `E-PACK-11` where there is none."""
    published = core.state.roll.catalogues
    if not published:
        raise Refused(
            "E-PACK-11",
            "No catalogue of act types is published.",
            why="A pack is written against a catalogue.",
            fix="Publish one first: standing pack catalogue --key RULE-MAKER.key.",
        )
    digest = published[-1]
    return digest, _catalogue(core.log.document(digest))


def catalogue_of(core: Core, pack_digest: bytes) -> bytes:
    """Give the canonical bytes of the catalogue that a pack is written against."""
    return core.log.document(core.state.roll.packs[pack_digest].catalogue)


def catalogue_of_pack(core: Core, context: str, day: int) -> policy.Catalogue | None:
    """Read the catalogue behind the pack in force on a day; packs of linter 1 name none."""
    named = core.state.roll.packs[pack_in_force(core, context, day)].catalogue
    return _catalogue(core.log.document(named)) if named else None


def schedule(core: Core, context: str) -> policy.Schedule:
    """Give a context's published packs with their days of force; raises `E-PACK-12`."""
    packs = core.state.packs_of(context)
    if not packs:
        raise no_pack(context)
    return _schedule(tuple((force, core.log.document(digest)) for force, digest in packs))


def pack_in_force(core: Core, context: str, day: int) -> bytes:
    """Give the digest of the pack in force on a day; raises `E-PACK-12`."""
    current = [digest for force, digest in core.state.packs_of(context) if force <= day]
    if not current:
        raise no_pack(context)
    return current[-1]


def next_pack(core: Core, context: str) -> bytes:
    """Give the pack in force today, or the one announced where none is in force yet."""
    packs = core.state.packs_of(context)
    if not packs:
        raise no_pack(context)
    in_force = [digest for force, digest in packs if force <= core.today]
    return in_force[-1] if in_force else packs[0][1]


def no_pack(context: str) -> Refused:
    """Make the error for a context without rules."""
    return Refused(
        "E-PACK-12",
        f"No rules are in force for {context!r}.",
        why="No pack of this context is published, or its day of force is still to come.",
        fix="See what is published: standing pack list.",
    )


def pack(core: Core, digest: bytes) -> policy.Pack:
    """Read a published pack."""
    return _pack(core.log.document(digest))


def named_pack(core: Core, name: str) -> policy.Pack:
    """Read a pack by its digest or as CONTEXT@VERSION; raises `E-PACK-25`."""
    context, _, version = name.rpartition("@")
    for digest, entry in core.state.roll.packs.items():
        is_version = entry.published is not None and version == str(entry.version)
        if digest.hex() == name or (is_version and entry.context == context):
            return pack(core, digest)
    raise Refused(
        "E-PACK-25",
        f"There is no pack {name!r}.",
        why="It is no file, and the ledger holds no pack of that digest or CONTEXT@VERSION.",
        fix="See what is published: standing pack list.",
    )


def issuers_of(core: Core, pack_digest: bytes) -> tuple[str, ...]:
    """Name the issuers that a pack lists: who may record is known before anyone agrees (L62)."""
    listed = pack(core, pack_digest).organisations
    return tuple(sorted({one.name for one in listed if one.role == "issuer"}))


def text_digest(core: Core, pack_digest: bytes) -> bytes:
    """Give the digest of the consent text that belongs to a pack."""
    return hashlib.sha256(consent_text_of(core, pack_digest)).digest()


def consent_text_of(core: Core, pack_digest: bytes) -> bytes:
    """Write the consent text of a pack again, from the pack and its catalogue."""
    return _consent_text(core.log.document(pack_digest), catalogue_of(core, pack_digest))


def _rule_maker(core: Core, key: KeyFile) -> str:
    right = core.state.roll.keys.get(key.public.thumbprint)
    if key.key is None or right is None or right.role != "rule-maker":
        raise Refused(
            "E-KEY-12",
            "Rules are published with an accredited rule-maker's private key.",
            why=f"Got a key of role {key.role!r}"
            + (" that is not accredited." if right is None else "."),
            fix="Accredit it first: standing accredit KEY.pub --role rule-maker.",
        )
    return right.name


def _sign(key: KeyFile, signer: str, slot: str, envelope: charter.Envelope) -> bytes:
    assert key.key is not None, "checked by _rule_maker"
    return charter.sign_envelope(key.key, signer, slot, envelope)


@lru_cache(maxsize=64)
def _consent_text(pack_data: bytes, catalogue_data: bytes) -> bytes:
    return policy.consent_text(_pack(pack_data), _catalogue(catalogue_data))


@lru_cache(maxsize=64)
def _pack(data: bytes) -> policy.Pack:
    return policy.parse_pack(data)


@lru_cache(maxsize=8)
def _catalogue(data: bytes) -> policy.Catalogue:
    return policy.parse_catalogue(data)


@lru_cache(maxsize=64)
def _schedule(packs: tuple[tuple[int, bytes], ...]) -> policy.Schedule:
    return policy.Schedule((force, _pack(data)) for force, data in packs)
