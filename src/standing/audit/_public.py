"""Checks of the public side: trust, log, charter, documents, packs, history."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from standing import charter, policy
from standing.audit._broken import broken
from standing.audit._opened import KEYS_DIR, LOG_DIR, Opened
from standing.errors import Broken
from standing.log import DOCUMENTS_DIR, WITNESSED_FILE, HeadKeys, check_log
from standing.verify.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint_by_any
from standing.verify.quorum import parse_trust_policy
from standing.verify.tree import leaf_hash
from standing.wire import cose
from standing.wire.keys import PublicKey, load_key_file

POLICY_FILE = "witnesses.policy"
_BEFORE_ALL_DAYS = -1  # where the log files its very first checkpoint


def check_charter(ledger: Opened) -> int:
    """Replay every statement: its form, its signer's right at that point, its signature."""
    state: charter.State | None = None
    previous = state
    for index, entry in enumerate(ledger.log.entries()):
        try:
            sign1 = cose.parse_sign1(entry)
            _check_bare(sign1, entry)
            state = charter.admit(state, sign1)
        except Exception as problem:
            raise broken(
                f"Entry {index} has no right to stand in the log.", f"{problem}", f"entry {index}"
            ) from problem
        ledger.statements.append(sign1)
        ledger.note_day(index, state.day)
        previous = state
    if previous is None:
        raise broken("The log is empty.", "A ledger begins with its genesis.", "log")
    ledger.state = previous
    check_stored_state(ledger, previous)
    return len(ledger.statements)


def check_stored_state(ledger: Opened, state: charter.State) -> None:
    """Compare the state rows in log.db with what the statements give."""
    stored = {name: ledger.log.state(name) for name in ("clock", "roll")}
    if stored != charter.encode_state(state):
        raise broken(
            "The stored state of the charter is not what its statements give.",
            "log.db says one thing about keys, packs or the day, the entries another.",
            "log.db state",
        )


def _check_bare(sign1: cose.Sign1, entry: bytes) -> None:
    if sign1.entry_bytes != entry:
        raise broken("The statement carries more than was signed.", "Its header is open.", "")


def check_trust(ledger: Opened) -> int:
    """Compare the trust file and the log's own keys with what the first entries say."""
    genesis = ledger.charter.genesis
    first = leaf_hash(ledger.log.entry(0)).hex()
    trust = ledger.trust
    if (trust.genesis, trust.origin, trust.clock, trust.checkpoint_key.cose_key()) != (
        first,
        genesis.origin,
        genesis.clock,
        genesis.checkpoint_key,
    ):
        raise broken(
            "trust.json is of another ledger than this log.",
            "Origin, clock, genesis or checkpoint key differ.",
            "trust.json",
        )
    keys = ledger.directory / KEYS_DIR
    count = 1
    for path in sorted(keys.glob("*.key")) if keys.is_dir() else ():
        count += _check_key_file(ledger, path)
    return count


def _check_key_file(ledger: Opened, path: Path) -> int:
    """Hold a key file to its public half, its purpose and the keys that the log names.

    A key that the log names nowhere comes from a rotation that was cut off; it serves nothing.
    """
    held = load_key_file(path)
    beside = load_key_file(path.with_name(path.name + ".pub"))
    purpose = held.role
    file_name = f"{purpose}.key", f"{purpose}-{held.public.thumbprint.hex()[:16]}.key"
    good = held.key is not None and held.key.public == held.public == beside.public
    same = (held.role, held.name) == (beside.role, beside.name) == (purpose, ledger.trust.origin)
    named = [key for _, key in ledger.charter.log_keys(purpose)]
    first = path.name == file_name[0]
    fits = named[:1] == [held.public.cose_key()] if first else path.name == file_name[1]
    if not good or not same or beside.key is not None or not fits:
        raise broken(
            f"The log's {path.stem} key is not the one that the log names.",
            "What it signs would not verify.",
            f"{KEYS_DIR}/{path.name}",
        )
    return 2


def check_log_files(ledger: Opened) -> int:
    """Re-derive tree, tiles, bundles, checkpoints and indexes from the entries."""
    check_log(
        ledger.log,
        keys=head_keys(ledger.charter),
        statement_hash_of=cose.statement_hash_of,
    )
    _check_days(ledger)
    return ledger.log.head.size


def head_keys(state: charter.State) -> Callable[[int], HeadKeys]:
    """Give, for the first head beyond so many entries, the keys that it is signed with."""

    @lru_cache(maxsize=1024)
    def at(before: int) -> HeadKeys:
        checkpoint = state.log_key_at("checkpoint", before)
        receipt = state.log_key_at("receipt", before)
        ml_dsa = state.log_key_at(charter.ML_DSA_PURPOSE, before)
        if checkpoint is None or receipt is None:
            raise broken("The log names no receipt key.", "Its first keys are missing.", "entry 1")
        return HeadKeys(
            PublicKey.from_cose_key(checkpoint),
            PublicKey.from_cose_key(receipt),
            charter.read_log_key(charter.ML_DSA_PURPOSE, ml_dsa) if ml_dsa else None,
        )

    return at


def _check_days(ledger: Opened) -> None:
    """Hold each day's checkpoint to the day that the statements give; the first is before all."""
    rows = ledger.log.db.execute("SELECT day, size FROM days ORDER BY size").fetchall()
    for place, (day, size) in enumerate(rows):
        inside = 0 < size <= ledger.log.head.size
        wanted = (ledger.day_at(size - 1) if inside else None) if place else _BEFORE_ALL_DAYS
        if day != wanted:
            raise broken(
                "A daily checkpoint is filed under another day.",
                "The statement that it ends with was made on another day.",
                f"log.db day {day}",
            )


def check_documents(ledger: Opened) -> tuple[int, int]:
    """Find the public documents beside the tiles, under their digests.

    Rules and what the ledger states must lie there; a document that others registered may lie
    elsewhere. Gives how many were read, and how many lie elsewhere.
    """
    read = elsewhere = 0
    folder = ledger.log.directory / DOCUMENTS_DIR
    for index, sign1 in enumerate(ledger.statements):
        statement = charter.parse_statement(sign1)
        if not isinstance(statement, charter.Envelope):
            continue
        if _ours(ledger, sign1, statement) or (folder / statement.digest.hex()).exists():
            _named(ledger.log.document, statement.digest, index)
            read += 1
        else:
            elsewhere += 1
    return read, elsewhere


def _ours(ledger: Opened, sign1: cose.Sign1, statement: charter.Envelope) -> bool:
    """Tell whether a document came through the ledger's own doors, which keep it."""
    return (
        statement.kind != "document"
        or sign1.kid in ledger.charter.roll.log_keys
        or statement.facts.get("about") == "consent-text"
    )


def _named(read: Callable[[bytes], bytes], digest: bytes, index: int) -> bytes:
    try:
        return read(digest)
    except Broken as problem:
        raise broken(
            f"The document of entry {index} is missing or was changed.", problem.why, problem.where
        ) from problem


def check_packs(ledger: Opened) -> int:
    """Read every pack: it says what its statement says, and passes the linter it names.

    The attachments and the simulation of a pack of this linter lie beside the log.
    """
    count = 0
    for digest, entry in ledger.charter.roll.packs.items():
        document = ledger.log.document(digest)
        pack = policy.parse_pack(document)
        said = (pack.context, pack.version, int(pack.force))
        if said != (entry.context, entry.version, entry.force):
            raise broken(
                f"Pack {entry.context} {entry.version} is not what was signed.",
                f"The document says {said}.",
                f"documents/{digest.hex()}",
            )
        if entry.linter == policy.LINTER_VERSION:
            catalogue = policy.parse_catalogue(ledger.log.document(entry.catalogue))
            policy.load_pack(document, catalogue)
            _check_named(ledger, pack)
        count += 1
    return count


def _check_named(ledger: Opened, pack: policy.Pack) -> None:
    named = [bytes.fromhex(pack.change.simulation)] if pack.change.simulation else []
    for attachment in pack.attachments:
        digest = bytes.fromhex(attachment.sha256)
        # a sample's text is its title, which the pack itself holds
        if not attachment.sample or hashlib.sha256(attachment.title.encode()).digest() != digest:
            named.append(digest)
    for digest in named:
        try:
            ledger.log.document(digest)
        except Broken as problem:
            raise broken(
                f"A document that pack {pack.context} {pack.version} names is missing or was "
                "changed.",
                problem.why,
                problem.where,
            ) from problem


def check_witnessed(ledger: Opened) -> tuple[int, str]:
    """Verify the witnessed checkpoint: the log's signature, this tree, a quorum of witnesses.

    Gives the size that it covers, and what cannot be said.
    """
    policy_file = ledger.directory / POLICY_FILE
    witnessed = ledger.directory / LOG_DIR / WITNESSED_FILE
    if not policy_file.is_file():
        return 0, "no witness is named"
    if not witnessed.is_file():
        return 0, "no quorum of witnesses has cosigned yet"
    checkpoint = _outside(ledger, witnessed.read_bytes())
    _same_history(ledger, checkpoint, WITNESSED_FILE)
    policy = parse_trust_policy(policy_file.read_bytes())
    policy.require_quorum(*parse_checkpoint(witnessed.read_bytes()))
    return checkpoint.size, "who chose these witnesses"


def check_history(ledger: Opened, against: bytes) -> int:
    """Compare with a checkpoint kept elsewhere: the same history, only grown."""
    outside = _outside(ledger, against)
    _same_history(ledger, outside, "checkpoint")
    return outside.size


def _same_history(ledger: Opened, outside: Checkpoint, where: str) -> None:
    if outside.size > ledger.log.head.size:
        raise broken(
            f"The outside checkpoint knows {outside.size} entries, this log fewer.",
            f"It holds {ledger.log.head.size}: entries that were public are gone from this copy.",
            where,
        )
    if ledger.log.root_at(outside.size) != outside.root:
        raise broken(
            f"History was rewritten before entry {outside.size}.",
            "The first entries here have another root than the outside checkpoint states.",
            where,
        )


def _outside(ledger: Opened, against: bytes) -> Checkpoint:
    """Read a checkpoint that any of the log's keys signed, the newest tried last."""
    origin = ledger.trust.origin
    keys = [PublicKey.from_cose_key(key) for _, key in ledger.charter.log_keys("checkpoint")]
    return verify_checkpoint_by_any(against, origin, keys)
