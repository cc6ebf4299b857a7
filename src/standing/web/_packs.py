"""The rules in public: every pack with what its weights come to, two packs compared, contests."""

from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from standing import policy
from standing.interface import PackFacts
from standing.ledger import Ledger
from standing.web._fading import fading_plot
from standing.web._outcomes import outcomes_plot
from standing.web._site import OfSite, Req


@get(["/log/packs", "/log/packs.json"])
async def packs(request: Req, site: OfSite) -> Response[bytes]:
    lines = await site.ask_again("packs", Ledger.packs)
    return site.show(request, "packs.html", {"packs": lines}, has_twin=True)


@get("/log/packs/{context:str}/{version:str}")
async def pack(
    request: Req, site: OfSite, context: FromPath[str], version: FromPath[str]
) -> Response[bytes]:
    name = f"{context}@{version.removesuffix('.json')}"
    facts, found = await site.ask(lambda ledger: (pack_facts(ledger, name), ledger.pack(name)))
    voice = site.visit(request).voice
    return site.show(
        request, "pack.html", msgspec.structs.asdict(facts), rules=found,
        plot=fading_plot(found, voice),
        acts={one.code: one for one in policy.arithmetic(found).acts}, has_twin=True,
    )  # fmt: skip


@get("/log/packs/{context:str}/{old:str}/{new:str}")
async def diff(
    request: Req, site: OfSite, context: FromPath[str], old: FromPath[str], new: FromPath[str]
) -> Response[bytes]:
    names = f"{context}@{old}", f"{context}@{new.removesuffix('.json')}"
    a, b = await site.ask(lambda ledger: (ledger.pack(names[0]), ledger.pack(names[1])))
    return site.show(
        request, "diff.html", {"diff": policy.diff_packs(a, b)}, title=b.title, has_twin=True
    )


@get(["/log/contests", "/log/contests.json"])
async def contests(request: Req, site: OfSite) -> Response[bytes]:
    numbers, rates = await site.ask_again("contests", _contests)
    voice = site.visit(request).voice
    return site.show(
        request, "contests.html", {"contests": numbers, "reviewers": rates["reviewers"]},
        plot=outcomes_plot(numbers, voice), has_twin=True,
    )  # fmt: skip


ROUTES: Final = (packs, pack, diff, contests)


def pack_facts(ledger: Ledger, name: str) -> PackFacts:
    """Give a published pack with what its weights come to."""
    found = ledger.pack(name)
    lines = [line for line in ledger.packs() if line.context == found.context and line.published]
    line = next(line for line in lines if line.version == found.version)
    earlier = [other.version for other in lines if other.version < line.version]
    return PackFacts(
        line=line,
        before=max(earlier, default=None),
        pack=msgspec.json.decode(policy.canonical(found)),
        arithmetic=policy.arithmetic(found),
    )


def _contests(ledger: Ledger) -> tuple[Any, dict[str, Any]]:
    return ledger.contest_numbers(), ledger.rates()
