"""The verbs of a ledger that is served elsewhere. Keys stay here; what is signed is read first.

A draft comes as the bytes that the ledger would keep. They are signed only if they say what was
asked for: a server that drafts something else gets no signature. Answers, questions, recalls and
batches are signed documents themselves and are made here whole.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from standing.cases import decisions, recalls
from standing.cases.decisions import Asked
from standing.client._wire import Wire, path_of
from standing.errors import Broken, Refused
from standing.interface import (
    Answered,
    AttributesWish,
    BatchesTaken,
    CaseWish,
    ConsentText,
    ConsentWish,
    Count,
    Draft,
    Enrolment,
    EntryPage,
    ErasedView,
    NewFile,
    PackFacts,
    ProofOf,
    Proofs,
    Sender,
    StepWish,
    StopWish,
    Taken,
    WithdrawalWish,
)
from standing.ledger import RecallView
from standing.ledger.case_text import CaseFacts
from standing.ledger.case_views import CaseView, WorkLine
from standing.ledger.intake import encode_batches, make_batches, parse_map, sendings
from standing.ledger.public import Entry, Holder, LogKey, Overview
from standing.ledger.score_views import Forecast, Scored, Supposed
from standing.ledger.subjects import CaseLine, Mine, Place
from standing.vault import Attributes, Consent, Step, Withdrawal, parse_preimage, signed_digest
from standing.wire.days import format_day, parse_day
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import make_proof

_COSE: Final = "application/cose"
_CBOR: Final = "application/cbor"
_REFUSED: Final = frozenset({422})
_NONCE_BYTES: Final = 16
_Files = Sequence[tuple[str, bytes]]


class Client:
    """One served ledger. Verbs that act take the key to act with; others need none."""

    def __init__(self, url: str) -> None:
        self._wire = Wire(url)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._wire.url

    # --- what everybody may see ------------------------------------------------------------------

    def overview(self) -> Overview:
        """Give the log's head and its newest checkpoints."""
        return self._wire.get("/log", Overview)

    def entries(self, cursor: str | None = None, limit: int = 50) -> EntryPage:
        """Give a page of entries, newest first; `next` is the cursor of older ones."""
        return self._wire.get("/log/entries", EntryPage, cursor=cursor, limit=limit)

    def entry(self, which: str) -> Entry:
        """Give an entry by index or statement hash, with its path to the root."""
        return self._wire.get(path_of("log", "entries", which), Entry)

    def log_keys(self) -> list[LogKey]:
        """List the log's own keys of today."""
        return self._wire.get("/log/keys", list[LogKey])

    def roll(self) -> list[Holder]:
        """List every key that ever had a right."""
        return self._wire.get("/log/roll", list[Holder])

    def pack(self, context: str, version: int) -> PackFacts:
        """Give a pack as it was signed."""
        return self._wire.get(path_of("packs", context, version), PackFacts)

    def consent_text(self, context: str) -> str:
        """Give the text that a consent of today agrees to."""
        return self._wire.get(path_of("contexts", context, "consent-text"), ConsentText).text

    # --- subjects --------------------------------------------------------------------------------

    def me(self, key: SigningKey) -> Sender:
        """Tell what a key is good for today."""
        return self._wire.get("/me", Sender, key)

    def enrol(self, key: SigningKey, kind: str = "person") -> Sender:
        """Give a key a place; nothing is recorded without consent."""
        wish = msgspec.convert({"kind": kind}, Enrolment)
        return self._wire.post("/enrolments", wish, Sender, key)

    def places(self, key: SigningKey) -> list[Place]:
        """List the contexts about people, with what one has in each."""
        return self._wire.get("/contexts", list[Place], key)

    def mine(self, key: SigningKey, context: str) -> Mine:
        """Give one context in full: score, reasons, records, who asked."""
        return self._wire.get(path_of("contexts", context), Mine, key)

    def scored(self, key: SigningKey, context: str, as_of: int | None = None) -> Scored:
        """Give one's score on a day, with one reason a record."""
        day = None if as_of is None else format_day(as_of)
        return self._wire.get(path_of("contexts", context, "score"), Scored, key, as_of=day)

    def outlook(self, key: SigningKey, context: str) -> Forecast:
        """Give each change of one's score in 24 months, if nothing new happens."""
        return self._wire.get(path_of("contexts", context, "forecast"), Forecast, key)

    def suppose(
        self, key: SigningKey, context: str, *, annulled: Sequence[str] = (),
        more: Sequence[str] = (),
    ) -> Supposed:  # fmt: skip
        """Suppose that records were annulled or that acts came today; nothing is changed."""
        place = path_of("contexts", context, "what-if")
        return self._wire.get(place, Supposed, key, without=list(annulled), more=list(more))

    def notices(
        self, key: SigningKey, context: str | None = None, language: str = "en"
    ) -> list[dict[str, Any]]:
        """List what happened about oneself in one language, newest first."""
        wanted = {"language": language, "context": context}
        return self._wire.get("/inbox", list[dict[str, Any]], key, **wanted)

    def report(self, key: SigningKey, context: str | None = None) -> dict[str, Any]:
        """Give everything that is held on oneself, for reading."""
        return self._wire.get("/everything", dict[str, Any], key, context=context)

    def consent(
        self, key: SigningKey, context: str, purposes: Sequence[str] | None = None,
        *, issuers: Sequence[str] | None = None, days: int = 730,
    ) -> str:  # fmt: skip
        """Agree, or renew; gives the pseudonym."""
        wish = ConsentWish(
            context=context, purposes=_own(purposes), issuers=_own(issuers), days=days
        )
        return self._consent(key, wish)

    def narrow(
        self, key: SigningKey, context: str, *, purposes: Sequence[str] | None = None,
        issuers: Sequence[str] | None = None,
    ) -> str:  # fmt: skip
        """Agree to less from today on; gives the pseudonym."""
        wish = ConsentWish(
            context=context, purposes=_own(purposes), issuers=_own(issuers), narrower=True
        )
        return self._consent(key, wish)

    def _consent(self, key: SigningKey, wish: ConsentWish) -> str:
        def fits(document: Any) -> bool:
            return (
                isinstance(document, Consent)
                and document.context == wish.context
                and (wish.purposes is None or set(document.purposes) <= set(wish.purposes))
                and (wish.issuers is None or set(document.issuers) <= set(wish.issuers))
            )

        draft = self._wire.post("/consents", wish, Draft, key)
        return self._sign(key, draft, fits).name

    def withdraw(self, key: SigningKey, context: str, *, finish: bool = False) -> str:
        """Stop in one context, at once; gives the pseudonym."""

        def fits(document: Any) -> bool:
            return isinstance(document, Withdrawal)

        wish = WithdrawalWish(context=context, finish=finish)
        draft = self._wire.post("/withdrawals", wish, Draft, key)
        return self._sign(key, draft, fits).name

    def give_attributes(
        self, key: SigningKey, context: str, *, region: str = "", group: str = ""
    ) -> None:
        """State a region or a group, voluntarily; neither takes both back."""

        def fits(document: Any) -> bool:
            given = isinstance(document, Attributes) and (document.region, document.group)
            return given == (region, group)

        wish = AttributesWish(context=context, region=region, group=group)
        self._sign(key, self._wire.post("/attributes", wish, Draft, key), fits)

    def erase(self, context: str | None = None, *, key: SigningKey) -> ErasedView:
        """Erase all that is held of oneself in a context, or everywhere with the key."""
        place = "/me" if context is None else path_of("contexts", context)
        return self._wire.read(self._wire.send("DELETE", place, key=key).body, ErasedView)

    # --- cases -----------------------------------------------------------------------------------

    def work_lines(self, key: SigningKey) -> list[WorkLine]:
        """List what waits for a reviewer, an issuer or a desk."""
        return self._wire.get("/work", list[WorkLine], key)

    def case_list(self, key: SigningKey, context: str = "") -> list[CaseFacts]:
        """List one's own cases in a context ("": those of no context) with every step."""
        return self._wire.get("/cases", list[CaseFacts], key, context=context)

    def own_cases(self, key: SigningKey) -> list[CaseLine]:
        """List one's own cases of no context: keys, contacts, mandates."""
        return self._wire.get("/own-cases", list[CaseLine], key)

    def case_for(self, name: str, key: SigningKey) -> CaseView:
        """Give a case in which the holder of a key has a part."""
        return self._wire.get(path_of("cases", name), CaseView, key)

    def file(self, case: str, leaf: str, key: SigningKey) -> bytes:
        """Give a file that a step of a case brought."""
        return self._wire.send("GET", path_of("cases", case, "files", leaf), key=key).body

    def open_case(
        self, subject: str, context: str, lifecycle: str, event: str, facts: Mapping[str, Any],
        *, key: SigningKey, files: _Files = (),
    ) -> CaseView:  # fmt: skip
        """Open a case about oneself (no `subject`), or about whom a name stands for."""
        wish = CaseWish(
            lifecycle=lifecycle, context=context, subject=subject, event=event, facts=dict(facts),
            files=_new(files),
        )  # fmt: skip
        draft = self._wire.post("/cases", wish, Draft, key)
        return self.case_for(self._sign(key, draft, _step_fits(event, facts)).name, key)

    def step(
        self, case: str, event: str, facts: Mapping[str, Any] | None = None, *, key: SigningKey,
        files: _Files = (),
    ) -> CaseView:  # fmt: skip
        """Take the next step of a case."""
        said = dict(facts or {})
        wish = StepWish(event=event, facts=said, files=_new(files))
        draft = self._wire.post(path_of("cases", case, "steps"), wish, Draft, key)
        return self.case_for(self._sign(key, draft, _step_fits(event, said)).name, key)

    def freeze(self, name: str, context: str, *, key: SigningKey) -> None:
        """Stop whoever a name stands for, as a desk or an issuer; tells of nobody."""
        draft = self._wire.post("/stops", StopWish(name=name, context=context), Draft, key)
        self._sign(key, draft, lambda document: isinstance(document, Step))

    def _sign(self, key: SigningKey, draft: Draft, fits: Callable[[Any], bool]) -> Taken:
        """Prove a draft's documents, each after a look at it; raises `E-CLIENT-04`."""
        proofs = []
        for one in draft.documents:
            document: Any = parse_preimage(one.document)
            if not fits(document) or signed_digest(document).hex() != one.digest:
                raise Broken(
                    "E-CLIENT-04",
                    "The server drafted something else than was asked for; nothing was signed.",
                    why="The document's content or digest differs.",
                    fix="Do not use this server until its operator has explained it.",
                    where=self.url,
                )
            kind, *parts = make_proof(key, signed_digest(document))
            proofs.append(msgspec.convert({"kind": kind, "parts": parts}, ProofOf))
        return self._wire.post(
            path_of("drafts", draft.draft), Proofs(proofs=tuple(proofs)), Taken, key
        )

    # --- relying parties -------------------------------------------------------------------------

    def decide(
        self, key: SigningKey, context: str, purpose: str, transaction: str, *,
        reference: str = "", presentation: bytes = b"", alternative: str = "",
    ) -> Answered:  # fmt: skip
        """Ask one narrow question; gives the answer once its signature and its nonce are checked.

        The answer key is the one that this server names; whoever has the ledger's trust file
        verifies both against its log.
        """
        day = parse_day(self.overview().day)
        asked = Asked(
            context, purpose, transaction, reference, day, os.urandom(_NONCE_BYTES), alternative,
            presentation,
        )  # fmt: skip
        question = decisions.sign_question(key, self._name(key), asked)
        found = self._wire.send("POST", "/decisions", question, _COSE, key=key)
        given = self._wire.read(found.body, Answered)
        named = next((k.key for k in self.log_keys() if k.purpose == "answer"), "")
        proven = decisions.read_answer(given.signed, PublicKey.from_cose_key(bytes.fromhex(named)))
        said = (proven.answer, proven.transaction, proven.nonce)
        if said != (given.answer, transaction, asked.nonce):
            raise Broken(
                "E-CLIENT-06",
                "The answer is to another question.",
                why="What is signed is not what was asked, or not what the server says beside it.",
                fix="Do not act on it; ask again, and tell the ledger's operator if it stays so.",
                where=self.url,
            )
        return given

    def recalls_of(self, key: SigningKey) -> list[RecallView]:
        """Give the recalls that are not confirmed."""
        return self._wire.get("/recalls", list[RecallView], key)

    def confirm_recalls(self, key: SigningKey, transactions: Sequence[str] = ()) -> int:
        """Confirm that recalled answers are deleted: of some transactions, or of all."""
        named = tuple(transactions) or tuple(one.transaction for one in self.recalls_of(key))
        if not named:
            return 0
        said = recalls.DeletedSaid(parse_day(self.overview().day), named)
        signed = recalls.sign_deleted(key, self._name(key), said)
        found = self._wire.send("POST", "/recalls/confirmations", signed, _COSE, key=key)
        return self._wire.read(found.body, Count).count

    def followed(self, key: SigningKey, transactions: Sequence[str]) -> int:
        """Say which transactions took place."""
        said = recalls.FollowedSaid(parse_day(self.overview().day), tuple(transactions))
        signed = recalls.sign_followed(key, self._name(key), said)
        found = self._wire.send("POST", "/followed", signed, _COSE, key=key)
        return self._wire.read(found.body, Count).count

    def _name(self, key: SigningKey) -> str:
        return self.me(key).holding.name

    # --- issuers ---------------------------------------------------------------------------------

    def import_file(
        self, path: Path, map_data: bytes, name: str, key: SigningKey, *, map_where: str = "map"
    ) -> BatchesTaken:
        """Make batches of a file's rows here, sign them here, and send them.

        Rows that are there already are left out. Raises what the rows are refused with here;
        what the ledger finds is in `bad`, and then nothing of that sending was taken.
        """
        context = parse_map(map_data, where=map_where).context
        pack, catalogue = self._rules(context)
        made = {
            "catalogue": catalogue, "pack": pack, "today": parse_day(self.overview().day),
            "map_where": map_where,
        }  # fmt: skip
        known: set[tuple[str, str]] = set()
        while True:
            done: list[BatchesTaken] = []
            batches = make_batches(path, map_data, {name: key}, leave_out=known, **made)  # type: ignore[arg-type]
            for group in sendings(batches):
                sent = self._wire.send(
                    "POST", "/batches", encode_batches(group), _CBOR, key=key, also=_REFUSED
                )
                done.append(self._wire.read(sent.body, BatchesTaken))
                if done[-1].bad:
                    break
            there = {(name, bad.row) for one in done for bad in one.bad if bad.code == _THERE}
            if not there or there <= known:
                return _sum(done, len(known))
            known |= there

    def _rules(self, context: str) -> tuple[bytes, bytes]:
        """Give pack and catalogue in force, as they were signed."""
        lines = self._wire.get("/packs", list[dict[str, Any]])
        line = next((one for one in lines if one["context"] == context and one["in_force"]), None)
        if line is None:
            raise Refused(
                "E-CLIENT-05",
                f"There are no rules in force in {context!r}.",
                why="The map names a context that this ledger has no pack for today.",
                fix="Correct the map's context, or wait until its pack comes into force.",
                where=self.url,
            )
        pack = self._document(line["digest"])
        catalogue = str(msgspec.json.decode(pack)["catalogue"])
        return pack, self._document(catalogue)

    def _document(self, digest: str) -> bytes:
        return self._wire.send("GET", path_of("documents", digest)).body


_THERE: Final = "E-ROW-21"


def _sum(done: Sequence[BatchesTaken], left_out: int) -> BatchesTaken:
    return BatchesTaken(
        records=sum(one.records for one in done),
        batches=sum(one.batches for one in done),
        already_there=sum(one.already_there for one in done) + left_out,
        bad=done[-1].bad if done else (),
        total=done[-1].total if done else 0,
    )


def _own(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def _new(files: _Files) -> tuple[NewFile, ...]:
    return tuple(NewFile(name=name, data=data) for name, data in files)


def _step_fits(event: str, facts: Mapping[str, Any]) -> Callable[[Any], bool]:
    """Tell whether a step is the one asked for: its event, and every fact that was given."""

    def fits(document: Any) -> bool:
        return (
            isinstance(document, Step)
            and document.event == event
            and all(document.facts.get(name) == value for name, value in facts.items())
        )

    return fits
