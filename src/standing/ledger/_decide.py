"""Answering a question: the same look-ups, bytes and writes for everyone, enrolled or not."""

from dataclasses import dataclass

from standing import cases
from standing.errors import Refused
from standing.ledger import _rules
from standing.ledger._core import Core
from standing.vault import Question, new_salt
from standing.wire.keys import KeyFile

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
) -> bytes:
    """Make a relying party's signed question."""
    right = core.state.roll.keys.get(key.public.thumbprint)
    if key.key is None or right is None or right.role != "relying-party":
        raise Refused(
            "E-KEY-13",
            "A question needs the private key of an accredited relying party.",
            why=f"Got a key of role {key.role!r}.",
            fix="Give --key the relying party's own file.",
        )
    asked = cases.Asked(context, purpose, transaction, reference, core.today, nonce)
    return cases.sign_question(key.key, right.name, asked)


def decide(core: Core, signed: bytes) -> Decision:
    """Answer a signed question, and keep both as one leaf of the next marks."""
    right, asked = cases.read_question(core.state, signed)
    pack_digest = _rules.pack_in_force(core, asked.context, core.today)
    cases.check_purpose(right, asked, _rules.pack(core, pack_digest), core.today)
    answer = cases.Answer(
        # no restriction exists before a human has decided one; see ARCHITECTURE.md
        answer=cases.CLEAR,
        purpose=asked.purpose,
        transaction=asked.transaction,
        pack=pack_digest,
        day=core.today,
        nonce=asked.nonce,
        checkpoint=core.log.checkpoint_before(core.today),
        expires=core.engine.clock.now() + _ANSWER_SECONDS,
    )
    if core.answer_key is None:
        raise Refused(
            "E-DECIDE-06",
            "This ledger is open for reading only.",
            why="An answer is signed and logged.",
            fix="Open it for writing: standing.open(directory).",
        )
    out = cases.sign_answer(core.answer_key, core.trust.origin, answer)
    with core.vault.transaction():
        core.vault.add_question(
            Question(new_salt(), core.today, signed, out), asked.context, asked.reference
        )
    core.commit([])
    return Decision(answer, out)
