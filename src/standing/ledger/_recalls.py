"""Recalls: finding answers that ceased to hold, telling their recipients, chasing deletion.

Which answer ceased to hold on which day follows from the documents and the days alone. Looking
writes it down: a ledger that nobody looked at for a month finds the same days as one that is
ticked daily. The message is made anew each time it is fetched, and is the same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from standing.cases import answers, recalls
from standing.cases.decisions import CLEAR, Asked, parse_question
from standing.errors import Refused
from standing.ledger import _answers, _parties, _world
from standing.ledger._core import Core
from standing.ledger.public import View
from standing.vault import (
    Deletion,
    Presented,
    Question,
    Questions,
    Recall,
    Recalled,
    new_salt,
)
from standing.wire import cbor, cose
from standing.wire.keys import KeyFile, PublicKey


@dataclass(frozen=True)
class Message:
    """A recall as its recipient fetches it."""

    recalled: Recalled
    signed: bytes


class RecallView(View, frozen=True, kw_only=True):
    """An answer that holds no longer and is to be deleted; `message`: the ledger's signed word."""

    transaction: str
    nonce: str
    message: bytes


def view(message: Message) -> RecallView:
    """Give a recall as plain values."""
    return RecallView(
        transaction=message.recalled.transaction,
        nonce=message.recalled.nonce.hex(),
        message=message.signed,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A kept question, its answer, and the first day on which that did not hold."""

    name: bytes
    leaf: bytes
    party: bytes
    asked: Asked
    since: int


def look(core: Core) -> int:
    """Write down every answer that ceased to hold up to today; gives how many."""
    core.check_clock()
    store = core.vault.asked
    looked = store.looked()
    days = range(core.today if looked is None else min(looked, core.today), core.today + 1)
    found = _first_of_each([*_other_than_clear(core, days), *_clear(core, days)])
    if found or looked != core.today:
        with core.vault.transaction(is_bookkeeping=True):
            for one in found:
                _recall(core, one)
            store.set_looked(core.today)
    core.looked = core.today
    return len(found)


def look_once_a_day(core: Core) -> None:
    """Look if nobody has today: a change of today suspends no key before tomorrow."""
    if core.looked != core.today:
        look(core)


def _first_of_each(found: Sequence[_Found]) -> list[_Found]:
    first: dict[bytes, _Found] = {}
    for one in found:
        if one.leaf not in first or one.since < first[one.leaf].since:
            first[one.leaf] = one
    return list(first.values())


def _other_than_clear(core: Core, days: range) -> Iterator[_Found]:
    """Find restrictions and perks that ceased to hold; who asked alike is looked at once a day."""
    said: dict[tuple[bytes, str, bool, int], str] = {}
    for name, leaf in core.vault.asked.watched():
        kept, party, asked, given = _open(core, leaf)
        maker = kept.maker if isinstance(kept, Presented) else b""
        for day in range(max(days.start, kept.day), days.stop):
            alike = (name, asked.purpose, bool(asked.alternative), day)
            if alike not in said:
                said[alike] = _answers.answer_on(core, asked, maker, day)
            if said[alike] != given:
                yield _Found(name, leaf, party, asked, day)
                break


def _clear(core: Core, days: range) -> Iterator[_Found]:
    """Find `clear` answers that a restriction overtook while they held."""
    rules = _answers.rules_of(core)
    for context in {pack.context for pack in core.state.roll.packs.values()}:
        for day in days:
            for number in core.lookup.subjects(core.vault, rules, context, day):
                burdens = answers.burdens_of(core.vault, rules, number, context, day)
                if not burdens:
                    continue
                for name in answers.names_of(core.vault, number, context, day):
                    for leaf in core.vault.asked.clear_on(name, day):
                        _, party, asked, _ = _open(core, leaf)
                        pack = rules.pack(context, day)
                        if answers.choose(burdens, asked, pack) != CLEAR:
                            yield _Found(name, leaf, party, asked, day)


def _open(core: Core, leaf: bytes) -> tuple[Question | Presented, bytes, Asked, str]:
    kept = core.vault.question(leaf)
    sign1 = cose.parse_sign1(kept.question)
    return kept, sign1.kid, parse_question(sign1), answered(kept.answer)


def answered(answer: bytes) -> str:
    """Read what was answered, from the ledger's own signed bytes."""
    said: Any = cbor.decode(cose.parse_sign1(answer).payload or b"", what="an answer")
    return str(said["answer"])


def _recall(core: Core, found: _Found) -> None:
    due = _world.working_days(core, found.asked.context).after(
        found.since, recalls.CONFIRM_WORKING_DAYS
    )
    core.vault.add(
        Recall(
            new_salt(), core.today, found.party, found.asked.transaction, found.asked.nonce,
            found.since, due,
        )
    )  # fmt: skip
    core.vault.asked.settle(found.leaf, found.name)


def forget_questions(
    core: Core, number: int, context: str, before: int | None = None
) -> list[bytes]:
    """Recall what was answered about a subject that is erased; gives the questions to destroy.

    In the transaction that destroys them. A recipient of `clear` hears nothing, as if nothing had
    happened: the same question is answered the same. `before`: only what was asked before a day.
    """
    questions = [
        one
        for one in answers.questions_of(core.vault, number, context)
        if before is None or one[2].day < before
    ]
    for name, leaf, _ in questions:
        _, party, asked, given = _open(core, leaf)
        if given != CLEAR and core.vault.asked.recall_of(party, asked.transaction) is None:
            _recall(core, _Found(name, leaf, party, asked, core.today))
        core.vault.asked.drop(name, leaf)
    return [leaf for _, leaf, _ in questions]


# --- recipients ---------------------------------------------------------------------------------


def fetch(core: Core, key: PublicKey) -> list[Message]:
    """Give a relying party the recalls that it has not confirmed, as signed messages."""
    party = key.thumbprint
    _parties.check_party(core, party)
    look(core)
    answer_key = core.require_answer_key("E-RECALL-03", "A recall is signed.")
    return [
        Message(one, recalls.sign_recall(answer_key, core.trust.origin, one.transaction, one.nonce))
        for one in core.vault.asked.recalls(party)
        if one.confirmed is None
    ]


def every(core: Core) -> list[Recalled]:
    """List every recall there is, for the operator."""
    look(core)
    return core.vault.asked.recalls()


def take_confirmation(core: Core, signed: bytes) -> int:
    """Keep a relying party's word that it deleted recalled answers; gives how many."""
    look(core)
    _, party, said = recalls.read_deleted(core.state, signed)
    _parties.check_today(core, said.day)
    _check_recalled(core.vault.asked, party, said.transactions)
    with core.vault.transaction(is_bookkeeping=True):
        core.vault.add(Deletion(new_salt(), core.today, signed))
        for transaction in said.transactions:
            core.vault.asked.confirm(party, transaction, core.today)
    core.commit([])
    return len(said.transactions)


def confirm(core: Core, key: KeyFile, transactions: Sequence[str] = ()) -> int:
    """Confirm deletion with a key at hand: of some transactions, or of all that were recalled."""
    signing, right = _parties.party_key(core, key)
    named = transactions or [one.recalled.transaction for one in fetch(core, key.public)]
    for start in range(0, len(named), recalls.MAX_NAMED):
        said = recalls.DeletedSaid(core.today, tuple(named[start : start + recalls.MAX_NAMED]))
        take_confirmation(core, recalls.sign_deleted(signing, right.name, said))
    return len(named)


def _check_recalled(store: Questions, party: bytes, transactions: Sequence[str]) -> None:
    unknown = [t for t in transactions if store.recall_of(party, t) is None]
    if unknown:
        raise Refused(
            "E-RECALL-02",
            f"No answer of this key about the transaction {unknown[0]!r} was recalled.",
            why=f"{len(unknown)} of {len(transactions)} were not recalled.",
            fix="See what was: standing recalls --key FILE. Nothing was taken.",
        )
