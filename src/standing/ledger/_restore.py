"""Bringing a ledger back from its two copies: whole and verified, or not at all.

Erasures come first. What the newer keys no longer open, and what they remember as erased, is taken
out of the older vault before anything is read. An older log is never put in a newer one's place:
whatever outside knows more of it (a witness, a mirror, the folder itself) refuses.
"""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from standing import audit
from standing.audit.trust import load_trust
from standing.engine import Clock, RealClock
from standing.errors import Broken, Refused, Usage
from standing.ledger import _backup
from standing.ledger._backup import KeysHead, Manifest
from standing.ledger._core import SECONDS_A_DAY, Core
from standing.ledger._setup import KEYS_DIR, LOG_DIR, VAULT_FILE
from standing.log import CHECKPOINT_FILE
from standing.vault import Going, Link, Vault
from standing.verify.checkpoints import parse_checkpoint
from standing.wire.days import format_day

_HEAD_BYTES: Final = 1 << 20
_FOREVER: Final = 2**31


@dataclass(frozen=True)
class Restored:
    """What was brought back: how far the log goes, of which day, and what was erased again."""

    log_size: int
    made: int
    erased: int
    verification: audit.Verification


def restore(
    directory: Path, copy: Path, keys_copy: Path, *, clock: Clock | None = None
) -> Restored:
    """Bring back a ledger into a new or an empty folder.

    Raises `E-BACKUP-10` to `-16`. The folder then is as it was.
    """
    directory, copy, keys_copy = directory.absolute(), copy.absolute(), keys_copy.absolute()
    place, manifest = _read_manifest(copy)
    _check_target(directory, manifest)
    work = directory.with_name(f".{directory.name}.restoring")
    if work.exists():
        shutil.rmtree(work)  # of a run that was cut off
    try:
        work.mkdir(mode=0o700)
        _copy_files(place, manifest, work)
        head = _unpack_keys(keys_copy / _backup.COPY_FILE, work / KEYS_DIR, manifest)
        _check_age(work, head, clock)
        erased = _erase_again(work, manifest, head)
        _backup.remember_restored(work, copy, keys_copy, manifest, head)
        verification = _open_and_verify(work, clock)
        _backup.sync_all(work)
        if directory.exists():
            directory.rmdir()
        work.rename(directory)
        _backup.sync(directory.parent)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return Restored(manifest.log_size, manifest.made, erased, verification)


# --- reading the copies -------------------------------------------------------------------------


def _read_manifest(copy: Path) -> tuple[Path, Manifest]:
    try:
        name = (copy / _backup.CURRENT_FILE).read_text(encoding="ascii")
        place = copy / _plain(name)
        data = (place / _backup.MANIFEST_FILE).read_bytes()
        return place, msgspec.json.decode(data, type=Manifest)
    except (OSError, ValueError, msgspec.DecodeError) as problem:
        raise Usage(
            "E-BACKUP-10",
            "There is no copy of a ledger here.",
            why=f"{problem}.",
            fix="Name the folder that was given to: standing backup --to.",
            where=str(copy),
        ) from None


def _plain(name: str) -> str:
    """Give a name back if it leads to nowhere else; raises `ValueError`."""
    if not name or name.startswith((".", "/")) or any(p in {"", "."} for p in name.split("/")):
        raise ValueError(f"{name!r} is no plain name")
    if ".." in name.split("/") or "\\" in name:
        raise ValueError(f"{name!r} leads elsewhere")
    return name


def _check_target(directory: Path, manifest: Manifest) -> None:
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return
    published = directory / LOG_DIR / CHECKPOINT_FILE
    if published.is_file() and parse_checkpoint(published.read_bytes())[0].size > manifest.log_size:
        raise Refused(
            "E-BACKUP-11",
            "The log that lies here is newer than the copy.",
            why=f"The copy ends at {manifest.log_size} entries. An older log in the place of a"
            " newer one forks its history.",
            fix="Keep what is here; copy its log away before you do anything else.",
            where=str(directory),
        )
    raise Usage(
        "E-BACKUP-12",
        "There is something here already.",
        why="A ledger is brought back into a new or an empty folder; nothing is overwritten.",
        fix="Name another folder, or move away what is here.",
        where=str(directory),
    )


def _copy_files(place: Path, manifest: Manifest, work: Path) -> None:
    for name, digest in manifest.files.items():
        try:
            target = work / _plain(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place / name, target)
        except (OSError, ValueError) as problem:
            raise _damaged(f"{problem}", place / name) from None
        if _backup.file_digest(target) != digest:
            raise _damaged("Its bytes are not those that were copied", place / name)


def _damaged(why: str, where: Path) -> Broken:
    return Broken(
        "E-BACKUP-13",
        "A copy is damaged.",
        why=f"{why}.",
        fix="Use another copy, or bring the file from a mirror of the log.",
        where=str(where),
    )


def _unpack_keys(path: Path, folder: Path, manifest: Manifest) -> KeysHead:
    """Write out the copied keys; raises `E-BACKUP-14` where they are another ledger's, or older."""
    folder.mkdir(mode=0o700)
    try:
        with path.open("rb") as file:
            head = msgspec.json.decode(file.readline(_HEAD_BYTES), type=KeysHead)
            for name, size, digest in head.files:
                data = file.read(size)
                if hashlib.sha256(data).hexdigest() != digest:
                    raise _damaged(f"{name} is not as it was copied", path)
                target = folder / _plain(name)
                target.touch(mode=0o600, exist_ok=False)
                target.write_bytes(data)
    except (OSError, ValueError, msgspec.DecodeError) as problem:
        raise _damaged(f"{problem}", path) from None
    if head.genesis != manifest.genesis or head.changes < manifest.changes:
        of_another = head.genesis != manifest.genesis
        raise Refused(
            "E-BACKUP-14",
            "These keys do not belong to this copy of the ledger.",
            why="They are another ledger's."
            if of_another
            else "They were copied before it: keys of people who joined in between are not there.",
            fix="Name the place of the keys that was used with this copy.",
            where=str(path),
        )
    return head


def _check_age(work: Path, head: KeysHead, clock: Clock | None) -> None:
    """Refuse keys that may open what was erased since; a simulated day passes only when told."""
    kind = load_trust(work).clock
    now = clock.now() if clock else RealClock().now() if kind == "real" else head.made
    days = (now - head.made) // SECONDS_A_DAY
    if days > _backup.KEYS_MAX_DAYS:
        raise Refused(
            "E-BACKUP-15",
            f"These keys were copied {days} days ago.",
            why=f"After {_backup.KEYS_MAX_DAYS} days nobody knows here what was erased since; they"
            " would bring it back.",
            fix="Bring a newer copy of the keys. Every standing tick renews the one it knows of.",
            where=format_day(head.made // SECONDS_A_DAY),
        )


# --- erasing again ------------------------------------------------------------------------------


def _erase_again(work: Path, manifest: Manifest, head: KeysHead) -> int:
    """Take out of an older vault what its newer keys do not open, or remember as erased."""
    vault = Vault.open(work / VAULT_FILE, work / KEYS_DIR)
    try:
        erased = frozenset(vault.keys.erased())
        questions = [row for row in vault.asked.every() if row[1] in erased]
        goings = [*_locked(vault), *_remembered(vault, erased)]
        count = 0
        if questions or goings:
            day = max(
                vault.marks.newest_waiting(),
                manifest.made // SECONDS_A_DAY,
                head.made // SECONDS_A_DAY,
            )
            with vault.transaction():
                for name, leaf in questions:
                    vault.asked.drop(name, leaf)
                count = vault.erasures.forget(
                    goings, day, questions=[leaf for _, leaf in questions]
                )
        orphans = vault.erasures.orphans()
        if orphans or vault.erasures.unfinished():
            vault.erasures.destroy(orphans)
        vault.scrub()
    finally:
        vault.close()
    return count


def _locked(vault: Vault) -> list[Going]:
    """Plan for those whose key is gone: everything of theirs in that context."""
    locked = vault.erasures.locked()
    return [
        Going(
            number, context, whole=True, before=_FOREVER,
            leaves=tuple(leaf for leaf, _, _ in vault.filed.placed(number, context)),
            references=tuple(sorted(_lost_references(vault, number, locked))),
            records=tuple(vault.filed.places_of(number, context)),
        )
        for number, context in sorted(locked)
    ]  # fmt: skip


def _lost_references(vault: Vault, number: int, locked: set[tuple[int, str]]) -> set[bytes]:
    """Give the references of a subject that no document which can be opened names."""
    named = {
        vault.secret.reference(opened.document.context, opened.document.reference)
        for context in {*vault.filed.places(number)}
        if (number, context) not in locked
        for opened in vault.filed.documents(number, "link", context)
        if isinstance(opened.document, Link)
    }
    return vault.people.references_of(number) - named


def _remembered(vault: Vault, erased: frozenset[bytes]) -> list[Going]:
    """Plan for single documents and records that were erased while the key stayed in use."""
    locked = vault.erasures.locked()
    leaves: dict[tuple[int, str], list[bytes]] = {}
    for leaf, whose in vault.filed.every_leaf():
        if leaf in erased and whose not in locked and whose[0]:
            leaves.setdefault(whose, []).append(leaf)
    records: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for batch in vault.batches.each():
        for position, owner in enumerate(batch.owners):
            whose = owner, batch.context
            if owner and whose not in locked and batch.leaf(position) in erased:
                records.setdefault(whose, []).append((batch.id, position))
    return [
        Going(
            *whose, whole=False, before=_FOREVER,
            leaves=tuple(leaves.get(whose, ())), records=tuple(records.get(whose, ())),
        )
        for whose in sorted({*leaves, *records})
    ]  # fmt: skip


def _open_and_verify(work: Path, clock: Clock | None) -> audit.Verification:
    """Let the ledger start as it will, which compares it with what is outside; then verify it."""
    Core.open(work, clock, read_only=False).close()
    verification = audit.verify_ledger(work)
    if not verification.ok:
        failed = [check for check in verification.checks if not check.ok]
        raise Broken(
            "E-BACKUP-16",
            "The ledger that was copied does not verify.",
            why=" ".join(f"{check.name}: {check.problem}" for check in failed),
            fix="Use another copy. Nothing was put in place.",
            where=failed[0].name,
        )
    return verification
