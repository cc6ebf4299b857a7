"""Presentations: a code by which one relying party may ask once about whoever made it."""

import base64
import io
from typing import Any, Final

import segno
from litestar import Response, get, post
from litestar.params import FromPath

from standing.ledger import Ledger
from standing.web._papers import Paper, Proof
from standing.web._problems import N_, malformed
from standing.web._sign import to_sign
from standing.web._site import OfSite, Req
from standing.web._subject import subject
from standing.wire.keys import PublicKey

_PLACE: Final = "/subject/code/"


@get("/subject/present/{context:str}")
async def present_page(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    subject(request, site)
    choices, packs = await site.ask(lambda ledger: (ledger.askers(context), ledger.packs()))
    titles = [one.title for one in packs if one.context == context and one.in_force]
    return site.show(
        request, "present.html", {"context": context}, private=True, choices=choices,
        title=titles[0] if titles else context,
    )  # fmt: skip


@post("/subject/present/{context:str}")
async def present(request: Req, site: OfSite, context: FromPath[str]) -> Response[bytes]:
    person = subject(request, site)
    form = await request.form()
    chosen = str(form.get("for", ""))
    choices = await site.ask(lambda ledger: ledger.askers(context))
    one = next((c for c in choices if f"{c.key} {c.purpose}" == chosen), None)
    if one is None:
        raise malformed(N_("Choose who may ask, and for what."))

    def draft_it(ledger: Ledger) -> Any:
        right = ledger.state.roll.keys[bytes.fromhex(one.key)]
        party = PublicKey.from_cose_key(right.key)
        return ledger.draft_presentation(person.key, party, context, one.purpose, ledger.today)

    draft = await site.ask(draft_it)
    voice, names = site.visit(request).voice, await site.names()
    name = str(draft.outer.id.hex()[:16])
    writing = site.writings.of(person, _PLACE + name)

    def take(_ledger: Ledger, proofs: list[Proof]) -> str:
        token = draft.proved(proofs[0])
        writing.answers.update(
            code=base64.urlsafe_b64encode(token).rstrip(b"=").decode(), party=one.party,
            purpose=one.title, context=context,
        )  # fmt: skip
        return f"{_PLACE}{name}"

    paper = Paper(
        title=voice.say("Let one party ask once"),
        lines=[
            (voice.say("Who may ask"), one.party),
            (voice.say("For what"), voice.say(one.title)),
            (voice.say("Context"), names.context(context, voice)),
            (voice.say("Good on"), voice.day(draft.outer.last_day)),
        ],
        effect=voice.say("The code says nothing about you to anybody but the ledger."),
        digests=[draft.digest],
        take=take,
        back=f"/subject/present/{context}",
    )
    return await to_sign(site, person, paper)


@get("/subject/code/{name:str}")
async def code_page(request: Req, site: OfSite, name: FromPath[str]) -> Response[bytes]:
    person = subject(request, site)
    writing = site.writings.of(person, _PLACE + name)
    if "code" not in writing.answers:
        raise malformed(N_("This code is gone. Make another: nothing is lost by it."))
    drawn = io.BytesIO()
    segno.make(writing.answers["code"], error="l", micro=False).save(
        drawn, kind="svg", xmldecl=False, svgns=True, svgclass="qr", lineclass=None, omitsize=True,
        border=2,
    )  # fmt: skip
    return site.show(
        request, "code.html", dict(writing.answers), private=True, qr=drawn.getvalue().decode()
    )


ROUTES: Final = (present_page, present, code_page)
