"""The log's side: ask a witness for its cosignature; C2SP tlog-witness.

A witness may be down, slow or hostile: each request is bounded in time and size, and a line is
used only if it is the known cosigner's and holds.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from standing.errors import Broken, Refused, StandingError, Unreachable
from standing.fetch import Answered, Fetcher
from standing.verify.checkpoints import Checkpoint, parse_checkpoint
from standing.verify.cosignatures import Cosigner, verify_line
from standing.wire.notes import Note, NoteSignature, parse_signatures
from standing.witness._request import format_request

ENDPOINT: Final = "add-checkpoint"

_MAX_ANSWER_BYTES: Final = 65_536
_WHOLE_SECONDS: Final = 15.0
_ATTEMPTS: Final = 3
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_OK: Final = 200
_CONFLICT: Final = 409
_NOT_CONSISTENT: Final = 422


@dataclass(frozen=True)
class Cosigned:
    """The witness cosigned; the lines are as it sent them, not yet verified."""

    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True)
class Conflict:
    """The witness holds another size than was thought: prove from there."""

    size: int


def ask(url: str, old_size: int, path: Sequence[bytes], checkpoint: bytes) -> Cosigned | Conflict:
    """Send one checkpoint to the witness at a submission prefix.

    `path` proves consistency from `old_size`, and is empty from 0. Raises `E-WITNESS-09` if the
    witness refuses, `E-WITNESS-12` if it holds a tree that the proof does not continue,
    `E-WITNESS-10` if its answer cannot be read, `E-FETCH-..` if it is silent.
    """
    fetcher = Fetcher(url, whole_seconds=_WHOLE_SECONDS)
    try:
        answer = fetcher.post(
            ENDPOINT,
            format_request(old_size, path, checkpoint),
            max_bytes=_MAX_ANSWER_BYTES,
        )
    finally:
        fetcher.close()
    return _read(answer, url)


def collect(
    url: str,
    cosigners: Sequence[Cosigner],
    checkpoint: bytes,
    prove: Callable[[int], Sequence[bytes]],
    *,
    old_size: int = 0,
) -> tuple[list[NoteSignature], int]:
    """Get the verified lines of a witness's known keys, wherever the witness stands.

    `prove(old)` gives the proof from an earlier size to the checkpoint's. Gives the lines and
    the size the witness holds now: pass it as `old_size` next time. Raises as `ask` does, and
    `E-WITNESS-11` if the witness is ahead of the checkpoint or does not settle, `E-COSIGN-..` or
    `E-SIG-..` for a line that is missing or does not hold.
    """
    stated, note = parse_checkpoint(checkpoint)
    for _ in range(_ATTEMPTS):
        path = prove(old_size) if 0 < old_size < stated.size else ()
        answer = ask(url, old_size, path, checkpoint)
        if isinstance(answer, Cosigned):
            return _verified(answer, stated, note, cosigners), stated.size
        stuck = answer.size == old_size or answer.size > stated.size
        old_size = answer.size
        if stuck:
            break
    raise Broken(
        "E-WITNESS-11",
        "The witness holds another tree, or a larger one, than this checkpoint.",
        why=f"It states {old_size} entries; the checkpoint states {stated.size}.",
        fix="Send it the newest checkpoint. If that is the newest, the log was rolled back or"
        " forked: stop, and compare.",
        where=url,
    )


def _verified(
    answer: Cosigned, stated: Checkpoint, note: Note, cosigners: Sequence[Cosigner]
) -> list[NoteSignature]:
    """Give the lines of the known cosigners, each of which must be there and hold."""
    known = {(key.name, key.key_id) for key in cosigners}
    lines = [line for line in answer.signatures if line[:2] in known]
    for key in cosigners:
        verify_line(stated, Note(note.text, tuple(lines)), key)
    return lines


def _read(answer: Answered, url: str) -> Cosigned | Conflict:
    if answer.status == _CONFLICT:
        match = _SIZE.fullmatch(answer.body)
        if match is not None:
            return Conflict(int(match.group(1)))
    elif answer.status == _NOT_CONSISTENT:
        raise Broken(
            "E-WITNESS-12",
            "The witness holds a tree that this checkpoint does not continue.",
            why=f"It answered 422: {_shown(answer.body)}",
            fix="If the proof is right, the log was rolled back or forked: stop, and compare.",
            where=url,
        )
    elif answer.status != _OK:
        raise Refused(
            "E-WITNESS-09",
            "The witness does not cosign.",
            why=f"It answered {answer.status}: {_shown(answer.body)}",
            fix="Check that it watches this log, with this key.",
            where=url,
        )
    try:
        return Cosigned(parse_signatures(answer.body))
    except StandingError as error:
        raise Unreachable(
            "E-WITNESS-10",
            "The witness's answer cannot be read.",
            why=f"Status {answer.status}, and no signature lines: {_shown(answer.body)}",
            fix="Check that the address is a witness's submission prefix.",
            where=url,
        ) from error


def _shown(body: bytes) -> str:
    text = body[:200].decode(errors="replace")
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
