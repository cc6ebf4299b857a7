"""Telling: messages that are due go out, and each is settled as soon as its end is known.

`begin` writes them, `send` speaks to the network and touches no ledger, `settle` notes the end of
one. A crash in between sends a message again, with the same id, and never loses it.
"""

import smtplib
import ssl
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standing.cases.notices import next_try
from standing.errors import StandingError
from standing.fetch import send_outside
from standing.ledger._contacts import contact
from standing.ledger._core import Core
from standing.ledger._message import NOTICE_TYPE, write_email, write_notice
from standing.ledger._news import NEWS
from standing.ledger._settings import Mail, Settings
from standing.vault import DROPPED, TOLD, UNDELIVERED, WAITING, Message

AT_ONCE: Final = 1_000
SEND_SECONDS: Final = 120.0
_MAIL_SECONDS: Final = 10.0
_SENDERS: Final = 8
_OK: Final = range(200, 300)

NO_MAIL: Final = "no-mail"
NO_LOGIN: Final = "no-login"
UNREACHABLE: Final = "unreachable"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message, written, with its address: for the time that it takes to send it."""

    id: str
    kind: str
    address: str
    data: bytes
    sender: str = ""


@dataclass(frozen=True)
class Delivery:
    """Messages that are due, ready to be sent."""

    outgoing: tuple[Outgoing, ...]
    mail: Mail | None
    directory: Path
    loopback: bool

    def send(self) -> Iterator[tuple[str, str]]:
        """Send them; gives (id, why it failed, or "") of each as soon as it is known.

        What there was no time for is not given, and is as due as before.
        """
        webhooks = [one for one in self.outgoing if one.kind == "webhook"]
        emails = [one for one in self.outgoing if one.kind == "email"]
        deadline = time.monotonic() + SEND_SECONDS
        if time.monotonic() >= deadline:
            return  # else one that is answered at once would slip through
        senders = ThreadPoolExecutor(_SENDERS, thread_name_prefix="webhook")
        try:
            calls = {senders.submit(self._post, one): one.id for one in webhooks}
            yield from self._mail(emails, deadline)
            for done in as_completed(calls, timeout=max(0.0, deadline - time.monotonic())):
                yield calls[done], done.result()
        except TimeoutError:
            return
        finally:
            senders.shutdown(cancel_futures=True)  # whoever stops listening waits for few

    def _post(self, one: Outgoing) -> str:
        try:
            status = send_outside(one.address, one.data, NOTICE_TYPE, loopback=self.loopback)
        except StandingError:
            return UNREACHABLE
        return "" if status in _OK else REFUSED

    def _mail(self, emails: Sequence[Outgoing], deadline: float) -> Iterator[tuple[str, str]]:
        """Hand messages over, one connection for as many as the server takes."""
        server: smtplib.SMTP | None = None
        try:
            for place, one in enumerate(emails):
                if time.monotonic() > deadline:
                    return
                if server is None:
                    try:
                        server = self._connect()
                    except _Unconnected as problem:
                        # nobody there: the others need not wait for the same silence
                        yield from ((late.id, problem.why) for late in emails[place:])
                        return
                why, is_over = _hand_over(server, one)
                if is_over:  # whatever one message did to it, the next has a connection of its own
                    server.close()
                    server = None
                yield one.id, why
        finally:
            if server is not None:
                with suppress(OSError, smtplib.SMTPException):
                    server.quit()

    def _connect(self) -> smtplib.SMTP:
        mail = self.mail
        if mail is None:
            raise _Unconnected(NO_MAIL)
        domain = mail.sender.rpartition("@")[2]
        try:
            server = smtplib.SMTP(
                mail.host, mail.port, local_hostname=domain, timeout=_MAIL_SECONDS
            )
        except (OSError, smtplib.SMTPException):
            raise _Unconnected(UNREACHABLE) from None
        try:
            if mail.starttls:  # never without it: what is not offered is a failure
                server.starttls(context=ssl.create_default_context())
            if mail.user:
                server.login(mail.user, self._password(mail))
        except BaseException as problem:
            server.close()
            if isinstance(problem, smtplib.SMTPAuthenticationError | UnicodeError):
                raise _Unconnected(NO_LOGIN) from None
            if isinstance(problem, OSError | smtplib.SMTPException):
                raise _Unconnected(UNREACHABLE) from None
            raise
        return server

    def _password(self, mail: Mail) -> str:
        try:
            return (self.directory / mail.password_file).read_text(encoding="utf-8").strip()
        except OSError:
            raise _Unconnected(NO_LOGIN) from None


class _Unconnected(Exception):  # noqa: N818 - it says why, and goes no further than here
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _hand_over(server: smtplib.SMTP, one: Outgoing) -> tuple[str, bool]:
    """Give one message to the mail server; tells why it was not taken, and whether it hung up."""
    try:
        server.sendmail(one.sender, [one.address], one.data)
    except smtplib.SMTPServerDisconnected:
        return UNREACHABLE, True
    except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused):
        try:
            server.rset()
        except (OSError, smtplib.SMTPException):
            return REFUSED, True
        return REFUSED, False
    except (OSError, smtplib.SMTPException):
        return UNREACHABLE, True
    return "", False


# --- the ledger's side ------------------------------------------------------------------------


def begin(core: Core, settings: Settings, now: int) -> Delivery:
    """Write messages that were due at `now`; what has no address any more is dropped.

    Whatever is tried again is due later than that: to begin until nothing is left comes to an end.
    """
    outgoing: list[Outgoing] = []
    loopback = core.state.genesis.clock == "simulated"
    with core.vault.transaction(is_bookkeeping=True):
        for message in core.vault.outbox.due(now, AT_ONCE):
            one = _written(core, settings, message)
            if one is None:
                core.vault.outbox.settle(message.id, DROPPED, why="no-address")
            else:
                outgoing.append(one)
    return Delivery(tuple(outgoing), settings.mail, core.directory, loopback)


def _written(core: Core, settings: Settings, message: Message) -> Outgoing | None:
    found = _address(core, settings, message)
    if found is None:
        return None
    kind, address, language = found
    if kind == "email":
        data = b"" if settings.mail is None else write_email(
            message.id, settings.mail, address, language=language, made=message.made,
            url=settings.web.url, simulated=core.state.genesis.clock == "simulated",
        )  # fmt: skip
    else:
        key = core.require_answer_key(
            "E-NOTICE-02", "A notice is signed, and what became of it is noted."
        )
        data = write_notice(key, core.trust.origin, message.id)
    sender = settings.mail.sender if settings.mail else ""
    return Outgoing(message.id, kind, address, data, sender)


def _address(core: Core, settings: Settings, message: Message) -> tuple[str, str, str] | None:
    """Find where a message goes, and in which language."""
    if message.recipient.startswith("@"):
        named = settings.contacts.get(message.recipient[1:])
        return None if named is None else (named.kind, named.address, named.language)
    kept = contact(core, message.recipient)
    if kept is None or (kept.removed is not None and message.about == NEWS):
        return None
    return kept.kind, kept.address, kept.language


def settle(core: Core, message: str, why: str) -> str:
    """Note how sending one message ended; gives its state then."""
    outbox = core.vault.outbox
    with core.vault.transaction(is_bookkeeping=True):
        if not why:
            outbox.settle(message, TOLD)
            return TOLD
        now = core.engine.clock.now()
        before = outbox.message(message)
        if before is None:  # forgotten with its subject while it was on its way
            return DROPPED
        later = next_try(before.attempts + 1, before.made, now)
        state = UNDELIVERED if later is None else WAITING
        outbox.settle(message, state, next_try=later or 0, why=why)
        return state
