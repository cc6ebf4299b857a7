"""Check your answers, then sign: the one page on which documents get their proof."""

from typing import Final

from litestar import Response, get, post
from litestar.params import FromPath

from standing.errors import StandingError
from standing.web import _passkeys
from standing.web._papers import Paper, Proof
from standing.web._people import Person, require
from standing.web._site import OfSite, Req, Site, see_other
from standing.wire.proofs import make_proof

_JSON: Final = "application/json"


async def to_sign(site: Site, person: Person, paper: Paper) -> Response[bytes]:
    """Lead on to the page on which a paper is checked and signed."""
    return see_other(f"/sign/{site.papers.add(person, paper)}")


@get("/sign/{name:str}")
async def check_page(request: Req, site: OfSite, name: FromPath[str]) -> Response[bytes]:
    person = require(site.visit(request).person)
    paper = site.papers.find(person, name)
    facts = {
        "paper": name,
        "digests": [digest.hex() for digest in paper.digests],
        "lines": [{"name": line[0], "value": line[1]} for line in paper.lines],
    }
    return site.show(
        request, "sign.html", facts, private=True, title=paper.title, effect=paper.effect,
        back=paper.back, demo=person.session.demo, signed=len(paper.proofs),
    )  # fmt: skip


@post("/sign/{name:str}/options", status_code=200)
async def sign_options(request: Req, site: OfSite, name: FromPath[str]) -> Response[bytes]:
    """Give the passkey its question: the own digest of the next document without a proof."""
    person = require(site.visit(request).person)
    paper = site.papers.find(person, name)
    digest = paper.digests[len(paper.proofs)]
    options = _passkeys.request_options(digest, site.rp_id, person.session.credential)
    return Response(options.encode(), media_type=_JSON)


@post("/sign/{name:str}")
async def sign(request: Req, site: OfSite, name: FromPath[str]) -> Response[bytes]:
    person = require(site.visit(request).person)
    paper = site.papers.find(person, name)
    proofs = await _proofs(request, site, person, paper)
    if len(proofs) < len(paper.digests):  # a passkey signs one document at a time
        paper.proofs[:] = proofs
        return see_other(f"/sign/{name}")
    try:
        place = await site.ask(lambda ledger: paper.take(ledger, proofs))
    except StandingError:
        paper.proofs.clear()  # whichever did not hold, each is asked for again
        raise
    site.papers.drop(name)
    await site.keep(lambda store: store.prove(person.session))
    return see_other(place)


async def _proofs(request: Req, site: Site, person: Person, paper: Paper) -> list[Proof]:
    """Get the proofs: from the demo's key file, or from the passkey that the browser asked."""
    if person.is_demo:
        key = site.demo_key(person.session.demo).key
        assert key is not None, "demo-keys/ holds private keys"
        return [make_proof(key, digest) for digest in paper.digests]
    form = await request.form()
    answer = _passkeys.read_answer(str(form.get("credential", "")))
    return [*paper.proofs, _passkeys.proof_in(answer)]


ROUTES: Final = (check_page, sign_options, sign)
