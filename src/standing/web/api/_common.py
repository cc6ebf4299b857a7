"""What every part of the interface shares: its problems, who asks, and texts in a language."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from standing.interface import (
    ProblemDetails,
)
from standing.web._people import Person, require, require_fresh
from standing.web._site import Req, Site

SIGNED: Final[list[dict[str, list[str]]]] = [{"signature": []}]
"""What the description says of an address that asks who sends the request."""
Language = Annotated[str, QueryParameter(pattern="^(en|zh-Hans)$", description="en or zh-Hans.")]


_TOLD: Final = {
    400: "It cannot be understood.",
    401: "Sign the request, or sign in first.",
    403: "It is not allowed.",
    404: "There is no such thing.",
    409: "It came too late, or is being done already.",
    413: "It is too much at once.",
    415: "It is of another kind of content.",
    421: "It was asked under another name.",
    422: "It is understood, and refused.",
    429: "It was asked too often.",
    503: "The ledger does not answer now.",
}


def problems(*statuses: int) -> Mapping[int, ResponseSpec]:
    """Say with which statuses an address may answer when it does not do what it was asked.

    Any address may refuse a signature, a key for repeats, a name, a rate, or say that the ledger
    is stopped.
    """
    return {
        status: ResponseSpec(
            ProblemDetails,
            description=_TOLD[status],
            media_type="application/problem+json",
            generate_examples=False,
        )
        for status in sorted({*statuses, 400, 401, 403, 409, 413, 421, 422, 429, 503})
    }


def as_written(kind: Any, *statuses: int) -> Mapping[int, ResponseSpec]:
    """Say what JSON an address gives whose very bytes are what they are; and `problems`."""
    given = ResponseSpec(kind, description="As it is written.", generate_examples=False)
    return {200: given, **problems(*statuses)}


def sender(request: Req, site: Site, *roles: str) -> Person:
    """Give who sends a request, in one of these roles; raises `E-WEB-09`, `E-WEB-10`."""
    return require(site.visit(request).person, *roles)


def present(request: Req, site: Site, *roles: str) -> Person:
    """Give who sends a request, if they showed a moment ago that they hold the key."""
    return require_fresh(sender(request, site, *roles))
