"""Rows into the ledger: gathers what the intake needs from vault, charter and rules.

A file is imported where its issuer's key is; batches are taken from an issuer elsewhere, who has
signed them.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from standing import charter
from standing.errors import Refused
from standing.ledger import _people, _rules, _world
from standing.ledger._core import Core
from standing.ledger._setup import KEYS_DIR, VAULT_FILE
from standing.ledger.intake import (
    FileRules,
    Imported,
    OwnBatch,
    Progress,
    Rules,
    SentBatch,
    parse_map,
    read_batches,
    take_file,
    take_sent,
)
from standing.vault import Rows, SealedBatch
from standing.wire.keys import KeyFile, PublicKey, SigningKey


class _Writer:
    """What the intake may do to the ledger."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def write_batches(self, batches: Sequence[SealedBatch], row_ids: Rows) -> None:
        """Make one group durable."""
        self._core.write_batches(batches, row_ids)

    def register_subjects(self, context: str, references: frozenset[str]) -> None:
        """Give organisations named by a public register their place."""
        _people.register_subjects(self._core, context, references)


def import_file(
    core: Core,
    path: Path,
    map_data: bytes,
    keys: Mapping[str, KeyFile],
    *,
    map_where: str,
    keep_good: bool,
    batch_records: int,
    progress: Progress,
) -> Imported:
    """Check and take a file of rows under the issuers' keys."""
    context = parse_map(map_data, where=map_where).context
    rules = FileRules(
        map_data=map_data, map_where=map_where, **_in_force(core, context, frozenset(keys))
    )
    signing = {name: _issuer_key(core, name, key, context) for name, key in keys.items()}
    paths = (core.directory / VAULT_FILE, core.directory / KEYS_DIR)
    imported = take_file(
        _Writer(core),
        core.vault,
        paths,
        path,
        rules,
        signing,
        keep_good=keep_good,
        batch_records=batch_records,
        progress=progress,
    )
    core.publish()
    return imported


def take_batches(core: Core, batches: Sequence[OwnBatch], by: PublicKey) -> Imported:
    """Take all batches that an issuer made and signed elsewhere, or nothing of them.

    A batch that the log holds already is counted as there, whatever its rows are by now: its sender
    may not have heard the answer.
    """
    began = time.perf_counter()
    core.check_clock()
    core.log.check_writable()
    right = _sender(core, by)
    sent = read_batches(batches)
    context = sent[0].context
    _check_may_issue(right, context)
    _check_signed(core, sent, by)
    new = [one for one in sent if core.log.find(one.sign1.statement_hash) is None]
    if new:
        rules = Rules(**_in_force(core, context, frozenset({right.name})))
        take_sent(_Writer(core), core.vault, rules, new)
        core.publish()
    records = sum(len(one.records) for one in new)
    there = sum(len(one.records) for one in sent) - records
    return Imported(records, len(new), 0, there, time.perf_counter() - began)


def _in_force(core: Core, context: str, issuers: frozenset[str]) -> dict[str, Any]:
    """Gather what rows of a context are checked against today."""
    digest = _rules.pack_in_force(core, context, core.today)
    return {
        "context": context,
        "catalogue": _rules.catalogue_of(core, digest),
        "pack": core.log.document(digest),
        "today": core.today,
        "issuers": issuers,
        "row_key": core.vault.secret.row_key,
        "working_days": _world.working_days(core, context),
        "ledger_keys": _world.ledger_keys(core),
    }


def _issuer_key(core: Core, name: str, key: KeyFile, context: str) -> SigningKey:
    right = core.state.roll.keys.get(key.public.thumbprint)
    if key.key is None or right is None or right.role != "issuer" or right.name != name:
        raise Refused(
            "E-KEY-14",
            f"This is not the private key of the issuer {name!r}.",
            why=_whose(right),
            fix="Give --key ISSUER=FILE with that issuer's accredited key file.",
        )
    _check_may_issue(right, context)
    return key.key


def _sender(core: Core, by: PublicKey) -> charter.Accreditation:
    right = core.state.roll.keys.get(by.thumbprint)
    if right is None or right.role != "issuer":
        raise Refused(
            "E-KEY-14",
            "Whoever sends batches is an accredited issuer.",
            why=_whose(right),
            fix="Send them under the issuer's own key.",
        )
    return right


def _whose(right: charter.Accreditation | None) -> str:
    if right is None:
        return "The key given is not accredited."
    return f"The key given belongs to the {right.role} {right.name}."


def _check_may_issue(right: charter.Accreditation, context: str) -> None:
    if context not in right.contexts or right.revoked_entry is not None:
        raise Refused(
            "E-KEY-15",
            f"{right.name} may not issue in {context!r}.",
            why="Its key was revoked, or is accredited for other contexts.",
            fix="Ask the operator to accredit it: standing accredit KEY.pub --role issuer.",
        )


def _check_signed(core: Core, sent: Sequence[SentBatch], by: PublicKey) -> None:
    """Refuse before anything is written what the charter would refuse after."""
    state = msgspec.structs.replace(core.state, day=core.today)
    for number, one in enumerate(sent, 1):
        if one.sign1.kid != by.thumbprint:
            raise Refused(
                "E-KEY-14",
                "A batch is sent by the issuer who signed it.",
                why="It is signed with another key than the sender's.",
                fix="Send it under the key that signed it.",
                where=f"batch {number}",
            )
        charter.admit(state, one.sign1)
