"""Errors as answers: RFC 9457 problem details for programs, a page for people; the same facts."""

import json
from typing import Any, Final, NamedTuple

from litestar.exceptions import ClientException, HTTPException

from standing.errors import Broken, Refused, StandingError, Unreachable, Usage
from standing.signed_requests import WANTED

_NOT_FOUND: Final = frozenset({
    "E-CASE-01", "E-CASE-06", "E-EVIDENCE-01", "E-INSPECT-01", "E-INSPECT-02", "E-LOG-10",
    "E-LOG-11", "E-PACK-12", "E-PACK-25", "E-PEOPLE-08", "E-PEOPLE-10", "E-PEOPLE-16",
    "E-PUBLIC-01", "E-VAULT-15", "E-WEB-02",
})  # fmt: skip
_CONFLICT: Final = frozenset({
    "E-CASE-03", "E-CASE-09", "E-CASE-12", "E-PEOPLE-02", "E-VAULT-14", "E-WEB-14", "E-WEB-19",
    "E-WEB-22",
})  # fmt: skip
_FORBIDDEN: Final = frozenset({
    "E-CASE-04", "E-CASE-07", "E-KEY-10", "E-KEY-11", "E-KEY-12", "E-KEY-13", "E-WEB-07",
    "E-WEB-10", "E-WEB-11",
})  # fmt: skip
_OWN: Final = {
    "E-WEB-01": 500, "E-WEB-03": 405, "E-WEB-04": 400, "E-WEB-05": 413, "E-WEB-06": 421,
    "E-WEB-08": 429, "E-WEB-09": 401, "E-WEB-12": 410, "E-WEB-13": 415, "E-WEB-15": 403,
    "E-WEB-16": 403, "E-WEB-17": 403, "E-WEB-21": 400, "E-SIGNED-01": 401, "E-SIGNED-02": 401,
}  # fmt: skip
_UNSIGNED: Final = frozenset({"E-WEB-09", "E-SIGNED-01", "E-SIGNED-02"})
_SERVER_FAULTS: Final = ("E-LOG-", "E-SERVE-", "E-VAULT-", "E-LEDGER-", "E-CLOCK-")
PROBLEM_TYPE: Final = "application/problem+json"
_URN: Final = "urn:standing:problem:"


def N_(text: str) -> str:  # noqa: N802 - the name that message extraction knows
    """Mark a text that is translated where it is shown."""
    return text


class Problem(NamedTuple):
    """An error with the HTTP status that it has."""

    status: int
    error: StandingError
    headers: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give problem details."""
        error = self.error
        return {
            "type": f"{_URN}{error.code}",
            "title": error.what,
            "status": self.status,
            "detail": f"{error.why} {error.fix}",
            **error.as_dict(),
        }

    def as_json(self) -> bytes:
        """Write problem details."""
        return json.dumps(self.as_dict(), ensure_ascii=False).encode()


def problem_of(error: Exception) -> Problem:
    """Turn what was raised into a problem; what nobody foresaw becomes `E-WEB-01`."""
    if isinstance(error, StandingError):
        return Problem(_status(error), error, _headers(error))
    if isinstance(error, HTTPException):
        return _of_http(error)
    return Problem(500, _unforeseen(error))


def _status(error: StandingError) -> int:
    code = error.code
    if code in _OWN:
        return _OWN[code]
    for status, codes in ((404, _NOT_FOUND), (409, _CONFLICT), (403, _FORBIDDEN)):
        if code in codes:
            return status
    if isinstance(error, Unreachable):
        return 503
    if code.startswith(_SERVER_FAULTS) and isinstance(error, Broken):
        return 503
    if isinstance(error, Usage):
        return 400
    return 422


def _headers(error: StandingError) -> tuple[tuple[str, str], ...]:
    if error.code in _UNSIGNED:
        return (("Accept-Signature", WANTED),)
    wait = getattr(error, "wait_seconds", None)
    return (("Retry-After", str(wait)),) if wait else ()


def _of_http(error: HTTPException) -> Problem:
    match error.status_code:
        case 404:
            return Problem(404, no_page())
        case 405:
            allowed = (error.headers or {}).get("allow", "")
            return Problem(
                405,
                Refused(
                    "E-WEB-03",
                    N_("This address does not take such a request."),
                    why=N_("It is read with GET; forms are sent where their page says."),
                    fix=N_("Open the page again and use its own buttons."),
                ),
                (("Allow", allowed),) if allowed else (),
            )
        case 413:
            return Problem(413, too_large())
        case 415:
            return Problem(
                415,
                Refused(
                    "E-WEB-13",
                    N_("This address does not take this kind of content."),
                    why=N_("The Content-Type is another than the one that is read here."),
                    fix=N_("See the description of the interface at /api/v1/openapi.json."),
                ),
            )
        case _:
            if isinstance(error, ClientException):
                return Problem(400, malformed(_told(error)))
            return Problem(500, _unforeseen(error))


def _told(error: HTTPException) -> str:
    extra: Any = error.extra
    if isinstance(extra, list) and extra:
        parts = [f"{part.get('key', '')}: {part.get('message', '')}" for part in extra[:5]]
        return "; ".join(parts)
    return error.detail


def malformed(why: str) -> Refused:
    """Make the error for input of another form than is read."""
    return Refused(
        "E-WEB-04",
        N_("This request cannot be understood."),
        why=why.rstrip(".") + ".",
        fix=N_("Go back, look at what was filled in, and send it again."),
    )


def no_page() -> Refused:
    """Make the error for an address without a page."""
    return Refused(
        "E-WEB-02",
        N_("There is no page here."),
        why=N_("The address is mistyped, or what it named is gone."),
        fix=N_("Start from the first page."),
    )


def too_large() -> Refused:
    """Make the error for a body beyond what is read."""
    return Refused(
        "E-WEB-05",
        N_("This is too much to take at once."),
        why=N_("The files of one step have a limit, and so has each of them."),
        fix=N_("Send the part that shows the point, and the rest with a later step."),
    )


def _unforeseen(error: Exception) -> Broken:
    return Broken(
        "E-WEB-01",
        N_("The server met a fault that it does not know."),
        why=type(error).__name__ + ".",
        fix=N_("Try again. If it stays so, tell whoever runs this ledger when it happened."),
    )
