"""Digests by which two scorers show that they reached the same integers.

Population digest: SHA-256 over little-endian (subject u64, score i32, band u8), subjects
ascending. Subject digest: SHA-256 over the deterministic CBOR of what one score was made from;
it holds no size of any log, so that an append elsewhere changes nothing. Rules digest: SHA-256 of
the canonical JSON of the parts of a pack that decide scores and consequences.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from standing.errors import Broken
from standing.policy._fold import RecordFact, Score
from standing.policy._schema import Pack, write_day
from standing.policy._text import dump
from standing.wire import cbor

_ROW = struct.Struct("<QiB")
_DECIDES: Final = (
    "context", "base", "floor", "ceiling", "bands", "window_days", "notice_days", "acts",
    "recoveries", "restrictions", "perks",
)  # fmt: skip


def population_digest(rows: Iterable[tuple[int, int, int]]) -> bytes:
    """Give the digest of (subject, score, band index) rows in ascending order of subjects.

    Raises `E-POP-01` when a subject comes twice or out of order: the digest of a different order
    would be a different digest, and nobody could tell why.
    """
    digest, last = hashlib.sha256(), -1
    for subject, score, band in rows:
        if subject <= last:
            raise Broken(
                "E-POP-01",
                "The rows of a population digest are not in ascending order.",
                why=f"Got subject {subject} after {last}.",
                fix="Sort the rows by subject, each subject once.",
            )
        digest.update(_ROW.pack(subject, score, band))
        last = subject
    return digest.digest()


def subject_digest(
    score: Score,
    records: Iterable[RecordFact],
    *,
    pack_digest: bytes,
    record_digests: Mapping[str, bytes],
) -> bytes:
    """Give the digest of one score with everything it was made from.

    `record_digests` maps each record's id to the hash of its leaf.
    """
    facts = sorted(
        [record_digests[record.id], record.status, record.day, record.noticed] for record in records
    )
    cells = [[reason.record, reason.counted] for reason in score.reasons]
    body = [
        "standing/subject-score/1",
        pack_digest,
        score.as_of,
        facts,
        cells,
        score.raw,
        score.score,
        score.band,
    ]
    return hashlib.sha256(cbor.encode(body)).digest()


def rules_digest(pack: Pack) -> bytes:
    """Give the digest of what decides scores and consequences, the rest of the pack left out.

    It is known before the pack is complete, so a simulation can name the rules that it ran and the
    pack can name the simulation.
    """
    plain: dict[str, Any] = msgspec.to_builtins(pack, enc_hook=write_day)
    parts: dict[str, Any] = {name: plain[name] for name in _DECIDES}
    parts["change"] = {"first_force": plain["change"]["first_force"]}
    return hashlib.sha256(dump(parts)).digest()
