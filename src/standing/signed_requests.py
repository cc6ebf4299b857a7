"""Signed HTTP requests (RFC 9421), both sides: who sends a request, and that it is whole.

A signature covers method, host, path, query and, by its digest (RFC 9530), the body. `keyid` is
the sender's own public key, an Ed25519 COSE_Key in base64url without padding, so that nobody
looks one up to verify; what the key may do is judged afterwards. Each is good once, for a minute.
Does not sign documents: consents, questions, batches and steps carry proofs of their own.
"""

import base64
import binascii
import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)

from standing.errors import Broken, StandingError
from standing.wire.keys import PublicKey, SigningKey

TAG: Final = "standing"
GOOD_SECONDS: Final = 60
WANTED: Final = (
    'standing=("@method" "@authority" "@path" "@query" "content-digest");created;keyid;nonce;'
    'alg="ed25519";tag="standing"'
)
"""What an `Accept-Signature` field says (RFC 9421 section 5.1)."""
_COVERED: Final = ("@method", "@authority", "@path", "@query")
_SKEW: Final = timedelta(seconds=5)
_NONCE_BYTES: Final = 16
_MOST_NONCE: Final = 64
_MOST_KEYID: Final = 128
_MOST_KEPT: Final = 1_000_000


@dataclass
class Message:
    """A request as the library reads it: method, whole address, header fields."""

    method: str
    url: str
    headers: dict[str, str]


class _Ed25519(HTTPSignatureAlgorithm):
    """The one algorithm, with this ledger's own strictness about keys and signatures."""

    algorithm_id = "ed25519"

    def __init__(
        self, public_key: PublicKey | None = None, private_key: SigningKey | None = None
    ) -> None:
        self._public = public_key
        self._private = private_key

    def sign(self, message: bytes) -> bytes:
        assert self._private is not None, "a signer brings its key"
        return self._private.sign(message)

    def verify(self, signature: bytes, message: bytes) -> None:
        assert self._public is not None, "the resolver found a key"
        self._public.verify(signature, message)


class _Own(HTTPSignatureKeyResolver):
    """Signs with one key."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def resolve_private_key(self, _key_id: str) -> Any:
        return self._key


class _Named(HTTPSignatureKeyResolver):
    """Reads the key out of its own name."""

    def resolve_public_key(self, key_id: str) -> Any:
        return read_key_id(key_id)


class _Verifier(HTTPMessageVerifier):
    max_clock_skew = _SKEW


_VERIFIER: Final = _Verifier(signature_algorithm=_Ed25519, key_resolver=_Named())


def key_id(key: PublicKey) -> str:
    """Name a key as signatures do."""
    return base64.urlsafe_b64encode(key.cose_key()).rstrip(b"=").decode()


def read_key_id(text: str) -> PublicKey:
    """Read the key that a signature names; raises `E-SIGNED-01` for what is none."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        key = PublicKey.from_cose_key(data)
    except (StandingError, ValueError, binascii.Error) as error:
        raise unfit("Its keyid is no COSE_Key in base64url.") from error
    if len(text) > _MOST_KEYID or key.alg != "Ed25519" or key_id(key) != text:
        raise unfit("Its keyid is no Ed25519 key, or is written in another way than one.")
    return key


def sign_request(
    key: SigningKey, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] = {}
) -> dict[str, str]:
    """Give a request's header fields with those that sign it."""
    message = Message(method, url, dict(headers))
    HTTPMessageSigner(signature_algorithm=_Ed25519, key_resolver=_Own(key)).sign(
        message, key_id=key_id(key.public), created=datetime.now(UTC), label=TAG, tag=TAG,
        nonce=secrets.token_urlsafe(_NONCE_BYTES), covered_component_ids=_COVERED,
        body=body or None,
    )  # fmt: skip
    return message.headers


class Signatures:
    """Verifies requests' signatures, each once.

    What was seen is kept in memory for as long as it would be good. A server that starts anew has
    forgotten it, so it takes nothing made before its start; a sender whose clock runs ahead has a
    request that could be sent again for those few seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._began = int(clock())
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def verify(self, message: Message, body: bytes) -> PublicKey:
        """Give the key of whoever sent this request; raises `E-SIGNED-01`, `E-SIGNED-02`."""
        try:
            results = _VERIFIER.verify(
                message, max_age=timedelta(seconds=GOOD_SECONDS), expect_tag=TAG,
                require_components=_COVERED, body=body,
            )  # fmt: skip
        except InvalidSignature as error:
            raise unfit(f"{str(error).rstrip('.')}.") from error
        if len(results) != 1:
            raise unfit("It carries more than one signature.")
        said = results[0].parameters
        key = read_key_id(str(said["keyid"]))
        self._take_once(key, str(said.get("nonce", "")), int(said["created"]))
        return key

    def _take_once(self, key: PublicKey, nonce: str, created: int) -> None:
        if not 0 < len(nonce) <= _MOST_NONCE:
            raise unfit(f"It has no nonce of 1 to {_MOST_NONCE} characters.")
        if created < self._began:
            raise _seen("It was made before this server started.")
        now = self._clock()
        name = hashlib.sha256(key.thumbprint + nonce.encode()).digest()
        with self._lock:
            while self._seen and (
                next(iter(self._seen.values())) <= now or len(self._seen) > _MOST_KEPT
            ):
                self._seen.popitem(last=False)
            if name in self._seen:
                raise _seen("Its nonce was used before.")
            self._seen[name] = now + GOOD_SECONDS + 2 * _SKEW.total_seconds()


def unfit(why: str) -> Broken:
    """Make the error for a signature that does not hold."""
    return Broken(
        "E-SIGNED-01",
        "The signature of this request does not hold.",
        why=why,
        fix="Sign method, authority, path, query and body anew, with this machine's clock right.",
    )


def _seen(why: str) -> Broken:
    return Broken(
        "E-SIGNED-02",
        "This request was sent before.",
        why=f"{why} A signed request is good once.",
        fix="Sign it anew, with another nonce; an Idempotency-Key keeps it from being done twice.",
    )
