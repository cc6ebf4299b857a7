"""Processes that examine statements: strict parsing and one signature each, away from the server.

A helper holds the public keys of the roll and nothing secret. It gets bodies and gives claims or
refusals, in order; it never decides what enters the log.
"""

import multiprocessing
import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any, Final

import msgspec

from standing import charter
from standing.errors import Broken, Refused, StandingError, Unreachable
from standing.wire.keys import PublicKey

Examined = charter.Claim | StandingError

_KINDS: Final[dict[str, type[StandingError]]] = {
    kind.__name__: kind for kind in (Refused, Broken, Unreachable)
}
_encode = msgspec.msgpack.encode


class _Fault(msgspec.Struct, array_like=True, tag="fault"):
    """A refusal on its way between processes."""

    kind: str
    facts: tuple[str, str, str, str, str]


class _Good(msgspec.Struct, array_like=True, tag="good"):
    claim: charter.Claim


class _Ask(msgspec.Struct, array_like=True):
    """Bodies to examine, after learning keys (each with the name it has on the roll)."""

    keys: dict[bytes, bytes]
    bodies: list[bytes]


_asks: Final = msgspec.msgpack.Decoder(_Ask)
_answers: Final = msgspec.msgpack.Decoder(list[_Good | _Fault])


def examine_all(bodies: Sequence[bytes], keys: dict[bytes, PublicKey]) -> list[Examined]:
    """Examine bodies one by one, in this process."""
    results: list[Examined] = []
    for body in bodies:
        try:
            results.append(charter.examine(body, keys))
        except StandingError as problem:
            results.append(problem)
    return results


class Here:
    """Examines in this process: for a server of few statements."""

    def __init__(self) -> None:
        self._keys: dict[bytes, PublicKey] = {}

    def learn(self, keys: dict[bytes, bytes]) -> None:
        """Take new keys of the roll in."""
        self._keys.update({kid: PublicKey.from_cose_key(key) for kid, key in keys.items()})

    def examine(self, bodies: list[bytes]) -> list[Examined]:
        """Examine bodies, in order."""
        return examine_all(bodies, self._keys)

    def close(self) -> None:
        """Nothing to end."""


class Helper:
    """Examines in a process of its own; one thread at a time asks it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")  # no locks of this process are copied
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._new: dict[bytes, bytes] = {}
        self._new_is_whole = threading.Lock()  # the writer tells, an examiner's thread sends
        self._meanwhile: Here | None = Here()

    def learn(self, keys: dict[bytes, bytes]) -> None:
        """Send new keys of the roll with the next bodies."""
        with self._new_is_whole:
            self._new |= keys
        meanwhile = self._meanwhile
        if meanwhile is not None:
            meanwhile.learn(keys)

    def _is_up(self) -> bool:
        """Tell whether the process has started; it says so once."""
        if self._meanwhile is not None and self._pipe.poll():
            self._pipe.recv_bytes()
            self._meanwhile = None
        return self._meanwhile is None

    def examine(self, bodies: list[bytes]) -> list[Examined]:
        """Examine bodies, in order; raises `E-SERVE-01` if the process has died.

        While it starts, this process does the work: nobody waits for that.
        """
        try:
            if not self._is_up():
                assert self._meanwhile is not None, "it is not up"
                return self._meanwhile.examine(bodies)
            with self._new_is_whole:
                new, self._new = self._new, {}
            self._pipe.send_bytes(_encode(_Ask(new, bodies)))
            answers = _answers.decode(self._pipe.recv_bytes())
        except (EOFError, OSError) as error:
            raise Broken(
                "E-SERVE-01",
                "A process that examines statements has died.",
                why=f"The system says: {error or 'its pipe was closed'}.",
                fix="Start the server again; look for what ended the process (memory?).",
            ) from error
        return [_unpack(answer) for answer in answers]

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(timeout=2)
        if self._process.is_alive():
            self._process.terminate()


def _unpack(answer: _Good | _Fault) -> Examined:
    if isinstance(answer, _Good):
        return answer.claim
    code, what, why, fix, where = answer.facts
    return _KINDS[answer.kind](code, what, why=why, fix=fix, where=where)


def _pack(result: Examined) -> _Good | _Fault:
    if isinstance(result, charter.Claim):
        return _Good(result)
    kind = next(name for name, kind in _KINDS.items() if isinstance(result, kind))
    return _Fault(kind, (result.code, result.what, result.why, result.fix, result.where))


def _work(pipe: "Connection[Any, Any]") -> None:
    """Answer until the other side closes the pipe."""
    import signal  # noqa: PLC0415 - only this process

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server ends us, not the terminal
    keys: dict[bytes, PublicKey] = {}
    with suppress(EOFError, OSError):  # the other side has closed the pipe: the work is over
        pipe.send_bytes(b"up")
        while True:
            ask = _asks.decode(pipe.recv_bytes())
            keys |= {kid: PublicKey.from_cose_key(key) for kid, key in ask.keys.items()}
            pipe.send_bytes(_encode([_pack(result) for result in examine_all(ask.bodies, keys)]))
