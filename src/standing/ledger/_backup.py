"""Copies of a ledger and of its keys, in two places that no one should hold alike.

The ledger's copy is a folder of its own each time, and `current` names the one that counts. The
keys' copy is one file, put over the one before and never beside it, because an older copy of the
keys would open what was erased since. `DIR/backup.json` remembers where they lie; whoever can
change it can have the keys copied elsewhere.
"""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from standing.audit import POLICY_FILE
from standing.audit.trust import TRUST_FILE
from standing.errors import Refused, StandingError, Unreachable, Usage
from standing.ledger._core import SECONDS_A_DAY, Core
from standing.ledger._outside import MIRRORS_FILE
from standing.ledger._settings import SETTINGS_FILE
from standing.ledger._setup import KEYS_DIR, LOG_DIR, VAULT_FILE

NOTE_FILE: Final = "backup.json"
CURRENT_FILE: Final = "current"
MANIFEST_FILE: Final = "manifest.json"
COPY_FILE: Final = "keys.copy"
KEYS_MAX_DAYS: Final = 7
SEALING_FILE: Final = "sealing.db"
_RENEW_DAYS: Final = 1
_UNFINISHED: Final = ".unfinished"
_LOG_DB: Final = "log.db"
_BESIDE: Final = (TRUST_FILE, POLICY_FILE, MIRRORS_FILE, SETTINGS_FILE)
_CHUNK: Final = 1 << 20


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a copy of a ledger is: of which ledger, how far, how old, and each file's SHA-256.

    `changes` is how often its key store had been changed or copied by then.
    """

    format: str
    origin: str
    genesis: str
    log_size: int
    made: int
    changes: int
    files: dict[str, str]


class KeysHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What stands in front of a copy of the keys; `files` are (name, bytes, SHA-256), in order."""

    format: str
    genesis: str
    made: int
    changes: int
    files: list[tuple[str, int, str]]


class Note(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a ledger remembers of its copies; times in seconds, 0 for a copy not made yet."""

    to: str
    keys_to: str
    made: int = 0  # of the ledger's copy
    keys_made: int = 0
    changes: int = 0  # of the copy of the keys
    former: tuple[str, ...] = ()  # places where an older copy of the keys may still lie


@dataclass(frozen=True)
class Renewed:
    """What became of the copy of the keys: where it lies, and why it could not be replaced."""

    place: str = ""
    problem: StandingError | None = None


@dataclass(frozen=True)
class Status:
    """Where the copies lie, how old they are in days, and what is wrong with them.

    `is_behind`: something was erased since the keys were copied, which that copy could still open.
    """

    note: Note
    age_days: int
    keys_age_days: int
    is_behind: bool
    problem: StandingError | None


# --- making -------------------------------------------------------------------------------------


def backup(core: Core, to: Path, keys_to: Path) -> Note:
    """Copy ledger and keys to two places; replaces what was there. Raises `E-BACKUP-01`, `-02`."""
    to, keys_to = to.absolute(), keys_to.absolute()
    _check_places(core, to, keys_to)
    if core.vault.db.in_transaction:
        raise Refused(
            "E-BACKUP-03",
            "Nothing is copied inside a bulk block.",
            why="Half of what it writes would be in the copy.",
            fix="End the block first.",
        )
    core.log.publish()
    now, changes = core.engine.clock.now(), core.vault.keys.note_copy()
    note = _intend(core, str(to), str(keys_to))
    _copy_keys(core, keys_to, now, changes)  # first: its keys open whatever the ledger's copy holds
    note = msgspec.structs.replace(note, keys_made=now, changes=changes)
    _remember(core.directory, note)
    _copy_ledger(core, to, now, changes)
    note = msgspec.structs.replace(note, made=now)
    _remember(core.directory, note)
    return _without_former(core, note)


def _intend(core: Core, to: str, keys_to: str) -> Note:
    """Remember where the keys are about to be copied to: an erasure must find every copy."""
    before = recall(core.directory)
    note = Note(to=to, keys_to=keys_to)
    if before is not None:
        former = {*before.former, before.keys_to} - {keys_to}
        note = Note(to=to, keys_to=keys_to, former=tuple(sorted(former)))
        if before.keys_to == keys_to:
            note = msgspec.structs.replace(note, keys_made=before.keys_made, changes=before.changes)
    _remember(core.directory, note)
    return note


def _without_former(core: Core, note: Note) -> Note:
    """Destroy older copies of the keys in places that are no longer used, where they are there."""
    left = []
    for place in note.former:
        try:
            with _reaching(Path(place)):
                _require_there(Path(place))
                wipe(Path(place) / COPY_FILE)
                sync(Path(place))
        except StandingError:
            left.append(place)
    if len(left) < len(note.former):
        note = msgspec.structs.replace(note, former=tuple(left))
        _remember(core.directory, note)
    return note


def _check_places(core: Core, to: Path, keys_to: Path) -> None:
    places = {
        "the ledger": core.directory.resolve(),
        "--to": to.resolve(),
        "--keys-to": keys_to.resolve(),
    }
    for name, place in places.items():
        for other, elsewhere in places.items():
            if name != other and (place == elsewhere or elsewhere in place.parents):
                raise Usage(
                    "E-BACKUP-01",
                    "A ledger, its copy and the copy of its keys lie in three places.",
                    why=f"{name} lies in {other}: whoever holds both can read every record.",
                    fix="Name places that nobody holds alike.",
                    where=str(place),
                )
    for place in (to, keys_to):
        if place.is_dir() and any(place.iterdir()) and not _is_ours(place):
            raise Usage(
                "E-BACKUP-02",
                "There is something else in this place.",
                why="A copy replaces what is there, and this is no copy of a ledger.",
                fix="Name a new or an empty folder.",
                where=str(place),
            )


def _is_ours(place: Path) -> bool:
    return any((place / name).exists() for name in (CURRENT_FILE, COPY_FILE, _UNFINISHED))


def _copy_ledger(core: Core, to: Path, now: int, changes: int) -> None:
    """Copy everything but keys and columns into a folder of its own, then let it count."""
    with _reaching(to):
        to.mkdir(parents=True, exist_ok=True, mode=0o700)
        _clear(to)
        unfinished = to / _UNFINISHED
        unfinished.mkdir(mode=0o700)
        _fill(core, unfinished)
        manifest = Manifest(
            format="standing/backup/1",
            origin=core.trust.origin,
            genesis=core.trust.genesis,
            log_size=core.log.head.size,
            made=now,
            changes=changes,
            files={name: file_digest(unfinished / name) for name in files_below(unfinished)},
        )
        (unfinished / MANIFEST_FILE).write_bytes(_text(manifest))
        sync_all(unfinished)
        name = f"{changes:08}"
        unfinished.rename(to / name)
        write_durably(to / CURRENT_FILE, name.encode())
        _clear(to)


def _fill(core: Core, folder: Path) -> None:
    for name in _BESIDE:
        if (core.directory / name).is_file():
            shutil.copyfile(core.directory / name, folder / name)
    _copy_database(core.vault.db, folder / VAULT_FILE)
    log = core.log.directory
    for source, _, names in os.walk(log):
        target = folder / LOG_DIR / Path(source).relative_to(log)
        target.mkdir(exist_ok=True)
        for name in names:
            if not name.startswith((_LOG_DB, ".")):
                shutil.copyfile(Path(source) / name, target / name)
    _copy_database(core.log.db, folder / LOG_DIR / _LOG_DB)


def _copy_database(db: sqlite3.Connection, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as copy:
        db.backup(copy)


def _clear(to: Path) -> None:
    """Remove what does not count: an unfinished copy, or one that was replaced."""
    current = to / CURRENT_FILE
    kept = {CURRENT_FILE, current.read_text(encoding="ascii") if current.is_file() else ""}
    for path in list(to.iterdir()):
        if path.name not in kept:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _copy_keys(core: Core, keys_to: Path, now: int, changes: int) -> None:
    """Put a copy of all keys over the one before, whose bytes are overwritten."""
    folder = core.directory / KEYS_DIR
    with _reaching(keys_to):
        keys_to.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = keys_to / _UNFINISHED
        wipe(unfinished)
        parts = [(SEALING_FILE, core.vault.keys.db.serialize())]
        parts += [(p.name, p.read_bytes()) for p in sorted(folder.iterdir()) if _is_plain(p)]
        head = KeysHead(
            format="standing/keys/1",
            genesis=core.trust.genesis,
            made=now,
            changes=changes,
            files=[(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in parts],
        )
        handle = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(json.dumps(msgspec.to_builtins(head)).encode() + b"\n")
            for _, data in parts:
                out.write(data)
            out.flush()
            os.fsync(out.fileno())
        _replace(unfinished, keys_to / COPY_FILE)


def _is_plain(path: Path) -> bool:
    """Tell a file of its own from the database, which is copied as one, and what lies beside it."""
    return path.is_file() and not path.name.startswith((SEALING_FILE, "."))


def _replace(new: Path, place: Path) -> None:
    """Put a file over another, and leave nothing of the other's bytes in its old place."""
    with suppress(FileNotFoundError), place.open("r+b") as old:
        new.replace(place)
        sync(place.parent)
        _overwrite(old.fileno())
        return
    new.replace(place)
    sync(place.parent)


def wipe(path: Path) -> None:
    """Overwrite a file, then remove it; nothing where there is none."""
    with suppress(FileNotFoundError), path.open("r+b") as file:
        _overwrite(file.fileno())
        path.unlink()


def _overwrite(handle: int) -> None:
    left, at = os.fstat(handle).st_size, 0
    while left > at:
        at += os.pwrite(handle, bytes(min(_CHUNK, left - at)), at)
    os.fsync(handle)


# --- keeping ------------------------------------------------------------------------------------


def renew(core: Core) -> Renewed:
    """Replace the copy of the keys; that its place is not there is told, not raised."""
    note = recall(core.directory)
    if note is None:
        return Renewed()
    now, changes = core.engine.clock.now(), core.vault.keys.note_copy()
    try:
        _require_there(Path(note.keys_to))
        _copy_keys(core, Path(note.keys_to), now, changes)
    except StandingError as problem:
        return Renewed(note.keys_to, problem)
    _remember(core.directory, msgspec.structs.replace(note, keys_made=now, changes=changes))
    return Renewed(note.keys_to)


def keep_fresh(core: Core) -> Renewed:
    """Replace the copy of the keys where something was erased since, or where it is a day old."""
    note = recall(core.directory)
    if note is None:
        return Renewed()
    note = _without_former(core, note)
    age = core.engine.clock.now() - note.keys_made
    if _is_behind(core, note) or age >= _RENEW_DAYS * SECONDS_A_DAY:
        return renew(core)
    return Renewed(note.keys_to)


def status(core: Core) -> Status | None:
    """Tell where the copies are and how they stand; None where there are none."""
    note = recall(core.directory)
    if note is None:
        return None
    now = core.engine.clock.now()
    problem: StandingError | None = None
    try:
        _require_there(Path(note.keys_to))
    except StandingError as missing:
        problem = missing
    return Status(
        note,
        (now - note.made) // SECONDS_A_DAY,
        (now - note.keys_made) // SECONDS_A_DAY,
        _is_behind(core, note),
        problem,
    )


def _is_behind(core: Core, note: Note) -> bool:
    return core.vault.keys.counter("erasure") > note.changes


def _require_there(keys_to: Path) -> None:
    """Demand the copy that was made: a place that is not mounted looks empty."""
    if not (keys_to / COPY_FILE).is_file():
        raise _unreachable(keys_to, "The copy is not where it was put.")


def recall(directory: Path) -> Note | None:
    """Read where a ledger's copies lie; raises `E-BACKUP-05` where that cannot be read."""
    try:
        return msgspec.json.decode((directory / NOTE_FILE).read_bytes(), type=Note)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as problem:
        raise Refused(
            "E-BACKUP-05",
            "Where the copies lie cannot be read.",
            why=f"{problem}.",
            fix="Remove the file and make the copies again: standing backup.",
            where=NOTE_FILE,
        ) from None


def _remember(directory: Path, note: Note) -> None:
    write_durably(directory / NOTE_FILE, _text(note))


def remember_restored(
    directory: Path, copy: Path, keys_copy: Path, manifest: Manifest, head: KeysHead
) -> None:
    """Let a ledger that was brought back know its copies."""
    note = Note(
        to=str(copy), keys_to=str(keys_copy), made=manifest.made, keys_made=head.made,
        changes=head.changes,
    )  # fmt: skip
    _remember(directory, note)


# --- files --------------------------------------------------------------------------------------


@contextmanager
def _reaching(place: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as problem:
        raise _unreachable(place, f"The system says: {problem}.") from problem


def _unreachable(place: Path, why: str) -> Unreachable:
    return Unreachable(
        "E-BACKUP-04",
        "A place for copies cannot be written.",
        why=why,
        fix="Mount or mend it. Until the copy of the keys there is replaced (standing tick),"
        " whoever holds it can open what was erased since.",
        where=str(place),
    )


def _text(value: msgspec.Struct) -> bytes:
    return json.dumps(msgspec.to_builtins(value), indent=1, sort_keys=True).encode() + b"\n"


def files_below(folder: Path) -> Iterator[str]:
    """Name every file below a folder, in order."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def file_digest(path: Path) -> str:
    """Hash a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_durably(path: Path, data: bytes) -> None:
    """Put a file in place whole or not at all."""
    unfinished = path.with_name(f"{path.name}{_UNFINISHED}")
    with unfinished.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync(path.parent)


def sync_all(folder: Path) -> None:
    """Make every file and name below a folder durable."""
    for path in (folder, *folder.rglob("*")):
        sync(path)


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's names, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
