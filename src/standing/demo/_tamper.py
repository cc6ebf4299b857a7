"""A dishonest operator: changes one thing in a copy, and reseals what its own keys can reseal.

The operator holds every key of the ledger's directory, and none of an issuer, a rule-maker or a
subject. Each change ends in a ledger that looks whole from inside and fails to verify.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from standing import charter
from standing.audit import load_trust
from standing.cases import scores
from standing.errors import Refused
from standing.ledger import open_ledger
from standing.log import Log, Signers
from standing.vault import Consent, LeafKind, Vault, new_salt, pack_bodies, preimage, seal
from standing.verify.tree import leaf_hash
from standing.wire import cbor, cose
from standing.wire.keys import load_key_file


def tamper(directory: Path, what: str) -> Path:
    """Copy a ledger to DIR-tampered, change one thing there, and give the copy's path."""
    copy = directory.with_name(f"{directory.name}-tampered")
    if copy.exists():
        shutil.rmtree(copy)
    shutil.copytree(directory, copy)
    TAMPERINGS[what][1](copy)
    return copy


def _vault(copy: Path) -> Vault:
    return Vault.open(copy / "vault.db", copy / "keys")


def _record(copy: Path) -> None:
    vault = _vault(copy)
    batch = next(b for b in vault.batches.each() if bytes([LeafKind.RECORD]) in b.kinds)
    position = batch.kinds.index(LeafKind.RECORD)
    record = vault.filed.open_record(batch, position).record
    worse = msgspec.structs.replace(record, salt=new_salt(), day=record.day - 1)
    data = preimage(worse)
    leaf = leaf_hash(data)
    key = vault.keys.require(batch.owners[position], batch.context)
    bodies = list(batch.bodies)
    bodies[position] = seal(key, leaf, data)
    leaves = batch.leaves[: position * 32] + leaf + batch.leaves[(position + 1) * 32 :]
    vault.db.execute(
        "UPDATE batches SET leaves=?, bodies=? WHERE id=?",
        (leaves, pack_bodies(bodies), batch.id),
    )
    vault.close()


def _consent(copy: Path) -> None:
    vault = _vault(copy)
    opened = next(d for d in vault.filed.documents() if isinstance(d.document, Consent) and d.marks)
    consent = opened.document
    assert isinstance(consent, Consent), "chosen above"
    wider = msgspec.structs.replace(consent, salt=new_salt(), until=consent.until + 3_650)
    data = preimage(wider)
    leaf = leaf_hash(data)
    subject, context = vault.db.execute(
        "SELECT subject, context FROM documents WHERE leaf=?", (opened.leaf,)
    ).fetchone()
    sealed = seal(vault.keys.require(subject, context), leaf, data)
    with vault.transaction():
        vault.db.execute(
            "UPDATE documents SET leaf=?, sealed=? WHERE leaf=?", (leaf, sealed, opened.leaf)
        )
        vault.db.execute(
            "UPDATE consents SET leaf=?, until=? WHERE leaf=?", (leaf, wider.until, opened.leaf)
        )
        leaves = vault.db.execute(
            "SELECT leaves FROM marks WHERE id=?", (opened.marks,)
        ).fetchone()[0]
        vault.db.execute(
            "UPDATE marks SET leaves=? WHERE id=?",
            (leaves.replace(opened.leaf, leaf), opened.marks),
        )
    vault.close()


def _statement(copy: Path) -> None:
    """Change a batch's root in the log, and rebuild the whole log under the operator's keys."""
    trust = load_trust(copy)
    keys = {path.stem: load_key_file(path).key for path in (copy / "keys").glob("*.key")}
    checkpoint, receipt = keys["checkpoint"], keys["receipt"]
    assert checkpoint is not None, "a ledger's own key files are private"
    assert receipt is not None, "a ledger's own key files are private"
    signers = Signers(checkpoint, receipt, keys["checkpoint-ml-dsa"])
    names: dict[str, Any] = {"origin": trust.origin, "extensions": trust.extensions}
    with Log.open(copy / "log", signers=None, **names) as old:
        entries = list(old.entries())
        state = {name: old.state(name) or b"" for name in ("clock", "roll")}
    shutil.move(copy / "log", copy / "log-old")
    signed = [cose.parse_sign1(entry) for entry in entries]
    victim = next(i for i, s in enumerate(signed) if charter.kind_of(s) == "batch")
    batch = charter.parse_statement(signed[victim])
    assert isinstance(batch, charter.Batch), "chosen above"
    forged = entries[victim].replace(batch.root, batch.root[:-1] + bytes([batch.root[-1] ^ 1]))
    signed[victim] = cose.parse_sign1(forged)
    with Log.create(copy / "log", signers=signers, **names) as new:
        new.append([(s.entry_bytes, s.statement_hash) for s in signed], state)
        new.publish()
    shutil.rmtree(copy / "log" / "documents")
    shutil.move(copy / "log-old" / "documents", copy / "log" / "documents")
    shutil.rmtree(copy / "log-old")


def _tile(copy: Path) -> None:
    tile = min((copy / "log" / "tile" / "0").rglob("*[0-9]"), key=lambda p: (p.is_dir(), str(p)))
    data = bytearray(tile.read_bytes())
    data[7] ^= 1
    tile.write_bytes(data)


def _score(copy: Path) -> None:
    """Lower somebody's stored score, and state the new population digest in public."""
    vault = _vault(copy)
    context, day, pack, size, rows = next(s for s in vault.populations.every() if s[4])
    table = np.frombuffer(rows, scores.SCORE_ROW).copy()
    table["score"][0] -= 100
    with vault.transaction():
        vault.populations.keep(context, day, pack, size, table.tobytes())
    vault.close()
    digest = scores.digest_of_rows(table.tobytes())
    with open_ledger(copy) as ledger:
        document = cbor.encode(["standing/scores/1", context, day, pack, size, digest])
        ledger.state_in_public(
            document, f"scores/{context}/again", {"about": "scores", "pack": pack}
        )


def _pack(copy: Path) -> None:
    with open_ledger(copy, read_only=True) as ledger:
        digest = next(iter(ledger.state.roll.packs))
    path = copy / "log" / "documents" / digest.hex()
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"points":-', '"points":-9', 1), encoding="utf-8")
    if path.read_text(encoding="utf-8") == text:
        raise Refused(
            "E-DEMO-02",
            "The pack has no negative points to change.",
            why="Nothing was altered in it.",
            fix="Tamper with something else.",
        )


_Change = Callable[[Path], None]
TAMPERINGS: dict[str, tuple[str, _Change]] = {
    "record": ("moved a record's day, and sealed it and its leaf anew", _record),
    "statement": ("changed a batch statement, and signed the whole log anew", _statement),
    "tile": ("changed one hash in a published tile", _tile),
    "consent": ("made a consent last ten years longer, and put its new leaf in place", _consent),
    "score": ("lowered a stored score, and stated the new digest in public", _score),
    "pack": ("made a published pack harsher", _pack),
}
"""What the dishonest operator can do: a description of the change, and the change."""
