"""Addresses that a notice may go to: e-mail, or a webhook over https.

What a person or an organisation writes as an address is somebody else's text: it must not carry a
second header line, a second recipient, or a request to a machine of the operator's own.
"""

import re
from typing import Final
from urllib.parse import urlsplit

MAX_ADDRESS: Final = 254
_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL: Final = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL: Final = re.compile(rf"{_LOCAL}@{_LABEL}(\.{_LABEL})*", re.ASCII)
_URL: Final = re.compile(r"[!-~]+", re.ASCII)
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_MAX_LOCAL: Final = 64


def wrong_with_email(address: str) -> str | None:
    """Tell what is wrong with an address of e-mail, or nothing."""
    if len(address) > MAX_ADDRESS or not _EMAIL.fullmatch(address):
        return "an address of e-mail reads name@example.org, in ASCII, without blanks"
    if len(address.partition("@")[0]) > _MAX_LOCAL:
        return f"the part before @ has {_MAX_LOCAL} characters at most"
    return None


def wrong_with_webhook(address: str, *, loopback: bool) -> str | None:
    """Tell what is wrong with the address of a webhook, or nothing.

    `loopback`: whether this machine itself may be named, with http; on a simulated ledger alone.
    """
    if len(address) > MAX_ADDRESS or not _URL.fullmatch(address):
        return f"a webhook's address is a URL of {MAX_ADDRESS} plain characters at most"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as problem:
        return f"a webhook's address is a URL: {problem}"
    if host in _LOOPBACK and loopback and parts.scheme in {"http", "https"}:
        pass
    elif parts.scheme != "https" or host in _LOOPBACK:
        return "a webhook's address begins with https:// and names a machine of its owner's"
    if not host or port == 0 or "@" in parts.netloc or parts.fragment or "#" in address:
        return "a webhook's address names a host, and neither a password nor a fragment"
    return None


def wrong_with(kind: str, address: str, *, loopback: bool) -> str | None:
    """Tell what is wrong with an address of a kind, or nothing."""
    if kind == "email":
        return wrong_with_email(address)
    return wrong_with_webhook(address, loopback=loopback)
