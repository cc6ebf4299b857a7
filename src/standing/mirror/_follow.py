"""One round of a mirror: fetch the checkpoint, check it against what is held, copy, move on.

The checkpoint file is written last, so whoever reads the mirror finds all that it promises; it
may be killed at any moment and goes on where it stood. A checkpoint that does not continue what
is held is never served: both are kept as evidence.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standing.errors import Broken, StandingError, Unreachable, Usage
from standing.log._layout import CHECKPOINT_FILE, TILE, write_file
from standing.log._layout import remove_partials as _remove_partials
from standing.log._publish import tiles_between
from standing.log._tiles import MAX_TILE_BYTES, tree_over
from standing.mirror import _evidence
from standing.mirror._copy import Copy
from standing.mirror._documents import copy_documents, named_by
from standing.mirror._held import Held, damaged, locked
from standing.mirror._signed import MAX_NOTE_BYTES, copy_witnessed, is_signed_by
from standing.mirror._source import Source, source_of
from standing.verify.checkpoints import Checkpoint, parse_checkpoint
from standing.verify.cosignatures import cosign, cosigner_of, find_line
from standing.verify.tree import verify_consistency
from standing.wire.keys import SigningKey
from standing.wire.notes import Note, NoteKey, NoteSignature, format_note

KeysFor = Callable[[Iterator[bytes]], Sequence[NoteKey]]
"""Gives the keys that a log may sign with, from its entries, the first to the last."""

_MAX_UNSIGNED: Final = 1_000_000
"""Entries copied before it is known whether their log signed them: a key may stand in them."""
_MAX_OTHERS: Final = 64
_MAX_LINE_BYTES: Final = 6_000


@dataclass(frozen=True)
class Followed:
    """What a round came to: entries held, entries new, what the source stated, what it lacks.

    `source_size` below `size` means that the source serves an older, consistent checkpoint.
    `missing` are digests of public documents that the entries name and the source did not give.
    `keys` are those that were given and those that `keys_for` found: give them next time.
    """

    size: int
    added: int
    source_size: int
    missing: tuple[str, ...]
    keys: tuple[NoteKey, ...]


def follow(
    place: str | Path,
    directory: Path,
    keys: Sequence[NoteKey],
    *,
    key: SigningKey | None = None,
    name: str = "",
    clock: Callable[[], int] | None = None,
    keys_for: KeysFor | None = None,
) -> Followed:
    """Bring the mirror in `directory` to the newest checkpoint of the log at `place`.

    `keys` are the log's verifier keys, all named by its origin: one must have signed, and no line
    of a known key may fail. Where none signed, `keys_for` may find newer keys in the entries; it
    must check that those entries are rightly signed. With `key` and `name` the mirror cosigns what
    it durably holds.

    Whatever is raised, all that was held stays. `E-MIRROR-01`: the log contradicts what is held,
    and both checkpoints are in `evidence/`. `E-MIRROR-02`: files that do not lead to the signed
    root. `E-MIRROR-04`: a damaged mirror. `E-MIRROR-05`: no known key signed. `E-MIRROR-06`, `-07`
    or `-09`: a use that is not meant. `Unreachable`: the source does not answer.
    """
    origin = _origin(keys, key, name)
    with locked(directory):
        held = Held(directory)
        round_ = _Round(source_of(place), held, origin, list(keys), keys_for)
        round_.key, round_.name, round_.clock = key, name, clock or _real_clock
        done = round_.run()
        copy_witnessed(round_.source, Held(directory), done.keys)
        return done


class _Round:
    """One round: the source, what is held, and the keys known so far."""

    key: SigningKey | None
    name: str
    clock: Callable[[], int]

    def __init__(
        self,
        source: Source,
        held: Held,
        origin: str,
        keys: list[NoteKey],
        keys_for: KeysFor | None,
    ) -> None:
        self.source = source
        self._held = held
        self._origin = origin
        self._keys = keys
        self._keys_for = keys_for

    def run(self) -> Followed:
        held = self._held
        self._check_held()
        data = self.source.read(CHECKPOINT_FILE, MAX_NOTE_BYTES)
        if data is None:
            raise Unreachable(
                "E-MIRROR-08",
                "There is no log at this place.",
                why=f"It has no file {CHECKPOINT_FILE}.",
                fix="Give the address or the directory that holds the log's tiles.",
            )
        stated, note = parse_checkpoint(data)
        signed = self._is_signed(stated, note)
        if not signed and (
            self._keys_for is None or not held.size < stated.size <= held.size + _MAX_UNSIGNED
        ):
            raise _unsigned(self._origin, stated)
        if stated.size < held.size or (held.note and stated.size == held.size):
            return self._no_larger(stated, note, data)
        if signed:
            self._check_consistent(stated, data)
        return self._advance(stated, note, data, signed=signed)

    # --- whom to believe -----------------------------------------------------------------------

    def _check_held(self) -> None:
        held = self._held
        if held.checkpoint is None or held.parsed is None:
            return
        if not self._is_signed(held.checkpoint, held.parsed):
            raise damaged(CHECKPOINT_FILE, "no known key of the log signed it")

    def _is_signed(self, stated: Checkpoint, note: Note) -> bool:
        """Answer whether the log's keys signed, learning newer keys from held entries if need be.

        Raises for a checkpoint of another log, and for a line of a known key that does not hold.
        """
        if stated.origin != self._origin:
            raise _unsigned(self._origin, stated)
        if is_signed_by(stated, note, self._keys):
            return True
        if self._keys_for is None or not self._held.size:
            return False
        self._keys += self._keys_for(self._held.entries())
        return is_signed_by(stated, note, self._keys)

    def _check_consistent(self, stated: Checkpoint, data: bytes) -> None:
        """Raise `E-MIRROR-01` unless the source's own tiles prove that its tree continues ours."""
        held = self._held
        if not held.size:
            return
        tree = tree_over(self._tile, stated.size, _faulty)
        path = None
        try:
            path = tree.consistency(held.size, stated.size)
            verify_consistency(held.size, held.root, stated.size, stated.root, path)
        except Broken as error:
            if path is None or tree.root_at(stated.size) != stated.root:
                _evidence.keep(held.directory, held.note, data, "open")
                raise _faulty("tile", "its tiles do not lead to the root it signed") from error
            proof = _evidence.proof_from(held.size, path, data)
            raise self._contradiction(data, proof) from error

    def _tile(self, name: str) -> bytes | None:
        return self.source.read(name, MAX_TILE_BYTES)

    def _contradiction(self, data: bytes, proof: bytes) -> Broken:
        held = self._held
        where = _evidence.keep(held.directory, held.note, data, "proven", proof)
        return Broken(
            "E-MIRROR-01",
            "The log contradicts what this mirror holds.",
            why=f"It signed a checkpoint that cannot be true beside the {held.size} entries held.",
            fix="Keep the evidence, and compare with other mirrors and witnesses. The mirror"
            " serves what it held.",
            where=where,
        )

    def _no_larger(self, stated: Checkpoint, note: Note, data: bytes) -> Followed:
        """Compare a checkpoint of a size that is held; take new signature lines of the newest."""
        held = self._held
        if held.tree.root_at(stated.size) != stated.root:
            path = held.tree.consistency(stated.size, held.size) if stated.size else []
            proof = _evidence.proof_from(stated.size, path, held.note)
            raise self._contradiction(data, proof)
        missing = copy_documents(held, self.source, ())
        if stated.size == held.size:
            self._write_checkpoint(stated, note)
        return Followed(held.size, 0, stated.size, missing, tuple(self._keys))

    # --- copying -------------------------------------------------------------------------------

    def _advance(self, stated: Checkpoint, note: Note, data: bytes, *, signed: bool) -> Followed:
        held = self._held
        copied = Copy(held, self.source, stated.size, _faulty)
        wanted: dict[str, None] = {}
        for reuse in (True, False):
            wanted = dict.fromkeys(
                digest for entries in copied.run(reuse=reuse) for digest in named_by(entries)
            )
            if self._leads_to(copied, stated) or not copied.reused:
                break
        if not self._leads_to(copied, stated):
            copied.discard()
            raise self._wrong_entries(stated, data, signed=signed)
        if not signed and self._keys_for is not None:
            found = self._keys_for(held.entries(stated.size))
            if not is_signed_by(stated, note, found):
                copied.discard()
                raise _unsigned(self._origin, stated)
            self._keys += found
        missing = copy_documents(held, self.source, wanted)
        self._write_checkpoint(stated, note)
        for level, number, width in tiles_between(held.size, stated.size):
            if width == TILE:
                _remove_partials(held.directory, level, number)
        added = stated.size - held.size
        return Followed(stated.size, added, stated.size, missing, tuple(self._keys))

    def _leads_to(self, copied: Copy, stated: Checkpoint) -> bool:
        return copied.root == stated.root and copied.old_root == self._held.root

    def _wrong_entries(self, stated: Checkpoint, data: bytes, *, signed: bool) -> StandingError:
        held = self._held
        if held.size:
            _evidence.keep(held.directory, held.note, data, "open" if signed else "unsigned")
        return _faulty("tile/entries", f"the entries do not lead to the root at {stated.size}")

    def _write_checkpoint(self, stated: Checkpoint, note: Note) -> None:
        """Write the log's lines, others' lines within bounds, and the mirror's own last."""
        known = [line for key in self._keys if (line := find_line(note, key)) is not None]
        lines = {line[:2]: line for line in known}
        others = [line for line in note.signatures if len(line.signature) <= _MAX_LINE_BYTES]
        for line in others[:_MAX_OTHERS]:
            lines.setdefault(line[:2], line)
        if self.key is not None:
            own = cosigner_of(self.name, self.key.public)
            lines.pop((own.name, own.key_id), None)
            kept = self._own_line(stated, own)
            lines[own.name, own.key_id] = kept or cosign(
                self.key, self.name, stated, note.text, self.clock()
            )
        data = format_note(Note(note.text, tuple(lines.values())))
        if data != self._held.note:
            write_file(self._held.directory, CHECKPOINT_FILE, data)

    def _own_line(self, stated: Checkpoint, own: NoteKey) -> NoteSignature | None:
        """Give the line that stands there already: once a checkpoint is held it stays so."""
        held = self._held
        same = held.parsed is not None and held.checkpoint == stated
        return find_line(held.parsed, own) if same and held.parsed else None


def _origin(keys: Sequence[NoteKey], key: SigningKey | None, name: str) -> str:
    why = ""
    if len({known.name for known in keys}) != 1:
        why = "Wanted one or more keys of one log, all with its origin for a name."
    elif key is not None and any(known.public == key.public for known in keys):
        why = "The mirror's key is also the log's; each key has one purpose."
    elif (key is None) != (not name):
        why = "A mirror that cosigns needs a key and a name."
    if why:
        raise Usage(
            "E-MIRROR-09",
            "The keys do not fit a mirror.",
            why=why,
            fix="Give the log's verifier keys as it states them, and the mirror a key of its own.",
        )
    return keys[0].name


def _unsigned(origin: str, stated: Checkpoint) -> Broken:
    return Broken(
        "E-MIRROR-05",
        "No known key of the log signed its checkpoint.",
        why=f"The checkpoint is of {stated.origin!r}; the keys are of {origin!r}.",
        fix="Check the address, or ask the log's operator for its newer key.",
    )


def _faulty(where: str, why: str) -> Broken:
    return Broken(
        "E-MIRROR-02",
        "The source does not give what its checkpoint states.",
        why=f"Found that {why}.",
        fix="Try again later, or copy from another mirror. The mirror serves what it held.",
        where=where,
    )


def _real_clock() -> int:
    return int(time.time())
