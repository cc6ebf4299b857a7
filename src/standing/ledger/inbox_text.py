"""Inbox, outbox and ticks as plain values and as text: what the command line prints."""

from collections.abc import Sequence
from typing import Any, Final

from standing.cases import notices
from standing.cases.notices import plain
from standing.ledger._inbox import Told
from standing.ledger._tick import Ticked
from standing.vault import UNDELIVERED, Message
from standing.wire.days import format_day

_SECONDS_A_DAY: Final = 86_400


def inbox_facts(told: Sequence[Told], language: str) -> list[dict[str, Any]]:
    """Give an inbox by name, oldest first."""
    return [{**notices.as_facts(one.item, language), "telling": one.telling} for one in told]


def inbox_text(items: Sequence[dict[str, Any]], language: str) -> str:
    """Write an inbox, newest day first: what happened, what comes by itself, what can be done."""
    lines: list[str] = []
    for item in sorted(items, key=lambda item: item["day"], reverse=True):
        lines += _lines(item, language)
    return "\n".join(lines) or plain("nothing").in_(language)


def _lines(item: dict[str, Any], language: str) -> list[str]:
    where = f"  [{item['context']}]" if item["context"] else ""
    lines = [f"{item['day']}  {item['words']}{where}  {item['id']}"]
    if item["telling"] == UNDELIVERED:
        lines.append(f"    {plain('undelivered').in_(language)}")
    if item["next"] is not None:
        lines.append(f"    {plain('by-itself', **item['next']).in_(language)}")
    for door in item["can"]:
        until = ""
        if door["until"] is not None:
            until = f" ({plain('by-when', day=door['until']).in_(language)})"
        lines.append(f"    {door['words']}{until}: {door['command']}")
    return lines


def message_facts(message: Message) -> dict[str, Any]:
    """Give a message of the outbox by name; where it goes stands nowhere in it."""
    return {
        "message": message.id,
        "recipient": message.recipient,
        "made": format_day(message.made // _SECONDS_A_DAY),
        "state": message.state,
        "attempts": message.attempts,
        "next": message.next if message.state == "waiting" else None,
        "why": message.why,
    }


def message_text(message: Message) -> str:
    """Write a message of the outbox on one line."""
    why = f" ({message.why})" if message.why else ""
    tries = "once" if message.attempts == 1 else f"{message.attempts} times"
    made = format_day(message.made // _SECONDS_A_DAY)
    return f"{message.id}  to {message.recipient}, of {made}: {message.state}, tried {tries}{why}"


def ticked_facts(ticked: Ticked) -> dict[str, int]:
    """Give what a tick did by name."""
    return {
        "documents": ticked.documents, "news": ticked.news, "clocks": ticked.clocks,
        "told": ticked.told, "failed": ticked.failed, "undelivered": ticked.undelivered,
    }  # fmt: skip


def ticked_text(ticked: Ticked) -> str:
    """Say what a tick did; what there was none of is not mentioned."""
    said = [f"{ticked.documents} documents are committed to now."]
    if ticked.clocks:
        said.append(f"Time moved {ticked.clocks} cases.")
    if ticked.news:
        said.append(f"{ticked.news} new things to tell.")
    if ticked.told:
        said.append(f"{ticked.told} messages sent.")
    if ticked.failed:
        said.append(f"{ticked.failed} messages could not be sent and are tried again.")
    if ticked.undelivered:
        said.append(f"{ticked.undelivered} messages were given up: standing outbox.")
    return " ".join(said)
