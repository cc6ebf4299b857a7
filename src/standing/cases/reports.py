"""The envelope of a verifiable report: signed by the ledger, sealed to one recipient."""

from typing import Any, Final

from nacl.exceptions import CryptoError
from nacl.public import SealedBox
from nacl.signing import SigningKey as NaclSigningKey
from nacl.signing import VerifyKey

from standing.errors import Broken
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey

REPORT_DAYS: Final = 30
MAX_REPORT_BYTES: Final = 64 << 20
_TYP: Final = "application/vnd.standing.report.v1+cose"


def sign_report(key: SigningKey, origin: str, content: dict[str, Any]) -> bytes:
    """Sign a report's content with the ledger's answer key."""
    header: dict[Any, Any] = {
        cose.CWT: {cose.CWT_ISS: origin, cose.CWT_SUB: f"report/{content['context']}"},
        cose.TYP: _TYP,
    }
    return cose.sign1(key, header, cbor.encode(content))


def seal_report(signed: bytes, recipient: PublicKey) -> bytes:
    """Encrypt to the recipient's Ed25519 key (NaCl sealed box over its X25519 form)."""
    return bytes(SealedBox(VerifyKey(recipient.raw).to_curve25519_public_key()).encrypt(signed))


def open_report(sealed: bytes, recipient: SigningKey) -> bytes:
    """Decrypt a report; raises `E-REPORT-02` for another key or changed bytes."""
    box = SealedBox(NaclSigningKey(recipient.seed).to_curve25519_private_key())
    try:
        return bytes(box.decrypt(sealed))
    except CryptoError:
        raise Broken(
            "E-REPORT-02",
            "The report does not open with this key.",
            why="It is sealed to another recipient, or its bytes were changed.",
            fix="Give --key the file of the recipient that the report was made for.",
        ) from None


def read_report(signed: bytes, key: PublicKey) -> dict[str, Any]:
    """Verify the ledger's signature and give the content; raises otherwise."""
    sign1 = cose.parse_sign1(signed, max_bytes=MAX_REPORT_BYTES)
    if sign1.protected.get(cose.TYP) != _TYP:
        raise Broken(
            "E-REPORT-03",
            "This is not a report.",
            why="Its typ header is another.",
            fix="Give the file that standing report wrote with --for.",
        )
    sign1.verify(key)
    content = cbor.decode(sign1.payload or b"", what="a report")
    if not isinstance(content, dict) or content.get("type") != "standing/report/1":
        raise Broken(
            "E-REPORT-03",
            "This is not a report.",
            why="Its content is of another form.",
            fix="Give the file that standing report wrote with --for.",
        )
    return content


def signed_payload(signed: bytes) -> dict[str, Any]:
    """Read a report's content before its signer's key is known; believe nothing of it."""
    sign1 = cose.parse_sign1(signed, max_bytes=MAX_REPORT_BYTES)
    content = cbor.decode(sign1.payload or b"", what="a report")
    return content if isinstance(content, dict) else {}
