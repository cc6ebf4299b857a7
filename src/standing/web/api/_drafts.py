"""Acts in two requests: a draft to look at, then the proofs of whoever signs it.

The draft comes as the very bytes that will be kept, so that its signer reads them and computes
what to sign by themselves; nothing is kept before the proofs hold. Ten minutes, then it is gone.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody

from standing.interface import (
    Draft,
    Proofs,
    Taken,
    Unsigned,
)
from standing.ledger import Ledger
from standing.web._papers import Paper, Proof
from standing.web._people import Person
from standing.web._problems import malformed
from standing.web._site import OfSite, Req, Site
from standing.web.api._common import SIGNED, problems, sender

_LONGEST_PROOF: Final = 20_000


Take = Callable[[Ledger, list[Proof]], Taken]


async def waiting(
    site: Site, person: Person, drafts: Sequence[tuple[bytes, bytes]], take: Take, size_bytes: int
) -> Draft:
    """Keep (document, digest) pairs for their proofs; gives what the signer looks at."""
    paper = Paper("", (), "", [digest for _, digest in drafts], take, "", size_bytes)
    name = site.drafts.add(person, paper)
    listed = tuple(Unsigned(document=data, digest=digest.hex()) for data, digest in drafts)
    return Draft(draft=name, documents=listed)


def seen(*documents: Any) -> list[tuple[bytes, bytes]]:
    """Give drafted documents as (bytes, digest)."""
    return [(Ledger.bytes_of(one), Ledger.digest_of(one)) for one in documents]


@post("/drafts/{name:str}", status_code=200, security=SIGNED, tags=["acts"],
      responses=problems(404), summary="Bring the proofs of a draft, whole or not")  # fmt: skip
async def take(request: Req, site: OfSite, name: FromPath[str], data: JSONBody[Proofs]) -> Taken:
    person = sender(request, site)
    paper = site.drafts.find(person, name)
    if len(data.proofs) != len(paper.digests):
        raise malformed("A draft takes one proof for each of its documents, in order.")
    if any(sum(map(len, proof.parts)) > _LONGEST_PROOF for proof in data.proofs):
        raise malformed("A proof is shorter than this.")
    proofs: list[Proof] = [[proof.kind, *proof.parts] for proof in data.proofs]
    done: Taken = await site.ask(lambda ledger: paper.take(ledger, proofs))
    site.drafts.drop(name)
    return done


@get("/drafts/{name:str}", security=SIGNED, tags=["acts"], responses=problems(404),
     summary="How many proofs a draft waits for")  # fmt: skip
async def look(request: Req, site: OfSite, name: FromPath[str]) -> dict[str, int]:
    person = sender(request, site)
    return {"proofs": len(site.drafts.find(person, name).digests)}


@delete("/drafts/{name:str}", status_code=204, security=SIGNED, tags=["acts"],
        responses=problems(404), summary="Let a draft be; nothing was kept")  # fmt: skip
async def drop(request: Req, site: OfSite, name: FromPath[str]) -> Response[None]:
    person = sender(request, site)
    site.drafts.find(person, name)
    site.drafts.drop(name)
    return Response(None, status_code=204)


ROUTES: Final = (take, look, drop)
