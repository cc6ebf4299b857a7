"""Looking into a log: its checkpoint, one entry, one proof; checked before it is told.

Facts come as plain values (hashes as hexadecimal), ready for printing or JSON.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from standing import charter
from standing.audit._broken import broken
from standing.audit._opened import Opened
from standing.audit._public import POLICY_FILE
from standing.audit._replay import checkpoint_keys_in, replay_changes, state_in
from standing.audit.trust import Trust
from standing.errors import Broken, Refused, Unreachable, Usage
from standing.log import CHECKPOINT_FILE, WITNESSED_FILE, Log, Published, Read
from standing.verify.checkpoints import (
    Checkpoint,
    parse_checkpoint,
    verify_checkpoint,
    verify_checkpoint_by_any,
)
from standing.verify.cosignatures import cosigner_of
from standing.verify.quorum import parse_trust_policy, verify_log_line
from standing.verify.receipts import verify_receipt
from standing.verify.tlog_proof import HEADER, TlogProof, parse_tlog_proof
from standing.verify.tree import leaf_hash, verify_consistency
from standing.wire import cbor, cose
from standing.wire.days import format_day
from standing.wire.keys import PublicKey
from standing.wire.notes import ED25519_TYPE, NoteKey, parse_note

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_KINDS: Final = {1: "Ed25519", 4: "Ed25519 cosignature", 6: "ML-DSA-44 cosignature"}


class Held(Protocol):
    """A log, where it lies and what it is trusted by: under audit, or open in its own process."""

    @property
    def directory(self) -> Path:
        """Where the ledger lies."""
        ...

    @property
    def trust(self) -> Trust:
        """What a verifier starts from."""
        ...

    @property
    def log(self) -> Log:
        """The log itself."""
        ...


def place_of(ledger: Held, which: str) -> int:
    """Find an entry by its index or its statement's hash; raises `E-INSPECT-01`."""
    if _INDEX.fullmatch(which) and int(which) < ledger.log.head.size:
        return int(which)
    found = ledger.log.find(bytes.fromhex(which)) if _HASH.fullmatch(which) else None
    if found is None:
        raise Refused(
            "E-INSPECT-01",
            f"The log has no entry {which!r}.",
            why=f"It holds {ledger.log.head.size} entries, and no statement of this hash.",
            fix="Give an index below its size, or a statement's SHA-256 in hexadecimal.",
        )
    return found


def log_note_keys(ledger: Held, state: charter.State) -> list[NoteKey]:
    """Give every key that the log has signed published checkpoints with."""
    origin = ledger.trust.origin
    return [
        *(
            NoteKey(origin, ED25519_TYPE, PublicKey.from_cose_key(key))
            for _, key in state.log_keys("checkpoint")
        ),
        *(
            cosigner_of(origin, charter.read_log_key(charter.ML_DSA_PURPOSE, key))
            for _, key in state.log_keys(charter.ML_DSA_PURPOSE)
        ),
    ]


def _witness_keys(ledger: Held) -> list[NoteKey]:
    """Give the keys of the witnesses that the ledger names."""
    path = ledger.directory / POLICY_FILE
    if not path.is_file():
        return []
    return [witness.key for witness in parse_trust_policy(path.read_bytes()).witnesses]


def checkpoint_facts(ledger: Opened) -> dict[str, Any]:
    """Verify the published checkpoint, and tell who signed it; the witnessed one beside it."""
    return checkpoint_facts_at(ledger, replay_changes(ledger))


def checkpoint_facts_at(ledger: Held, state: charter.State) -> dict[str, Any]:
    """Do the same with a state that the caller believes."""
    data = ledger.log.published()
    if data is None:
        raise broken("The log has published no checkpoint.", "The file is missing.", "checkpoint")
    facts = _note_facts(ledger, state, data)
    witnessed = ledger.directory / "log" / WITNESSED_FILE
    facts["witnessed"] = (
        _note_facts(ledger, state, witnessed.read_bytes()) if witnessed.is_file() else None
    )
    return facts


def _note_facts(ledger: Held, state: charter.State, data: bytes) -> dict[str, Any]:
    checkpoint = _signed(ledger, state, data)
    note = parse_note(data)
    known = {
        (key.name, key.key_id): key
        for key in (*log_note_keys(ledger, state), *_witness_keys(ledger))
    }
    lines = []
    for line in note.signatures:
        key = known.get((line.name, line.key_id))
        if key is not None:
            verify_log_line(checkpoint, note, key)
        kind = _KINDS[key.kind] if key else "not checked: its key is unknown here"
        lines.append({"name": line.name, "key_id": line.key_id.hex(), "kind": kind})
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": checkpoint.root.hex(),
        "clock": ledger.trust.clock,
        "signatures": lines,
        "note": data.decode(),
    }


def _signed(ledger: Held, state: charter.State, data: bytes) -> Checkpoint:
    """Verify a checkpoint with each key the log has signed with, and compare it with this copy."""
    keys = [PublicKey.from_cose_key(key) for _, key in state.log_keys("checkpoint")]
    checkpoint = verify_checkpoint_by_any(data, ledger.trust.origin, keys)
    _same_root(ledger, checkpoint.size, checkpoint.root)
    return checkpoint


def _same_root(ledger: Held, size: int, root: bytes) -> None:
    if size > ledger.log.head.size or ledger.log.root_at(size) != root:
        raise broken(
            "This copy of the log does not have the tree that is stated.",
            f"At size {size} it has another root, or fewer entries.",
            "log",
        )


def prove(ledger: Held, which: str) -> TlogProof:
    """Make a tlog-proof of an entry under the newest published checkpoint that covers it."""
    index = place_of(ledger, which)
    for name in (WITNESSED_FILE, "checkpoint"):
        path = ledger.directory / "log" / name
        data = path.read_bytes() if path.is_file() else b""
        if data and (checkpoint := parse_checkpoint(data)[0]).size > index:
            _same_root(ledger, checkpoint.size, checkpoint.root)
            inclusion = tuple(ledger.log.inclusion(index, checkpoint.size))
            return TlogProof(index, inclusion, data)
    raise Refused(
        "E-INSPECT-02",
        f"No published checkpoint covers entry {index} yet.",
        why="It was registered after the newest one.",
        fix="Try again in a moment; its receipt holds already: --receipt.",
    )


def prove_published(read: Read, trust: Trust, which: str) -> TlogProof:
    """Make a tlog-proof from a log's published files alone, wherever they lie.

    Raises `E-INSPECT-01`, `E-INSPECT-04` where there is no checkpoint, `E-LOG-18` for files that do
    not lead to the signed root.
    """
    published, data = _published(read, trust, WITNESSED_FILE, CHECKPOINT_FILE)
    if not _INDEX.fullmatch(which) or int(which) >= published.size:
        raise Refused(
            "E-INSPECT-01",
            f"The log has no entry {which!r}.",
            why=f"It holds {published.size} entries; tiles alone know them by index.",
            fix="Give an index below its size, or ask with the ledger's directory.",
        )
    return TlogProof(int(which), tuple(published.inclusion(int(which))), data)


def answer_key_published(read: Read, trust: Trust) -> PublicKey:
    """Give the key that a log's published entries name for answers.

    Every entry is read and checked against the signed root; those that change a right are judged
    from the genesis in the trust file on. It does not show that the checkpoint is the newest one.
    Raises as `prove_published` does, and `E-VERIFY-02` where no answer key is named.
    """
    published, _ = _published(read, trust, CHECKPOINT_FILE)
    state = state_in(published.entries(), trust)
    key = None if state is None else state.log_key("answer")
    if key is None:
        raise broken("This log names no key for answers.", "None of its entries states one.", "log")
    return PublicKey.from_cose_key(key)


def _published(read: Read, trust: Trust, *names: str) -> tuple[Published, bytes]:
    """Read a log of the checkpoint that is there by the first of some names; gives its bytes too.

    The checkpoint must be signed by the key in the trust file, or by one that the entries name
    later, each of them judged from the genesis on.
    """
    data = next((found for name in names if (found := read(name))), None)
    if data is None:
        raise Unreachable(
            "E-INSPECT-04",
            "There is no published log at this place.",
            why="It has no checkpoint.",
            fix="Give the address or the directory that holds the log's tiles.",
        )
    published = Published(read, parse_checkpoint(data)[0])
    try:
        verify_checkpoint(data, trust.origin, trust.checkpoint_key)
    except Broken:
        keys = [
            key.public
            for key in checkpoint_keys_in(published.entries(), trust)
            if key.kind == ED25519_TYPE
        ]
        verify_checkpoint_by_any(data, trust.origin, keys or [trust.checkpoint_key])
    return published, data


@dataclass(frozen=True)
class Proven:
    """What a receipt or a tlog-proof proves."""

    kind: str
    index: int
    size: int
    root: bytes
    statement_hash: bytes
    signed_by: list[str]
    in_this_copy: bool


def check_proof(ledger: Opened, proof: bytes, statement: bytes | None) -> Proven:
    """Check a receipt, a tlog-proof, or a statement that carries its receipts, offline.

    Without the statement the entry is taken from this copy of the log, at the place the proof
    names. Raises `Broken` for what does not hold.
    """
    return check_proof_at(ledger, replay_changes(ledger), proof, statement)


def check_proof_at(
    ledger: Held, state: charter.State, proof: bytes, statement: bytes | None
) -> Proven:
    """Do the same with a state that the caller believes."""
    if proof.startswith(HEADER.encode()):
        return _check_tlog_proof(ledger, state, parse_tlog_proof(proof), statement)
    sign1 = cose.parse_sign1(proof, max_bytes=charter.MAX_POSTED_BYTES)
    attached = sign1.unprotected.get(cose.RECEIPTS)
    if isinstance(attached, list) and attached and all(isinstance(one, bytes) for one in attached):
        checked = [_check_receipt(ledger, state, one, proof) for one in attached]
        return checked[-1]
    return _check_receipt(ledger, state, proof, statement)


def _check_receipt(
    ledger: Held, state: charter.State, receipt: bytes, statement: bytes | None
) -> Proven:
    kid = cose.parse_sign1(receipt).kid
    keys = {
        key.thumbprint: key
        for _, cose_key in state.log_keys("receipt")
        for key in [PublicKey.from_cose_key(cose_key)]
    }
    if kid not in keys:
        raise broken(
            "The receipt is signed by no receipt key of this log.",
            f"Its key id is {kid.hex()[:16]}.",
            "receipt",
        )
    entry = _entry_for(ledger, statement, _place_in(receipt))
    index, size, root = verify_receipt(receipt, entry, keys[kid])
    return _proven(ledger, "receipt", index, size, root, entry, [f"receipt key {kid.hex()[:16]}"])


def _place_in(receipt: bytes) -> int:
    """Read the index that a receipt claims; what it claims is checked afterwards."""
    proofs = cose.parse_sign1(receipt).unprotected.get(cose.PROOFS)
    inclusion = proofs.get(-1) if isinstance(proofs, dict) else None
    if isinstance(inclusion, list) and inclusion and isinstance(inclusion[0], bytes):
        proof = cbor.decode(inclusion[0], what="inclusion proof")
        if isinstance(proof, list) and len(proof) > 1 and type(proof[1]) is int:
            return proof[1]
    raise broken("This is no receipt.", "It holds no inclusion proof.", "receipt")


def _check_tlog_proof(
    ledger: Held, state: charter.State, proof: TlogProof, statement: bytes | None
) -> Proven:
    checkpoint = _signed(ledger, state, proof.checkpoint)
    entry = _entry_for(ledger, statement, proof.index)
    lines = {(line.name, line.key_id) for line in parse_note(proof.checkpoint).signatures}
    held = [key for key in log_note_keys(ledger, state) if (key.name, key.key_id) in lines]
    proof.verify(leaf_hash(entry), held)
    told = [f"{_KINDS[key.kind]} of {key.name}" for key in held]
    return _proven(ledger, "tlog-proof", proof.index, checkpoint.size, checkpoint.root, entry, told)


def _entry_for(ledger: Held, statement: bytes | None, index: int) -> bytes:
    if statement is None:
        return ledger.log.entry(index)
    return cose.parse_sign1(statement, max_bytes=charter.MAX_POSTED_BYTES).entry_bytes


def _proven(
    ledger: Held,
    kind: str,
    index: int,
    size: int,
    root: bytes,
    entry: bytes,
    signed_by: list[str],
) -> Proven:
    head = ledger.log.head.size
    here = size <= head and ledger.log.root_at(size) == root and ledger.log.entry(index) == entry
    return Proven(
        kind, index, size, root, cose.statement_hash_of(entry), signed_by, in_this_copy=here
    )


def consistency_facts(ledger: Opened, old: bytes | int, new: bytes | int) -> dict[str, Any]:
    """Prove that one tree begins another; each is a size, or a checkpoint kept elsewhere."""
    state = replay_changes(ledger)
    sides = [_side(ledger, state, side) for side in (old, new)]
    (old_size, old_root), (new_size, new_root) = sorted(sides)
    if old_size == 0:
        raise Usage(
            "E-INSPECT-03",
            "An empty log begins every log.",
            why="There is nothing to prove about size 0.",
            fix="Give sizes from 1 on.",
        )
    path = ledger.log.consistency(old_size, new_size)
    verify_consistency(old_size, old_root, new_size, new_root, path)
    return {
        "old": {"size": old_size, "root": old_root.hex()},
        "new": {"size": new_size, "root": new_root.hex()},
        "path": [base64.b64encode(node).decode() for node in path],
    }


def _side(ledger: Held, state: charter.State, side: bytes | int) -> tuple[int, bytes]:
    if isinstance(side, int):
        return side, ledger.log.root_at(side)
    checkpoint = _signed(ledger, state, side)
    return checkpoint.size, checkpoint.root


def entry_facts(ledger: Opened, which: str) -> dict[str, Any]:
    """Tell what an entry says: facts first, its bytes last."""
    index = place_of(ledger, which)
    return entry_facts_at(ledger, replay_changes(ledger), index)


def entry_facts_at(ledger: Held, state: charter.State, index: int) -> dict[str, Any]:
    """Do the same with a state that the caller believes."""
    entry = ledger.log.entry(index)
    sign1 = cose.parse_sign1(entry)
    claims = sign1.protected.get(cose.CWT, {})
    return {
        "index": index,
        "kind": charter.kind_of(sign1),
        "issuer": claims.get(cose.CWT_ISS),
        "slot": claims.get(cose.CWT_SUB),
        "signer": _signer(state, sign1.kid),
        "key": sign1.kid.hex(),
        "says": _plain(_says(sign1)),
        "statement_hash": sign1.statement_hash.hex(),
        "leaf_hash": leaf_hash(entry).hex(),
        "bytes": len(entry),
        "raw": entry.hex(),
    }


def _signer(state: charter.State, kid: bytes) -> str:
    right, own = state.roll.keys.get(kid), state.roll.log_keys.get(kid)
    if right is not None:
        return f"{right.role} of {right.employer}"
    return f"the log's {own.purpose} key" if own is not None else "unknown"


def _says(sign1: cose.Sign1) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.structs.asdict(charter.parse_statement(sign1))
    return {
        name: format_day(value) if name in {"day", "until", "force"} else value
        for name, value in told.items()
    }


def _plain(value: Any) -> Any:
    """Write bytes as hexadecimal, at every depth."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    return [_plain(item) for item in value]
