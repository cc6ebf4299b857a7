"""A model of a disk: what processes see, and what of it a power cut may leave.

The rules are POSIX's, not those of a kind file system. The bytes and the length of a file are
durable after fsync of the file; a name in a folder after fsync of the folder. Until then each
change may be there or not, whatever came after it. What fsync could not write is gone from the
disk even if a later fsync succeeds, although processes still read it.

The seen side is compared with the real folder wherever a process was stopped: so it is known that
no call went by unseen.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.shim import Event, Op

Tree = dict[str, bytes | None]
"""Path below the root to bytes; None is a folder."""
_SECTOR = 512


@dataclass(eq=False)
class File:
    seen: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)


@dataclass(eq=False)
class Folder:
    seen: "dict[str, File | Folder]" = field(default_factory=dict)
    kept: "dict[str, File | Folder]" = field(default_factory=dict)


Node = File | Folder


@dataclass(eq=False)
class Bytes:
    """A change of a file: bytes at a place, or (None) a length."""

    node: File
    at: int
    data: bytes | None

    def on(self, side: bytearray) -> None:
        if self.data is None:
            del side[self.at :]
        end = self.at + len(self.data or b"")
        side.extend(bytes(max(end - len(side), 0)))
        side[self.at : end] = self.data or b""

    def torn(self) -> "Bytes":
        """Give the half that reached the disk when the power went."""
        return Bytes(self.node, self.at, self.data and self.data[: _half(len(self.data))])


@dataclass(eq=False)
class Name:
    """A change of a folder: a name now leads to a node, or to nothing."""

    node: Folder
    name: str
    to: Node | None

    def on(self, side: dict[str, Node]) -> None:
        if self.to is None:
            side.pop(self.name, None)
        else:
            side[self.name] = self.to


Change = Bytes | Name


def _half(size: int) -> int:
    """Half of a write, at a sector's end where it has several."""
    return size // 2 // _SECTOR * _SECTOR or size // 2


class Disk:
    """The files below one folder, as a journal tells."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.top = Folder()
        self.pending: list[Change] = []
        """What is not durable yet, oldest first."""
        self._fds: dict[int, Node] = {}

    @classmethod
    def load(cls, root: Path) -> "Disk":
        """Read a folder, all of it durable."""
        disk = cls(root)
        for name, data in read_tree(root).items():
            folder, last = disk._parent(f"{disk._root}/{name}")
            node = Folder() if data is None else File(bytearray(data), bytearray(data))
            folder.seen[last] = folder.kept[last] = node
        return disk

    def move_to(self, root: Path) -> None:
        """Call the top by another path: a copy of the folder is used."""
        self._root = str(root)

    # --- following a journal -------------------------------------------------------------------

    def restart(self) -> None:
        """Another process goes on: file numbers mean nothing any more."""
        self._fds.clear()

    def apply(self, event: Event) -> None:
        """Follow one event; what was not done changes nothing, but for a failed fsync."""
        if event.op is Op.SYNC:
            self._sync(self._fds[event.fd], durable=event.done)
        elif event.done:
            self._done(event)

    def _done(self, event: Event) -> None:
        match event.op:
            case Op.OPEN:
                self._open(event)
            case Op.CLOSE:
                self._fds.pop(event.fd, None)
            case Op.WRITE:
                self._change(Bytes(self._file(event.fd), event.at, event.data))
            case Op.TRUNCATE:
                self._change(Bytes(self._file(event.fd), event.at, None))
            case Op.RENAME:
                node = self.find(event.path)
                assert node is not None, event
                self._change(Name(*self._parent(event.other), node))
                self._change(Name(*self._parent(event.path), None))
            case Op.UNLINK | Op.RMDIR:
                self._change(Name(*self._parent(event.path), None))
            case Op.MKDIR:
                self._change(Name(*self._parent(event.path), Folder()))

    def _open(self, event: Event) -> None:
        node = self.find(event.path)
        if node is None:
            node = File()
            self._change(Name(*self._parent(event.path), node))
        if isinstance(node, File) and event.flags & os.O_TRUNC and node.seen:
            self._change(Bytes(node, 0, None))
        if event.result >= 0:
            self._fds[event.result] = node

    def _change(self, change: Change) -> None:
        change.on(change.node.seen)  # type: ignore[arg-type]
        self.pending.append(change)

    def _sync(self, node: Node, *, durable: bool) -> None:
        for change in self.pending:
            if change.node is node and durable:
                change.on(node.kept)  # type: ignore[arg-type]
        # a folder's change that could not be written is tried again by a file system, or it stops
        if durable or isinstance(node, File):
            self.pending = [change for change in self.pending if change.node is not node]

    def sync_path(self, path: str) -> None:
        """Make a file or folder durable as an onlooker's fsync does."""
        node = self.find(path)
        if node is not None:
            self._sync(node, durable=True)

    def _file(self, fd: int) -> File:
        node = self._fds[fd]
        assert isinstance(node, File)
        return node

    def node_of(self, event: Event) -> Node | None:
        """Give the file or folder that an event's number stands for."""
        return self._fds.get(event.fd)

    def find(self, path: str) -> Node | None:
        """Give what a path leads to."""
        if path == self._root:
            return self.top
        folder, name = self._parent(path)
        return folder.seen.get(name)

    def _parent(self, path: str) -> tuple[Folder, str]:
        *above, name = os.path.relpath(path, self._root).split("/")
        folder = self.top
        for part in above:
            inner = folder.seen[part]
            assert isinstance(inner, Folder)
            folder = inner
        return folder, name

    def is_durable(self, path: str) -> bool:
        """Say whether a path leads, after any power cut, to just the bytes that are seen."""
        node: Node | None = self.find(path)
        waiting = {id(change.node) for change in self.pending}
        kept: Node | None = self.top
        for part in os.path.relpath(path, self._root).split("/"):
            if not isinstance(kept, Folder) or any(
                isinstance(c, Name) and c.node is kept and c.name == part for c in self.pending
            ):
                return False
            kept = kept.kept.get(part)
        return kept is node and id(node) not in waiting and (node is None or node.kept == node.seen)

    # --- what is left --------------------------------------------------------------------------

    def seen(self) -> Tree:
        """Give what processes see."""
        return _walk(self.top, lambda node: node.seen)

    def left(self, survives: Callable[[Change], bool]) -> Tree:
        """Give what a power cut leaves if of the pending changes just these reached the disk."""
        return self._left([change for change in self.pending if survives(change)])

    def _left(self, changes: list[Change]) -> Tree:
        sides: dict[int, bytearray | dict[str, Node]] = {}
        for change in changes:
            side = sides.setdefault(id(change.node), change.node.kept.copy())
            change.on(side)  # type: ignore[arg-type]
        return _walk(self.top, lambda node: sides.get(id(node), node.kept))

    def after_power_cut(self) -> Iterator[tuple[str, Tree]]:
        """Give the plain cases: nothing that waited, or only one kind of it, was written."""
        yield "nothing unsynced", self._left([])
        if self.pending:
            yield "names without bytes", self.left(lambda change: isinstance(change, Name))
            yield "bytes without names", self.left(lambda change: isinstance(change, Bytes))
            yield "lengths without bytes", self._left([_length_only(c) for c in self.pending])

    def after_any_power_cut(self) -> Iterator[tuple[str, Tree]]:
        """Give many more: any one change alone, all but any one, any first ones, the last torn."""
        changes = self.pending
        for at, change in enumerate(changes):
            before, after = changes[:at], changes[at + 1 :]
            yield f"first {at + 1} of {len(changes)}", self._left([*before, change])
            yield f"only change {at + 1} of {len(changes)}", self._left([change])
            yield f"all but change {at + 1} of {len(changes)}", self._left(before + after)
            if isinstance(change, Bytes) and change.data:
                yield f"change {at + 1} torn", self._left([*before, change.torn()])
                yield f"change {at + 1} torn amid", self._left([*before, change.torn(), *after])


def _length_only(change: Change) -> Change:
    """Replace bytes by zeros past the durable end: the file has grown, its bytes never came."""
    if not isinstance(change, Bytes) or change.data is None:
        return change
    end = change.at + len(change.data)
    start = min(max(change.at, len(change.node.kept)), end)
    return Bytes(change.node, start, bytes(end - start))


def _walk(folder: Folder, side: Callable[[Node], object], prefix: str = "") -> Tree:
    tree: Tree = {}
    names = side(folder)
    assert isinstance(names, dict)
    for name, node in names.items():
        if isinstance(node, Folder):
            tree[prefix + name] = None
            tree |= _walk(node, side, f"{prefix}{name}/")
        else:
            tree[prefix + name] = bytes(side(node))  # type: ignore[call-overload]
    return tree


def read_tree(root: Path) -> Tree:
    """Read a folder."""
    return {
        path.relative_to(root).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in sorted(root.rglob("*"))
    }


def write_tree(root: Path, tree: Tree) -> None:
    """Write a folder that is not there yet."""
    root.mkdir()
    for name, data in sorted(tree.items()):
        if data is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(data)
