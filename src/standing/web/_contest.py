"""Contesting a record in four short steps: what, why, what shows it, and a last look."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath

from standing.errors import Refused
from standing.ledger.subjects import Card, Mine
from standing.web._cases import files_in, opening_paper
from standing.web._fields import FILES, fields_of
from standing.web._people import Person
from standing.web._problems import N_, malformed
from standing.web._sign import to_sign
from standing.web._site import OfSite, Req, Site, see_other
from standing.web._subject import subject
from standing.web._writings import MOST_FILE_BYTES, MOST_FILES, Writing
from standing.wire.days import parse_day

STEPS: Final = ("ground", "words", "evidence")
_GROUNDS: Final = next(f.choices for f in fields_of("contest", "file") if f.name == "ground")
_MOST_BYTES: Final = MOST_FILES * MOST_FILE_BYTES + 1_000_000
_MOST_WORDS: Final = 4_000


def _place(context: str, record: str) -> str:
    return f"/subject/contest/{context}/{record}"


async def _card(site: Site, person: Person, context: str, record: str) -> tuple[Mine, Card]:
    """Find the record, if it is the subject's own and can be contested."""
    mine = await site.ask(lambda ledger: ledger.mine(person.key, context))
    for card in mine.cards:
        if card.record == record:
            if card.can_contest:
                return mine, card
            raise Refused(
                "E-WEB-19",
                N_("This record cannot be contested now."),
                why=N_("It is contested already, its time is over, or it burdens nobody."),
                fix=N_("Look at the record: its case or its last day stands beside it."),
            )
    raise Refused(
        "E-PEOPLE-10",
        N_("There is no such record of yours."),
        why=N_("It was erased, or it is somebody else's."),
        fix=N_("Open your own page: your records are listed there."),
    )


@get("/subject/contest/{context:str}/{record:str}/{step:str}")
async def contest_page(
    request: Req, site: OfSite, context: FromPath[str], record: FromPath[str], step: FromPath[str]
) -> Response[bytes]:
    person = subject(request, site)
    _check_step(step)
    mine, card = await _card(site, person, context, record)
    writing = site.writings.of(person, _place(context, record))
    missing = _missing(writing)
    if missing in STEPS[: STEPS.index(step)]:
        return see_other(f"{_place(context, record)}/{missing}")
    return _show(request, site, mine, card, step, writing)


def _check_step(step: str) -> None:
    if step not in STEPS:
        raise malformed(N_("There is no such step."))


def _show(
    request: Req, site: Site, mine: Mine, card: Card, step: str, writing: Writing,
    problem: Refused | None = None,
) -> Response[bytes]:  # fmt: skip
    return site.show(
        request, f"contest-{step}.html", {"step": step, "answers": writing.answers}, private=True,
        status=422 if problem is not None else 200, mine=mine, card=card, problem=problem,
        place=_place(mine.context, card.record), files=writing.files, grounds=_GROUNDS,
        number=STEPS.index(step) + 1,
    )  # fmt: skip


def _missing(writing: Writing) -> str:
    """Name the first step that is not filled in yet."""
    if "ground" not in writing.answers:
        return "ground"
    return "" if "words" in writing.answers else "words"


@post("/subject/contest/{context:str}/{record:str}/{step:str}", request_max_body_size=_MOST_BYTES)
async def contest(
    request: Req, site: OfSite, context: FromPath[str], record: FromPath[str], step: FromPath[str]
) -> Response[bytes]:
    person = subject(request, site)
    _check_step(step)
    mine, card = await _card(site, person, context, record)
    place = _place(context, record)
    writing = site.writings.of(person, place)
    if step == "words" and _missing(writing) == "ground":
        raise malformed(N_("Choose first why you contest it: that page comes before this one."))
    form = await request.form()
    try:
        match step:
            case "ground":
                _take_ground(writing, form)
                return see_other(f"{place}/words")
            case "words":
                _take_words(writing, form)
                return see_other(f"{place}/evidence")
            case _:
                return await _take_evidence(request, site, person, mine, card, writing, form)
    except Refused as problem:
        return _show(request, site, mine, card, step, writing, problem)


def _take_ground(writing: Writing, form: Any) -> None:
    ground = str(form.get("ground", ""))
    if ground not in _GROUNDS:
        raise malformed(N_("Choose what comes nearest; you can say the rest in your own words."))
    writing.answers["ground"] = ground


def _take_words(writing: Writing, form: Any) -> None:
    words = str(form.get("words", "")).replace("\r\n", "\n").strip()
    last_use = str(form.get("last_use", "")).strip()
    if not 0 < len(words) <= _MOST_WORDS:
        raise malformed(N_("Say it in your own words, with 1 to 4000 characters."))
    if writing.answers["ground"] == "not-me":
        parse_day(last_use)
        writing.answers["last_use"] = last_use
    else:
        writing.answers.pop("last_use", None)
    writing.answers["words"] = words


async def _take_evidence(
    request: Req, site: Site, person: Person, mine: Mine, card: Card, writing: Writing, form: Any
) -> Response[bytes]:
    place = _place(mine.context, card.record)
    dropped = str(form.get("drop", ""))
    if dropped:
        writing.files[:] = [one for one in writing.files if one[0] != dropped]
        return see_other(f"{place}/evidence")
    for name, data in await files_in(form.getall(FILES, [])):
        site.writings.add_file(writing, name, data)
    if "add" in form:
        return see_other(f"{place}/evidence")
    if missing := _missing(writing):
        return see_other(f"{place}/{missing}")
    facts: dict[str, Any] = {
        "target": "record",
        "named": card.record,
        "ground": writing.answers["ground"],
        "words": writing.answers["words"],
    }
    if "last_use" in writing.answers:
        facts["last_use"] = int(parse_day(writing.answers["last_use"]))
    voice = site.visit(request).voice
    paper = await opening_paper(
        site, person, mine.context, "contest", "file", facts, list(writing.files), voice,
        back=f"{place}/ground", title=voice.say("Check your answers"),
    )  # fmt: skip
    return await to_sign(site, person, paper)


ROUTES: Final = (contest_page, contest)
