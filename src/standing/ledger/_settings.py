"""Settings of one ledger: `standing.toml` in its directory. Absent is fine; unknown keys are not.

They say how messages leave this machine, and who stands in front of it. None of
them changes what a record, a score, a case or an answer is; see docs/reference/settings.md.
"""

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from standing.cases.addresses import wrong_with, wrong_with_email
from standing.errors import Usage

SETTINGS_FILE: Final = "standing.toml"
_MAX_BYTES: Final = 100_000
Line = Annotated[str, Meta(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]*\Z")]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One table of the settings."""


class Mail(_Part, frozen=True, kw_only=True, rename={"sender": "from"}):
    """The server that takes e-mail, and from whom it comes."""

    host: Line
    sender: Line
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    starttls: bool = True
    user: Annotated[str, Meta(max_length=200)] = ""
    password_file: Annotated[str, Meta(max_length=4_096)] = ""


class Web(_Part, frozen=True, kw_only=True):
    """`url`: where people look after their notices; the only thing that a message names.

    `proxy`: the address of the web server in front, which tells whom it asks for.
    """

    url: Annotated[str, Meta(pattern=r"^https?://[!-~]{1,300}\Z")] = ""
    proxy: Annotated[str, Meta(max_length=45)] = ""


class Letters(_Part, frozen=True, kw_only=True):
    """Who outside can be turned to, as every letter names them."""

    external_body: Annotated[str, Meta(max_length=400, pattern=r"^[^\x00-\x1f\x7f]*\Z")] = ""


class OfOrganisation(_Part, frozen=True, kw_only=True):
    """Where an organisation is told that work waits: one address."""

    email: str = ""
    webhook: str = ""
    language: Literal["en", "zh-Hans"] = "en"

    @property
    def kind(self) -> str:
        """Which of the two it is."""
        return "email" if self.email else "webhook"

    @property
    def address(self) -> str:
        """The address itself."""
        return self.email or self.webhook


class Settings(_Part, frozen=True, kw_only=True):
    """Everything that `standing.toml` may say."""

    mail: Mail | None = None
    web: Web = Web()
    letters: Letters = Letters()
    contacts: dict[str, OfOrganisation] = {}


def load_settings(directory: Path, *, loopback: bool) -> Settings:
    """Read a ledger's settings; raises `E-SET-01` or `E-SET-02`.

    `loopback`: whether a webhook may be on this machine itself.
    """
    path = directory / SETTINGS_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as problem:
        raise _unread(f"{problem.strerror}.") from None
    if len(data) > _MAX_BYTES:
        raise _unread(f"It has {len(data):,} bytes; at most {_MAX_BYTES:,} are read.")
    try:
        values = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise _unread(f"It is no TOML in UTF-8: {problem}.") from None
    try:
        settings = msgspec.convert(values, Settings)
    except msgspec.ValidationError as problem:
        raise _unfit(f"{problem}.") from None
    _check(settings, loopback=loopback)
    return settings


def _check(settings: Settings, *, loopback: bool) -> None:
    mail = settings.mail
    if mail is not None:
        wrong = wrong_with_email(mail.sender)
        if wrong is not None:
            raise _unfit(f"At `mail.from`: {wrong}.")
        if bool(mail.user) != bool(mail.password_file):
            raise _unfit("At `mail`: `user` and `password_file` go together.")
        if mail.user and not mail.starttls:
            raise _unfit("At `mail`: a password is sent with `starttls` alone.")
    if settings.web.proxy and not _is_address(settings.web.proxy):
        raise _unfit("At `web.proxy`: give one IP address, as 127.0.0.1 or ::1.")
    for name, contact in settings.contacts.items():
        if bool(contact.email) == bool(contact.webhook):
            raise _unfit(f"At `contacts.{name}`: give `email` or `webhook`.")
        wrong = wrong_with(contact.kind, contact.address, loopback=loopback)
        if wrong is not None:
            raise _unfit(f"At `contacts.{name}`: {wrong}.")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _unread(why: str) -> Usage:
    return Usage(
        "E-SET-01",
        "The settings cannot be read.",
        why=why,
        fix=f"Correct {SETTINGS_FILE}, or remove it: a ledger needs none.",
        where=SETTINGS_FILE,
    )


def _unfit(why: str) -> Usage:
    return Usage(
        "E-SET-02",
        "The settings say something that they cannot say.",
        why=why,
        fix="Give the tables and keys that docs/reference/settings.md lists, and no others.",
        where=SETTINGS_FILE,
    )
