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

from standing.audit import Trust, answer_key_published
from standing.cases import decisions, presentations, recalls
from standing.cases.challenges import parse_challenge
from standing.cases.decisions import Asked
from standing.client._public import Public
from standing.client._rules import Rules
from standing.client._wire import Wire, path_of
from standing.errors import Broken, Refused
from standing.interface import (
    Answered,
    AttributesWish,
    BatchesTaken,
    CaseWish,
    ConsentWish,
    Count,
    Draft,
    Enrolment,
    ErasedView,
    LinkWish,
    NewFile,
    ProofOf,
    Proofs,
    Sender,
    StepWish,
    StopWish,
    Taken,
    WithdrawalWish,
)
from standing.ledger import Decision, RecallView
from standing.ledger.case_text import CaseFacts
from standing.ledger.case_views import CaseView, WorkLine
from standing.ledger.holders import Holding
from standing.ledger.intake import encode_batches, make_batches, parse_map, sendings
from standing.ledger.public import Asker
from standing.ledger.score_views import Forecast, Scored, Supposed
from standing.ledger.subjects import CaseLine, Mine, Place
from standing.log import MAX_BUNDLE_BYTES
from standing.mirror import source_of
from standing.vault import (
    Attributes,
    Consent,
    Link,
    Step,
    Withdrawal,
    parse_preimage,
    signed_digest,
)
from standing.wire.days import format_day, parse_day
from standing.wire.keys import PublicKey, SigningKey
from standing.wire.proofs import make_proof

_COSE: Final = "application/cose"
_CBOR: Final = "application/cbor"
_REFUSED: Final = frozenset({422})
_NONCE_BYTES: Final = 16
_Files = Sequence[tuple[str, bytes]]


class Client(Public, Rules):
    """One served ledger. Verbs that act take the key to act with; others need none.

    `trust`: the ledger's trust file, taken from where it is trusted. With it, the key that answers
    are signed with, and presentations sealed to, is the one that the log itself names.
    """

    def __init__(self, url: str, trust: Trust | None = None) -> None:
        self._wire = Wire(url)
        self._trust = trust
        self._known: PublicKey | None = None

    @property
    def url(self) -> str:
        """The server's address."""
        return self._wire.url

    # --- subjects --------------------------------------------------------------------------------

    @property
    def today(self) -> int:
        """The ledger's day."""
        return int(parse_day(self.overview().day))

    def holding(self, key: SigningKey) -> Holding:
        """Tell what a key is good for today."""
        return self.me(key).holding

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

    def answer_challenge(self, challenge: bytes, code: str, *, key: SigningKey) -> None:
        """Answer an issuer's challenge: its reference stands for oneself from today on."""
        _, asked = parse_challenge(challenge)

        def fits(document: Any) -> bool:
            return isinstance(document, Link) and (document.reference, document.context) == (
                asked.reference,
                asked.context,
            )

        wish = LinkWish(challenge=challenge, code=code)
        self._sign(key, self._wire.post("/links", wish, Draft, key), fits)

    def askers(self, key: SigningKey, context: str) -> list[Asker]:
        """List who may ask what in a context."""
        return self._wire.get(path_of("contexts", context, "askers"), list[Asker], key)

    def present(
        self, key: SigningKey, party: PublicKey, context: str, purpose: str,
        last_day: int | None = None,
    ) -> bytes:  # fmt: skip
        """Make a token by which one relying party may ask once; the server is not told.

        It is sealed to the answer key: see `decide` for whose word that is.
        """
        origin = self.overview().origin if self._trust is None else self._trust.origin
        day = self.today if last_day is None else last_day
        return presentations.present(
            key, origin=origin, answer_key=self._answer_key(), party=party, context=context,
            purpose=purpose, last_day=day,
        )  # fmt: skip

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
    ) -> Decision:  # fmt: skip
        """Ask one narrow question; gives the answer once it is checked.

        Checked are its signature, that it is to this question, and that it says what stands beside
        it. Whose signature: with a trust file, that of the key which the log names for answers, its
        published entries read and judged from the genesis on; without one, that of the key which
        this server names, so that a server of somebody else's could answer for a ledger.
        """
        asked = Asked(
            context, purpose, transaction, reference, self.today, os.urandom(_NONCE_BYTES),
            alternative, presentation,
        )  # fmt: skip
        question = decisions.sign_question(key, self.holding(key).name, asked)
        found = self._wire.send("POST", "/decisions", question, _COSE)  # it is signed itself
        given = self._wire.read(found.body, Answered)
        try:
            proven = decisions.read_answer(given.signed, self._answer_key())
        except Broken:
            self._known = None  # the log may have changed its key since it was read
            proven = decisions.read_answer(given.signed, self._answer_key())
        said = (proven.answer, proven.transaction, proven.nonce)
        if said != (given.answer, transaction, asked.nonce):
            raise Broken(
                "E-CLIENT-06",
                "The answer is to another question.",
                why="What is signed is not what was asked, or not what the server says beside it.",
                fix="Do not act on it; ask again, and tell the ledger's operator if it stays so.",
                where=self.url,
            )
        return Decision(proven, given.signed)

    def _answer_key(self) -> PublicKey:
        """Give the key that answers are signed with, read once: see `decide`."""
        if self._known is None:
            self._known = self._read_answer_key()
        return self._known

    def _read_answer_key(self) -> PublicKey:
        if self._trust is not None:
            source = source_of(self.url)
            return answer_key_published(
                lambda name: source.read(name, MAX_BUNDLE_BYTES), self._trust
            )
        named = next((one.key for one in self.log_keys() if one.purpose == "answer"), "")
        return PublicKey.from_cose_key(bytes.fromhex(named))

    def recalls_of(self, key: SigningKey) -> list[RecallView]:
        """Give the recalls that are not confirmed."""
        return self._wire.get("/recalls", list[RecallView], key)

    def confirm_recalls(self, key: SigningKey, transactions: Sequence[str] = ()) -> int:
        """Confirm that recalled answers are deleted: of some transactions, or of all."""
        named = tuple(transactions) or tuple(one.transaction for one in self.recalls_of(key))
        if not named:
            return 0
        said = recalls.DeletedSaid(self.today, named)
        signed = recalls.sign_deleted(key, self.holding(key).name, said)
        found = self._wire.send("POST", "/recalls/confirmations", signed, _COSE, key=key)
        return self._wire.read(found.body, Count).count

    def followed(self, key: SigningKey, transactions: Sequence[str]) -> int:
        """Say which transactions took place."""
        said = recalls.FollowedSaid(self.today, tuple(transactions))
        signed = recalls.sign_followed(key, self.holding(key).name, said)
        found = self._wire.send("POST", "/followed", signed, _COSE, key=key)
        return self._wire.read(found.body, Count).count

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
        line = next((p for p in self.packs() if p.context == context and p.in_force), None)
        if line is None:
            raise Refused(
                "E-CLIENT-05",
                f"There are no rules in force in {context!r}.",
                why="The map names a context that this ledger has no pack for today.",
                fix="Correct the map's context, or wait until its pack comes into force.",
                where=self.url,
            )
        pack = self.document(line.digest)
        catalogue = str(msgspec.json.decode(pack)["catalogue"])
        return pack, self.document(catalogue)


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
