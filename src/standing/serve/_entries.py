"""Registration as SCRAPI has it (draft-ietf-scitt-scrapi-11): entries, receipts, the log's keys.

Statement in, COSE receipt out, 201, once it is durable and included. The same statement again
gives the same receipt. Errors are concise problem details with the draft's titles.
"""

import base64
import binascii
from typing import Any, Final

import cbor2

from standing import charter
from standing.errors import Broken, StandingError, Unreachable
from standing.ledger import Ledger, Registered
from standing.serve._http import (
    CBOR_TYPE,
    COSE_TYPE,
    Answer,
    Problem,
    RateLimit,
    Receive,
    Scope,
    detail_of,
    header,
    read_body,
)
from standing.serve._registrar import Registrar
from standing.wire import cbor
from standing.wire.keys import PublicKey

ENTRIES: Final = "/entries"
DOCUMENTS: Final = "/documents"
KEYS: Final = "/.well-known/scitt-keys"

_ID_HEX: Final = 64
_REFUSED_COST: Final = 4.0
_TYPES: Final = frozenset({COSE_TYPE, b"application/cbor", b"application/octet-stream"})
_TITLES: Final = {
    # the draft's named cases; everything else that is refused is "Rejected"
    "E-KEY-01": "Bad Signature Algorithm",
    "E-COSE-04": "Bad Signature Algorithm",
    "E-STATEMENT-02": "Payload Missing",
}
_MALFORMED: Final = ("E-CBOR-", "E-COSE-01", "E-COSE-02", "E-DEPOSIT-")
_OUR_CLOCK: Final = "E-CLOCK-02"  # behind the ledger: no fault of the statement's
_KEY_SECONDS: Final = ((b"cache-control", b"public, max-age=300"),)


class Entries:
    """The endpoints that write, and those that give what was written a proof."""

    def __init__(self, registrar: Registrar, limit: RateLimit) -> None:
        self._registrar = registrar
        self._limit = limit

    async def post(self, scope: Scope, receive: Receive) -> Answer:
        """Register a statement."""
        self._limit.take(scope)
        _check_type(scope)
        body = await read_body(scope, receive, most=charter.MAX_POSTED_BYTES)
        try:
            outcome = await self._registrar.submit(body)
        except StandingError as stopped:
            raise problem_of(stopped) from stopped
        if isinstance(outcome, Registered):
            place = (b"location", b"/entries/" + outcome.statement_hash.hex().encode())
            return Answer(201, outcome.receipt, COSE_TYPE, (place,))
        self._limit.charge(scope, _REFUSED_COST)
        raise problem_of(outcome) from outcome

    async def deposit(self, scope: Scope, receive: Receive) -> Answer:
        """Keep a public document that a later statement names."""
        self._limit.take(scope)
        body = await read_body(scope, receive, most=charter.MAX_DEPOSIT_BYTES)
        try:
            digest = await self._registrar.call(lambda ledger: ledger.deposit(body))
        except StandingError as refusal:
            raise problem_of(refusal) from refusal
        place = (b"location", f"{DOCUMENTS}/{digest.hex()}".encode())
        return Answer(201, cbor.encode(digest), CBOR_TYPE, (place,))

    async def receipt(self, name: str) -> Answer:
        """Give the receipt of a statement by its hash."""
        statement_hash = _id(name)
        found = await self._registrar.call(lambda ledger: ledger.receipt_of(statement_hash))
        if found is None:
            raise Problem(
                404,
                "Not Found",
                f"Receipt with entry ID {name} not known to this Transparency Service",
            )
        place = (b"location", f"{ENTRIES}/{name}".encode())
        return Answer(200, found, COSE_TYPE, (place,))

    async def keys(self) -> Answer:
        """Give the keys that receipts verify with, retired ones too, as a COSE_KeySet."""
        found = await self._registrar.call(_receipt_keys)
        return Answer(200, cbor2.dumps(list(found.values())), CBOR_TYPE, _KEY_SECONDS)

    async def key(self, name: str) -> Answer:
        """Give one key by its id: base64url (without padding) or hex of the thumbprint."""
        found = await self._registrar.call(_receipt_keys)
        for kid, key in found.items():
            if name in {kid.hex(), _base64url(kid)}:
                return Answer(200, cbor2.dumps(key, canonical=True), CBOR_TYPE, _KEY_SECONDS)
        raise Problem(404, "No such key", "No key could be found for this kid value")


def _receipt_keys(ledger: Ledger) -> dict[bytes, dict[int, Any]]:
    """Give COSE_Keys with their key ids (label 2), newest last."""
    found = {}
    for _, stated in ledger.state.log_keys("receipt"):
        key = PublicKey.from_cose_key(stated)
        found[key.thumbprint] = {**cbor.decode(key.cose_key()), 2: key.thumbprint}
    return found


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _id(name: str) -> bytes:
    try:
        if len(name) == _ID_HEX and name == name.lower():
            return binascii.unhexlify(name)
    except (binascii.Error, ValueError):
        pass
    raise Problem(
        400,
        "Invalid locator",
        "An entry is named by its statement's SHA-256 in 64 small hexadecimal digits",
    )


def _check_type(scope: Scope) -> None:
    stated = (header(scope, b"content-type") or COSE_TYPE).split(b";")[0].strip().lower()
    if stated not in _TYPES:
        raise Problem(
            415,
            "Unsupported Media Type",
            f"Got {stated.decode('latin-1')!r}; send application/cose.",
        )


def problem_of(error: StandingError) -> Problem:
    """Turn an error of the ledger into the problem that SCRAPI names for it."""
    detail = detail_of(error)
    if isinstance(error, Unreachable) or error.code == _OUR_CLOCK:
        return Problem(503, "Busy", detail, headers=[(b"retry-after", b"2")])
    if error.code == "E-REGISTER-01":
        return Problem(403, "Forbidden", detail)
    if error.code in _TITLES:
        return Problem(400, _TITLES[error.code], detail)
    if error.code.startswith(_MALFORMED):
        return Problem(400, "Malformed request", detail)
    if isinstance(error, Broken) and not error.code.startswith("E-SIG-"):
        return Problem(503, "Stopped", detail, headers=[(b"retry-after", b"30")])
    return Problem(400, "Rejected", detail)
