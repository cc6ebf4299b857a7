"""The cases in a report: checked as in a vault, with what the report itself shows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from standing.audit._broken import broken
from standing.audit._rights import Rights, thumbprint
from standing.audit._steps import Lazy, LazyRecords, by_case, check_steps, not_me_upheld
from standing.audit._verify import ShownRecord
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
from standing.cases.standing import Reply, Standing, replies, standings, views
from standing.errors import StandingError
from standing.policy import Pack
from standing.vault import OpenRecord, Step, case_name
from standing.wire.keys import PublicKey

_TRUSTED = frozenset({"subject", "representative", "second-key"})


@dataclass
class ReportScene:
    """One subject in one context, as a report shows them."""

    rights: Rights
    subject: str
    context: str
    own_keys: Sequence[bytes]  # COSE_Keys of the consents shown
    vouched: Sequence[Sequence[Any]]  # (COSE_Key, role, name) by the ledger's word alone
    packs: Sequence[Pack]
    opened: Sequence[OpenRecord]
    withdrawn: frozenset[int]
    steps: Mapping[bytes, Step]
    vouched_steps: int = 0
    number: int = 1  # whoever it is: a report is about one subject
    pseudonym: str = field(init=False)
    rp_id: str = field(init=False)
    days: WorkingDays = field(init=False)

    def __post_init__(self) -> None:
        self.pseudonym = self.subject
        self.rp_id = self.rights.state.genesis.rp_id
        self.days = WorkingDays.of(self.packs)

    def who(self, step: Step) -> tuple[Signer, PublicKey] | None:
        """Tell whose key took a step, in which role on its day."""
        kid = step.kid
        for key in self.own_keys:
            if thumbprint(key) == kid:
                return Signer("subject", "the subject", "", kid), PublicKey.from_cose_key(key)
        signer, known = self.rights.accredited(kid, step.day, self.context), self.rights.key(kid)
        if known is not None:
            return None if signer is None else (signer, known)
        answer = self.rights.answer_key(kid, step.day)
        if answer is not None:
            return self.rights.ledger(kid), answer
        for key, role, name in self.vouched:
            if role in _TRUSTED and thumbprint(key) == kid:
                self.vouched_steps += 1
                return Signer(role, name, "", kid), PublicKey.from_cose_key(key)
        return None

    def world(self, day: int) -> World:
        """Give what the guards of a day looked at, as far as the report shows it."""
        genesis = self.rights.state.genesis
        return World(
            day=day,
            is_simulated=genesis.clock == "simulated",
            operator=genesis.operator_employer,
            days=self.days,
            pack=self._pack(day),
            employers=self.rights.employers(),
            parties=self.rights.parties(self.context, day),
            records=LazyRecords(lambda: self._seen(day)),
            others=Lazy(lambda: self.folded(day)),
            who=self.rights.named,
        )

    def _seen(self, day: int) -> Mapping[str, RecordView]:
        return views(self.opened, self._pack(day), None, standings(self.folded(day)))

    def _pack(self, day: int) -> Pack:
        in_force = [pack for pack in self.packs if pack.force <= day]
        return in_force[-1] if in_force else self.packs[0]

    def folded(self, day: int) -> list[Case]:
        """Fold every case shown, on a day; broken ones are named when their turn comes."""
        found = []
        for steps in by_case(self.steps).values():
            try:
                case = case_of(steps, subject=self.number, day=day, days=self.days)
            except StandingError:
                continue
            if case is not None:
                found.append(case)
        return together(sorted(found, key=lambda case: case.name))

    def is_gone(self, name: str) -> bool:  # noqa: ARG002 - a report shows all there is
        """Tell whether a record was there and was erased."""
        return False

    def is_caused(self, event: Event, world: World) -> bool:
        """Tell whether the law opened what the ledger's own key signed."""
        if event.name == "end":
            return True  # for whom the reference stands now is nobody's business
        if event.name != "leave":
            return not_me_upheld(world.others, getattr(event.facts, "named", ""), world)
        stopped = any(
            other.lifecycle == "stop" and any(when == event.day for when, _, _ in other.passed)
            for other in world.others
        )
        return stopped or event.day in self.withdrawn


def check_report_cases(scene: ReportScene, day: int) -> list[Case]:
    """Check every case that a report shows; gives them as they are on its day."""
    cases = by_case(scene.steps)
    for opening, steps in cases.items():
        if steps[0][0] != opening or steps[-1][1].day > day:
            raise broken(
                "A case of the report is not whole.",
                "Its opening step is missing, or a step is of a later day.",
                f"case {case_name(opening)}",
            )
    for steps in cases.values():
        check_steps(scene, steps)
    return scene.folded(day)


def shown(
    records: Iterable[OpenRecord], cases: Sequence[Case], counted: Mapping[str, int]
) -> tuple[ShownRecord, ...]:
    """Put beside each record what became of it, and what its subject and issuer say of it."""
    said, spoken = standings(cases), replies(cases)
    return tuple(
        _shown(one, said.get(one.id, Standing()), spoken.get(one.id), counted.get(one.id, 0))
        for one in records
    )


def _shown(
    opened: OpenRecord, standing: Standing, reply: Reply | None, counted: int
) -> ShownRecord:
    record = opened.record
    return ShownRecord(
        id=opened.id,
        issuer=record.issuer,
        type=record.type,
        day=record.day,
        status=standing.status,
        case=standing.case,
        counted=counted,
        reply=reply.words if reply else "",
        answer=reply.answer if reply else "",
    )
