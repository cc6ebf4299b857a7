"""A log in memory that a witness watches, and servers on real sockets."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn

from standing.verify.checkpoints import Checkpoint
from standing.verify.cosignatures import cosign, cosigner_of
from standing.verify.tree import consistency_path, leaf_hash, root_of
from standing.wire.keys import SigningKey
from standing.wire.notes import NoteKey, add_signatures, sign_note
from standing.witness._request import format_request

ORIGIN = "ledger.example/log"
LOG = SigningKey.from_seed(bytes(32))
LOG_POST = SigningKey.from_seed(bytes(32), "ML-DSA-44")
LOG_KEY = NoteKey(ORIGIN, 1, LOG.public)
LOG_POST_KEY = NoteKey(ORIGIN, 6, LOG_POST.public)
NAME = "witness.example"
CLASSIC = SigningKey.from_seed(b"w" * 32)
POST = SigningKey.from_seed(b"w" * 32, "ML-DSA-44")
COSIGNERS = [cosigner_of(NAME, key.public) for key in (CLASSIC, POST)]


class Tree:
    """Leaves; a branch shares the first of them and then differs."""

    def __init__(self, branch: str = "", fork: int = 0) -> None:
        self.branch, self.fork = branch, fork

    def leaves(self, size: int) -> list[bytes]:
        return [
            leaf_hash(f"{n}{self.branch if n >= self.fork else ''}".encode()) for n in range(size)
        ]

    def checkpoint(self, size: int, key: SigningKey = LOG, origin: str = ORIGIN) -> bytes:
        stated = Checkpoint(origin, size, root_of(self.leaves(size)))
        if key.alg == "Ed25519":
            return sign_note(stated.text(), origin, key)
        return add_signatures(
            sign_note(stated.text(), origin, LOG),
            [cosign(key, origin, stated, stated.text(), 0)],
        )

    def path(self, old: int, new: int) -> list[bytes]:
        return consistency_path(self.leaves(new), old) if 0 < old < new else []

    def request(self, old: int, new: int, key: SigningKey = LOG) -> bytes:
        return format_request(old, self.path(old, new), self.checkpoint(new, key))


@contextlib.contextmanager
def serving(app) -> Iterator[str]:
    """Serve an ASGI application on a free port of this machine; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
