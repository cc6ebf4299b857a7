"""The proof of a link: the issuer that saw a credential, or its challenge and who answered it."""

from collections.abc import Iterable

from standing import charter
from standing.audit._broken import broken
from standing.audit._rights import Rights, thumbprint
from standing.cases.challenges import is_answered, parse_challenge
from standing.vault import Link, signed_digest
from standing.wire.keys import PublicKey
from standing.wire.proofs import verify_proof


def check_link(link: Link, rights: Rights, held: Iterable[bytes], rp_id: str, where: str) -> None:
    """Check how a reference was proved; `held` are the COSE_Keys that the subject may have had.

    A link of a public register bears no proof.
    """
    if link.challenge:
        key = _answered(link, rights, held, where)
    elif link.issuer:
        right = rights.on(link.kid, link.day)
        if right is None or not _issues(right, link):
            raise broken(
                "A reference is linked by no issuer of its context.",
                f"The key did not stand for {link.issuer} in {link.context} on its day.",
                where,
            )
        key = PublicKey.from_cose_key(right.key)
    else:
        return
    verify_proof(link.proof, key, signed_digest(link), rp_id=rp_id)


def _issues(right: charter.Accreditation, link: Link) -> bool:
    is_issuer = (right.role, right.name) == ("issuer", link.issuer)
    return is_issuer and link.context in right.contexts


def _answered(link: Link, rights: Rights, held: Iterable[bytes], where: str) -> PublicKey:
    """Check the issuer's challenge and its code; gives the key of the subject who answered."""
    sign1, asked = parse_challenge(link.challenge)
    right = rights.on(sign1.kid, asked.day)
    own = next((key for key in held if thumbprint(key) == link.kid), b"")
    said = (link.context, link.reference, link.shared)
    fits = said == (asked.context, asked.reference, asked.shared)
    in_time = asked.day <= link.day <= asked.until
    is_met = fits and in_time and is_answered(asked, link.code)
    if right is None or not _issues(right, link) or not is_met or not own:
        raise broken(
            "A reference is linked without its challenge.",
            "The challenge is of another issuer, reference or time, or its code or key is another.",
            where,
        )
    sign1.verify(PublicKey.from_cose_key(right.key))
    return PublicKey.from_cose_key(own)
