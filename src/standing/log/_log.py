"""The log's door: append a group, publish its files, prove and read what stands in it.

One SQLite transaction in log.db is the only journal; files are derived from it and can be derived
again. Whoever controls this directory can stop reads and cannot change an entry unnoticed.
"""

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from standing.errors import Broken, Refused, StandingError
from standing.log import _publish
from standing.log._layout import (
    CHECKPOINT_FILE,
    DB_FILE,
    DOCUMENTS_DIR,
    MAX_ENTRY_BYTES,
    WITNESSED_FILE,
    sync_directory,
    write_file,
)
from standing.log._publish import Publication
from standing.log._reader import Reader
from standing.log._signers import Signers
from standing.log._store import (
    Commit,
    Store,
    create_store,
    damaged,
    lock_directory,
    open_copy,
    open_store,
)
from standing.verify.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint_by_any
from standing.verify.cosignatures import cosign
from standing.verify.receipts import encode_receipt, receipt_protected, sign_root
from standing.verify.tree import EMPTY_ROOT, leaf_hash
from standing.wire.keys import PublicKey
from standing.wire.notes import add_signatures, parse_note, sign_note

_KEPT_DOCUMENTS: Final = 64
_KEPT_BYTES: Final = 131_072

Choose = Callable[[Callable[[str], bytes | None]], Signers]
"""Gets a reader of state rows, gives the keys that the state asks for."""


@dataclass(frozen=True)
class Head:
    """The last signed state: how many entries, their root, the checkpoint note that says so."""

    size: int
    root: bytes
    checkpoint: bytes


class Log:
    """One log directory, open for reading or, by one process at a time, for writing.

    A reader sees the log as of the moment it was opened. After a failed write a writer raises
    `E-LOG-07` until it is opened anew. One thread at a time.
    """

    def __init__(
        self,
        directory: Path,
        store: Store,
        *,
        origin: str,
        extensions: tuple[str, ...],
        signers: Signers | None,
        lock: int | None,
    ) -> None:
        self.directory = directory
        self.origin = origin
        self.extensions = extensions
        self._store = store
        self._signers = signers
        self._lock = lock
        self._published = 0
        self._documents: dict[bytes, bytes] = {}
        self._note: bytes | None = None
        self._why: StandingError | None = None
        self.head = Head(*(store.head() or (0, EMPTY_ROOT, b"")))
        self._reader = Reader(directory, store, self.head.size)
        self._frontier = self._reader.frontier() if signers else None

    # --- opening -------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        directory: Path,
        *,
        origin: str,
        extensions: tuple[str, ...],
        signers: Signers,
        page_size: int = 4096,
    ) -> "Log":
        """Make an empty log and open it for writing; raises `E-LOG-01` where one exists.

        `extensions` are lines that every checkpoint carries after its root.
        """
        directory.mkdir(parents=True, exist_ok=True)
        lock = lock_directory(directory)
        try:
            _check_absent(directory)
            (directory / DOCUMENTS_DIR).mkdir(exist_ok=True)
            sync_directory(directory.parent)  # before log.db, which is why nobody comes here again
            create_store(directory, page_size)
            return cls._take(
                directory, origin=origin, extensions=extensions, choose=lambda _: signers, lock=lock
            )
        except BaseException:
            os.close(lock)
            raise

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        origin: str,
        extensions: tuple[str, ...],
        signers: Choose | None,
    ) -> "Log":
        """Open a log: as its one writer, or, without signers, to read it as it is now.

        `signers` gets a reader of state rows and gives the keys that the state asks for. A writer
        completes the files that a crash left behind. Raises `E-LOG-04` beside another writer,
        `E-LOG-03` where what was published is newer than log.db, or another. A reader changes
        nothing and believes what it finds.
        """
        if signers is None:
            return cls._read(directory, origin=origin, extensions=extensions)
        lock = lock_directory(directory)
        try:
            return cls._take(
                directory, origin=origin, extensions=extensions, choose=signers, lock=lock
            )
        except BaseException:
            os.close(lock)
            raise

    @classmethod
    def read_alone(
        cls, directory: Path, *, origin: str, extensions: tuple[str, ...], why: StandingError
    ) -> "Log":
        """Read a log that cannot be written, and keep other writers out; each write raises `why`.

        Raises `why` too where it cannot even be read.
        """
        lock = lock_directory(directory)
        try:
            return cls._read(directory, origin=origin, extensions=extensions, lock=lock, why=why)
        except Broken:
            os.close(lock)
            raise why from None
        except BaseException:
            os.close(lock)
            raise

    @classmethod
    def _read(
        cls, directory: Path, *, origin: str, extensions: tuple[str, ...],
        lock: int | None = None, why: StandingError | None = None,
    ) -> "Log":  # fmt: skip
        # Read before log.db: a live writer may publish meanwhile, and that is no fault.
        published = _publish.read_checkpoint(directory)
        store = open_copy(directory)
        try:
            log = cls(
                directory, store, origin=origin, extensions=extensions, signers=None, lock=lock
            )
        except sqlite3.Error as error:
            store.close()
            raise damaged(DB_FILE, f"SQLite says {error}") from error
        log._note, log._why = published, why
        return log

    @classmethod
    def _take(
        cls,
        directory: Path,
        *,
        origin: str,
        extensions: tuple[str, ...],
        choose: Choose,
        lock: int,
    ) -> "Log":
        store = open_store(directory)
        try:
            chosen = choose(store.state)
            log = cls(
                directory, store, origin=origin, extensions=extensions, signers=chosen, lock=lock
            )
            log._complete((chosen.checkpoint.public, *chosen.earlier))
        except sqlite3.Error as error:
            store.close()
            raise damaged(DB_FILE, f"SQLite says {error}") from error
        except BaseException:
            store.close()
            raise
        return log

    def _complete(self, keys: Sequence[PublicKey]) -> None:
        """Hold database, files and checkpoint against each other; finish what a crash cut off."""
        if self._frontier is not None and self._frontier.root() != self.head.root:
            raise damaged(DB_FILE, "its head is not the root of the stored entries")
        published = self.published_checkpoint(keys)
        if published is not None:
            self._compare(published)
            self._published = published.size
        newer = _publish.newer_than(self._reader)
        if newer is not None:
            raise _older(f"It is longer than the {self.head.size} entries of log.db.", newer)
        with self._store.writing():
            _publish.mend(self._reader, self._published)
        if self._published < self.head.size:
            self.publish()

    def _compare(self, published: Checkpoint) -> None:
        size = published.size
        if size > self.head.size or self._reader.tree.root_at(size) != published.root:
            why = f"It states {size} entries; log.db holds {self.head.size}, or others."
            raise _older(why, CHECKPOINT_FILE)

    def published_checkpoint(self, keys: Sequence[PublicKey]) -> Checkpoint | None:
        """Verify the published checkpoint, if there is one, with any of the log's keys.

        A reader's is that of the moment it was opened.
        """
        data = self.published()
        return None if data is None else verify_checkpoint_by_any(data, self.origin, keys)

    def published(self) -> bytes | None:
        """Give the bytes of the published checkpoint, if there is one."""
        return _publish.read_checkpoint(self.directory) if self._signers else self._note

    def close(self) -> None:
        """Close the log and let the next writer in."""
        self._store.close()
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for an auditor's checks and for traces in tests."""
        return self._store.db

    @property
    def bundled(self) -> int:
        """How many entries lie in bundles alone."""
        return self._reader.bundled()

    # --- writing -------------------------------------------------------------------------------

    def check_writable(self) -> None:
        """Raise what every write would: `E-LOG-08` to a reader, `E-LOG-07` after a failed write."""
        if self._signers is None:
            raise self._unwritable()
        with self._store.writing():
            pass

    def _unwritable(self) -> StandingError:
        return self._why or _read_only()

    def append(
        self,
        entries: Sequence[tuple[bytes, bytes]],
        state: Mapping[str, bytes] | None = None,
        *,
        day: int = 0,
        next_signers: Signers | None = None,
    ) -> range:
        """Append (entry, statement hash) pairs in one transaction; durable when it returns.

        `state` rows change with them; `day` is the day whose last checkpoint this is. With
        `next_signers` the keys change: this head is signed by the old checkpoint key and the new
        one, so that whoever knows either can follow; later heads by the new ones. Raises
        `E-LOG-06` (an entry too long), `E-LOG-09` (a statement that stands already), `E-LOG-14`
        (no entry): then nothing was changed.
        """
        if self._signers is None or self._frontier is None:
            raise self._unwritable()
        _check_entries(entries)
        frontier = self._frontier.copy()
        leaves = [leaf_hash(entry) for entry, _ in entries]
        for leaf in leaves:
            frontier.append(leaf)
        root = frontier.root()
        receipt_key = self._signers.receipt
        protected = receipt_protected(self.origin, receipt_key.public.thumbprint)
        commit = Commit(
            first=self.head.size,
            entries=entries,
            state=state or {},
            day=day,
            root=root,
            checkpoint=self._sign_head(frontier.size, root, next_signers),
            protected=protected,
            signature=sign_root(receipt_key, protected, root),
        )
        with self._store.writing():
            self._store.write(commit)
            self.head = Head(commit.size, root, commit.checkpoint)
            self._frontier = frontier
            self._reader.extend(leaves)
            self._signers = next_signers or self._signers
        return range(commit.first, commit.size)

    def _sign_head(self, size: int, root: bytes, following: Signers | None) -> bytes:
        assert self._signers is not None, "only a writer signs"
        text = Checkpoint(self.origin, size, root, self.extensions).text()
        own = self._signers.checkpoint
        note = sign_note(text, self.origin, own)
        if following is None or following.checkpoint.public == own.public:
            return note
        other = parse_note(sign_note(text, self.origin, following.checkpoint))
        return add_signatures(note, other.signatures)

    def publish(self) -> None:
        """Write the tiles, bundles and checkpoint that the committed head needs, if it has news."""
        publication = self.begin_publication()
        if publication is not None:
            with self._store.writing():
                publication.write()
            self.end_publication(publication)

    def begin_publication(self) -> Publication | None:
        """Collect what the committed head needs on the disk, if it has news.

        The caller writes it, maybe in another thread beside further commits, and ends it before
        another begins.
        """
        if self._signers is None:
            raise self._unwritable()
        with self._store.writing():
            if self.head.size == self._published:
                return None
            return _publish.prepare(self._reader, self._published, self._two_lines(self._signers))

    def end_publication(self, publication: Publication, error: BaseException | None = None) -> None:
        """Note that a publication is on the disk; or that it failed, which stops the log."""
        with self._store.writing():
            if error is not None:
                raise error
            _publish.finish(self._reader, publication)
        self._published = publication.size

    def publish_witnessed(self, checkpoint: bytes) -> bool:
        """Put a cosigned checkpoint beside the published one, unless a newer one is there.

        The caller has verified it; whether it is of this log's tree is checked again here.
        """
        if self._signers is None:
            raise self._unwritable()
        stated = parse_checkpoint(checkpoint)[0]
        path = self.directory / WITNESSED_FILE
        known = parse_checkpoint(path.read_bytes())[0].size if path.is_file() else 0
        if stated.size < known or self.root_at(stated.size) != stated.root:
            return False
        with self._store.writing():
            write_file(self.directory, WITNESSED_FILE, checkpoint)
        return True

    def _two_lines(self, signers: Signers) -> bytes:
        """Add the post-quantum line to the head's checkpoint, if the log has such a key."""
        head = self.head
        if signers.ml_dsa is None:
            return head.checkpoint
        stated = Checkpoint(self.origin, head.size, head.root, self.extensions)
        line = cosign(signers.ml_dsa, self.origin, stated, stated.text(), 0)
        return add_signatures(head.checkpoint, [line])

    # --- reading -------------------------------------------------------------------------------

    def find(self, statement_hash: bytes) -> int | None:
        """Give the place of a statement, or nothing."""
        return self._store.find(statement_hash)

    def state(self, name: str) -> bytes | None:
        """Give a state row, as committed with the last entry that changed it."""
        return self._store.state(name)

    def entry(self, index: int) -> bytes:
        """Give one entry; raises `E-LOG-10` past the end."""
        return next(self.entries(index, index + 1))

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Read entries in order, from bundles and then from the database."""
        stop = self.head.size if stop is None else stop
        self._reader.check_range(start, stop)
        return self._reader.entries(start, stop)

    def leaf_hashes(self, start: int, stop: int) -> bytes:
        """Give leaf hashes as one run of 32 bytes each."""
        self._reader.check_range(start, stop)
        return self._reader.tree.hashes(0, start, stop)

    def root_at(self, size: int) -> bytes:
        """Give the root over the first `size` entries."""
        self._reader.check_range(0, size)
        return self._reader.tree.root_at(size)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Prove that an entry stands under the root at `size`, by default the head's."""
        size = self.head.size if size is None else size
        self._reader.check_range(index, index + 1)
        self._reader.check_range(index + 1, size)
        return self._reader.tree.inclusion(index, size)

    def consistency(self, old: int, new: int | None = None) -> list[bytes]:
        """Prove that the tree at `old` is a prefix of the tree at `new`."""
        new = self.head.size if new is None else new
        self._reader.check_range(1, old)
        self._reader.check_range(old, new)
        return self._reader.tree.consistency(old, new)

    def receipt(self, index: int) -> bytes:
        """Give the COSE receipt of an entry: the same bytes each time, also after a key change.

        It is made under the head that brought the entry; at size 1 there is none (`E-RECEIPT-02`).
        """
        self._reader.check_range(index, index + 1)
        size, protected, signature = self._store.head_over(index)
        return self._receipt(index, size, protected, signature)

    def receipts(self, entries: range) -> list[bytes]:
        """Give the receipts of entries that one `append` brought."""
        if not entries:
            return []
        size, protected, signature = self._store.head_over(entries.start)
        paths = self._reader.tree.inclusions(entries, size)
        return [
            encode_receipt(protected, signature, index, size, path)
            for index, path in zip(entries, paths, strict=True)
        ]

    def _receipt(self, index: int, size: int, protected: bytes, signature: bytes) -> bytes:
        path = self._reader.tree.inclusion(index, size)
        return encode_receipt(protected, signature, index, size, path)

    def checkpoint_before(self, day: int) -> bytes:
        """Give the last checkpoint of an earlier day, or the very first one."""
        return self._store.checkpoint_before(day) or self.head.checkpoint

    def days(self) -> list[tuple[int, int]]:
        """List (day, entries at its end) of every day that brought an entry, earliest first."""
        return self._store.days()

    # --- public documents ----------------------------------------------------------------------

    def put_document(self, data: bytes) -> bytes:
        """Keep a public document beside the tiles, named by its SHA-256; gives the digest."""
        if self._signers is None:
            raise self._unwritable()
        digest = hashlib.sha256(data).digest()
        name = f"{DOCUMENTS_DIR}/{digest.hex()}"
        with self._store.writing():
            if (self.directory / name).exists():
                sync_directory(self.directory / DOCUMENTS_DIR)  # whoever put it may have died
            else:
                write_file(self.directory, name, data)
        return digest

    def document(self, digest: bytes) -> bytes:
        """Read a public document; raises `E-LOG-11` where it is missing or another."""
        known = self._documents.get(digest)
        if known is not None:
            return known
        try:
            data = (self.directory / DOCUMENTS_DIR / digest.hex()).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).digest() != digest:
            raise Broken(
                "E-LOG-11",
                "A public document is missing or was changed.",
                why="Its bytes do not have the digest that the log states.",
                fix="Restore it from a mirror.",
                where=f"{DOCUMENTS_DIR}/{digest.hex()}",
            )
        if len(data) <= _KEPT_BYTES:  # its name is its digest: what was read once stays true
            self._documents[digest] = data
            if len(self._documents) > _KEPT_DOCUMENTS:
                self._documents.pop(next(iter(self._documents)))
        return data


def _older(why: str, where: str) -> Broken:
    return Broken(
        "E-LOG-03",
        "What was published does not follow from log.db.",
        why=f"{why} An older copy may have been restored.",
        fix="Bring back the newest log.db. Writing on would fork the log.",
        where=where,
    )


def _check_absent(directory: Path) -> None:
    if (directory / DB_FILE).exists():
        raise Refused(
            "E-LOG-01",
            "There is a log already.",
            why=f"{DB_FILE} exists; a log is never made anew over another.",
            fix="Open it, or choose another directory.",
            where=str(directory),
        )


def _check_entries(entries: Sequence[tuple[bytes, bytes]]) -> None:
    if not entries:
        raise Refused(
            "E-LOG-14",
            "There is nothing to append.",
            why="A commit without entries would sign a second head of one size.",
            fix="Append at least one statement.",
        )
    longest = max(len(entry) for entry, _ in entries)
    if longest > MAX_ENTRY_BYTES:
        raise Refused(
            "E-LOG-06",
            "A statement is too long for the log.",
            why=f"Got {longest} bytes; an entry has at most {MAX_ENTRY_BYTES}.",
            fix="Sign a digest and publish the document beside the log.",
        )


def _read_only() -> Refused:
    return Refused(
        "E-LOG-08",
        "The log is open for reading only.",
        why="Its signing keys were not given.",
        fix="Open it for writing with its keys.",
    )
