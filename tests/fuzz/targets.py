"""What must hold for any bytes: one function for each parser that meets bytes from outside.

A target takes bytes and gives nothing back, or raises: a broken property is an `AssertionError`,
and any exception that is not the parser's own refusal is a finding too. Three properties recur:
nothing but a `StandingError` (over HTTP a `Problem`) is raised; what is read is written back as
the same bytes; nothing verifies but what `objects` signed.
"""

import json
import os
import re
from collections.abc import Callable, Coroutine
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ParamSpec, TypeVar

import cbor2
import msgspec
from nacl.public import SealedBox
from nacl.signing import VerifyKey

from standing import charter
from standing.cases import challenges, decisions, presentations, recalls
from standing.cases.lifecycles import (
    LIFECYCLES,
    Signer,
    WorkingDays,
    World,
    case_of,
    check_lasting,
    event_of,
    read_facts,
)
from standing.cases.record_rules import LATEST_DAYS, SECOND, no_human
from standing.columns import ColumnStore
from standing.errors import StandingError
from standing.fetch import Answered
from standing.ledger.intake import OwnBatch, encode_batches, parse_batches, sendings
from standing.log._layout import ENTRIES, TILE, pack_entries, tile_path, unpack_entries
from standing.packs import shipped
from standing.policy import (
    Catalogue,
    RecordFact,
    canonical,
    lint,
    parse_catalogue,
    parse_pack,
    parse_simulation,
)
from standing.policy.columns import columns_of
from standing.serve._entries import _check_type, _id
from standing.serve._http import Answer, Problem, read_body
from standing.serve._reads import Files
from standing.vault import Record, Step, leaf_of, parse_preimage, preimage, signed_digest
from standing.verify import tree
from standing.verify.checkpoints import parse_checkpoint, verify_checkpoint
from standing.verify.cosignatures import verify_cosignature, verify_line
from standing.verify.quorum import TrustPolicy, parse_trust_policy
from standing.verify.receipts import encode_receipt, verify_receipt
from standing.verify.tlog_proof import parse_tlog_proof
from standing.wire import _ed25519, cbor, cose
from standing.wire.days import format_day
from standing.wire.keys import (
    ED25519,
    EDDSA,
    PublicKey,
    format_key_file,
    parse_key_file,
)
from standing.wire.notes import (
    Note,
    add_signatures,
    format_note,
    format_signatures,
    parse_note,
    parse_signatures,
    parse_vkey,
)
from standing.wire.proofs import normalise_proof, verify_proof
from standing.witness import Conflict, Witness
from standing.witness._ask import _read
from standing.witness._request import format_request, parse_request
from tests.fuzz import naive_cbor, objects
from tests.support import CONTEXT, TODAY, Town, make_ledger
from tests.unit.verify import naive
from tests.vectors import load, make

Target = Callable[[bytes], None]
_P = ParamSpec("_P")
_T = TypeVar("_T")

TARGETS: dict[str, Target] = {}
"""Each target by its name on the command line."""


def target(function: Target) -> Target:
    TARGETS[function.__name__.replace("_", "-")] = function
    return function


def attempt(call: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
    """Give what a call gives, or None where it refuses as it should; all else passes through."""
    try:
        return call(*args, **kwargs)
    except StandingError as error:
        facts = error.as_dict()
        assert all(facts[name] for name in ("code", "what", "why", "fix")), facts
        cbor2.dumps(list(facts.values()))  # an answer over HTTP must be able to carry its words
        return None


def holds(call: Callable[_P, object], *args: _P.args, **kwargs: _P.kwargs) -> bool:
    """Say whether a verification does not raise."""

    def verified() -> bool:
        call(*args, **kwargs)
        return True

    return attempt(verified) is True


def _run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run what never waits, without the cost of an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: _T = end.value
        return result
    coroutine.close()
    raise AssertionError("it waits for something")


# --- wire -----------------------------------------------------------------------------------------


@target
def cbor_decode(data: bytes) -> None:
    """The same bytes are taken as by a decoder written apart, and mean the same."""
    try:
        expected: list[Any] = [naive_cbor.decode(data)]
    except naive_cbor.Odd:
        expected = []
    value = attempt(lambda: [cbor.decode(data)])
    assert repr(value or []) == repr(expected)  # repr, since True == 1
    if value:
        assert cbor.encode(value[0]) == data
        assert cbor2.loads(data) == value[0]


@target
def cose_sign1(data: bytes) -> None:
    read = attempt(cose.parse_sign1, data)
    if read is None:
        return
    parts = [read.protected_bytes, read.unprotected, read.payload, read.signature]
    assert b"\xd2" + cbor.encode(parts) == data
    assert cbor.encode(read.protected) == read.protected_bytes
    again = cose.parse_sign1(read.entry_bytes)
    assert again.entry_bytes == read.entry_bytes
    if read.payload is not None:
        assert again.statement_hash == read.statement_hash
    for key in objects.ROLL.values():
        if holds(read.verify, key):
            assert read.entry_bytes in objects.STATEMENTS


@target
def cose_key(data: bytes) -> None:
    key = attempt(PublicKey.from_cose_key, data, ml_dsa=True)
    if key is None:
        return
    assert PublicKey.from_cose_key(key.cose_key(), ml_dsa=True) == key
    members = cbor.decode(data)
    if members[3] == ED25519:  # read, and written as the older identifier
        members[3] = EDDSA
    assert cbor.encode(members) == key.cose_key()


@target
def key_file(data: bytes) -> None:
    read = attempt(parse_key_file, data, where="a.key")
    if read is None:
        return
    assert format_key_file(read, private=read.key is not None) == data
    assert read.key is None or read.key.public == read.public
    assert json.loads(data)["role"] == read.role


@target
def note(data: bytes) -> None:
    read = attempt(parse_note, data)
    if read is None:
        return
    assert format_note(read) == data
    if holds(read.verify, objects.ORIGIN, objects.LOG.public):
        assert read.text in objects.SIGNED_TEXTS
    grown = attempt(add_signatures, data, parse_note(objects.NOTE).signatures)
    assert grown is None or grown.startswith(data)


@target
def vkey(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    key = attempt(parse_vkey, text)
    assert key is None or key.vkey() == text


@target
def signature_lines(data: bytes) -> None:
    lines = attempt(parse_signatures, data)
    assert lines is None or format_signatures(lines) == data


_KNOWN = load("ed25519.json")
_MESSAGE = bytes.fromhex(_KNOWN["message"])
_HONEST = PublicKey("Ed25519", bytes.fromhex(_KNOWN["public"]))
_SIGNED = {
    bytes.fromhex(case["signature"]) for case in _KNOWN["signatures"] if case["outcome"] == "ok"
}


@target
def ed25519(data: bytes) -> None:
    """Key, signature, message: all ways of asking agree, and nothing is signed anew."""
    raw, signature, message = data[:32], data[32:96], data[96:]
    if _is_accepted(raw, signature, message) and raw == _HONEST.raw:
        assert (signature, message) in {(known, _MESSAGE) for known in _SIGNED}


def _is_accepted(raw: bytes, signature: bytes, message: bytes) -> bool:
    """Ask in every way there is, demand one answer, and give it."""
    key = attempt(PublicKey, "Ed25519", raw)
    if len(raw) == 32:
        slow = _ed25519.is_plain_point(raw) and _ed25519.is_prime_order_point_slow(raw)
        assert (key is not None) == slow
    if key is None:
        return False
    accepted = holds(key.verify, signature, message)
    honest = len(signature) == 64 and _ed25519.is_plain_point(signature[:32])
    if not honest or not _ed25519.is_canonical_scalar(signature[32:]):
        assert not accepted
        return False
    assert _ed25519.is_signed_by_sodium(raw, signature, message) == accepted
    assert _ed25519.is_signed_by_cryptography(raw, signature, message) == accepted
    return accepted


@cache
def _torsion() -> list[Any]:
    """The eight points of small order, the neutral one first."""
    points: list[Any] = [(0, 1, 1, 0)]
    while len(points) < 8:
        points.append(_ed25519._add(points[-1], make._torsion()))
    return points


@target
def ed25519_forged(data: bytes) -> None:
    """Who holds the key bends R by a point of small order and S by the group's order."""
    if len(data) < 34:
        return
    twist, bend = data[0] % 8, data[1] % 3
    r = int.from_bytes(data[2:34], "little") % _ed25519._ORDER
    message = data[34:]
    point = _ed25519._add(_ed25519._multiply(make._base(), r), _torsion()[twist])
    forged = make._forge(r, make._encode(point), _HONEST.raw, message)
    s = int.from_bytes(forged[32:], "little") + (0, _ed25519._ORDER, 1)[bend]
    signature = forged[:32] + s.to_bytes(32, "little")
    honest = twist == bend == 0 and r != 0
    assert _is_accepted(_HONEST.raw, signature, message) == honest


_PROOFS = load("proofs.json")
_PROVERS = [
    PublicKey.from_cose_key(bytes.fromhex(key))
    for key in sorted({c["key"] for c in _PROOFS["cases"]})
]
_PROVED = [bytes.fromhex(case["proof"]) for case in _PROOFS["cases"] if case["outcome"] == "ok"]


@target
def proof(data: bytes) -> None:
    """A passkey's or a key file's proof of a document."""
    value = attempt(cbor.decode, data)
    if not isinstance(value, list):
        return
    digest, rp_id = bytes.fromhex(_PROOFS["digest"]), _PROOFS["rp_id"]
    stored = attempt(normalise_proof, value)
    assert stored is None or normalise_proof(stored) == stored
    for key in _PROVERS:
        if holds(verify_proof, value, key, digest, rp_id=rp_id):
            assert data in _PROVED
            assert stored == value


# --- verify ---------------------------------------------------------------------------------------


@target
def checkpoint(data: bytes) -> None:
    """A checkpoint, its own signatures, its cosignatures, and the quorum of a policy."""
    read = attempt(parse_checkpoint, data)
    if read is None:
        return
    point, signed = read
    assert point.text() == signed.text
    if holds(verify_checkpoint, data, objects.ORIGIN, objects.LOG.public):
        assert signed.text in objects.SIGNED_TEXTS
    for cosigner in objects.COSIGNERS.values():
        time = attempt(verify_cosignature, data, cosigner)
        if time is not None:
            assert (time, point.origin) == (objects.COSIGNED_AT, objects.ORIGIN)
            assert (point.size, point.root) in objects.SIGNED_ROOTS
            # ML-DSA-44 cosignatures leave extension lines unsigned, as their format says
            assert cosigner.kind == 6 or signed.text in objects.SIGNED_TEXTS
    if holds(objects.POLICY.verify, data):
        assert signed.text in objects.SIGNED_TEXTS


@target
def trust_policy(data: bytes) -> None:
    read = attempt(parse_trust_policy, data)
    if read is None:
        return
    written = read.format()
    assert parse_trust_policy(written) == read
    assert parse_trust_policy(written).format() == written
    point, signed = parse_checkpoint(objects.NOTE)
    assert holds(read.require_quorum, point, signed) == _is_reached(read, read.quorum)
    believed = {log.key for log in read.logs} & set(objects.LOG_KEYS)
    assert holds(read.verify, objects.NOTE) == bool(believed and _is_reached(read, read.quorum))


def _is_reached(policy: TrustPolicy, name: str) -> bool:
    """Ask the specification's question from the top, where the product counts from below."""
    if name == "none":
        return True
    for witness in policy.witnesses:
        if witness.name == name:
            return witness.key in objects.COSIGNERS.values()
    group = next(group for group in policy.groups if group.name == name)
    return sum(_is_reached(policy, member) for member in group.members) >= group.threshold


@target
def tlog_proof(data: bytes) -> None:
    read = attempt(parse_tlog_proof, data)
    if read is None:
        return
    assert read.format() == data
    leaf = objects.LEAVES[objects.PROVED]
    ways: list[tuple[list[Any], TrustPolicy | None]] = [
        ([objects.LOG_KEYS[0]], None), (objects.LOG_KEYS, objects.POLICY), ([], objects.POLICY),
    ]  # fmt: skip
    for keys, policy in ways:
        point = attempt(read.verify, leaf, keys, policy)
        if point is not None:
            assert point.text() in objects.SIGNED_TEXTS
            assert read.index == objects.PROVED
            assert list(read.path) == naive.path(read.index, objects.ENTRIES[: point.size])


_RECEIPTS = load("receipts.json")
_RECEIPT_KEY = PublicKey.from_cose_key(bytes.fromhex(_RECEIPTS["key"]))
_REGISTERED = [bytes.fromhex(entry) for entry in _RECEIPTS["entries"]]
_ROOTS = [bytes.fromhex(root) for root in _RECEIPTS["roots"]]


@target
def receipt(data: bytes) -> None:
    """A receipt proves one entry at most, under a root that was signed."""
    proved = 0
    for place, entry in enumerate(_REGISTERED):
        found = attempt(verify_receipt, data, entry, _RECEIPT_KEY)
        if found is None:
            continue
        proved += 1
        index, size, root = found
        assert root in _ROOTS
        read = cose.parse_sign1(data)
        path = cbor.decode(read.unprotected[cose.PROOFS][-1][0])[2]
        if size < len(_ROOTS) and root == _ROOTS[size]:
            assert (index, path) == (place, naive.path(place, _REGISTERED[:size]))
        if len(read.unprotected) == len(read.unprotected[cose.PROOFS]) == 1:
            parts = (read.protected_bytes, read.signature, index, size, path)
            assert encode_receipt(*parts) == data
    assert proved <= 1


_MOST_LEAVES = 40


@cache
def _leaves(size: int) -> tuple[list[bytes], bytes]:
    entries = [b"%d" % n for n in range(size)]
    return entries, naive.root(entries)


@cache
def _naive_path(kind: int, index: int, size: int) -> list[bytes]:
    return (naive.proof if kind else naive.path)(index, _leaves(size)[0])


def tree_case(data: bytes) -> tuple[int, int, int, list[bytes]]:
    """Read what `tree_proof` is given: inclusion or consistency, a place, a size, hashes."""
    kind, place, size = data[0] % 2, data[1], data[2] % _MOST_LEAVES + 1
    return kind, place, size, [data[at : at + 32] for at in range(3, len(data), 32)]


@target
def tree_proof(data: bytes) -> None:
    """A proof is taken if, and only if, a naive reading of RFC 9162 makes the same one."""
    if len(data) < 3:
        return
    kind, place, size, path = tree_case(data)
    entries, root = _leaves(size)
    inside = place <= size and place > 0 if kind else place < size
    right = inside and path == _naive_path(kind, place, size)
    if kind:
        old_root = _leaves(min(place, size))[1]
        assert holds(tree.verify_consistency, place, old_root, size, root, path) == right
    else:
        leaf = tree.leaf_hash(entries[min(place, size - 1)])
        assert holds(tree.verify_inclusion, place, size, leaf, path, root) == right


# --- private documents ----------------------------------------------------------------------------


@target
def private_document(data: bytes) -> None:
    """What a report carries: read, it is written the same again, and proves what was signed."""
    read = attempt(parse_preimage, data)
    if read is None:
        return
    written = preimage(read)
    again = parse_preimage(written)
    assert (type(again), again) == (type(read), read)
    assert (preimage(again), leaf_of(again)) == (written, tree.leaf_hash(written))
    proof = getattr(read, "proof", None)
    if proof is None or isinstance(read, Record):
        return
    digest = signed_digest(read)
    if holds(verify_proof, proof, objects.SUBJECT.public, digest, rp_id="ledger.example"):
        assert digest in objects.PRIVATE_DIGESTS


# --- charter and cases ----------------------------------------------------------------------------


@target
def examine(data: bytes) -> None:
    """What is posted: the signature of a known key stands under what that key signed alone."""
    claim = attempt(charter.examine, data, objects.ROLL)
    if claim is None:
        return
    read = cose.parse_sign1(claim.entry)
    assert (read.entry_bytes, read.statement_hash) == (claim.entry, claim.statement_hash)
    if claim.signed:
        assert claim.entry in objects.STATEMENTS


def _signed(name: str, header: bytes, payload: bytes | None) -> bytes:
    signature = objects.SIGNERS[name].sign(cose.sig_structure(header, payload or b""))
    return b"\xd2" + cbor.encode([header, {}, payload, signature])


def statement_of(data: bytes) -> tuple[charter.State | None, str, bytes, bytes]:
    """Read what `statement` is given: a state, a signer, a protected header and a payload."""
    end = 4 + int.from_bytes(data[2:4])
    names = list(objects.SIGNERS)
    state = objects.STATES[data[0] % len(objects.STATES)]
    return state, names[data[1] % len(names)], data[4:end], data[end:]


@target
def statement(data: bytes) -> None:
    """What somebody on the roll may sign, however odd: judged or refused, the same in both ways."""
    if len(data) < 4:
        return
    state, name, header, payload = statement_of(data)
    signed = _signed(name, header, payload)
    claim = attempt(charter.examine, signed, objects.ROLL)
    read = attempt(cose.parse_sign1, signed)
    if claim is None or read is None:
        return
    said = charter.parse_statement(read)
    if not isinstance(said, charter.Envelope):
        assert cbor.encode(msgspec.to_builtins(said, builtin_types=(bytes,))) == payload
    after = attempt(charter.admit, state, read)
    if state is not None:
        assert attempt(charter.admit_claim, state, claim) == after
    if after is not None:
        rows = charter.encode_state(after)
        assert charter.decode_state(rows["clock"], rows["roll"]) == after
        assert after.size == (state.size if state else 0) + 1


QUESTION = cbor.encode(
    {16: "application/vnd.standing.question.v1+cose", 1: EDDSA,
     4: objects.SIGNERS["bus"].public.thumbprint}
)  # fmt: skip


@target
def question(data: bytes) -> None:
    """What a relying party may ask."""
    state = objects.STATES[-1]
    assert state is not None
    found = attempt(decisions.read_question, state, _signed("bus", QUESTION, data))
    if found is not None:
        assert cbor.encode(msgspec.to_builtins(found[2], builtin_types=(bytes,))) == data


def _open(token: presentations.Presentation) -> bytes:
    return presentations.open_presentation(token, objects.SIGNERS["answer"], "ledger.example")


def _without_chance(token: bytes) -> presentations.Presentation:
    return msgspec.structs.replace(presentations.read_presentation(token), id=b"", sealed=b"")


@target
def presentation(data: bytes) -> None:
    """A token has one spelling; only what was made opens, and tells who made it."""
    token = attempt(presentations.read_presentation, data)
    if token is None:
        return
    assert cbor.encode(msgspec.to_builtins(token, builtin_types=(bytes,))) == data
    party = objects.SIGNERS["bus"].public.thumbprint
    attempt(
        presentations.check_presentation, token, origin=objects.ORIGIN, party=party,
        context=objects.CONTEXT, purpose="ride", today=objects.DAY + 5,
    )  # fmt: skip
    maker = attempt(_open, token)
    if maker is not None:
        assert maker in [key.public.cose_key() for key in objects.MAKERS]
        assert data in objects.TOKENS or _without_chance(data) in map(
            _without_chance, objects.TOKENS
        )  # kept from another run: the same but for what is drawn by lot


@target
def presentation_inside(data: bytes) -> None:
    """Whatever is sealed into a token: it opens for nobody but a key that proves all of it."""
    token = presentations.read_presentation(objects.TOKENS[0])
    box = SealedBox(VerifyKey(objects.SIGNERS["answer"].public.raw).to_curve25519_public_key())
    inside = data[:1_024].ljust(1_024, b"\0")
    maker = attempt(_open, msgspec.structs.replace(token, sealed=bytes(box.encrypt(inside))))
    assert maker is None or inside == objects.INSIDE


RECALL = cbor.encode(
    {16: "application/vnd.standing.recall.v1+cose", 1: EDDSA,
     4: objects.SIGNERS["answer"].public.thumbprint}
)  # fmt: skip


@target
def recall(data: bytes) -> None:
    """What a recipient reads: one sentence about one transaction, and nothing else."""
    key = objects.SIGNERS["answer"].public
    said = attempt(recalls.read_recall, _signed("answer", RECALL, data), key)
    if said is not None:
        assert cbor.encode(msgspec.to_builtins(said, builtin_types=(bytes,))) == data
        assert said.says == "no longer holds; delete it"


PARTY_SAYS = [
    cbor.encode(
        {16: f"application/vnd.standing.{kind}.v1+cose", 1: EDDSA,
         4: objects.SIGNERS["bus"].public.thumbprint}
    )
    for kind in ("deleted", "followed")
]  # fmt: skip


@target
def party_says(data: bytes) -> None:
    """What a relying party reports: deletions, or transactions that took place."""
    state = objects.STATES[-1]
    assert state is not None
    for header, read in zip(PARTY_SAYS, (recalls.read_deleted, recalls.read_followed), strict=True):
        found = attempt(read, state, _signed("bus", header, data))
        if found is not None:
            assert found[1] == objects.SIGNERS["bus"].public.thumbprint
            assert cbor.encode(msgspec.to_builtins(found[2], builtin_types=(bytes,))) == data


CHALLENGE = cbor.encode(
    {16: "application/vnd.standing.challenge.v1+cose", 1: EDDSA,
     4: objects.SIGNERS["metro"].public.thumbprint}
)  # fmt: skip


@target
def challenge(data: bytes) -> None:
    """What an issuer may ask of whoever controls a reference; no code but its own answers it."""
    found = attempt(challenges.parse_challenge, _signed("metro", CHALLENGE, data))
    if found is not None:
        assert cbor.encode(msgspec.to_builtins(found[1], builtin_types=(bytes,))) == data
        assert not challenges.is_answered(found[1], "abcd-efgh-ijkl-mnop")


_EVENTS = {
    (name, move.event): (table, move) for name, table in LIFECYCLES.items() for move in table.moves
}


@target
def step_facts(data: bytes) -> None:
    """Arbitrary facts of any step: a step of the table, or refused; what was read is written."""
    value = attempt(cbor.decode, data)
    if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], dict):
        return
    found = (
        _EVENTS.get((value[0], value[1])) if all(isinstance(v, str) for v in value[:2]) else None
    )
    if found is None:
        return
    table, move = found
    step = attempt(
        lambda: msgspec.structs.replace(
            _STEP, lifecycle=table.name, event=move.event, facts=value[2]
        )
    )
    event = attempt(event_of, bytes(32), step)
    if event is None:
        return
    again = attempt(parse_preimage, preimage(step))
    assert again == step
    assert read_facts(move, msgspec.to_builtins(event.facts, builtin_types=(bytes,))) == event.facts


_STEP = Step(bytes(32), objects.DAY, objects.CONTEXT, "", "contest", b"", 0, "file", {}, b"", [])


@target
def case_steps(data: bytes) -> None:
    """A lifecycle and steps of any kind in any order: folded and checked, or refused."""
    value = attempt(cbor.decode, data)
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], list):
        return
    table = LIFECYCLES.get(value[0]) if isinstance(value[0], str) else None
    if table is None:
        return
    steps, day, opening = [], objects.DAY, b""
    for number, said in enumerate(value[1][:12]):
        if not isinstance(said, list) or len(said) != 3:
            return
        wait, event, facts = said
        is_form = isinstance(wait, int) and isinstance(event, str) and isinstance(facts, dict)
        if not is_form or not 0 <= wait <= 400:
            return
        day += wait
        step = Step(bytes([number] * 32), day, objects.CONTEXT, "", table.name, opening, number,
                    event, facts, b"", [])  # fmt: skip
        leaf = leaf_of(step)
        opening = opening or leaf
        steps.append((leaf, step))
    if not steps:
        return
    for later in (0, 7, 400):
        case = attempt(case_of, steps, subject=1, day=day + later, days=WorkingDays())
        if case is None:
            return
        assert case.state in table.states
        assert case.due is None or case.due > day + later
        assert [event.number for event in case.events] == list(range(len(steps)))
    before = case_of(steps[:-1], subject=1, day=day, days=WorkingDays())
    event = event_of(*steps[-1])
    for role in ("subject", "issuer", "reviewer", "relying-party", "desk", "ledger"):
        signer = Signer(role, "somebody", "a house", b"")
        attempt(check_lasting, table, before, event, signer, World(day))


# --- rules ----------------------------------------------------------------------------------------


@target
def pack(data: bytes) -> None:
    read = attempt(parse_pack, data)
    if read is not None:
        assert parse_pack(canonical(read)) == read
        assert canonical(parse_pack(canonical(read))) == canonical(read)


@cache
def _catalogue() -> Catalogue:
    return parse_catalogue(shipped("catalogue"))


@target
def lint_pack(data: bytes) -> None:
    """A linter judges any bytes: on one line each, in words that move no cursor."""
    for finding in lint(data, _catalogue()):
        facts = (finding.code, finding.got, finding.allowed, finding.why, finding.source)
        assert all(facts), finding
        assert all(fact.isprintable() for fact in facts), finding
        assert finding.line >= 1


@target
def simulation(data: bytes) -> None:
    attempt(parse_simulation, data)


@cache
def _column_store() -> tuple[TemporaryDirectory[str], ColumnStore, dict[Path, bytes]]:
    folder = TemporaryDirectory(prefix="standing-fuzz-")
    store = ColumnStore(Path(folder.name), "transit")
    facts = [RecordFact("a", "fare", 20_000, 20_001), RecordFact("b", "help", 20_002, 20_003)]
    store.append(columns_of({3: facts, 5: facts[:1]}, ("", "fare", "help")), 1, "aa")
    good = {path: path.read_bytes() for path in store.folder.rglob("*") if path.is_file()}
    return folder, store, good


@target
def column_file(data: bytes) -> None:
    """Any file of the bulk store, chosen by the first byte, holds anything; nobody is made up."""
    _, store, good = _column_store()
    path = sorted(good)[data[0] % len(good)] if data else min(good)
    path.write_bytes(data[1:])
    try:
        columns = attempt(store.load)
        attempt(store.row, 5)
        if columns is not None and data[1:] != good[path]:
            assert columns.records <= 3
            assert len(columns.subjects) <= 2
    finally:
        path.write_bytes(good[path])


# --- batches from an issuer elsewhere -------------------------------------------------------------


@target
def batches(data: bytes) -> None:
    """What an issuer sends: one spelling, within bounds."""
    read = attempt(parse_batches, data)
    if read is not None:
        assert encode_batches(read) == data
        assert [own for some in sendings(read) for own in some] == read


@cache
def _office() -> tuple[TemporaryDirectory[str], Town]:
    """A ledger of two people; the folder lives as long as the process."""
    folder = TemporaryDirectory(prefix="standing-fuzz-")
    return folder, make_ledger(Path(folder.name), subjects=2)


@cache
def sendable() -> list[bytes]:
    """Give documents with all the batches that the issuer ever signs for `sent_batches`.

    Signed with another key in each run.
    """
    names = ["card-0", "card-1", "nobody"]
    made = [
        _batch(
            [
                preimage(_sent_record(row=f"{count}-{n}", reference=names[n % 3]))
                for n in range(count)
            ]
        )
        for count in (1, 3, 33)
    ]
    return [encode_batches(made[:1]), encode_batches(made[:2]), encode_batches(made[2:])]


def _sent_record(**changes: Any) -> Record:
    good = Record(
        os.urandom(32), CONTEXT, "metro", "card-0", "fare-unpaid", TODAY, "ticket 1", "unit-a/anna",
        "credential-shown", {"zones": 3}, "r1",
    )  # fmt: skip
    return msgspec.structs.replace(good, **changes)


def sent_lists() -> list[bytes]:
    """Give lists of records that hold, and of some that do not."""
    changes: list[dict[str, Any]] = [
        {"row": "a"}, {"row": "b", "signer": "unit-a/anna; second: unit-b/bert"},
        {"row": "c", "details": {}, "type": "helped", "day": TODAY - 14}, {"row": "d", "signer": "camera"},
        {"row": "e", "day": TODAY + 1}, {"row": "\u8f66\u7968", "basis": "\u6c34" * 200},
    ]  # fmt: skip
    records = [preimage(_sent_record(**change)) for change in changes]
    values = [cbor.decode(record) for record in records]
    return [
        cbor.encode(values[:2]),
        *(cbor.encode([value]) for value in values),
        cbor.encode(records),
    ]


def _batch(records: list[bytes]) -> OwnBatch:
    """Sign a batch of any bytes, padded as it must be."""
    key = _office()[1].keys["metro"].key
    assert key is not None
    padding = os.urandom(32 * (max(32, 1 << (len(records) - 1).bit_length()) - len(records)))
    root = tree.root_of(b"".join(map(tree.leaf_hash, records)) + padding)
    size = len(records) + len(padding) // 32
    slot = f"{CONTEXT}/{format_day(TODAY)}/{os.urandom(6).hex()}"
    statement = charter.Batch(1, root, size, CONTEXT)
    return OwnBatch(charter.sign_statement(key, "metro", slot, statement), tuple(records), padding)


def _take(sent: list[OwnBatch]) -> bool:
    """Take batches, and say whether they were taken; nothing is written where they were not."""
    town = _office()[1]
    core = town.ledger._core
    size, changes = town.ledger.log_size, core.vault.db.total_changes
    done = attempt(town.ledger.take_batches, sent, by=town.keys["metro"].public)
    if done is None:
        assert (town.ledger.log_size, core.vault.db.total_changes) == (size, changes)
        return False
    assert done.records + done.already_there == sum(len(own.records) for own in sent)
    return True


@target
def sent_batches(data: bytes) -> None:
    """What a ledger is sent: nothing is taken but what its issuer signed."""
    sent = attempt(parse_batches, data)
    if sent is not None and _take(sent):
        own = [batch for document in sendable() for batch in parse_batches(document)]
        assert all(batch in own for batch in sent)


_MOST_SENT = 64


@target
def sent_records(data: bytes) -> None:
    """What an issuer may sign, as bytes or as values: records in their one spelling, by humans."""
    said = attempt(cbor.decode, data)
    if not isinstance(said, list) or not 0 < len(said) <= _MOST_SENT:
        return
    records = [one if isinstance(one, bytes) else cbor.encode(one) for one in said]
    if _take([_batch(records)]):
        for record in records:
            read = parse_preimage(record)
            assert isinstance(read, Record)
            assert preimage(read) == record
            assert TODAY - LATEST_DAYS <= read.day <= TODAY
            assert all(no_human(name) is None for name in read.signer.split(SECOND))


# --- log and server -------------------------------------------------------------------------------


@target
def entry_bundle(data: bytes) -> None:
    entries = attempt(lambda: list(unpack_entries(data, "tile/entries/000")))
    assert entries is None or pack_entries(entries) == data


class _Named(Files):
    """Says which file would be read."""

    async def _file(self, path: str, content_type: bytes, cache: Any) -> Answer:
        return Answer(200, path[1:].encode(), content_type, cache)


_FILES = _Named(Path("/log"))
_TILE = re.compile(r"tile/(entries|[0-9]+)/(.+?)(?:\.p/([0-9]+))?")


@target
def tile_file(data: bytes) -> None:
    """Nothing is looked up but names that the layout makes, so no path leaves the directory."""
    path = data.decode(errors="replace")  # as servers read a path
    answer = _run(_FILES.get(path))
    if answer is None:
        return
    name = answer.body.decode()
    assert path == f"/{name}" == os.path.normpath(path)
    match = _TILE.fullmatch(name)
    if match is None:
        assert re.fullmatch(r"checkpoint(\.witnessed)?|documents/[0-9a-f]{64}", name, re.ASCII)
        return
    level, groups, width = match.groups()
    number = int(groups.replace("x", "").replace("/", ""))
    made = tile_path(level if level == ENTRIES else int(level), number, int(width or TILE))
    assert made == name


@target
def http_head(data: bytes) -> None:
    """Content-Length, Content-Type, a name in the path and a body, as an ASGI server gives them."""
    parts = data.split(b"\n", 3)
    if len(parts) < 4:
        return
    length, kind, name, body = parts
    scope: dict[str, Any] = {"headers": [(b"content-length", length), (b"content-type", kind)]}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    read = _answered(lambda: _run(read_body(scope, receive, most=_MOST)))
    assert read is None or (read == body and len(body) <= _MOST)
    _answered(lambda: _check_type(scope))
    text = name.decode(errors="replace")
    assert _answered(lambda: _id(text).hex()) in {None, text}


_MOST = 64


def _answered(call: Callable[[], _T]) -> _T | None:
    """Give what a call gives, or None where it answers with a problem that can be sent."""
    try:
        return call()
    except Problem as problem:
        answer = problem.answer()
    assert 400 <= answer.status < 500
    assert cbor2.loads(answer.body)
    return None


# --- witness --------------------------------------------------------------------------------------


@cache
def _witness() -> tuple[TemporaryDirectory[str], Witness]:
    """A witness that has seen the log's nine entries; the folder lives as long as the process."""
    folder = TemporaryDirectory(prefix="standing-fuzz-")
    witness = Witness.open(
        Path(folder.name) / "witness",
        name="w.example",
        keys=[objects.WITNESSES["w1"], objects.WITNESSES["w3"]],
        logs=objects.LOG_KEYS,
        clock=lambda: objects.COSIGNED_AT,
        new=True,
    )
    first = format_request(0, (), objects.EXTENDED_NOTE)
    assert witness.add_checkpoint(first).status == 200
    return folder, witness


@target
def add_checkpoint(data: bytes) -> None:
    """What a log posts to a witness: cosigned only if the log signed it and it continues."""
    read = attempt(parse_request, data)
    if read is not None:
        assert format_request(read.old_size, read.path, read.checkpoint) == data
    _, witness = _witness()
    answer = witness.add_checkpoint(data)
    assert answer.status in {200, 400, 403, 404, 409, 422}
    if answer.status == 200:
        assert read is not None
        point, signed = parse_checkpoint(read.checkpoint)
        assert signed.text in objects.SIGNED_TEXTS
        assert point.size == read.old_size or (
            list(read.path) == naive.proof(read.old_size, objects.ENTRIES[: point.size])
        )
        lines = parse_signatures(answer.body)
        cosigned = parse_note(add_signatures(objects.PLAIN_NOTE, lines)).signatures[1:]
        assert cosigned == lines
        for cosigner in witness.cosigners:
            assert verify_line(point, Note(signed.text, lines), cosigner) == objects.COSIGNED_AT


@target
def witness_answer(data: bytes) -> None:
    """What a witness answers; the first byte says under which status."""
    status = (200, 409, 403)[data[0] % 3] if data else 200
    answer = attempt(_read, Answered(status, "text/plain", data[1:]), "https://witness.example/")
    if isinstance(answer, Conflict):
        assert b"%d\n" % answer.size == data[1:]
    elif answer is not None:
        assert format_signatures(answer.signatures) == data[1:]
