"""Presentations at the ledger: judged from the token alone, then opened with the key it names."""

from standing.cases import presentations
from standing.cases.decisions import Asked
from standing.cases.presentations import Presentation
from standing.errors import Refused
from standing.ledger._core import Core
from standing.wire.keys import PublicKey, SigningKey


def read_token(core: Core, party: bytes, asked: Asked) -> Presentation:
    """Read and check a question's presentation, on the question's day.

    Raises `E-PRESENT-01` to `-05`.
    """
    token = presentations.read_presentation(asked.presentation)
    presentations.check_presentation(
        token, origin=core.trust.origin, party=party, context=asked.context,
        purpose=asked.purpose, today=asked.day,
    )  # fmt: skip
    return token


def maker_of(core: Core, token: Presentation) -> bytes:
    """Open a token: gives the COSE_Key of whoever made it, enrolled or not."""
    key = _key_of(core, token.key)
    return presentations.open_presentation(token, key, core.state.genesis.rp_id)


def check_unspent(core: Core, token: Presentation) -> None:
    """Refuse a token that was used; raises `E-PRESENT-10`."""
    if core.vault.asked.is_spent(token.id):
        raise Refused(
            "E-PRESENT-10",
            "This presentation was used before.",
            why="It is good for one question.",
            fix="Ask for a new one.",
        )


def present(
    core: Core, key: SigningKey, party: PublicKey, context: str, purpose: str, last_day: int | None
) -> bytes:
    """Make a presentation to this ledger, good to `last_day` (today, where none is named)."""
    return presentations.present(
        key, origin=core.trust.origin, answer_key=_newest(core), party=party, context=context,
        purpose=purpose, last_day=core.today if last_day is None else last_day,
    )  # fmt: skip


def draft(
    core: Core, key: PublicKey, party: PublicKey, context: str, purpose: str, last_day: int
) -> presentations.Draft:
    """Write a presentation to this ledger for the holder of `key` to prove."""
    return presentations.draft(
        key, origin=core.trust.origin, answer_key=_newest(core), party=party, context=context,
        purpose=purpose, last_day=last_day,
    )  # fmt: skip


def _newest(core: Core) -> PublicKey:
    stated = core.state.log_key("answer")
    if stated is None:
        raise Refused(
            "E-PRESENT-11",
            "This ledger has no answer key.",
            why="A presentation is sealed to it.",
            fix="Let the operator make one: standing key rotate answer --key OPERATOR.key.",
        )
    return PublicKey.from_cose_key(stated)


def _key_of(core: Core, kid: bytes) -> SigningKey:
    """Find the answer key that a token is sealed to; those of before are kept."""
    key = next((one for one in core.answer_keys if one.public.thumbprint == kid), None)
    if key is None:
        raise Refused(
            "E-PRESENT-06",
            "This presentation is sealed to no answer key of this ledger.",
            why=f"It names the key {kid.hex()[:16]}.",
            fix="Make it again with the key that the ledger's log names.",
        )
    return key
