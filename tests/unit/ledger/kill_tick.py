"""A program that ticks ledgers in forked children, each of which may end in the middle.

It reads lines `DIRECTORY<tab>DAY<tab>N` and says for each `killed`, or `done` and how many
messages wait. A child ends without a word before the N-th statement by which it changes the vault
(what it reads in between leaves nothing behind, nor does the middle of one statement's many rows);
0 is never.
"""

import os
import sys

from standing.engine import SimulatedClock
from standing.ledger import open_ledger

KILLED = 99
_LEAVES_NOTHING = ("SELECT", "PRAGMA", "UPDATE documents")


def tick(directory: str, day: int, last: int) -> int:
    """Tick one ledger on a day; gives how many messages wait."""
    count = 0

    def one_more(statement: str) -> None:
        nonlocal count
        count += not statement.startswith(_LEAVES_NOTHING)
        if last and count == last:
            os._exit(KILLED)

    ledger = open_ledger(directory, clock=SimulatedClock(day))
    ledger._core.vault.db.set_trace_callback(one_more)
    ledger.tick()
    return len(ledger.outbox("waiting"))


def main() -> None:
    for line in sys.stdin:
        directory, day, last = line.rstrip("\n").split("\t")
        child = os.fork()
        if not child:
            os._exit(tick(directory, int(day), int(last)))
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        sys.stdout.write("killed\n" if code == KILLED else f"done {code}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
