"""The interface for programs under `/api/v1`: everything that the pages show and do, typed.

Errors are problem details (RFC 9457) with the five facts beside; lists come in pages whose `next`
is the cursor of the page after; the description is OpenAPI 3.1 at `/api/v1/openapi.json`. Who asks
is told by a signed request (RFC 9421), or by the session of a page of this site. An act is two
requests: the first gives a draft to look at, the second brings the proof of whoever signs it.
"""

from typing import Any, Final

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from standing.signed_requests import WANTED
from standing.web.api import _cases, _drafts, _parties, _public, _rules, _subjects

PATH: Final = "/api/v1"

ROUTER: Final = Router(
    PATH,
    route_handlers=[
        Router("/", route_handlers=_public.ROUTES, tags=["public"]),
        *_subjects.ROUTES, *_drafts.ROUTES, *_cases.ROUTES, *_parties.ROUTES, *_rules.ROUTES,
    ],
    include_in_schema=True,
)  # fmt: skip

DESCRIPTION: Final = OpenAPIConfig(
    title="standing",
    version="1",
    path=f"{PATH}/openapi",  # its router answers every path below itself
    description=(
        "A ledger of conduct records that people agree to, can contest, and anyone can verify."
        " Registration (SCRAPI), tiles and checkpoints are at the root, as their standards say."
        " Requests about somebody carry an HTTP message signature (RFC 9421) by their own key: "
        f"{WANTED}. A request that changes something may carry an Idempotency-Key."
    ),
    render_plugins=[JsonRenderPlugin(path="/openapi.json")],
    create_examples=False,
    components=Components(
        security_schemes={
            "signature": SecurityScheme(
                type="apiKey",
                name="Signature",
                security_scheme_in="header",
                description="An HTTP message signature (RFC 9421) beside its Signature-Input.",
            )
        }
    ),
)


def described() -> dict[str, Any]:
    """Give the description where no site runs: for the reference."""
    nothing = {"site": Provide(_nothing, sync_to_thread=False)}
    app = Litestar([ROUTER], dependencies=nothing, openapi_config=DESCRIPTION)
    return app.openapi_schema.to_schema()


def _nothing() -> None:
    """Stand for the site, which a description does not ask."""
