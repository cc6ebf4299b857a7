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
    core.require_answer_key("E-DECIDE-06", "An answer is signed and logged.")
    today = core.today  # one day for the whole group, even at midnight
    core.commit([])  # the marks that are due: the answers carry a checkpoint over them
    _recalls.look_once_a_day(core)
    checkpoint = core.log.checkpoint_before(today)
    with core.vault.transaction(is_bookkeeping=True):
        row = core.vault.asked.keep_checkpoint(checkpoint)
        now = core.engine.clock.now()
        sitting = _Sitting(core, core.answer_keys, checkpoint, row, today, now)
        return [_outcome(sitting, signed) for signed in questions]


@dataclass(frozen=True, slots=True)
class _Sitting:
    """What all questions of a group share."""

    core: Core
    keys: Sequence[SigningKey]  # the newest signs
    checkpoint: bytes
    row: int  # where it is kept
    today: int
    now: int


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


def _outcome(sitting: _Sitting, signed: bytes) -> Decision | StandingError:
    try:
        judged = _judge(sitting, signed)
    except StandingError as refusal:  # nothing was written
        return refusal
    return judged if isinstance(judged, Decision) else _keep(sitting, judged)


def _judge(sitting: _Sitting, signed: bytes) -> _Judged | Decision:
    core = sitting.core
    right, party, asked = decisions.read_question(core.state, signed)
    _parties.check_free(core, party)
    earlier = core.vault.asked.earlier(party, asked.transaction)
    if earlier is not None:
        return _again(sitting, signed, party, asked, earlier)
    digest = _rules.pack_in_force(core, asked.context, sitting.today)
    pack = _rules.pack(core, digest)
    decisions.check_purpose(right, asked, pack, sitting.today)
    token = None
    if asked.presentation:
        token = _presentations.read_token(core, party, asked)
        _presentations.check_unspent(core, token)
    about = _about(core, asked, token)
    code = _answers.answer_to(core, asked, about, pack, sitting.today)
    return _Judged(signed, party, asked, about, token, code, digest)


def _about(core: Core, asked: Asked, token: Presentation | None) -> About:
    secret = core.vault.secret
    if token is None:
        return About(secret.reference(asked.context, asked.reference))
    maker = _presentations.maker_of(core, token)
    return About(secret.maker(asked.context, maker), maker)


def _keep(sitting: _Sitting, judged: _Judged) -> Decision:
    """Sign the answer and write everything down: the same rows for every question."""
    core, asked = sitting.core, judged.asked
    expires = sitting.now + _ANSWER_SECONDS
    decision = _sign(core, sitting.keys[0], judged, expires, sitting.checkpoint)
    kept = (new_salt(), sitting.today, judged.signed, decision.signed)
    question: Question | Presented = Question(*kept)
    if judged.token is not None:
        question = Presented(*kept, judged.about.maker)
        core.vault.asked.spend(judged.token.id)
    until = expires if judged.code == CLEAR else Questions.NEVER
    core.vault.asked.add(question, judged.about.name, until)
    core.vault.asked.note(
        judged.party, asked.transaction, day=sitting.today, question=judged.signed,
        answer=decision.signed, expires=expires, checkpoint=sitting.row,
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


def _again(
    sitting: _Sitting, signed: bytes, party: bytes, asked: Asked, earlier: Earlier
) -> Decision:
    """Give the same answer to the same question, made anew: what was kept may be erased.

    Raises `E-DECIDE-07` for another question, `E-DECIDE-10` where the answer holds no more.
    """
    core, secret = sitting.core, sitting.core.vault.secret
    if earlier.question != secret.trace(signed):
        raise Refused(
            "E-DECIDE-07",
            f"This key has asked about the transaction {asked.transaction!r} before.",
            why="A transaction is asked about once (L36).",
            fix="Use the answer that was given; another transaction needs a name of its own.",
        )
    is_recalled = core.vault.asked.recall_of(party, asked.transaction) is not None
    if sitting.now < earlier.expires and not is_recalled:
        token = _presentations.read_token(core, party, asked) if asked.presentation else None
        about = _about(core, asked, token)
        pack = _rules.pack_in_force(core, asked.context, sitting.today)
        code = _answers.answer_to(core, asked, about, _rules.pack(core, pack), sitting.today)
        digest = _rules.pack_in_force(core, asked.context, asked.day)
        judged = _Judged(signed, party, asked, about, token, code, digest)
        for key in sitting.keys:
            decision = _sign(core, key, judged, earlier.expires, earlier.checkpoint)
            if secret.trace(decision.signed) == earlier.answer:
                return decision
    raise Refused(
        "E-DECIDE-10",
        "The answer to this question no longer holds.",
        why="It has expired, or was recalled.",
        fix="Delete it. Ask again in the next transaction.",
    )
