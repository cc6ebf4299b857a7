"""Checks of questions and answers: who asked, what was answered, what was recalled.

An answer other than `clear` is found again by the rules of its day. The tables of questions and
recalls are recomputed from the documents. That nothing was answered `clear` by mistake is not
looked at: it burdens nobody.
"""

from typing import Any

from standing import policy
from standing.audit._broken import broken
from standing.audit._opened import VAULT_FILE, Opened
from standing.cases import read_answer
from standing.cases.answers import Rules, burdens_of, choose, perk_of
from standing.cases.decisions import CLEAR, Answer, Asked, parse_question
from standing.cases.lifecycles import WorkingDays
from standing.cases.recalls import read_deleted, read_followed
from standing.errors import Refused
from standing.vault import Deletion, Followed, OpenDocument, Presented, Question, Questions, Recall
from standing.wire import cose
from standing.wire.keys import PublicKey


def check_answers(ledger: Opened) -> int:
    """Check each kept question and answer, each recall and each confirmation; gives how many."""
    recalled = {
        (d.document.party, d.document.transaction)
        for d in ledger.documents
        if isinstance(d.document, Recall)
    }
    questions: set[tuple[Any, ...]] = set()
    count = 0
    for opened in ledger.documents:
        match opened.document:
            case Question() | Presented():
                questions.add(_check_question(ledger, opened, opened.document, recalled))
            case Deletion():
                read_deleted(ledger.charter, opened.document.confirmation)
            case Followed():
                read_followed(ledger.charter, opened.document.report)
            case Recall():
                pass
            case _:
                continue
        count += 1
    _compare(ledger, "questions", questions)
    _compare(ledger, "recalls", _recalls(ledger))
    return count


def _compare(ledger: Opened, table: str, rows: set[tuple[Any, ...]]) -> None:
    if set(ledger.vault.db.execute(f"SELECT * FROM {table}")) != rows:  # noqa: S608 - names from above
        raise broken(
            f"The vault's table of {table} is not what its documents give.",
            "A row was added, changed or removed.",
            f"{VAULT_FILE} {table}",
        )


def _check_question(
    ledger: Opened,
    opened: OpenDocument,
    kept: Question | Presented,
    recalled: set[tuple[bytes, str]],
) -> tuple[bytes, bytes, int]:
    """Check one question and its answer; gives the row that finds it."""
    question = cose.parse_sign1(kept.question)
    right = ledger.charter.roll.keys.get(question.kid)
    if right is None or right.role != "relying-party":
        raise broken("A question is from nobody known.", "Its key is another.", VAULT_FILE)
    question.verify(PublicKey.from_cose_key(right.key))
    asked = parse_question(question)
    answer = _read_answer(ledger, kept.answer)
    if answer.answer != CLEAR:
        _check_burden(ledger, opened, kept, asked, answer)
    secret = ledger.vault.secret
    name = secret.reference(asked.context, asked.reference)
    if isinstance(kept, Presented):
        name = secret.maker(asked.context, kept.maker)
    until = answer.expires if answer.answer == CLEAR else Questions.NEVER
    is_recalled = (question.kid, asked.transaction) in recalled
    return name, opened.leaf, 0 if is_recalled else until


def _read_answer(ledger: Opened, signed: bytes) -> Answer:
    kid = cose.parse_sign1(signed).kid
    for _, cose_key in ledger.charter.log_keys("answer"):
        key = PublicKey.from_cose_key(cose_key)
        if key.thumbprint == kid:
            return read_answer(signed, key)
    raise broken("An answer is signed by no answer key.", "Its key is another.", VAULT_FILE)


def _check_burden(
    ledger: Opened, opened: OpenDocument, kept: Question | Presented, asked: Asked, answer: Answer
) -> None:
    """Demand that what was answered was due on that day.

    Within a day what came first is not known: where something about the subject changed on it,
    nothing can be said.
    """
    vault = ledger.vault
    number: int | None
    if isinstance(kept, Presented):
        number = vault.people.subject_of_key(kept.maker, kept.day)
    else:
        held = vault.people.holder(asked.context, asked.reference, kept.day)
        number = held.subject if held is not None and not held.shared else None
    if number is not None and (
        answer.answer in _possible(ledger, number, kept, asked)
        or changed_on(ledger, number, asked.context, kept.day)
    ):
        return
    raise broken(
        f"An answer says {answer.answer!r}, and nothing of the kind was due.",
        "By the rules of its day it is another.",
        f"leaf {opened.leaf.hex()}",
    )


def _possible(
    ledger: Opened, number: int, kept: Question | Presented, asked: Asked
) -> set[str | None]:
    vault, rules = ledger.vault, rules_of(ledger)
    burdens = burdens_of(vault, rules, number, asked.context, kept.day)
    found: set[str | None] = {choose(burdens, asked, rules.pack(asked.context, kept.day))}
    if isinstance(kept, Presented):
        found.add(perk_of(vault, rules, number, asked.context, asked.purpose, kept.day))
    return found


def changed_on(ledger: Opened, number: int, context: str, day: int) -> bool:
    """Tell whether a consent began or ended, a case moved or a record came on a day."""
    vault = ledger.vault
    try:
        consents = vault.agreed.consents(number, context)
        records = vault.filed.records_of(number, context)
    except Refused:
        return False
    moved = {
        step.day
        for opening, _, _ in vault.cases.every(subject=number, context=context)
        for _, step in vault.cases.steps(opening)
    }
    moved |= {record.included for record in records}
    return day in moved or any(day in {since, until} for since, until, _ in consents)


def _recalls(ledger: Opened) -> set[tuple[Any, ...]]:
    confirmed: dict[tuple[bytes, str], int] = {}
    for opened in ledger.documents:
        if isinstance(opened.document, Deletion):
            _, party, said = read_deleted(ledger.charter, opened.document.confirmation)
            for transaction in said.transactions:
                day = opened.document.day
                known = confirmed.get((party, transaction), day)
                confirmed[party, transaction] = min(day, known)
    return {
        (
            said.party, said.transaction, said.nonce, said.since, said.due,
            confirmed.get((said.party, said.transaction)),
        )
        for said in (opened.document for opened in ledger.documents)
        if isinstance(said, Recall)
    }  # fmt: skip


def rules_of(ledger: Opened) -> Rules:
    """Give what answers need of the published rules, from the replayed statements."""

    def packs(context: str) -> tuple[tuple[int, policy.Pack], ...]:
        return tuple(
            (force, policy.parse_pack(ledger.log.document(digest)))
            for force, digest in ledger.charter.packs_of(context)
        )

    def in_force(context: str, day: int) -> policy.Pack:
        current = [pack for force, pack in packs(context) if force <= day]
        if not current:
            raise broken(
                "No rules were in force.", "A question was answered all the same.", "packs"
            )
        return current[-1]

    return Rules(
        schedule=lambda context: policy.Schedule(packs(context)),
        pack=in_force,
        days=lambda context: WorkingDays.of(pack for _, pack in packs(context)),
    )
