"""Passkeys: making one, signing in with one, and the proof that one puts under a document.

User verification is required throughout. A challenge is good once, for five minutes, for what it
was made for; one for a document is the document's digest, so that the assertion is the proof that
the wire defines (`wire/proofs.py`) and no statement of this server is believed about it.
"""

import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import webauthn
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from standing.errors import Refused
from standing.web._problems import N_, malformed
from standing.web._store import Passkey
from standing.wire.keys import PublicKey

_CHALLENGE_BYTES: Final = 32
_GOOD_SECONDS: Final = 300
_KEPT: Final = 10_000
_MOST_JSON: Final = 20_000
_NAME: Final = "standing"
_ALGORITHMS: Final = [COSEAlgorithmIdentifier.EDDSA, COSEAlgorithmIdentifier.ECDSA_SHA_256]
_REQUIRED: Final = UserVerificationRequirement.REQUIRED


class Challenges:
    """Challenges that wait for their answer; each is taken once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def new(self, purpose: str) -> bytes:
        """Make one."""
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        self._waiting[challenge] = purpose, self._clock() + _GOOD_SECONDS
        if len(self._waiting) > _KEPT:
            self._waiting.popitem(last=False)
        return challenge

    def take(self, challenge: bytes, purpose: str) -> None:
        """Use one up; raises `E-WEB-15` for one that was not made, was used, or is too old."""
        made_for, until = self._waiting.pop(challenge, ("", 0.0))
        if made_for != purpose or self._clock() > until:
            raise Refused(
                "E-WEB-15",
                N_("This answer of a passkey is too old."),
                why=N_("Each question to a passkey is good once, for five minutes."),
                fix=N_("Open the page again, and use the passkey at once."),
            )


def creation_options(challenge: bytes, rp_id: str) -> str:
    """Write what a browser needs to make a passkey. No name of a person goes to the device."""
    options = webauthn.generate_registration_options(
        rp_id=rp_id,
        rp_name=_NAME,
        user_id=secrets.token_bytes(_CHALLENGE_BYTES),
        user_name=rp_id,
        user_display_name=rp_id,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
        ),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return webauthn.options_to_json(options)


def request_options(challenge: bytes, rp_id: str, credential: bytes = b"") -> str:
    """Write what a browser needs to use a passkey: a certain one, or whichever there is."""
    options = webauthn.generate_authentication_options(
        rp_id=rp_id,
        challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=credential)] if credential else None,
        user_verification=_REQUIRED,
    )
    return webauthn.options_to_json(options)


def read_answer(text: str) -> dict[str, Any]:
    """Read what a browser sent back; raises `E-WEB-04` for anything else."""
    try:
        value = json.loads(text) if len(text) <= _MOST_JSON else None
        assert isinstance(value, dict), "an object"
        assert isinstance(value["response"]["clientDataJSON"], str), "bytes as text"
        assert isinstance(value["rawId"], str), "bytes as text"
    except (AssertionError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise malformed(N_("The passkey's answer is no answer of a passkey.")) from error
    return value


def challenge_in(answer: dict[str, Any]) -> bytes:
    """Read which challenge an answer claims to answer; whether it does is checked later."""
    try:
        client = json.loads(_bytes(answer["response"]["clientDataJSON"]))
        return _bytes(client["challenge"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise malformed(N_("The passkey's answer is no answer of a passkey.")) from error


def credential_in(answer: dict[str, Any]) -> bytes:
    """Read which credential answered."""
    return _bytes(answer["rawId"])


def made(answer: dict[str, Any], challenge: bytes, rp_id: str, origin: str) -> Passkey:
    """Check a passkey that was just made; raises `E-WEB-16`."""
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
    except (WebAuthnException, ValueError) as error:
        raise _unfit() from error
    key = PublicKey.from_cose_key(found.credential_public_key)
    return Passkey(found.credential_id, key.cose_key(), found.sign_count)


def used(
    answer: dict[str, Any], challenge: bytes, rp_id: str, origin: str, passkey: Passkey
) -> int:
    """Check that a passkey answered a challenge; gives its counter. Raises `E-WEB-16`."""
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=passkey.key,
            credential_current_sign_count=passkey.counter,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise _unfit() from error
    return found.new_sign_count


def proof_in(answer: dict[str, Any]) -> list[Any]:
    """Give an assertion as the proof that a document carries; the ledger checks it."""
    response = answer["response"]
    try:
        parts = [
            _bytes(response[name]) for name in ("authenticatorData", "clientDataJSON", "signature")
        ]
    except (KeyError, TypeError) as error:
        raise malformed(N_("The passkey's answer is no answer of a passkey.")) from error
    return ["webauthn", *parts]


def _bytes(text: str) -> bytes:
    try:
        return base64url_to_bytes(text)
    except ValueError as error:
        raise malformed(N_("The passkey's answer is no answer of a passkey.")) from error


def _unfit() -> Refused:
    return Refused(
        "E-WEB-16",
        N_("The passkey's answer does not hold."),
        why=N_("It is for another site or another question, or its owner was not verified."),
        fix=N_("Try again on this site, and unlock the passkey when you are asked."),
    )
