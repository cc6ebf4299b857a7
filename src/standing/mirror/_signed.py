"""Whose checkpoints a mirror takes: those of the log's known keys."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from standing.errors import StandingError
from standing.log._layout import WITNESSED_FILE, write_file
from standing.mirror._held import Held
from standing.mirror._source import Source
from standing.verify.checkpoints import Checkpoint, parse_checkpoint
from standing.verify.cosignatures import find_line
from standing.verify.quorum import verify_log_line
from standing.wire.notes import Note, NoteKey

MAX_NOTE_BYTES: Final = 1_000_000


def is_signed_by(stated: Checkpoint, note: Note, keys: Sequence[NoteKey]) -> bool:
    """Answer whether one of the keys signed; raises for a line of theirs that does not hold."""
    signers = [key for key in keys if find_line(note, key) is not None]
    for key in signers:
        verify_log_line(stated, note, key)
    return bool(signers)


def copy_witnessed(source: Source, held: Held, keys: Sequence[NoteKey]) -> None:
    """Copy the log's newest witnessed checkpoint, if there is one and it fits what is held.

    Whether its witnesses suffice is for readers to judge. Whatever is wrong with it is no fault
    of the copy: the next round looks again.
    """
    with suppress(StandingError):
        data = source.read(WITNESSED_FILE, MAX_NOTE_BYTES)
        before = held.read(WITNESSED_FILE)
        if data is None or data == before:
            return
        stated, note = parse_checkpoint(data)
        if before is not None and parse_checkpoint(before)[0].size > stated.size:
            return
        known = held.checkpoint is not None and held.checkpoint.origin == stated.origin
        if not known or stated.size > held.size or not is_signed_by(stated, note, keys):
            return
        if held.tree.root_at(stated.size) == stated.root:
            write_file(held.directory, WITNESSED_FILE, data)
