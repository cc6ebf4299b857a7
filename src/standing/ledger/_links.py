"""References: how an issuer knows a subject, and how it is proved that a reference is theirs.

Either the issuer saw the credential and says so with its key; or it sends a code by the
reference's own channel, and the subject answers with the code and a key of their own (L57). One
reference stands for one subject in a context; a refusal can be contested, and a ruling that annuls
it lets the new link take the place of the old one.
"""

import os
from base64 import b32encode
from dataclasses import dataclass
from typing import Final

from standing import charter
from standing.cases import standing
from standing.cases.challenges import (
    CHALLENGE_DAYS,
    CODE_CHARACTERS,
    Challenge,
    code_digest,
    is_answered,
    parse_challenge,
    plain_code,
    sign_challenge,
)
from standing.errors import Refused
from standing.ledger import _cases, _people, _world
from standing.ledger._core import Core
from standing.vault import Link, new_salt, signed_digest
from standing.wire.days import format_day
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import normalise_proof, verify_proof

_SALT_BYTES: Final = 16
_GROUP: Final = 4
_MAX_REFERENCE: Final = 200


@dataclass(frozen=True)
class Challenged:
    """A signed challenge for the person, and the code that goes by the reference's own channel."""

    signed: bytes
    code: str


def link(
    core: Core,
    number: int,
    context: str,
    reference: str,
    issuer: str,
    key: SigningKey,
    *,
    shared: bool = False,
) -> None:
    """Let an issuer's reference stand for a subject in a context, from today on."""
    _issuer_of(core, key.public.thumbprint, context, issuer)
    _check_free(core, number, context, reference)
    pseudonym = core.vault.secret.pseudonym(number, context)
    unsigned = Link(
        new_salt(), core.today, context, reference, pseudonym, issuer, key.public.thumbprint,
        shared, b"", "", [],
    )  # fmt: skip
    _add(core, _people.sign_document(unsigned, key), number)


def _add(core: Core, document: Link, number: int) -> None:
    """Keep a link; whoever held the reference before is told by a step of the ledger's own."""
    context, reference = document.context, document.reference
    with core.vault.transaction():
        held = core.vault.people.link(context, reference)
        if held is not None:
            facts = {"reference": reference}
            ended = _cases.open_by_ledger(core, held[0], context, "link", "end", facts)
            _cases.store_step(core, *ended)
        core.vault.add(document, number, context)


def challenge(
    core: Core, reference: str, context: str, key: SigningKey, *, shared: bool = False
) -> Challenged:
    """Make an issuer's challenge: nothing is kept, and nobody is looked up."""
    right = _issuer_of(core, key.public.thumbprint, context)
    if not reference.strip() or len(reference) > _MAX_REFERENCE or not reference.isprintable():
        raise Refused(
            "E-LINK-02",
            "This is no reference.",
            why=f"A reference has 1 to {_MAX_REFERENCE} printable characters.",
            fix="Give the number of the card or account as rows give it.",
        )
    code = b32encode(os.urandom(CODE_CHARACTERS * 5 // 8)).decode().lower()
    salt = os.urandom(_SALT_BYTES)
    asked = Challenge(
        context, reference, shared, core.today, core.today + CHALLENGE_DAYS, salt,
        code_digest(salt, code),
    )  # fmt: skip
    grouped = "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))
    return Challenged(sign_challenge(key, right.name, asked), grouped)


def draft_answer(core: Core, signed: bytes, code: str, key: PublicKey) -> Link:
    """Write the link that the holder of `key` is to sign; raises `E-LINK-01` to `-04`."""
    number = _people.subject_of(core, key)
    sign1, asked = parse_challenge(signed)
    right = _issuer_of(core, sign1.kid, asked.context)
    sign1.verify(PublicKey.from_cose_key(right.key))
    pseudonym = _people.pseudonym_of(core, key, asked.context)
    if not asked.day <= core.today <= asked.until:
        raise Refused(
            "E-LINK-03",
            "This challenge has run out.",
            why=f"It held to {format_day(asked.until)}.",
            fix="Ask the issuer for a new code.",
        )
    if not is_answered(asked, code):
        raise Refused(
            "E-LINK-04",
            "This is not the code that the issuer sent.",
            why="It must come by the reference's own channel, and fit this challenge.",
            fix="Type the code of the newest message, or ask the issuer for a new one.",
        )
    _check_free(core, number, asked.context, asked.reference)
    return Link(
        new_salt(), core.today, asked.context, asked.reference, pseudonym, right.name,
        key.thumbprint, asked.shared, signed, plain_code(code), [],
    )  # fmt: skip


def take_answer(core: Core, document: Link) -> None:
    """Take a link that its subject proved: the reference stands for them from today on."""
    key_of = PublicKey.from_cose_key
    number = core.vault.people.find(document.pseudonym, document.context)
    held = core.vault.people.key_of(number, core.today) if number is not None else b""
    fresh = held and draft_answer(core, document.challenge, document.code, key_of(held))
    if not fresh or signed_digest(document) != signed_digest(fresh):
        raise Refused(
            "E-LINK-05",
            "This answer to a challenge does not fit.",
            why="It must name the signer's own name in the context, and be given today.",
            fix="Draft it again and sign it today.",
        )
    verify_proof(
        document.proof, key_of(held), signed_digest(document), rp_id=core.state.genesis.rp_id
    )
    proved = _people.with_proof(document, normalise_proof(document.proof))
    assert number is not None, "somebody holds the key"
    _add(core, proved, number)


def _issuer_of(
    core: Core, kid: bytes, context: str, name: str | None = None
) -> charter.Accreditation:
    """Find the issuer that a key stands for; raises `E-KEY-11`, `E-PEOPLE-06`."""
    right = core.state.roll.keys.get(kid)
    wanted = "issuer" if name is None else f"issuer {name}"
    is_right = right is not None and right.role == "issuer" and name in {None, right.name}
    if right is None or not is_right:
        raise _people.wrong_role(wanted, right)
    if context not in right.contexts:
        raise Refused(
            "E-PEOPLE-06",
            f"{right.name} does not issue in {context!r}.",
            why=f"Its contexts are {', '.join(right.contexts) or 'none'}.",
            fix="Link the reference in a context of this issuer.",
        )
    if right.revoked_entry is not None or core.today > right.until:
        raise Refused(
            "E-LINK-06",
            f"The right of {right.name} has ended.",
            why="Its key was revoked, or its accreditation ran out.",
            fix="Ask the operator to accredit it: standing accredit KEY.pub --role issuer.",
        )
    return right


def _check_free(core: Core, number: int, context: str, reference: str) -> None:
    """Refuse a reference that stands for somebody, unless a ruling says that it should not."""
    held = core.vault.people.link(context, reference)
    if held is None:
        return
    cases = _world.cases_of(core, number, context)
    if held[0] != number and standing.refusal_annulled(cases, reference) >= held[1]:
        return
    raise Refused(
        "E-PEOPLE-07",
        "This reference is linked already.",
        why="One reference stands for one subject in a context (L57).",
        fix="Use the reference that the issuer knows this subject by, or contest this refusal:"
        " standing contest file --target link.",
    )
