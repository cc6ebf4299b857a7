"""A verification of the whole ledger that runs beside the pages, and what it found."""

import threading
from typing import Any, Final

from litestar import Response, get

from standing.web._site import OfSite, Req
from standing.web._site import Verification as Runs

RUNNING: Final = "running"
HOLDS: Final = "holds"
FAILED: Final = "failed"


class Verification:
    """Told by whoever runs it; read by the page."""

    def __init__(self, command: str) -> None:
        self.command = command
        self._lock = threading.Lock()
        self._facts: dict[str, Any] | None = None

    def finish(self, facts: dict[str, Any]) -> None:
        """Tell what was found, as `standing verify --json` prints it."""
        with self._lock:
            self._facts = facts

    @property
    def facts(self) -> dict[str, Any]:
        """Say how it stands."""
        with self._lock:
            found = self._facts
        if found is None:
            return {"state": RUNNING, "command": self.command, "checks": []}
        state = HOLDS if found.get("ok") else FAILED
        return {"state": state, "command": self.command, **found}


@get(["/log/verification", "/log/verification.json"])
async def verification(request: Req, site: OfSite) -> Response[bytes]:
    facts = facts_of(site.settings.verification)
    return site.show(request, "verification.html", {"verification": facts}, has_twin=True)


def facts_of(found: Runs | None) -> dict[str, Any]:
    """Say how a verification stands; no state where none runs beside the pages."""
    return found.facts if found is not None else {"state": "", "command": "", "checks": []}


ROUTES: Final = (verification,)
