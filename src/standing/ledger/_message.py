"""What a message says: that there is a notice, and where to look. No more, in no message.

No name of a context, an issuer, a point or a reference stands in it; whoever reads along learns
that somebody has a notice of this ledger. One message has one id, however often it is sent.
"""

import datetime as dt
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any, Final

from standing.errors import Broken
from standing.ledger._settings import Mail
from standing.wire import cbor, cose
from standing.wire.keys import PublicKey, SigningKey

NOTICE_TYPE: Final = "application/vnd.standing.notice.v1+cose"
_TYPE: Final = "standing/notice/1"
_WORDS: Final = {
    "en": (
        "You have a notice",
        "You have a notice.",
        "Look here: {url}",
        "Look where you look after your records.",
        "This ledger is simulated.",
    ),
    "zh-Hans": (
        "您有一则通知",
        "您有一则通知。",
        "请在此查看：{url}",
        "请在您查看记录之处查看。",
        "此账本为模拟账本。",
    ),
}


def write_email(
    message: str, mail: Mail, to: str, *, language: str, made: int, url: str, simulated: bool
) -> bytes:
    """Write a message as e-mail; the same bytes each time it is sent."""
    title, notice, here, elsewhere, not_real = _WORDS[language]
    lines = [notice, here.format(url=url) if url else elsewhere]
    sender = Address(addr_spec=mail.sender)
    written = EmailMessage(policy=SMTP)
    written["From"] = sender
    written["To"] = Address(addr_spec=to)
    written["Subject"] = title
    written["Date"] = format_datetime(dt.datetime.fromtimestamp(made, dt.UTC))
    written["Message-ID"] = f"<{message}@{sender.domain}>"
    written["Auto-Submitted"] = "auto-generated"
    written.set_content("\n".join([*lines, *([not_real] if simulated else [])]) + "\n")
    return written.as_bytes()


def write_notice(key: SigningKey, origin: str, message: str) -> bytes:
    """Write a message as a webhook is sent it, under the ledger's answer key."""
    header: dict[Any, Any] = {
        cose.CWT: {cose.CWT_ISS: origin, cose.CWT_SUB: "notice"},
        cose.TYP: NOTICE_TYPE,
    }
    return cose.sign1(key, header, cbor.encode({"type": _TYPE, "id": message}))


def read_notice(signed: bytes, key: PublicKey) -> str:
    """Verify what a webhook was sent; gives the message's id. Raises `E-NOTICE-01` otherwise."""
    sign1 = cose.parse_sign1(signed)
    sign1.verify(key)
    said = cbor.decode(sign1.payload or b"", what="a notice")
    is_notice = sign1.protected.get(cose.TYP) == NOTICE_TYPE and isinstance(said, dict)
    if not is_notice or set(said) != {"type", "id"} or said["type"] != _TYPE:
        raise Broken(
            "E-NOTICE-01",
            "This is not a notice.",
            why="Its typ header or its content is of another form.",
            fix="Give the body that the webhook was sent, unchanged.",
        )
    return str(said["id"])
