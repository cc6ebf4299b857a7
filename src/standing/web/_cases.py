"""Cases: one page for each, and one form for each step that its table has."""

import re
import unicodedata
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from standing.errors import Refused, StandingError
from standing.ledger import Ledger
from standing.ledger.case_views import CaseView
from standing.web._fields import (
    FILES,
    fields_of,
    move_of,
    needs_counting,
    read_fields,
    shown,
    title_of,
)
from standing.web._papers import Line, Paper, Proof
from standing.web._people import Person, require
from standing.web._problems import N_, malformed
from standing.web._sign import to_sign
from standing.web._site import OfSite, Req, Site
from standing.web._step_words import LABELS
from standing.web._voice import Voice
from standing.web._writings import MOST_FILE_BYTES, MOST_FILES

_MOST_BYTES: Final = MOST_FILES * MOST_FILE_BYTES + 1_000_000
_NOWHERE: Final = "-"
_ODD: Final = re.compile(r'[\x00-\x1f/\\:*?"<>|]')
_LONGEST_NAME: Final = 120


# --- looking -------------------------------------------------------------------------------------


@get("/cases/{name:str}")
async def case(request: Req, site: OfSite, name: FromPath[str]) -> Response[bytes]:
    person = require(site.visit(request).person)
    found = await site.ask(lambda ledger: ledger.case_for(name.removesuffix(".json"), person.key))
    if person.role == "reviewer":
        looked = site.looked(person, found.case)
        looked.add(*found.about)
        looked.tick()
    return site.show(
        request, "case.html", {"case": found}, private=True, has_twin=True,
        names=await site.names(),
    )  # fmt: skip


@post("/cases/{name:str}/active", status_code=204)
async def active(request: Req, site: OfSite, name: FromPath[str]) -> None:
    """Count the time that a reviewer has a case open and in front of them."""
    person = require(site.visit(request).person, "reviewer")
    found = await site.ask(lambda ledger: ledger.case_for(name, person.key))
    site.looked(person, found.case).tick()


@get("/cases/{name:str}/files/{leaf:str}")
async def file(
    request: Req, site: OfSite, name: FromPath[str], leaf: FromPath[str]
) -> Response[bytes]:
    """Give a file to somebody with a part in its case, as something to keep, never to run."""
    person = require(site.visit(request).person)
    try:
        named = bytes.fromhex(leaf)
    except ValueError:
        named = b""

    def ask(ledger: Ledger) -> tuple[str, bytes, str]:
        found = ledger.case_for(name, person.key)
        kept = ledger.evidence(named, person.key)
        return kept.name, kept.data, found.case

    called, data, found = await site.ask(ask)
    if person.role == "reviewer":
        site.looked(person, found).add(leaf)
    plain = called.encode("ascii", "replace").decode().replace('"', "_")
    headers = {
        "Content-Disposition": f'attachment; filename="{plain}"',
        "Cache-Control": "no-store",
        "Content-Security-Policy": "sandbox",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)


# --- taking a step -------------------------------------------------------------------------------


@get("/cases/{name:str}/{event:str}")
async def step_form(
    request: Req, site: OfSite, name: FromPath[str], event: FromPath[str]
) -> Response[bytes]:
    person = require(site.visit(request).person)
    found = await site.ask(lambda ledger: ledger.case_for(name, person.key))
    move_of(found.lifecycle, event)
    return _form(request, site, found.lifecycle, event, f"/cases/{name}", case=found)


@post("/cases/{name:str}/{event:str}", request_max_body_size=_MOST_BYTES)
async def step(
    request: Req, site: OfSite, name: FromPath[str], event: FromPath[str]
) -> Response[bytes]:
    person = require(site.visit(request).person)
    found = await site.ask(lambda ledger: ledger.case_for(name, person.key))
    form = await request.form()
    try:
        facts = read_fields(found.lifecycle, event, form)
        facts |= _counted(site, person, found, event)
        files = await files_in(form.getall(FILES, []))
        draft = await site.ask(
            lambda ledger: ledger.draft_step(found.case, event, facts, by=person.key, files=files)
        )
        await site.ask(lambda ledger: ledger.check_step(draft))
    except Refused as problem:
        return _form(
            request, site, found.lifecycle, event, f"/cases/{name}", case=found, problem=problem,
            said=form,
        )  # fmt: skip
    voice = site.visit(request).voice
    paper = Paper(
        title=title_of(found.lifecycle, event, voice),
        lines=lines_of(found.lifecycle, event, facts, files, voice),
        effect=voice.sentence(move_of(found.lifecycle, event).does),
        digests=[draft.digest],
        take=lambda ledger, proofs: _take(ledger, draft, proofs),
        back=f"/cases/{name}/{event}",
        size_bytes=sum(len(data) for _, data in files),
    )
    return await to_sign(site, person, paper)


@get("/open/{context:str}/{lifecycle:str}/{event:str}")
async def opening_form(
    request: Req, site: OfSite, context: FromPath[str], lifecycle: FromPath[str],
    event: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    require(site.visit(request).person, "subject")
    _check_opens(lifecycle, event)
    return _form(request, site, lifecycle, event, _back(context), said=request.query_params)


@post("/open/{context:str}/{lifecycle:str}/{event:str}", request_max_body_size=_MOST_BYTES)
async def opening(
    request: Req, site: OfSite, context: FromPath[str], lifecycle: FromPath[str],
    event: FromPath[str],
) -> Response[bytes]:  # fmt: skip
    person = require(site.visit(request).person, "subject")
    _check_opens(lifecycle, event)
    form = await request.form()
    try:
        facts = read_fields(lifecycle, event, form)
        files = await files_in(form.getall(FILES, []))
        paper = await opening_paper(
            site, person, context, lifecycle, event, facts, files, site.visit(request).voice,
            back=site.visit(request).here,
        )  # fmt: skip
    except Refused as problem:
        return _form(request, site, lifecycle, event, _back(context), problem=problem, said=form)
    return await to_sign(site, person, paper)


async def opening_paper(
    site: Site, person: Person, context: str, lifecycle: str, event: str, facts: dict[str, Any],
    files: list[tuple[str, bytes]], voice: Voice, *, back: str, title: str = "",
) -> Paper:  # fmt: skip
    """Write the step with which a subject opens a case about themselves."""
    where = "" if context == _NOWHERE else context
    draft = await site.ask(
        lambda ledger: ledger.draft_opening(
            person.key, where, lifecycle, event, facts, by=person.key, files=files
        )
    )
    await site.ask(lambda ledger: ledger.check_step(draft))
    return Paper(
        title=title or title_of(lifecycle, event, voice),
        lines=lines_of(lifecycle, event, facts, files, voice),
        effect=voice.sentence(move_of(lifecycle, event).does),
        digests=[draft.digest],
        take=lambda ledger, proofs: _take(ledger, draft, proofs),
        back=back,
        size_bytes=sum(len(data) for _, data in files),
    )


def _take(ledger: Ledger, draft: Any, proofs: list[Proof]) -> str:
    case = ledger.take_step(draft.proved(proofs[0]))
    return f"/cases/{case.name}"


def _check_opens(lifecycle: str, event: str) -> None:
    move = move_of(lifecycle, event)
    if move.sources or "subject" not in move.by:
        raise malformed(N_("No case is opened so."))


def _back(context: str) -> str:
    return "/subject" if context == _NOWHERE else f"/subject/in/{context}"


def _counted(site: Site, person: Person, case: CaseView, event: str) -> dict[str, Any]:
    """Say what a reviewer opened and for how long, as the pages saw it."""
    if not needs_counting(case.lifecycle, event):
        return {}
    looked = site.looked(person, case.case)
    names = move_of(case.lifecycle, event).facts.__struct_fields__
    facts: dict[str, Any] = {}
    if "opened" in names:
        facts["opened"] = sorted(looked.opened)
    if "active_seconds" in names:
        facts["active_seconds"] = looked.seconds
    return facts


# --- forms ---------------------------------------------------------------------------------------


def _form(
    request: Req, site: Site, lifecycle: str, event: str, back: str, *,
    case: CaseView | None = None, problem: StandingError | None = None, said: Any = None,
) -> Response[bytes]:  # fmt: skip
    voice = site.visit(request).voice
    return site.show(
        request, "step.html", {"lifecycle": lifecycle, "event": event}, private=True,
        status=422 if problem is not None else 200, title=title_of(lifecycle, event, voice),
        effect=voice.sentence(move_of(lifecycle, event).does), fields=fields_of(lifecycle, event),
        back=back, case=case, problem=problem, said=said if said is not None else {},
    )  # fmt: skip


def lines_of(
    lifecycle: str, event: str, facts: dict[str, Any], files: list[tuple[str, bytes]], voice: Voice
) -> list[Line]:
    """Show what a step says, field by field."""
    lines: list[Line] = [
        (voice.say(LABELS.get(name, name)), shown(lifecycle, event, name, value, voice))
        for name, value in facts.items()
    ]
    lines += [(voice.say("File"), f"{name} ({voice.number(len(d))} B)") for name, d in files]
    return lines or [(voice.say("Step"), title_of(lifecycle, event, voice))]


async def files_in(sent: list[Any]) -> list[tuple[str, bytes]]:
    """Read uploaded files, each with a name that is only a name."""
    files = []
    for item in sent:
        if isinstance(item, UploadFile) and item.filename:
            data = await item.read(MOST_FILE_BYTES + 1)
            if data:
                files.append((plain_name(item.filename), data))
    return files


def plain_name(name: str) -> str:
    """Give a file's name without folders, control characters or a leading dot.

    >>> plain_name("../../etc/passwd"), plain_name(".a<b>.txt")
    ('passwd', 'a_b_.txt')
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    clean = "".join(c if c.isprintable() else "_" for c in _ODD.sub("_", last)).lstrip(".").strip()
    return clean[-_LONGEST_NAME:] or "file"


ROUTES: Final = (case, active, file, step_form, step, opening_form, opening)
