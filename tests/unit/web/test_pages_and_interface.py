"""Whatever a page shows or does, a program can ask for; or it is said why a browser alone does."""

from collections.abc import Iterator

import pytest

from standing.web import api
from standing.web._app import _ROOMS

BROWSERS = {
    "GET /cases/{name}/{event}", "GET /open/{context}/{lifecycle}/{event}", "GET /left",
    "GET /subject/leave", "GET /subject/contest/{context}/{record}/{step}", "GET /log/check",
    "GET /subject/code/{name}", "GET /issuer/rows", "GET /desk/stopped", "GET /sign/{name}",
    "POST /sign/{name}/options", "GET /signin", "POST /signin/options", "POST /signin",
    "POST /signout", "GET /signin/new", "POST /signin/new/options", "GET /again",
    "POST /again/options", "POST /again", "GET /link/{token}", "POST /link/{token}",
}  # fmt: skip
"""Forms, and what a browser signs in and signs with: a program has its key."""

AT_THE_ROOT = {"GET /healthz", "GET /metrics"}

BY_ITSELF = {
    "POST /cases/{name}/active",  # a reviewer's program counts, and the step says it
    "POST /subject/present/{context}",  # a token is made where its key is, and nobody is told
    "GET /me/key.pub",  # the half of a key that its holder has
    "POST /studio/{context}/second/{digest}",  # a pack is signed elsewhere and registered
}
"""What a program does without asking."""

SAME = {
    "GET /": ["GET /log"],
    "GET /log": ["GET /log", "GET /log/growth", "GET /log/entries", "GET /log/verification"],
    "GET /log/trust.json": ["GET /log/trust"],
    "GET /log/growth": ["GET /log/growth"],
    "GET /log/entries": ["GET /log/entries"],
    "GET /log/find": ["GET /log/entries/{which}"],
    "GET /log/entries/{which}": ["GET /log/entries/{which}"],
    "GET /log/entries/{which}/receipt": ["GET /log/entries/{which}/receipt"],
    "GET /log/entries/{which}/tlog-proof": ["GET /log/entries/{which}/tlog-proof"],
    "POST /log/check": ["POST /log/checks"],
    "GET /log/roll": ["GET /log/roll"],
    "GET /log/packs": ["GET /packs"],
    "GET /log/packs/{context}/{version}": ["GET /packs/{context}/{version}"],
    "GET /log/packs/{context}/{old}/{new}": ["GET /packs/{context}/{old}/{new}"],
    "GET /log/contests": ["GET /contests", "GET /contests/reviewers"],
    "GET /log/verification": ["GET /log/verification"],
    "GET /me": ["GET /me"],
    "POST /signin/new": ["POST /enrolments"],
    "GET /subject": ["GET /contexts", "GET /inbox", "GET /own-cases"],
    "GET /subject/inbox": ["GET /inbox"],
    "GET /subject/in/{context}": ["GET /contexts/{context}", "GET /contexts/{context}/forecast"],
    "GET /subject/in/{context}/what-if": ["GET /contexts/{context}/what-if"],
    "GET /subject/everything.json": ["GET /everything"],
    "GET /subject/everything.html": ["GET /everything"],
    "GET /subject/everything.pdf": ["GET /everything"],
    "GET /subject/consent/{context}": ["GET /contexts/{context}/consent-text"],
    "POST /subject/consent/{context}": ["POST /consents"],
    "GET /subject/withdraw/{context}": ["GET /cases"],
    "POST /subject/withdraw/{context}": ["POST /withdrawals"],
    "POST /subject/leave": ["DELETE /contexts/{context}", "DELETE /me"],
    "GET /subject/present/{context}": ["GET /contexts/{context}/askers"],
    "POST /subject/contest/{context}/{record}/{step}": ["POST /cases"],
    "POST /open/{context}/{lifecycle}/{event}": ["POST /cases"],
    "GET /cases/{name}": ["GET /cases/{name}"],
    "GET /cases/{name}/files/{leaf}": ["GET /cases/{name}/files/{leaf}"],
    "POST /cases/{name}/{event}": ["POST /cases/{name}/steps"],
    "POST /sign/{name}": ["POST /drafts/{name}"],
    "GET /review": ["GET /work"],
    "GET /issuer": ["GET /work"],
    "GET /desk": ["GET /work", "GET /packs"],
    "POST /desk/stop": ["POST /stops"],
    "POST /desk/contest": ["POST /cases"],
    "POST /issuer/rows": ["POST /batches"],
    "GET /ask": ["GET /packs/{context}/{version}"],
    "POST /ask": ["POST /decisions"],
    "GET /studio": ["GET /packs", "GET /pack-drafts"],
    "GET /studio/{context}": ["GET /pack-drafts/{context}", "GET /simulations/{context}"],
    "POST /studio/{context}": [
        "PUT /pack-drafts/{context}", "POST /simulations/{context}",
        "POST /pack-drafts/{context}/simulation", "GET /simulations/{context}/document",
    ],
}  # fmt: skip
"""Each page or form, and the addresses under /api/v1 that give or do the same."""


def pages() -> Iterator[str]:
    for room in _ROOMS:
        for route in room.ROUTES:
            plain = {path.replace(":str", "") for path in route.paths}
            for path in plain - {f"{other}.json" for other in plain}:
                yield from (f"{m} {path}" for m in route.http_methods if m in {"GET", "POST"})


@pytest.fixture(scope="module")
def addresses() -> set[str]:
    return {
        f"{method.upper()} {path.removeprefix(api.PATH)}"
        for path, methods in api.described()["paths"].items()
        for method in methods
    }


def test_every_page_has_its_addresses_or_a_reason_why_not():
    reasons = BROWSERS | AT_THE_ROOT | BY_ITSELF
    assert set(pages()) == SAME.keys() | reasons
    assert not SAME.keys() & reasons


def test_every_address_that_stands_for_a_page_is_described(addresses):
    assert {one for named in SAME.values() for one in named} - addresses == set()
