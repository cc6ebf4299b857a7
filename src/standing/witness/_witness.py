"""A witness: verify a log's checkpoint, remember it, cosign it; C2SP tlog-witness.

What it promises: it never cosigns two trees of one log of which neither continues the other, and
it never answers with a cosignature before the disk holds what was cosigned.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from standing.errors import Broken, Refused, StandingError, Usage
from standing.verify.checkpoints import Checkpoint, parse_checkpoint
from standing.verify.cosignatures import cosign, cosigner_of, find_line
from standing.verify.quorum import verify_log_line
from standing.verify.tree import EMPTY_ROOT, verify_consistency
from standing.wire.keys import SigningKey
from standing.wire.notes import (
    COSIGNATURE_TYPE,
    Note,
    NoteKey,
    NoteSignature,
    format_note,
    format_signatures,
)
from standing.witness._request import Request, format_request, parse_request
from standing.witness._store import (
    NO_PROOF,
    SAME_SIZE,
    Evidence,
    State,
    Store,
    create_store,
    open_store,
)

TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"

_MAX_NAME_BYTES: Final = 255
_NOTHING: Final = State(0, EMPTY_ROOT, b"", "", 0)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: status, body, content type."""

    status: int
    body: bytes
    content_type: str = TEXT


class Witness:
    """One witness over its directory. Threads may share it; so may processes.

    `keys` are its own signing keys (Ed25519, ML-DSA-44 or both), all under one `name`; `logs` are
    the keys of the logs it watches, each named by its log's origin; `clock` gives the time in
    seconds since 1970. Times in cosignatures of one log never go back.
    """

    def __init__(
        self,
        store: Store,
        name: str,
        keys: Sequence[SigningKey],
        logs: Sequence[NoteKey],
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._clock = clock
        self._keys = tuple(keys)
        self._lock = threading.Lock()
        self.name = name
        self.cosigners = tuple(cosigner_of(name, key.public) for key in keys)
        self.logs: dict[str, list[NoteKey]] = {}
        for log in logs:
            self.logs.setdefault(log.name, []).append(log)
        self._hashes = {origin_hash(origin): origin for origin in self.logs}

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        name: str,
        keys: Sequence[SigningKey],
        logs: Sequence[NoteKey],
        clock: Callable[[], int] | None = None,
        new: bool = False,
    ) -> Self:
        """Open a witness, or found a `new` one.

        Raises `E-WITNESS-02` where a new one would replace another, `E-WITNESS-03` if there is
        none to open, `E-WITNESS-04` if its memory cannot be read, `E-WITNESS-06` for odd keys.
        """
        _check_keys([cosigner_of(name, key.public) for key in keys], logs)
        store = (create_store if new else open_store)(directory)
        return cls(store, name, keys, logs, clock or _real_clock)

    def close(self) -> None:
        """Close its memory."""
        with self._lock:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer an add-checkpoint request; what a cosignature states is durable by then.

        200 with signature lines; 400 for another form or an old size past the checkpoint's; 404
        for an unknown log; 403 without a valid signature of the log; 409 with the size held,
        where the old size is another or the root of that size is; 422 for a proof that does not
        hold. Raises `E-WITNESS-05` if the disk failed: then nothing was cosigned.
        """
        try:
            request = parse_request(body)
            checkpoint, note = parse_checkpoint(request.checkpoint)
        except Refused as error:
            return _refusal(400, error)
        keys = self.logs.get(checkpoint.origin)
        if keys is None:
            return Answer(404, b"This log is not watched here.\n")
        try:
            lines = _log_lines(checkpoint, note, keys)
        except StandingError as error:
            return _refusal(403, error)
        if request.old_size > checkpoint.size:
            return Answer(400, b"The old size is beyond the checkpoint.\n")
        with self._lock, self._store.writing():
            return self._decide(request, checkpoint, Note(note.text, lines))

    def _decide(self, request: Request, checkpoint: Checkpoint, note: Note) -> Answer:
        """Compare with what is held and move on, or say why not; inside the transaction."""
        held = self._store.state(checkpoint.origin) or _NOTHING
        if checkpoint.size == held.size and checkpoint.root != held.root:
            self._keep(SAME_SIZE, held, request, checkpoint, note)
            return _conflict(held)
        if request.old_size != held.size:
            return _conflict(held)
        try:
            _verify_proof(held, checkpoint, request.path)
        except Broken as error:
            self._keep(NO_PROOF, held, request, checkpoint, note)
            return _refusal(422, error)
        now = max(self._clock(), held.time)
        own = [cosign(key, self.name, checkpoint, note.text, now) for key in self._keys]
        cosigned = format_note(Note(note.text, (*note.signatures, *own)))
        keys = " ".join(line.key_id.hex() for line in note.signatures)
        state = State(checkpoint.size, checkpoint.root, cosigned, keys, now)
        self._store.put(checkpoint.origin, state)
        return Answer(200, format_signatures(own))

    def _keep(
        self, kind: str, held: State, request: Request, checkpoint: Checkpoint, note: Note
    ) -> None:
        """Keep both sides, with the log's own lines alone: strangers' would fill the disk."""
        offered = format_request(request.old_size, request.path, format_note(note))
        evidence = Evidence(checkpoint.origin, kind, held.note, offered, self._clock())
        self._store.keep(evidence, checkpoint.size, checkpoint.root)

    def checkpoint(self, origin: str) -> bytes | None:
        """Give the newest cosigned checkpoint of a log, with the lines of log and witness."""
        with self._lock:
            state = self._store.state(origin)
        return None if state is None else state.note

    def checkpoint_of_hash(self, digest: str) -> bytes | None:
        """Give the same by the hex SHA-256 of the origin, for logs that are watched."""
        origin = self._hashes.get(digest)
        return None if origin is None else self.checkpoint(origin)

    def count_evidence(self) -> int:
        """Count what `evidence` gives."""
        with self._lock:
            return self._store.count_evidence()

    def evidence(self) -> list[Evidence]:
        """Give all pairs of checkpoints that may not both be true, oldest first."""
        with self._lock:
            return self._store.evidence()


def origin_hash(origin: str) -> str:
    """Name a log in a path: the SHA-256 of its origin in hex."""
    return hashlib.sha256(origin.encode()).hexdigest()


def _log_lines(
    checkpoint: Checkpoint, note: Note, keys: Sequence[NoteKey]
) -> tuple[NoteSignature, ...]:
    """Give the lines of the log's known keys, all verified; at least one."""
    found = [(key, find_line(note, key)) for key in keys]
    lines = tuple(line for _, line in found if line is not None)
    for key, line in found:
        if line is not None:
            verify_log_line(checkpoint, note, key)
    if not lines:
        raise Broken(
            "E-WITNESS-07",
            "No known key of the log signed the checkpoint.",
            why=f"{len(keys)} keys are known for {checkpoint.origin!r}.",
            fix="Sign it with one of them, or tell the witness's operator of a new key.",
        )
    return lines


def _verify_proof(held: State, checkpoint: Checkpoint, path: Sequence[bytes]) -> None:
    if held.size:
        verify_consistency(held.size, held.root, checkpoint.size, checkpoint.root, path)
    elif path:
        raise Broken(
            "E-WITNESS-08",
            "A proof from the empty tree is empty.",
            why=f"Got {len(path)} hashes.",
            fix="Send no proof with old 0.",
        )


def _check_keys(own: Sequence[NoteKey], logs: Sequence[NoteKey]) -> None:
    why = ""
    if not own or len({key.kind for key in own}) < len(own):
        why = "A witness has one Ed25519 key, one ML-DSA-44 key, or one of each."
    elif {key.public for key in own} & {key.public for key in logs}:
        why = "A key of the witness is also a log's; each key has one purpose."
    elif any(key.kind == COSIGNATURE_TYPE for key in logs):
        why = "A log's key is of the kind 1 or 6; got a witness's."
    elif any(len(key.name.encode()) > _MAX_NAME_BYTES for key in (*own, *logs)):
        why = f"A name or origin is longer than {_MAX_NAME_BYTES} bytes."
    if why:
        raise Usage(
            "E-WITNESS-06",
            "The keys do not fit a witness.",
            why=why,
            fix="Give the witness its own keys, and the verifier keys of the logs as they state.",
        )


def _conflict(held: State) -> Answer:
    return Answer(409, f"{held.size}\n".encode(), SIZE)


def _refusal(status: int, error: StandingError) -> Answer:
    return Answer(status, f"{error.code} {error.what} {error.why}\n".encode())


def _real_clock() -> int:
    return int(time.time())
