"""Answering a question: the same look-ups, bytes and writes for everyone, enrolled or not.

Form, right, suspension, transaction, purpose and presentation are judged first, from what was
asked and who asks. Answers of a group become durable together, and are given then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from standing import cases
from standing.cases import decisions
from standing.cases.decisions import CLEAR, Asked
from standing.cases.presentations import Presentation
from standing.errors import Refused, StandingError
from standing.ledger import _answers, _parties, _presentations, _recalls, _rules
from standing.ledger._answers import About
from standing.ledger._core import Core
from standing.vault import Earlier, Presented, Question, Questions, new_salt
from standing.wire import cose
from standing.wire.keys import KeyFile, SigningKey

_ANSWER_SECONDS = 86_400


@dataclass(frozen=True)
class Decision:
    """An answer, and its signed bytes."""

    answer: cases.Answer
    signed: bytes


def ask(
    core: Core,
    key: KeyFile,
    context: str,
    purpose: str,
    transaction: str,
    reference: str,
    nonce: bytes,
    alternative: str = "",
    presentation: bytes = b"",
) -> bytes:
    """Make a relying party's signed question."""
    signing, right = _parties.party_key(core, key)
    asked = Asked(
        context, purpose, transaction, reference, core.today, nonce, alternative, presentation
    )
    return decisions.sign_question(signing, right.name, asked)


def decide(core: Core, signed: bytes) -> Decision:
    """Answer a signed question, and keep both as one leaf of the next marks."""
    [outcome] = decide_many(core, [signed])
    if isinstance(outcome, StandingError):
        raise outcome
    return outcome


def decide_many(core: Core, questions: Sequence[bytes]) -> list[Decision | StandingError]:
    """Answer a group of questions with one commit; each is judged for itself, in order."""
    core.check_clock()
    keys = core.answer_keys
    if not keys:
        raise Refused(
            "E-DECIDE-06",
            "This ledger is open for reading only.",
            why="An answer is signed and logged.",
            fix="Open it for writing: standing.open(directory).",
        )
    core.commit([])  # the marks that are due: the answers carry a checkpoint over them
    _recalls.look_once_a_day(core)
    outcomes: list[Decision | StandingError] = []
    with core.vault.transaction(questions_alone=True):
        for signed in questions:
            try:
                judged = _judge(core, signed)
            except StandingError as refusal:
                outcomes.append(refusal)
                continue
            outcomes.append(judged if isinstance(judged, Decision) else _keep(core, judged))
    return outcomes


@dataclass(frozen=True, slots=True)
class _Judged:
    """A question that gets an answer, with everything that is written down of it."""

    signed: bytes
    party: bytes
    asked: Asked
    about: About
    token: Presentation | None
    code: str
    pack: bytes


def _judge(core: Core, signed: bytes) -> _Judged | Decision:
    right, asked = decisions.read_question(core.state, signed)
    party = cose.parse_sign1(signed).kid
    _parties.check_free(core, party)
    earlier = core.vault.asked.earlier(party, asked.transaction)
    if earlier is not None:
        return _again(core, signed, party, asked, earlier)
    pack = _rules.pack_in_force(core, asked.context, core.today)
    decisions.check_purpose(right, asked, _rules.pack(core, pack), core.today)
    token = None
    if asked.presentation:
        token = _presentations.read_token(core, party, asked)
        _presentations.check_unspent(core, token)
    about = _about(core, asked, token)
    code = _answers.answer_to(core, asked, about)
    return _Judged(signed, party, asked, about, token, code, pack)


def _about(core: Core, asked: Asked, token: Presentation | None) -> About:
    secret = core.vault.secret
    if token is None:
        return About(secret.reference(asked.context, asked.reference))
    maker = _presentations.maker_of(core, token)
    return About(secret.maker(asked.context, maker), maker)


def _keep(core: Core, judged: _Judged) -> Decision:
    """Sign the answer and write everything down: the same rows for every question."""
    asked, store = judged.asked, core.vault.asked
    expires = core.engine.clock.now() + _ANSWER_SECONDS
    checkpoint = core.log.checkpoint_before(core.today)
    decision = _sign(core, core.answer_keys[0], judged, expires, checkpoint)
    question: Question | Presented = Question(
        new_salt(), core.today, judged.signed, decision.signed
    )
    if judged.token is not None:
        question = Presented(
            new_salt(), core.today, judged.signed, decision.signed, judged.about.maker
        )
        store.spend(judged.token.id)
    until = expires if judged.code == CLEAR else Questions.NEVER
    core.vault.add_question(question, judged.about.name, until)
    store.note(
        judged.party, asked.transaction, day=core.today, question=judged.signed,
        answer=decision.signed, expires=expires, checkpoint=checkpoint,
    )  # fmt: skip
    return decision


def _sign(
    core: Core, key: SigningKey, judged: _Judged, expires: int, checkpoint: bytes
) -> Decision:
    asked = judged.asked
    answer = cases.Answer(
        answer=judged.code,
        purpose=asked.purpose,
        transaction=asked.transaction,
        pack=judged.pack,
        day=asked.day,
        nonce=asked.nonce,
        checkpoint=checkpoint,
        expires=expires,
    )
    return Decision(answer, decisions.sign_answer(key, core.trust.origin, answer))


def _again(core: Core, signed: bytes, party: bytes, asked: Asked, earlier: Earlier) -> Decision:
    """Give the same answer to the same question, made anew: what was kept may be erased.

    Raises `E-DECIDE-07` for another question, `E-DECIDE-10` where the answer holds no more.
    """
    store, secret = core.vault.asked, core.vault.secret
    if earlier.question != secret.trace(signed):
        raise Refused(
            "E-DECIDE-07",
            f"This key has asked about the transaction {asked.transaction!r} before.",
            why="A transaction is asked about once (L36).",
            fix="Use the answer that was given; post the very same question to get it again.",
        )
    holds = core.engine.clock.now() < earlier.expires
    if holds and store.recall_of(party, asked.transaction) is None:
        token = None
        if asked.presentation:
            token = _presentations.read_token(core, party, asked)
        about = _about(core, asked, token)
        code = _answers.answer_to(core, asked, about)
        pack = _rules.pack_in_force(core, asked.context, asked.day)
        judged = _Judged(signed, party, asked, about, token, code, pack)
        for key in core.answer_keys:
            decision = _sign(core, key, judged, earlier.expires, earlier.checkpoint)
            if secret.trace(decision.signed) == earlier.answer:
                return decision
    raise Refused(
        "E-DECIDE-10",
        "The answer to this question no longer holds.",
        why="It has expired, or was recalled.",
        fix="Delete it. Ask again in the next transaction.",
    )
