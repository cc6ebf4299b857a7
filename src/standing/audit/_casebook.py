"""The cases of a vault as its documents give them, whatever its index tables say."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

from standing import charter, policy
from standing.audit._rights import Rights, subject_key, thumbprint, trusted
from standing.audit._steps import Lazy, LazyRecords, Steps, by_case, not_me_upheld
from standing.cases.lifecycles import (
    Case,
    Event,
    RecordView,
    Signer,
    WorkingDays,
    World,
    case_of,
    together,
)
from standing.cases.standing import standings, views
from standing.errors import StandingError
from standing.vault import Erasure, Evidence, Link, OpenRecord, Step, Subject, record_id
from standing.wire.keys import PublicKey

if TYPE_CHECKING:
    from standing.audit._opened import Opened

SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Filed:
    """One case's steps, and whose it is."""

    owner: int
    context: str
    steps: Steps


class Casebook:
    """Every case, key and packet of rules of one ledger, by its documents."""

    def __init__(self, ledger: "Opened") -> None:
        self.ledger = ledger
        self.rights = Rights(ledger.charter, ledger.day_at)
        self.owners: dict[bytes, tuple[int, str]] = {
            leaf: (subject, context)
            for leaf, subject, context in ledger.vault.db.execute(
                "SELECT leaf, subject, context FROM documents"
            )
        }
        steps: dict[bytes, Step] = {}
        self.evidence: dict[bytes, Evidence] = {}
        self.first_keys: dict[int, tuple[str, bytes]] = {}
        self.links: dict[tuple[str, str], list[tuple[int, int]]] = {}  # (day, owner) by reference
        erased: set[bytes] = set()
        for opened in ledger.documents:
            match opened.document:
                case Step() as step:
                    steps[opened.leaf] = step
                case Evidence() as file:
                    self.evidence[opened.leaf] = file
                case Subject() as subject:
                    self.first_keys[subject.number] = subject.kind, subject.key
                case Link() as link:
                    stood = self.links.setdefault((link.context, link.reference), [])
                    stood.append((link.day, self.owners[opened.leaf][0]))
                case Erasure() as erasure:
                    erased |= set(erasure.leaves)
                case _:
                    pass
        self.erased = frozenset(erased)
        self.gone = frozenset(record_id(leaf) for leaf in erased)
        self.cases = {
            opening: Filed(*self.owners[listed[0][0]], listed)
            for opening, listed in by_case(steps).items()
        }
        self._by_owner: dict[tuple[int, str], list[Filed]] = {}
        for filed in self.cases.values():
            self._by_owner.setdefault((filed.owner, filed.context), []).append(filed)

    def filed(self, owner: int, context: str) -> list[Filed]:
        """List the cases of a subject in a context."""
        return self._by_owner.get((owner, context), [])

    def folded(self, owner: int, context: str, day: int) -> list[Case]:
        """Fold the cases of a subject in a context on a day; broken ones are the check's own."""
        found = []
        for filed in self.filed(owner, context):
            try:
                case = case_of(filed.steps, subject=owner, day=day, days=self.calendar(context))
            except StandingError:
                continue
            if case is not None:
                found.append(case)
        return together(sorted(found, key=lambda case: case.name))

    def key_of(self, owner: int, day: int) -> bytes:
        """Give the COSE_Key that stood for a subject on a day; empty for none."""
        first = self.first_keys.get(owner, ("", b""))[1]
        return subject_key(first, self.folded(owner, "", day), day)

    def calendar(self, context: str) -> WorkingDays:
        """Give the working days of a context."""
        return self._calendars[context] if context in self._calendars else WorkingDays()

    @cached_property
    def _calendars(self) -> dict[str, WorkingDays]:
        return {
            context: WorkingDays.of(pack for _, pack, _ in packs)
            for context, packs in self.packs.items()
        }

    @cached_property
    def packs(self) -> dict[str, list[tuple[int, policy.Pack, int]]]:
        """Give (day of force, pack, day of publication) by context, in order of force."""
        ledger, found = self.ledger, dict[str, list[tuple[int, policy.Pack, int]]]()
        for digest, entry in ledger.charter.roll.packs.items():
            if entry.published is not None:
                pack = policy.parse_pack(ledger.log.document(digest))
                found.setdefault(entry.context, []).append((entry.force, pack, entry.published))
        return {context: sorted(packs, key=lambda one: one[0]) for context, packs in found.items()}

    def pack_on(self, context: str, day: int) -> policy.Pack | None:
        """Give the pack in force on a day, or the one announced where none was in force yet."""
        known = [
            (force, pack) for force, pack, day_of in self.packs.get(context, ()) if day_of <= day
        ]
        at = bisect_right([force for force, _ in known], day)
        return known[max(at - 1, 0)][1] if known else None

    @cached_property
    def latest_day(self) -> int:
        """Give the latest day that the ledger is known to have seen."""
        state: charter.State = self.ledger.charter
        marked = (state.marked_through + 1) * state.genesis.interval_seconds // SECONDS_A_DAY
        days = (opened.document.day for opened in self.ledger.documents)
        return max(state.day, marked, *days, 0)


@dataclass
class Scene:
    """One subject in one context, as the vault's documents show them."""

    book: Casebook
    number: int
    context: str
    pseudonym: str = field(init=False)
    rp_id: str = field(init=False)
    days: WorkingDays = field(init=False)

    def __post_init__(self) -> None:
        secret = self.book.ledger.vault.secret
        self.pseudonym = secret.pseudonym(self.number, self.context) if self.number else ""
        self.rp_id = self.book.ledger.charter.genesis.rp_id
        self.days = self.book.calendar(self.context)

    def who(self, step: Step) -> tuple[Signer, PublicKey] | None:
        """Tell whose key took a step, in which role on its day."""
        kid, day, rights = step.kid, step.day, self.book.rights
        held = self.book.key_of(self.number, day) if self.number else b""
        if held and thumbprint(held) == kid:
            return Signer("subject", "the subject", "", kid), PublicKey.from_cose_key(held)
        signer, key = rights.accredited(kid, day, self.context), rights.key(kid)
        if key is not None:
            return None if signer is None else (signer, key)
        answer = rights.answer_key(kid, day)
        if answer is not None:
            return rights.ledger(kid), answer
        if not self.number:
            return None
        cases = self.book.folded(self.number, "", day)
        return trusted(cases, kid, self.context, step.lifecycle, day)

    def world(self, day: int) -> World:
        """Give what the guards of a day looked at."""
        rights, genesis = self.book.rights, self.book.ledger.charter.genesis
        return World(
            day=day,
            is_simulated=genesis.clock == "simulated",
            operator=genesis.operator_employer,
            days=self.days,
            pack=self.book.pack_on(self.context, day),
            employers=rights.employers(),
            parties=rights.parties(self.context, day) if self.context else frozenset(),
            records=LazyRecords(lambda: self._seen(day)),
            others=Lazy(lambda: self.book.folded(self.number, self.context, day)),
            who=self._was,
        )

    def _was(self, kid: bytes) -> Signer | None:
        named = self.book.rights.named(kid)
        if named is not None or not self.number:
            return named
        for filed in self.book.filed(self.number, ""):
            first = filed.steps[0][1]
            if first.lifecycle in _ROLES and thumbprint(_key_in(first)) == kid:
                return Signer(_ROLES[first.lifecycle], str(first.facts.get("name", "")), "", kid)
        return None

    def _seen(self, day: int) -> Mapping[str, RecordView]:
        """Give the subject's records as guards of a day saw them, but for whether they stood."""
        pack = self.book.pack_on(self.context, day)
        if not self.number or pack is None:
            return {}
        said = standings(self.book.folded(self.number, self.context, day))
        return views(self._opened, pack, None, said)

    @cached_property
    def _opened(self) -> list[OpenRecord]:
        return self.book.ledger.vault.filed.records_of(self.number, self.context)

    def is_gone(self, name: str) -> bool:
        """Tell whether a record was there and was erased."""
        return name in self.book.gone

    def is_caused(self, event: Event, world: World) -> bool:
        """Tell whether the law opened what the ledger's own key signed."""
        if event.name == "end":
            stood = self.book.links.get((self.context, event.facts.reference), ())
            given = any(day == event.day and owner != self.number for day, owner in stood)
            return given or bool(self.book.erased)  # whoever got it may be gone
        if event.name != "leave":
            return not_me_upheld(world.others, getattr(event.facts, "named", ""), world)
        kind = self.book.first_keys.get(self.number, ("", b""))[0]
        if kind == "organisation":
            return False  # nobody leaves a public register
        day = event.day
        stopped = any(
            other.lifecycle == "stop" and any(when == day for when, _, _ in other.passed)
            for other in world.others
        )
        contexts = (
            [self.context]
            if self.context
            else self.book.ledger.vault.people.contexts_of(self.number)
        )
        return stopped or not any(
            self.book.ledger.vault.agreed.live_consents(self.number, context, day)
            for context in contexts
        )


_ROLES: Final = {"mandate": "representative", "second-key": "second-key"}


def _key_in(step: Step) -> bytes:
    key = step.facts.get("key", b"")
    return key if isinstance(key, bytes) else b""


def files_named(steps: Iterable[tuple[bytes, Step]]) -> set[bytes]:
    """Name the files that steps bring."""
    found: set[bytes] = set()
    for _, step in steps:
        files = step.facts.get("files", ())
        found |= set(files) if isinstance(files, Sequence) else set()
    return found
