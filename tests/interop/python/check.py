"""Check receipts and statements with COSE libraries that nobody in this project wrote.

Runs in an environment of its own, without this project's code. A task is one JSON object on
standard input, the answer one on standard output; bytes are base64. Exits with 0 if all was
accepted, 1 if something was refused.

scitt-cose checks a receipt whole: path, root, signature. cwt, another implementation, verifies the
same signature over the same root, and statements.
"""

import base64
import json
import sys
from collections.abc import Callable
from typing import Any

import cbor2
import scitt_cose
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cwt import COSE, COSEKey
from scitt_cose import statement as scitt_statement

ALG, KID, CWT, TYP = 1, 4, 15, 16
ISSUER, SUBJECT = 1, 2
KEY_ID, KEY_X, KEY_SECRET = 2, -2, -4
EDDSA = -8


class RefusedError(Exception):
    """A library did not accept what it was given."""


class Key:
    """One public key, as each library wants it."""

    def __init__(self, given: dict[str, str]) -> None:
        members = cbor2.loads(from_text(given["key"]))
        point = Ed25519PublicKey.from_public_bytes(members[KEY_X])
        self.pem = point.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        self.cwt = COSEKey.new({**members, KEY_ID: from_text(given["kid"])})


def check_receipt(case: dict[str, str], log: Key) -> dict[str, Any]:
    receipt = from_text(case["receipt"])
    entry = from_text(case["entry"])
    found = scitt_cose.verify_receipt(
        receipt, leaf_entry_hex=entry.hex(), log_public_key_pem=log.pem
    )
    if not found.ok:
        raise RefusedError("; ".join(found.errors))
    root = bytes.fromhex(found.root)
    COSE(verify_kid=True).decode(receipt, log.cwt, detached_payload=root)
    return {
        "index": found.leaf_index,
        "size": found.tree_size,
        "root": to_text(root),
        "issuer": found.issuer,
        "subject": found.subject,
    }


def check_statement(statement: str, issuer: Key) -> dict[str, Any]:
    data = from_text(statement)
    protected, _, payload = COSE(verify_kid=True).decode_with_headers(data, issuer.cwt)
    found = scitt_cose.parse_signed_statement(data, public_key_pem=issuer.pem)
    if not found["signature_verified"] or found["payload"] != payload:
        raise RefusedError("scitt-cose does not verify what cwt does")
    claims = protected[CWT]
    return {"payload": to_text(payload), "issuer": claims[ISSUER], "subject": claims[SUBJECT]}


def attach(case: dict[str, str]) -> str:
    """Give a statement with a receipt in its unprotected header (RFC 9942)."""
    statement, receipt = from_text(case["entry"]), from_text(case["receipt"])
    carried = scitt_statement.attach_receipts(statement, [receipt])
    if scitt_statement.extract_receipts(carried) != [receipt]:
        raise RefusedError("what was attached does not come out again")
    return to_text(carried)


def sign(wanted: dict[str, str], issuer: dict[str, str]) -> str:
    """Make a statement as an outside issuer would, with cwt."""
    members = cbor2.loads(from_text(issuer["key"]))
    key = COSEKey.new({**members, KEY_SECRET: from_text(wanted["secret"])})
    # cwt writes labels as they come; the ledger wants them sorted, so they are given sorted.
    protected = {
        ALG: EDDSA,
        KID: from_text(issuer["kid"]),
        CWT: {ISSUER: wanted["issuer"], SUBJECT: wanted["subject"]},
        TYP: wanted["type"],
    }
    return to_text(COSE().encode_and_sign(from_text(wanted["payload"]), key, protected=protected))


def answer_of(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    # The libraries raise errors of many kinds, ValueError and their own among them.
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - each of them is a refusal
        return {"refused": f"{type(error).__name__}: {error}"}


def from_text(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def to_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def main() -> int:
    task = json.load(sys.stdin)
    log, issuer = Key(task["log"]), Key(task["issuer"])
    answer = {
        "receipts": [answer_of(lambda c=case: check_receipt(c, log)) for case in task["receipts"]],
        "statements": [
            answer_of(lambda s=data: check_statement(s, issuer)) for data in task["statements"]
        ],
    }
    if "attach" in task:
        answer["attached"] = [attach(case) for case in task["attach"]]
    if "sign" in task:
        answer["signed"] = sign(task["sign"], task["issuer"])
    json.dump(answer, sys.stdout)
    return int(any("refused" in found for found in answer["receipts"] + answer["statements"]))


if __name__ == "__main__":
    sys.exit(main())
