"""Signing in and out, making a passkey, confirming presence, and the demo's one-use links."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery

from standing.errors import Refused
from standing.web import _passkeys
from standing.web._people import Person, require
from standing.web._problems import N_
from standing.web._site import OfSite, Req, Site, see_other
from standing.web._store import LONGEST_SECONDS, Passkey
from standing.wire.keys import KeyFile, PublicKey, format_key_file

_JSON: Final = "application/json"
_SIGN_IN, _MAKE, _AGAIN = "sign in", "make", "again"
_HOME: Final = "/me"
_PAGES: Final = {
    "subject": "/subject",
    "reviewer": "/review",
    "rule-maker": "/studio",
    "desk": "/desk",
    "issuer": "/issuer",
    "relying-party": "/ask",
}
"""Where each role's own page is."""


@get("/signin")
async def sign_in_page(request: Req, site: OfSite, next: FromQuery[str] = "") -> Response[bytes]:  # noqa: A002 - the name in the address
    return site.show(request, "signin.html", {"next": inside(next)}, private=True)


@post("/signin/options", status_code=200)
async def sign_in_options(request: Req, site: OfSite) -> Response[bytes]:
    site.tries.take(request.scope, 0.2)
    challenge = site.challenges.new(_SIGN_IN)
    options = _passkeys.request_options(challenge, site.rp_id)
    return Response(options.encode(), media_type=_JSON)


@post("/signin")
async def sign_in(request: Req, site: OfSite) -> Response[bytes]:
    site.tries.take(request.scope)
    form = await request.form()
    answer = _passkeys.read_answer(str(form.get("credential", "")))
    passkey = await _check_use(request, site, answer, _SIGN_IN)
    return await _begin(site, passkey, inside(str(form.get("next", ""))))


async def _check_use(
    request: Req, site: Site, answer: dict[str, Any], purpose: str, only: bytes = b""
) -> Passkey:
    """Check that a passkey known here answered a challenge of this server."""
    challenge = _passkeys.challenge_in(answer)
    site.challenges.take(challenge, purpose)
    credential = _passkeys.credential_in(answer)
    passkey = await site.keep(lambda store: store.passkey(credential))
    if passkey is None or (only and credential != only):
        raise Refused(
            "E-WEB-17",
            N_("This passkey is not known here."),
            why=N_("It was made for another ledger, or what it stood for is gone."),
            fix=N_("Use another passkey, or make a new one."),
        )
    counter = _passkeys.used(answer, challenge, site.rp_id, site.origin(request), passkey)
    await site.keep(lambda store: store.count(credential, counter))
    return passkey


async def _begin(site: Site, passkey: Passkey, place: str, demo: str = "") -> Response[bytes]:
    token = await site.keep(
        lambda store: store.begin(passkey.key, demo=demo, credential=passkey.credential)
    )
    answer = see_other(place or _HOME)
    answer.set_cookie(
        site.cookie, token, max_age=LONGEST_SECONDS, path="/", httponly=True, samesite="lax",
        secure=not site.is_local,
    )  # fmt: skip
    return answer


@post("/signout")
async def sign_out(request: Req, site: OfSite) -> Response[bytes]:
    person = site.visit(request).person
    if person is not None:
        await site.keep(lambda store: store.end(person.session))
    answer = see_other("/")
    answer.delete_cookie(site.cookie, path="/")
    return answer


# --- making a passkey ----------------------------------------------------------------------------


@get("/signin/new")
async def new_page(request: Req, site: OfSite) -> Response[bytes]:
    return site.show(request, "new.html", {}, private=True)


@post("/signin/new/options", status_code=200)
async def new_options(request: Req, site: OfSite) -> Response[bytes]:
    site.tries.take(request.scope, 0.2)
    options = _passkeys.creation_options(site.challenges.new(_MAKE), site.rp_id)
    return Response(options.encode(), media_type=_JSON)


@post("/signin/new")
async def new(request: Req, site: OfSite) -> Response[bytes]:
    """Take a new passkey: a subject's is enrolled, an organisation's waits to be accredited."""
    site.tries.take(request.scope)
    form = await request.form()
    answer = _passkeys.read_answer(str(form.get("credential", "")))
    challenge = _passkeys.challenge_in(answer)
    site.challenges.take(challenge, _MAKE)
    passkey = _passkeys.made(answer, challenge, site.rp_id, site.origin(request))
    is_subject = form.get("for") == "subject"
    if is_subject:
        key = PublicKey.from_cose_key(passkey.key)
        await site.ask(lambda ledger: ledger.enrol(key))
    await site.keep(
        lambda store: store.add_passkey(passkey.credential, passkey.key, passkey.counter)
    )
    return await _begin(site, passkey, _HOME)


@get("/me")
async def me(request: Req, site: OfSite) -> Response[bytes]:
    """Lead to the page of one's role, or tell what a key without one waits for."""
    person = require(site.visit(request).person)
    place = _PAGES.get(person.role)
    if place is not None:
        return see_other(place)
    return site.show(
        request, "me.html", {"holding": person.holding, "kid": person.key.thumbprint.hex()},
        private=True,
    )  # fmt: skip


@get("/me/key.pub")
async def my_key(request: Req, site: OfSite, name: FromQuery[str] = "") -> Response[bytes]:
    """Give the public half of one's key, as the file that an operator accredits."""
    person = require(site.visit(request).person)
    held = KeyFile(person.role or "organisation", name or "key", None, person.key)
    headers = {
        "Content-Disposition": 'attachment; filename="key.pub"', "Cache-Control": "no-store",
    }  # fmt: skip
    data = format_key_file(held, private=False)
    return Response(data, media_type=_JSON, headers=headers)


# --- presence ------------------------------------------------------------------------------------


@get("/again")
async def again_page(request: Req, site: OfSite, next: FromQuery[str] = "") -> Response[bytes]:  # noqa: A002 - the name in the address
    require(site.visit(request).person)
    return site.show(request, "again.html", {"next": inside(next)}, private=True)


@post("/again/options", status_code=200)
async def again_options(request: Req, site: OfSite) -> Response[bytes]:
    person = require(site.visit(request).person)
    challenge = site.challenges.new(_again(person))
    options = _passkeys.request_options(challenge, site.rp_id, person.session.credential)
    return Response(options.encode(), media_type=_JSON)


@post("/again")
async def again(request: Req, site: OfSite) -> Response[bytes]:
    site.tries.take(request.scope)
    person = require(site.visit(request).person)
    form = await request.form()
    if not person.is_demo:
        answer = _passkeys.read_answer(str(form.get("credential", "")))
        await _check_use(request, site, answer, _again(person), person.session.credential)
    await site.keep(lambda store: store.prove(person.session))
    return see_other(inside(str(form.get("next", ""))) or _HOME)


def _again(person: Person) -> str:
    return f"{_AGAIN} {person.session.token.hex()}"


# --- the demo's links ----------------------------------------------------------------------------


@get("/link/{token:str}")
async def link_page(request: Req, site: OfSite, token: FromPath[str]) -> Response[bytes]:
    name = await site.keep(lambda store: store.link(token))
    if name is None or site.settings.demo_keys is None:
        raise _used_up()
    return site.show(request, "link.html", {"name": name, "token": token}, private=True)


@post("/link/{token:str}")
async def link(request: Req, site: OfSite, token: FromPath[str]) -> Response[bytes]:
    site.tries.take(request.scope)
    name = await site.keep(lambda store: store.use_link(token))
    if name is None or site.settings.demo_keys is None:
        raise _used_up()
    key = site.demo_key(name).public
    return await _begin(site, Passkey(b"", key.cose_key(), 0), _HOME, demo=name)


def _used_up() -> Refused:
    return Refused(
        "E-WEB-12",
        N_("This link is used up."),
        why=N_("A link signs in once, within a day."),
        fix=N_("Make another: standing demo link NAME."),
    )


def inside(place: str) -> str:
    """Give an address if it leads to a page of this site, else nothing."""
    is_own = place.startswith("/") and not place.startswith(("//", "/\\")) and place.isprintable()
    return place if is_own else ""


ROUTES: Final = (
    sign_in_page, sign_in_options, sign_in, sign_out, new_page, new_options, new, me, my_key,
    again_page, again_options, again, link_page, link,
)  # fmt: skip
