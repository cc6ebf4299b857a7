"""Who is behind a request, and what they may open."""

from dataclasses import dataclass

from standing.errors import Refused
from standing.ledger.holders import Holding
from standing.web._problems import N_
from standing.web._store import Session
from standing.wire.keys import PublicKey


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in: by which session, with which key, as what."""

    session: Session
    key: PublicKey
    holding: Holding
    is_fresh: bool

    @property
    def role(self) -> str:
        """Their role today; empty where the key stands for nobody (any more)."""
        return self.holding.role

    @property
    def is_demo(self) -> bool:
        """Whether the server signs for them, with a key file of the demo."""
        return bool(self.session.demo)


def require(person: Person | None, *roles: str) -> Person:
    """Give whoever is signed in, in one of these roles; raises `E-WEB-09`, `E-WEB-10`."""
    if person is None:
        raise sign_in_first()
    if roles and person.role not in roles:
        raise Refused(
            "E-WEB-10",
            N_("This page is for another role."),
            why=N_("The key that you signed in with does not hold it today."),
            fix=N_("Sign in with the key that does, or go to your own page."),
        )
    return person


def require_fresh(person: Person) -> Person:
    """Let a grave act pass only after a proof of presence; raises `E-WEB-11`."""
    if not person.is_fresh:
        raise Refused(
            "E-WEB-11",
            N_("Please confirm that it is you."),
            why=N_("This is opened only a few minutes after you used your key."),
            fix=N_("Confirm with your key, and go on."),
        )
    return person


def sign_in_first() -> Refused:
    """Make the error for a page that needs somebody."""
    return Refused(
        "E-WEB-09",
        N_("Please sign in first."),
        why=N_("This page is about whoever opens it."),
        fix=N_("Sign in with your passkey."),
    )
