"""The ledger's door: verbs that read like the command line.

>>> import tempfile, standing
>>> from standing.wire.keys import KeyFile, SigningKey
>>> directory = tempfile.mkdtemp()
>>> key = SigningKey.generate()
>>> operator = KeyFile("operator", "city-office", key, key.public)
>>> clock = standing.SimulatedClock(20_000)
>>> ledger = standing.create(directory, operator, origin="demo.example/log", clock=clock)
>>> ledger.log_size
5
>>> ledger.verify().ok
True
>>> ledger.close()
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from standing import audit, charter, policy
from standing.cases import presentations
from standing.cases.lifecycles import Case, Event
from standing.cases.notices import Item
from standing.engine import Clock, RealClock, SimulatedClock
from standing.errors import Refused, StandingError, Usage
from standing.ledger import (
    _backup,
    _cases,
    _decide,
    _delivery,
    _erasure,
    _evidence,
    _import,
    _inbox,
    _leaving,
    _letters,
    _links,
    _outside,
    _parties,
    _people,
    _presentations,
    _rates,
    _reading,
    _recalls,
    _register,
    _report,
    _rotate,
    _rules,
    _scores,
    _simulate,
    _tick,
    _worklist,
    _world,
    case_text,
    case_views,
    holders,
    inbox_text,
    public,
    score_views,
    subjects,
)
from standing.ledger._core import Core
from standing.ledger._setup import create_directory
from standing.ledger.intake import Imported, OwnBatch, Progress
from standing.log import Publication
from standing.vault import (
    Attributes,
    Consent,
    Evidence,
    Link,
    Message,
    Recalled,
    Withdrawal,
    preimage,
    signed_digest,
)
from standing.wire.keys import KeyFile, PublicKey, SigningKey
from standing.wire.proofs import normalise_proof

_Drafted = TypeVar("_Drafted", Consent, Withdrawal, Link, Attributes)


def create(
    directory: Path | str,
    operator: KeyFile,
    *,
    origin: str,
    clock: Clock | None = None,
    employer: str = "",
    rp_id: str = "localhost",
    page_size: int = 4096,
) -> "Ledger":
    """Found a ledger in a new directory, and open it."""
    path = Path(directory)
    clock = clock or RealClock()
    create_directory(
        path,
        operator,
        clock,
        origin=origin,
        employer=employer or operator.name,
        rp_id=rp_id,
        page_size=page_size,
    )
    return open_ledger(path, clock=clock)


def open_ledger(
    directory: Path | str, *, clock: Clock | None = None, read_only: bool = False
) -> "Ledger":
    """Open a ledger; one process at a time may write. Raises `E-LEDGER-01` where there is none."""
    return Ledger(Core.open(Path(directory), clock, read_only=read_only))


class Ledger:
    """One open ledger. Close it, or use it in a `with` block."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def __enter__(self) -> Self:
        """Use as a context manager."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the ledger and let the next writer in."""
        self._core.close()

    @property
    def directory(self) -> Path:
        """Where the ledger lies."""
        return self._core.directory

    @property
    def today(self) -> int:
        """The ledger's day, whole days since 1970-01-01."""
        return self._core.today

    @property
    def log_size(self) -> int:
        """How many statements the log holds."""
        return self._core.log.head.size

    @property
    def root(self) -> bytes:
        """The root over all of them."""
        return self._core.log.head.root

    @property
    def state(self) -> charter.State:
        """Who may say what, as of the last entry."""
        return self._core.state

    @property
    def changes(self) -> int:
        """Another number whenever what follows from people's documents may be another."""
        return self._core.vault.changes

    @property
    def checkpoint(self) -> bytes:
        """The newest signed checkpoint; keep one elsewhere to compare with."""
        return self._core.log.head.checkpoint

    def advance_to(self, day: int) -> None:
        """Move a simulated clock forward; refused on a real one."""
        clock = self._core.engine.clock
        if not isinstance(clock, SimulatedClock):
            raise Refused(
                "E-CLOCK-04",
                "A real clock is not moved by hand.",
                why="This ledger runs on this machine's clock.",
                fix="Wait.",
            )
        clock.advance_to(day)

    @contextmanager
    def bulk(self) -> Iterator[None]:
        """Join many verbs into one durable step; nothing inside is acknowledged before its end."""
        with self._core.bulk():
            yield

    @contextmanager
    def publishing_later(self) -> Iterator[None]:
        """Write the public files once, at the end of the block; each verb stays durable alone."""
        with self._core.publishing_later():
            yield

    def pseudonym(self, subject: str, context: str) -> str:
        """Give the name in a context of whoever is known by this reference or pseudonym."""
        number = _scores.resolve(self._core, subject, context)
        return self._core.vault.secret.pseudonym(number, context)

    def pseudonym_of(self, key: PublicKey, context: str) -> str:
        """Give the name in a context of the subject that holds a key."""
        return _people.pseudonym_of(self._core, key, context)

    # --- keys and rules ------------------------------------------------------------------------

    def accredit(
        self,
        key: PublicKey,
        *,
        role: str,
        name: str,
        until: int,
        by: KeyFile,
        employer: str = "",
        kinds: Sequence[str] | None = None,
        contexts: Sequence[str] = (),
        sector: str = "",
    ) -> int:
        """Put an organisation's key on the roll; gives the entry."""
        defaults = {"issuer": ("batch",), "rule-maker": ("catalogue", "document", "pack")}
        chosen = kinds if kinds is not None else defaults.get(role, ())
        statement = charter.Accredit(
            key=key.cose_key(),
            role=role,
            name=name,
            employer=employer or name,
            kinds=tuple(sorted(chosen)),
            contexts=tuple(sorted(contexts)),
            sector=sector,
            until=until,
        )
        return self._say(by, f"accredit/{name}", statement)

    def revoke(self, kid: bytes, reason: str, *, by: KeyFile) -> int:
        """End a key's right to sign, from this entry on; gives the entry."""
        return self._say(by, f"revoke/{kid.hex()[:16]}", charter.Revoke(kid, reason))

    def rotate_key(self, purpose: str, *, by: KeyFile) -> tuple[int, bytes]:
        """Give the log a new key for a purpose; gives the entry that names it, and its id."""
        return _rotate.rotate(self._core, purpose, by)

    def _say(self, by: KeyFile, slot: str, statement: Any) -> int:
        if by.key is None or by.role != "operator":
            raise Refused(
                "E-KEY-10",
                "This needs the operator's private key.",
                why=f"The file holds a key of role {by.role!r}.",
                fix="Give --key the operator's file.",
            )
        signed = charter.sign_statement(by.key, by.name, slot, statement)
        return max(self._core.commit([signed]).values())

    def publish_catalogue(self, data: bytes, *, by: KeyFile) -> bytes:
        """Publish the act types; gives the digest."""
        return _rules.publish_catalogue(self._core, data, by)

    def publish_pack(
        self,
        data: bytes,
        *,
        by: Sequence[KeyFile],
        attach: Sequence[bytes] = (),
        simulation: bytes | None = None,
    ) -> bytes:
        """Lint and publish a pack under two rule-makers' keys; gives the digest.

        `attach`, `simulation`: documents that the pack names and the ledger does not keep yet.
        """
        return _rules.publish_pack(self._core, data, by, attach=attach, simulation=simulation)

    def lint(self, data: bytes) -> list[policy.Finding]:
        """Hold a pack against every code, and the catalogue that is published here."""
        return list(policy.lint(data, _rules.current_catalogue(self._core)[1]))

    def pack(self, name: str) -> policy.Pack:
        """Read a pack by its digest in hexadecimal or as CONTEXT@VERSION."""
        return _rules.named_pack(self._core, name)

    # --- statements of others -------------------------------------------------------------------

    def register(
        self, claims: Sequence[charter.Claim]
    ) -> list[_register.Registered | StandingError]:
        """Append examined statements as one commit, each judged for itself; `publish` follows."""
        return _register.register(self._core, claims)

    def receipt_of(self, statement_hash: bytes) -> bytes | None:
        """Give the receipt of a statement by its hash, or nothing."""
        return _register.receipt_of(self._core, statement_hash)

    def deposit(self, data: bytes) -> bytes:
        """Keep a public document that an accredited key signed for; gives its digest."""
        return _register.deposit(self._core, data)

    def publish(self) -> None:
        """Bring tiles, bundles and checkpoint up to the log."""
        self._core.publish()

    def begin_publication(self) -> Publication | None:
        """Collect what is not published yet; its `write` may run beside other verbs."""
        return self._core.log.begin_publication()

    def end_publication(self, publication: Publication, error: BaseException | None = None) -> None:
        """Note that a publication is on the disk; or that it failed, which stops the log."""
        self._core.log.end_publication(publication, error)

    @property
    def outside(self) -> _outside.Outside:
        """The witnesses and mirrors of this ledger."""
        return self._core.outside

    @property
    def proxy(self) -> str:
        """The address of the web server in front, if the settings name one; `E-SET-01`, `-02`."""
        return _tick.settings_of(self._core).web.proxy

    @property
    def published(self) -> bytes | None:
        """The published checkpoint, if there is one."""
        return self._core.log.published()

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Prove that the log at `old` begins the log at `new`."""
        return self._core.log.consistency(old, new)

    def publish_witnessed(self, checkpoint: bytes) -> bool:
        """Publish a checkpoint that enough witnesses cosigned, unless a newer one is there."""
        return self._core.log.publish_witnessed(checkpoint)

    def cosign(self) -> _outside.Gathered | None:
        """Ask the witnesses for the published checkpoint, and publish it if enough cosign."""
        return self._core.cosign()

    # --- what everybody may see ------------------------------------------------------------------

    def overview(self) -> public.Overview:
        """Give the log's head and its newest checkpoints, with who signed them."""
        return public.overview(self._core)

    def growth(self) -> list[public.DaySize]:
        """Give the log's size at the end of each day that brought an entry."""
        return public.growth(self._core)

    def entries(self, start: int, stop: int) -> list[public.EntryLine]:
        """Describe a stretch of the log's entries, oldest first."""
        return public.entries(self._core, start, stop)

    def entry(self, which: str) -> public.Entry:
        """Describe an entry, by index or statement hash, with its path to the root."""
        return public.entry(self._core, which)

    def proof(self, which: str, kind: str) -> tuple[int, bytes]:
        """Give an entry's place and its proof: `receipt` or `tlog-proof`."""
        return public.proof(self._core, which, kind)

    def check(self, proof: bytes, statement: bytes | None = None) -> public.Proven:
        """Check a receipt, a tlog-proof or a statement that carries its receipt."""
        return public.check(self._core, proof, statement)

    def document(self, digest: str) -> bytes:
        """Give a public document by its digest in hexadecimal."""
        return public.document(self._core, digest)

    @property
    def trust_file(self) -> bytes:
        """What a verifier starts from, as `trust.json` holds it."""
        return self._core.trust.format()

    def roll(self) -> list[public.Holder]:
        """List every key that ever had a right."""
        return public.roll(self._core)

    def log_keys(self) -> list[public.LogKey]:
        """List the log's own keys of today: what its answers and marks are signed with."""
        return public.log_keys(self._core)

    def packs(self) -> list[public.PackLine]:
        """List the packs by context, newest version first."""
        return public.packs(self._core)

    def askers(self, context: str) -> list[public.Asker]:
        """List who may ask what in a context today."""
        return public.askers(self._core, context)

    def holding(self, key: PublicKey) -> holders.Holding:
        """Tell what a key is good for today: a subject's, or an organisation's on the roll."""
        return holders.holding(self._core, key)

    # --- subjects --------------------------------------------------------------------------------

    def enrol(self, key: PublicKey, kind: str = "person") -> None:
        """Give the holder of a key a place; nothing is recorded without consent."""
        _people.enrol(self._core, key, kind)

    def attest_adult(self, key: PublicKey, adult_since: int, *, by: SigningKey) -> None:
        """State since when the holder of a key is of age, with an attester's key."""
        _people.attest_adult(self._core, key, adult_since, by)

    @staticmethod
    def digest_of(document: _Drafted | _cases.Draft) -> bytes:
        """Give what the proof in a drafted document is made over."""
        return document.digest if isinstance(document, _cases.Draft) else signed_digest(document)

    @staticmethod
    def bytes_of(document: _Drafted | _cases.Draft) -> bytes:
        """Give a drafted document whole, still without its proof, for its signer to look at."""
        return preimage(document.step if isinstance(document, _cases.Draft) else document)

    @staticmethod
    def proved(document: _Drafted, proof: list[Any]) -> _Drafted:
        """Put a proof into a drafted document."""
        drafted: _Drafted = _people.with_proof(document, normalise_proof(proof))
        return drafted

    def draft_consent(
        self,
        key: PublicKey,
        context: str,
        purposes: Sequence[str],
        days: int = 730,
        issuers: Sequence[str] | None = None,
    ) -> Consent:
        """Write the consent that the holder of `key` is asked to sign; a second one renews."""
        chosen = None if issuers is None else tuple(issuers)
        return _people.draft_consent(self._core, key, context, tuple(purposes), days, chosen)

    def draft_narrower(
        self,
        key: PublicKey,
        context: str,
        *,
        purposes: Sequence[str] | None = None,
        issuers: Sequence[str] | None = None,
    ) -> Consent:
        """Write a consent that names less than the live one and takes its place at once."""
        return _people.draft_narrower(
            self._core,
            key,
            context,
            None if purposes is None else tuple(purposes),
            None if issuers is None else tuple(issuers),
        )

    def consent_text(self, context: str) -> bytes:
        """Give the text that a consent of today agrees to: English and Simplified Chinese."""
        return _rules.consent_text_of(self._core, _rules.next_pack(self._core, context))

    def give_consent(self, consent: Consent) -> str:
        """Take a signed consent; gives the pseudonym of its context."""
        return _people.give_consent(self._core, consent)

    def purposes_of(self, context: str) -> list[str]:
        """List the purposes of the rules that a consent of today is about."""
        return sorted(_rules.pack(self._core, _rules.next_pack(self._core, context)).purposes)

    def consent(self, key: SigningKey, context: str, purposes: Sequence[str] | None = None) -> str:
        """Draft, sign and give a consent with a key at hand; gives the pseudonym."""
        chosen = self.purposes_of(context) if purposes is None else purposes
        draft = self.draft_consent(key.public, context, chosen)
        return self.give_consent(_people.sign_document(draft, key))

    def narrow(
        self,
        key: SigningKey,
        context: str,
        *,
        purposes: Sequence[str] | None = None,
        issuers: Sequence[str] | None = None,
    ) -> str:
        """Draft, sign and give a narrower consent with a key at hand; gives the pseudonym."""
        draft = self.draft_narrower(key.public, context, purposes=purposes, issuers=issuers)
        return self.give_consent(_people.sign_document(draft, key))

    def withdraw(self, key: SigningKey, context: str, *, finish: bool = False) -> str:
        """Stop in one context, at once; gives the pseudonym.

        What is open closes in the subject's favour; with `finish`, contests are ruled on first.
        """
        return _people.withdraw(self._core, key, context, finish=finish)

    def draft_withdrawals(self, key: PublicKey, context: str) -> list[Withdrawal]:
        """Write what the holder of `key` is asked to sign to stop in a context."""
        return _people.draft_withdrawals(self._core, key, context)

    def take_withdrawals(
        self, key: PublicKey, documents: Sequence[Withdrawal], *, finish: bool = False
    ) -> str:
        """Take signed withdrawals, all of a context at once; gives the pseudonym."""
        return _people.take_withdrawals(self._core, key, documents, finish=finish)

    def step_back(self, key: SigningKey, context: str) -> _erasure.Erased:
        """Be as if one had never agreed in a context, within 14 days of the first consent."""
        return _erasure.step_back(self._core, key, context)

    def freeze(self, name: str, context: str, *, key: SigningKey) -> _leaving.Stop:
        """Stop whoever a pseudonym or reference names, without their key: a desk's or issuer's."""
        return _leaving.freeze(self._core, name, context, key)

    def draft_freeze(self, name: str, context: str, *, by: PublicKey) -> _cases.Draft:
        """Write a request to stop somebody, for a desk or an issuer to prove."""
        return _leaving.draft_freeze(self._core, name, context, by)

    def take_freeze(self, draft: _cases.Draft, context: str) -> _leaving.Stop:
        """Take a proved request to stop somebody."""
        return _leaving.take_freeze(self._core, draft, context)

    def confirm_stop(self, case: str, *, key: SigningKey) -> _leaving.Stop:
        """Make a stop final before its 14 days are over."""
        return _leaving.confirm(self._core, case, key)

    def resume(self, key: SigningKey, context: str) -> str:
        """Undo a stop with the subject's own key, from today on; gives the pseudonym."""
        return _leaving.resume(self._core, key, context)

    def erase(
        self, context: str | None = None, *, key: SigningKey, subject: str = ""
    ) -> _erasure.Erased:
        """Erase a subject in one context, or everywhere, at once; a desk names whom."""
        return _erasure.erase(self._core, key, context, subject=subject)

    def erase_own(self, key: PublicKey, context: str | None = None) -> _erasure.Erased:
        """Erase whoever has just shown that they hold a key, in one context or everywhere."""
        return _erasure.erase_own(self._core, key, context)

    def draft_attributes(
        self, key: PublicKey, context: str, *, region: str = "", group: str = ""
    ) -> Attributes:
        """Write the statement of region and group that the holder of `key` is asked to sign."""
        return _people.draft_attributes(self._core, key, context, region, group)

    def take_attributes(self, document: Attributes) -> None:
        """Take a signed statement of region and group."""
        _people.take_attributes(self._core, document)

    def give_attributes(
        self, key: SigningKey, context: str, *, region: str = "", group: str = ""
    ) -> None:
        """State a region or a group with a key at hand; neither takes both back.

        Voluntary, replaced by the next, ended with the consent of today, and in no score.
        """
        draft = self.draft_attributes(key.public, context, region=region, group=group)
        self.take_attributes(_people.sign_document(draft, key))

    def link(
        self,
        subject: str,
        reference: str,
        context: str,
        *,
        issuer: str,
        by: SigningKey,
        shared: bool = False,
    ) -> None:
        """Let an issuer's reference stand for a subject whose credential the issuer saw.

        `shared`: several people use it, and nothing negative is stored by it.
        """
        number = _scores.resolve(self._core, subject, context)
        _links.link(self._core, number, context, reference, issuer, by, shared=shared)

    def challenge(
        self, reference: str, context: str, *, by: SigningKey, shared: bool = False
    ) -> _links.Challenged:
        """Make an issuer's challenge; its code goes to the person by the reference's channel."""
        return _links.challenge(self._core, reference, context, by, shared=shared)

    def draft_answer(self, challenge: bytes, code: str, key: PublicKey) -> Link:
        """Write the link that the holder of `key` is to prove, having the code."""
        return _links.draft_answer(self._core, challenge, code, key)

    def take_answer(self, document: Link) -> None:
        """Take a proved link; the reference stands for its signer from today on."""
        _links.take_answer(self._core, document)

    def answer_challenge(self, challenge: bytes, code: str, *, key: SigningKey) -> None:
        """Answer a challenge with a key at hand."""
        draft = self.draft_answer(challenge, code, key.public)
        self.take_answer(_people.sign_document(draft, key))

    # --- records, scores, answers ----------------------------------------------------------------

    def import_file(
        self,
        path: Path,
        map_data: bytes,
        keys: Mapping[str, KeyFile],
        *,
        map_where: str = "map",
        keep_good: bool = False,
        batch_records: int = 500,
        progress: Progress = lambda *_: None,
    ) -> Imported:
        """Turn a file's rows into signed batches; see the command `import`."""
        return _import.import_file(
            self._core,
            path,
            map_data,
            keys,
            map_where=map_where,
            keep_good=keep_good,
            batch_records=batch_records,
            progress=progress,
        )

    def take_batches(self, batches: Sequence[OwnBatch], *, by: PublicKey) -> Imported:
        """Take batches that an issuer made elsewhere, sent by whoever holds the key `by`.

        All of one issuer in one context, and all or none: `E-BATCH-03` to `E-BATCH-09` for what
        is no batch, `E-KEY-14` and `E-KEY-15` for whoever may not send it, `RecordsRefused` for
        bad rows and for rows that are there already. What was taken before is there already, and
        is taken once.
        """
        return _import.take_batches(self._core, batches, by)

    def score(self, subject: str, context: str, as_of: int | None = None) -> _scores.SubjectScore:
        """Score one subject, with one reason a record."""
        return _scores.score(self._core, subject, context, as_of)

    def forecast(self, subject: str, context: str) -> tuple[policy.Outlook, ...]:
        """Give each change of a score in 24 months, today's first, if nothing new comes."""
        return _scores.forecast(self._core, subject, context)

    def history(self, subject: str, context: str, since: int) -> tuple[policy.Outlook, ...]:
        """Give what a score was on each day from `since` on which it may have changed."""
        return _scores.history(self._core, subject, context, since)

    def mine(self, key: PublicKey, context: str) -> subjects.Mine:
        """Give everything that the holder of a key looks at in a context."""
        return subjects.mine(self._core, self._number(key, context), context)

    def places(self, key: PublicKey) -> list[subjects.Place]:
        """List the contexts about people, with what the holder of a key has in each."""
        return subjects.places(self._core, self._number(key, ""))

    def what_if(
        self, subject: str, context: str, *, annulled: Sequence[str] = (), more: Sequence[str] = ()
    ) -> policy.WhatIf:
        """Suppose that records were annulled or that acts came today; nothing is changed."""
        return _scores.what_if(self._core, subject, context, annulled, more)

    def scored(
        self, subject: str | PublicKey, context: str, as_of: int | None = None
    ) -> score_views.Scored:
        """Score one subject, as plain values."""
        return score_views.scored(self.score(self._name(subject, context), context, as_of))

    def outlook(self, subject: str | PublicKey, context: str) -> score_views.Forecast:
        """Give each change of a score in 24 months, as plain values."""
        name = self._name(subject, context)
        outlooks = score_views.at(self.forecast(name, context))
        return score_views.Forecast(subject=name, context=context, outlooks=outlooks)

    def suppose(
        self,
        subject: str | PublicKey,
        context: str,
        *,
        annulled: Sequence[str] = (),
        more: Sequence[str] = (),
    ) -> score_views.Supposed:
        """Suppose that records were annulled or that acts came today, as plain values."""
        name = self._name(subject, context)
        return score_views.supposed(self.what_if(name, context, annulled=annulled, more=more))

    def _name(self, subject: str | PublicKey, context: str) -> str:
        if isinstance(subject, PublicKey):
            return self.pseudonym_of(subject, context)
        return self.pseudonym(subject, context)

    def simulate(self, new: bytes, against: bytes | None = None) -> _simulate.Simulated:
        """Compare a pack with the one in force, or another, over the whole population."""
        return _simulate.simulate_pack(self._core, new, against)

    def score_all(self, context: str) -> _scores.Population:
        """Score a context's population, and state its digest in public."""
        return _scores.score_all(self._core, context)

    def state_in_public(self, document: bytes, slot: str, facts: dict[str, Any]) -> int:
        """Publish a document under the clerk's key; gives the entry."""
        return self._core.state_in_public(document, slot, facts)

    def improvements(self, context: str, earlier: int, count: int) -> list[_scores.Improvement]:
        """Name the subjects of a register whose scores rose most since an earlier day."""
        return _scores.improvements(self._core, context, earlier, count)

    def ask(
        self,
        key: KeyFile,
        context: str,
        purpose: str,
        transaction: str,
        reference: str,
        nonce: bytes,
        alternative: str = "",
    ) -> bytes:
        """Make a relying party's signed question about a reference.

        `alternative`: the ordinary service that the party offers for this route and day.
        """
        return _decide.ask(
            self._core, key, context, purpose, transaction, reference, nonce, alternative
        )

    def draft_presentation(
        self, key: PublicKey, party: PublicKey, context: str, purpose: str, last_day: int
    ) -> presentations.Draft:
        """Write a presentation for the holder of `key` to prove."""
        return _presentations.draft(self._core, key, party, context, purpose, last_day)

    def present(
        self,
        key: SigningKey,
        party: PublicKey,
        context: str,
        purpose: str,
        last_day: int | None = None,
    ) -> bytes:
        """Make a token by which one relying party may ask once about whoever holds the key.

        Anyone may, enrolled or not. Good today, or to `last_day`, tomorrow at most. Without a
        ledger at hand: `standing.cases.presentations.present`.
        """
        return _presentations.present(self._core, key, party, context, purpose, last_day)

    def ask_with(
        self,
        key: KeyFile,
        context: str,
        purpose: str,
        transaction: str,
        presentation: bytes,
        nonce: bytes,
        alternative: str = "",
    ) -> bytes:
        """Make a relying party's signed question about whoever made a presentation."""
        return _decide.ask(
            self._core, key, context, purpose, transaction, "", nonce, alternative, presentation
        )

    def decide(self, question: bytes) -> _decide.Decision:
        """Answer a signed question: `clear`, a restriction in force, or a perk.

        The same question posted again gets the same bytes while its answer holds.
        """
        return _decide.decide(self._core, question)

    def decide_many(self, questions: Sequence[bytes]) -> list[_decide.Decision | StandingError]:
        """Answer a group of questions with one commit, each judged for itself."""
        return _decide.decide_many(self._core, questions)

    def recalls(self, key: KeyFile) -> list[_recalls.Message]:
        """Give a relying party the recalls of its answers that it has not confirmed."""
        return _recalls.fetch(self._core, key.public)

    def recalls_of(self, party: PublicKey) -> list[_recalls.RecallView]:
        """Give whoever has just shown that they hold a relying party's key the same."""
        return [_recalls.view(message) for message in _recalls.fetch(self._core, party)]

    def confirm_recalls(self, key: KeyFile, transactions: Sequence[str] = ()) -> int:
        """Confirm that recalled answers are deleted: of some transactions, or of all."""
        return _recalls.confirm(self._core, key, transactions)

    def take_confirmation(self, signed: bytes) -> int:
        """Take a relying party's signed confirmation that recalled answers are deleted."""
        return _recalls.take_confirmation(self._core, signed)

    def every_recall(self) -> list[Recalled]:
        """List every recall, confirmed or not, for the operator."""
        return _recalls.every(self._core)

    def followed(self, key: KeyFile, transactions: Sequence[str]) -> int:
        """Say which transactions took place after a relying party's questions."""
        return _parties.followed(self._core, key, transactions)

    def take_followed(self, signed: bytes) -> int:
        """Take a relying party's signed word on which transactions took place."""
        return _parties.take_followed(self._core, signed)

    def suspended(self) -> dict[str, Refused]:
        """Name the relying parties' keys that may not ask today, and why."""
        return _parties.suspended(self._core)

    def report(self, subject: str | PublicKey, context: str | None = None) -> dict[str, object]:
        """Give everything the ledger holds on a subject, for reading; unsigned."""
        if isinstance(subject, PublicKey):
            return _reading.read_number(self._core, self._number(subject, context or ""), context)
        return _reading.for_reading(self._core, subject, context)

    def report_for(self, subject: str, context: str, recipient: PublicKey) -> bytes:
        """Make a report of one context that its recipient can verify elsewhere."""
        return _report.verifiable(self._core, subject, context, recipient)

    # --- cases -----------------------------------------------------------------------------------

    def draft_opening(
        self,
        subject: str | PublicKey,
        context: str,
        lifecycle: str,
        event: str,
        facts: Mapping[str, Any],
        *,
        by: PublicKey,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> _cases.Draft:
        """Write the step that opens a case about a subject, for the holder of `by` to prove."""
        try:
            number = self._number(subject, context)
        except Refused:
            _cases.refuse_alike(self._core, context, lifecycle, event, facts, by)
            raise
        return _cases.draft_opening(
            self._core, number, context, lifecycle, event, facts, by=by, files=files
        )

    def draft_step(
        self,
        case: str,
        event: str,
        facts: Mapping[str, Any],
        *,
        by: PublicKey,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> _cases.Draft:
        """Write the next step of a case, for the holder of `by` to prove."""
        return _cases.draft_step(self._core, case, event, facts, by=by, files=files)

    def check_step(self, draft: _cases.Draft) -> Case:
        """Check a step before its holder signs it, and give the case as it would be."""
        return _cases.check(self._core, draft)

    def take_step(self, draft: _cases.Draft) -> Case:
        """Check a proved step and keep it; gives the case after it."""
        return _cases.take(self._core, draft)

    def open_case(
        self,
        subject: str | PublicKey,
        context: str,
        lifecycle: str,
        event: str,
        facts: Mapping[str, Any],
        *,
        key: SigningKey,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Case:
        """Draft, prove and take an opening step with a key at hand."""
        draft = self.draft_opening(
            subject, context, lifecycle, event, facts, by=key.public, files=files
        )
        return self.take_step(draft.signed(key))

    def step(
        self,
        case: str,
        event: str,
        facts: Mapping[str, Any] | None = None,
        *,
        key: SigningKey,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Case:
        """Draft, prove and take the next step of a case with a key at hand."""
        draft = self.draft_step(case, event, facts or {}, by=key.public, files=files)
        return self.take_step(draft.signed(key))

    def rates(self) -> dict[str, Any]:
        """Count what each reviewer decided and how cases ended; counts under five are left out."""
        return _rates.rates(self._core)

    def contest_numbers(self) -> public.ContestNumbers:
        """Count contests: how many, how they ended, how fast."""
        return _rates.contests(self._core)

    def publish_rates(self) -> tuple[int, dict[str, Any]]:
        """State in public how reviewers decide; gives the entry and what it states."""
        return _rates.publish_rates(self._core)

    def who(self, case: Case, event: Event) -> str:
        """Say who took a step: a role and, for an organisation, its name."""
        return _world.name_of(self._core, case, event)

    def case(self, name: str) -> Case:
        """Give a case as it is today."""
        return _world.find_case(self._core, name)

    def cases(self, subject: str | PublicKey, context: str) -> list[Case]:
        """Give the cases of a subject in a context ("": those of no context) as they are today."""
        return _world.cases_of(self._core, self._number(subject, context), context)

    def case_facts(self, name: str) -> case_text.CaseFacts:
        """Give a case with every step, for the operator."""
        return case_text.case_facts(self.case(name), self.who)

    def case_list(self, subject: str | PublicKey, context: str) -> list[case_text.CaseFacts]:
        """Give a subject's cases in a context ("": those of no context) with every step."""
        return [case_text.case_facts(case, self.who) for case in self.cases(subject, context)]

    def _number(self, subject: str | PublicKey, context: str) -> int:
        if isinstance(subject, PublicKey):
            return _people.subject_of(self._core, subject)
        return _scores.resolve(self._core, subject, context or None)

    # --- notices ---------------------------------------------------------------------------------

    def inbox(self, subject: str | PublicKey, context: str | None = None) -> list[_inbox.Told]:
        """List what happened about a subject in a context, or in all, oldest first."""
        return _inbox.inbox(self._core, self._number(subject, context or ""), context)

    def notices(
        self, subject: str | PublicKey, context: str | None = None, language: str = "en"
    ) -> list[dict[str, Any]]:
        """List what happened about a subject in one language, newest first."""
        return inbox_text.inbox_facts(self.inbox(subject, context)[::-1], language)

    def case_for(self, name: str, key: PublicKey) -> case_views.CaseView:
        """Give a case to somebody with a part in it; for anybody else there is none."""
        return case_views.case_for(self._core, name, key)

    def work_lines(self, key: PublicKey) -> list[case_views.WorkLine]:
        """List what waits for the holder of a key, as plain values."""
        return case_views.work_lines(self._core, key)

    def own_cases(self, key: PublicKey) -> list[subjects.CaseLine]:
        """List a subject's cases that belong to no context."""
        return case_views.own_cases(self._core, self._number(key, ""))

    def worklist(self, key: PublicKey) -> list[_worklist.Work]:
        """List the cases in which something waits for an issuer, a reviewer or a desk."""
        return _worklist.worklist(self._core, key)

    def letter(self, case: str | Item, step: int | None = None) -> _letters.Letter:
        """Write the letter about a step of a case: by the case's name, or by a notice of it."""
        if isinstance(case, Item):
            return _letters.letter(self._core, case.about, case.step if step is None else step)
        return _letters.letter(self._core, case, step)

    def evidence(self, leaf: bytes, key: PublicKey) -> Evidence:
        """Give a file to whoever it is about, or to whoever has a part in its case."""
        return _evidence.evidence(self._core, leaf, key)

    def outbox(self, state: str = "") -> list[Message]:
        """List the messages of a state, or all: to whom, how often tried, when next."""
        return self._core.vault.outbox.messages(state)

    def tick(self, *, send: bool = True) -> _tick.Ticked:
        """Publish marks, find news, send messages; never causes a legal effect."""
        return _tick.tick(self._core, send=send)

    def backup(self, to: Path, keys_to: Path) -> _backup.Note:
        """Copy the ledger and its keys to two places, which replaces what is there."""
        return _backup.backup(self._core, to, keys_to)

    def backup_status(self) -> _backup.Status | None:
        """Tell where the copies lie and how they stand; None where there are none."""
        return _backup.status(self._core)

    def begin_delivery(self) -> _delivery.Delivery:
        """Write the messages that are due; its `send` may run beside other verbs."""
        now = self._core.engine.clock.now()
        return _delivery.begin(self._core, _tick.settings_of(self._core), now)

    def settle(self, message: str, why: str) -> str:
        """Note how sending one message of a delivery ended; gives its state then."""
        return _delivery.settle(self._core, message, why)

    def verify(self, against: bytes | None = None) -> audit.Verification:
        """Verify everything in the directory, as a stranger would."""
        return audit.verify_ledger(self._core.directory, against)


def require_file(path: Path, what: str) -> bytes:
    """Read a small input file; raises `E-FILE-01` naming what it should have been."""
    try:
        return path.read_bytes()
    except OSError as problem:
        raise Usage(
            "E-FILE-01",
            f"The {what} cannot be read.",
            why=f"{problem.strerror}: {path.name}.",
            fix="Give the path of an existing file.",
            where=str(path),
        ) from None
