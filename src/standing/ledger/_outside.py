"""What others hold of this log: witnesses that cosign its checkpoints, mirrors that copy it.

`DIR/witnesses.policy` (C2SP tlog-policy) names witnesses, where they are asked, and the quorum;
`DIR/mirrors` names mirrors, one address or directory a line. Neither ever holds up a receipt. A
log whose outside copies are ahead of it, or other than it, was rolled back or forked: its writer
refuses to start. One that does not answer proves nothing either way.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from standing.audit import POLICY_FILE
from standing.errors import Broken, StandingError, Unreachable, Usage
from standing.fetch import Fetcher
from standing.log import CHECKPOINT_FILE, WITNESSED_FILE, Log
from standing.verify.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint_by_any
from standing.verify.quorum import TrustPolicy, parse_trust_policy
from standing.wire.keys import PublicKey
from standing.wire.notes import NoteKey, NoteSignature, add_signatures
from standing.witness import collect

MIRRORS_FILE: Final = "mirrors"

_MAX_CHECKPOINT: Final = 1_000_000
_START_SECONDS: Final = 3.0
_AT_ONCE: Final = 8
_ANOTHER_LOG: Final = frozenset({"E-WITNESS-11", "E-WITNESS-12"})

Prove = Callable[[int, int], Sequence[bytes]]
"""Gives the consistency proof between two sizes of the log."""


@dataclass
class Outside:
    """The witnesses and mirrors of one ledger, and how far each witness is known to be."""

    policy: TrustPolicy | None
    mirrors: tuple[str, ...]
    _sizes: dict[str, int] = field(default_factory=dict)

    @property
    def witness_keys(self) -> dict[str, list[NoteKey]]:
        """Keys by the address that is asked for their cosignatures."""
        found: dict[str, list[NoteKey]] = {}
        for witness in self.policy.witnesses if self.policy else ():
            if witness.url:
                found.setdefault(witness.url, []).append(witness.key)
        return found

    def cosign(self, checkpoint: bytes, prove: Prove) -> "Gathered":
        """Ask every witness for its cosignature of a published checkpoint, all at once."""
        size = parse_checkpoint(checkpoint)[0].size
        lines: list[NoteSignature] = []
        problems: list[StandingError] = []
        one_at_a_time = threading.Lock()  # the log is one thread's

        def proof_from(old: int) -> Sequence[bytes]:
            with one_at_a_time:
                return prove(old, size)

        def one(url: str, keys: list[NoteKey]) -> list[NoteSignature]:
            known = self._sizes.get(url, 0)
            found, now = collect(url, keys, checkpoint, proof_from, old_size=known)
            self._sizes[url] = now
            return found

        asked = self.witness_keys
        with ThreadPoolExecutor(max(1, min(_AT_ONCE, len(asked)))) as pool:
            jobs = [pool.submit(one, url, keys) for url, keys in asked.items()]
            for job in jobs:
                try:
                    lines += job.result()
                except StandingError as problem:
                    problems.append(problem)
        data = add_signatures(checkpoint, lines) if lines else checkpoint
        return Gathered(data, len(lines), self._enough(data), tuple(problems))

    def _enough(self, data: bytes) -> bool:
        if self.policy is None:
            return False
        checkpoint, note = parse_checkpoint(data)
        with suppress(Broken):
            self.policy.require_quorum(checkpoint, note)
            return True
        return False

    def check_ahead(self, log: Log, keys: Sequence[PublicKey]) -> None:
        """Raise `E-LOG-19` if a witness or a mirror knows a larger log than this, or another."""
        published = log.published()
        if published is not None and parse_checkpoint(published)[0].size == log.head.size:
            for problem in self.cosign(published, log.consistency).problems:
                if problem.code in _ANOTHER_LOG:
                    raise _rolled_back(problem.where, problem.why) from problem
        for place in self.mirrors:
            with suppress(Unreachable):
                self._check_mirror(place, log, keys)

    def _check_mirror(self, place: str, log: Log, keys: Sequence[PublicKey]) -> None:
        data = _read_checkpoint(place)
        if data is not None:
            _compare(place, verify_checkpoint_by_any(data, log.origin, keys), log)


@dataclass(frozen=True)
class Gathered:
    """A checkpoint with the cosignatures that came, whether they suffice, and who gave none."""

    checkpoint: bytes
    cosignatures: int
    enough: bool
    problems: tuple[StandingError, ...]


def load_outside(directory: Path) -> Outside:
    """Read which witnesses and mirrors a ledger has; raises `E-QUORUM-01`, `E-LEDGER-06`."""
    policy_file, mirrors_file = directory / POLICY_FILE, directory / MIRRORS_FILE
    policy = parse_trust_policy(policy_file.read_bytes()) if policy_file.is_file() else None
    mirrors: tuple[str, ...] = ()
    if mirrors_file.is_file():
        try:
            lines = mirrors_file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise Usage(
                "E-LEDGER-06",
                "The list of mirrors cannot be read.",
                why="It is no UTF-8.",
                fix="Write one address or directory a line.",
                where=str(mirrors_file),
            ) from error
        mirrors = tuple(line.strip() for line in lines if line.strip() and line[:1] != "#")
    return Outside(policy, mirrors)


def check_witnessed(log: Log, keys: Sequence[PublicKey]) -> None:
    """Raise `E-LOG-19` if the witnessed checkpoint beside log.db is ahead of it, or another."""
    path = log.directory / WITNESSED_FILE
    if path.is_file():
        _compare(WITNESSED_FILE, verify_checkpoint_by_any(path.read_bytes(), log.origin, keys), log)


def _read_checkpoint(place: str) -> bytes | None:
    if place.startswith(("http://", "https://")):
        fetcher = Fetcher(place, whole_seconds=_START_SECONDS)
        try:
            return fetcher.get(CHECKPOINT_FILE, max_bytes=_MAX_CHECKPOINT)
        finally:
            fetcher.close()
    with suppress(OSError):
        return (Path(place) / CHECKPOINT_FILE).read_bytes()
    return None


def _compare(place: str, theirs: Checkpoint, log: Log) -> None:
    if theirs.size > log.head.size:
        raise _rolled_back(place, f"It holds {theirs.size} entries; log.db {log.head.size}.")
    if log.root_at(theirs.size) != theirs.root:
        raise _rolled_back(place, f"At {theirs.size} entries it has another root.")


def _rolled_back(place: str, why: str) -> Broken:
    return Broken(
        "E-LOG-19",
        "An outside copy of this log is ahead of it, or other than it.",
        why=f"{why} An older copy of log.db may have been restored, or the log forked.",
        fix="Bring back the newest log.db. Writing on would fork the log.",
        where=place,
    )
