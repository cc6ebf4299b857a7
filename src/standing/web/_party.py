"""An issuer's rows and a relying party's questions, in the browser.

Both are signed by the organisation's own key file, which no browser has: a real one sends them
over the interface or the command line. In the demo the server signs with the file in demo-keys/.
"""

import base64
import binascii
import secrets
import tempfile
from pathlib import Path
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile

from standing.errors import Refused
from standing.ledger import Ledger
from standing.ledger.facts import decision_facts
from standing.ledger.intake import Imported, RowsRefused
from standing.web._people import require
from standing.web._problems import N_, malformed
from standing.web._site import OfSite, Req, Site

_MOST_ROWS: Final = 20_000_000
_NONCE: Final = 16


@get("/issuer/rows")
async def rows_page(request: Req, site: OfSite) -> Response[bytes]:
    require(site.visit(request).person, "issuer")
    return _rows(request, site)


def _rows(
    request: Req, site: Site, *, done: Imported | None = None, bad: RowsRefused | None = None,
    problem: Refused | None = None, map_text: str = "",
) -> Response[bytes]:  # fmt: skip
    person = require(site.visit(request).person, "issuer")
    refused = bad.rows if bad is not None else (done.bad if done is not None else ())
    facts: dict[str, Any] = {
        "taken": None if done is None else {
            "records": done.records, "batches": done.batches, "already": done.already_there,
            "refused": done.refused,
        },
        "rows": [
            {"row": r.row, "code": r.code, "reason": r.reason, "remedy": r.remedy} for r in refused
        ],
        "total": bad.total if bad is not None else len(refused),
    }  # fmt: skip
    status = 422 if bad is not None or problem is not None else 200
    context = person.holding.contexts[0] if person.holding.contexts else "CONTEXT"
    shown = map_text or _MAP.format(context=context, issuer=person.holding.name)
    return site.show(
        request, "rows.html", facts, private=True, status=status, problem=problem,
        map_text=shown, demo=person.session.demo,
    )  # fmt: skip


_MAP: Final = """\
context = "{context}"
issuer = {{constant = "{issuer}"}}
reference = "reference"
type = "type"
day = "day"
basis = "basis"
signer = "signer"
identified = {{constant = "credential-shown"}}
id = "id"
"""


@post("/issuer/rows", request_max_body_size=_MOST_ROWS)
async def rows(request: Req, site: OfSite) -> Response[bytes]:
    """Take a file of rows with its map: all of it, or nothing and each bad row named."""
    person = require(site.visit(request).person, "issuer")
    if not person.is_demo:
        raise malformed(
            N_("Rows are signed where they arise: standing import FILE --map MAP --server URL.")
        )
    form = await request.form()
    file, map_text = form.get("file"), str(form.get("map", ""))
    if not isinstance(file, UploadFile) or not file.filename:
        raise malformed(N_("No file was sent."))
    data = await file.read()
    ending = ".parquet" if file.filename.endswith(".parquet") else ".csv"
    key = site.demo_key(person.session.demo)
    keep_good = form.get("keep") == "yes"

    def take(ledger: Ledger) -> Imported:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"rows{ending}"
            path.write_bytes(data)
            return ledger.import_file(path, map_text.encode(), {key.name: key}, keep_good=keep_good)

    try:
        done = await site.ask(take)
    except RowsRefused as bad:
        return _rows(request, site, bad=bad, map_text=map_text)
    except Refused as problem:
        return _rows(request, site, problem=problem, map_text=map_text)
    return _rows(request, site, done=done, map_text=map_text)


# --- questions -----------------------------------------------------------------------------------


@get("/ask")
async def ask_page(request: Req, site: OfSite) -> Response[bytes]:
    require(site.visit(request).person, "relying-party")
    return await _ask(request, site)


async def _ask(
    request: Req, site: Site, *, answer: dict[str, Any] | None = None,
    problem: Refused | None = None, said: Any = None,
) -> Response[bytes]:  # fmt: skip
    person = require(site.visit(request).person, "relying-party")
    choices = await site.ask(
        lambda ledger: [c for name in person.holding.contexts for c in _purposes(ledger, name)]
    )
    return site.show(
        request, "ask.html", {"answer": answer}, private=True,
        status=422 if problem is not None else 200, problem=problem, choices=choices,
        said=said if said is not None else {}, demo=person.session.demo,
    )  # fmt: skip


def _purposes(ledger: Ledger, context: str) -> list[dict[str, str]]:
    line = next((one for one in ledger.packs() if one.context == context and one.in_force), None)
    if line is None:
        return []
    pack = ledger.pack(line.digest)
    return [
        {"context": context, "purpose": name, "title": purpose.title}
        for name, purpose in pack.purposes.items()
    ]


@post("/ask")
async def ask(request: Req, site: OfSite) -> Response[bytes]:
    """Ask one question for one transaction, by a presentation or by a reference."""
    person = require(site.visit(request).person, "relying-party")
    if not person.is_demo:
        raise malformed(N_("Questions are signed where they arise: standing decide --server URL."))
    form = await request.form()
    said = {name: str(form.get(name, "")).strip() for name in form}
    key = site.demo_key(person.session.demo)
    context, _, purpose = said.get("for", "").partition(" ")
    nonce = secrets.token_bytes(_NONCE)

    def decide(ledger: Ledger) -> dict[str, Any]:
        where = key, context, purpose, said.get("transaction", "")
        other = said.get("alternative", "")
        if code := said.get("code", ""):
            question = ledger.ask_with(*where, _token(code), nonce, other)
        else:
            question = ledger.ask(*where, said.get("reference", ""), nonce, other)
        return decision_facts(ledger.decide(question))

    try:
        answer = await site.ask(decide)
    except Refused as problem:
        return await _ask(request, site, problem=problem, said=said)
    return await _ask(request, site, answer=answer, said=said)


def _token(code: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(code.encode() + b"=" * (-len(code) % 4))
    except (ValueError, binascii.Error):
        raise malformed(N_("This is no code of a presentation.")) from None


ROUTES: Final = (rows_page, rows, ask_page, ask)
