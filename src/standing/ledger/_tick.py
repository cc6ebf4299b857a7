"""`tick`: what a ledger does by itself. It publishes, finds, sends, tidies up: no legal effect.

Each part stands alone and is safe to do again: a ledger that slept for a month and is ticked once
is the same as one that was ticked daily.
"""

from dataclasses import dataclass

from standing.ledger import _delivery, _erasure, _news, _recalls
from standing.ledger._core import Core
from standing.ledger._settings import Settings, load_settings
from standing.vault import TOLD, UNDELIVERED


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one tick did."""

    documents: int = 0  # committed to in public
    news: int = 0  # put into the outbox
    clocks: int = 0  # cases that time has moved
    told: int = 0  # messages that were sent
    failed: int = 0  # messages to be tried again
    undelivered: int = 0  # messages given up


def tick(core: Core, *, send: bool = True) -> Ticked:
    """Do all of it, in order. `send`: whether messages go out now, or are left to the caller."""
    _recalls.look(core)
    _erasure.materialise(core)
    documents = core.publish_marks()
    settings = settings_of(core)
    found = _news.find_news(core, settings)
    told = failed = undelivered = 0
    if send:
        told, failed, undelivered = deliver(core, settings)
    return Ticked(documents, found.news, found.clocks, told, failed, undelivered)


def settings_of(core: Core) -> Settings:
    """Read the ledger's settings; a webhook on this machine is for simulated ledgers alone."""
    return load_settings(core.directory, loopback=core.state.genesis.clock == "simulated")


def deliver(core: Core, settings: Settings) -> tuple[int, int, int]:
    """Send everything that is due; gives how many were told, failed, and were given up."""
    ends: list[str] = []
    now = core.engine.clock.now()
    while (delivery := _delivery.begin(core, settings, now)).outgoing:
        before = len(ends)
        ends += [_delivery.settle(core, message, why) for message, why in delivery.send()]
        if len(ends) - before < len(delivery.outgoing):
            break  # the time for it is over; what is left is first next time
    told, undelivered = ends.count(TOLD), ends.count(UNDELIVERED)
    return told, len(ends) - told - undelivered, undelivered
