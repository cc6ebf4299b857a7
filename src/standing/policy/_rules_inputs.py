"""Linter rules about what may be recorded at all: inputs, duties, catalogue, setting, parties."""

import hashlib
from collections.abc import Iterable, Iterator

from standing.policy._codes import (
    BARRED_SECTORS,
    KNOWN_INPUTS,
    PROTECTED_ACTS,
    SENSITIVE_INPUTS,
    WEALTH_INPUTS,
)
from standing.policy._hit import Hit, Rule, burdens
from standing.policy._parse import canonical
from standing.policy._schema import TIERS, Act, ActType, Catalogue, Duty, Pack


def _written_against(pack: Pack, catalogue: Catalogue) -> Iterator[Hit]:
    # a type may have another duty or sign in another catalogue: the rules would not be the same
    digest = hashlib.sha256(canonical(catalogue)).hexdigest()
    if pack.catalogue != digest:
        got = f"catalogue {pack.catalogue}" if pack.catalogue else "no catalogue"
        allowed = f"{digest}, the SHA-256 of catalogue version {catalogue.version}"
        yield Hit("L61", ("catalogue",), got, allowed)


def _inputs(pack: Pack, catalogue: Catalogue) -> Iterator[Hit]:
    for code, act in pack.acts.items():
        kind = catalogue.types.get(code)
        details = tuple(kind.fields) if kind else ()
        for name in act.inputs:
            yield from _input(pack, code, act, name, is_detail=False)
        for name in details:  # a detail's name parts words with "_"
            yield from _input(pack, code, act, name.replace("_", "-"), is_detail=True)


def _input(pack: Pack, code: str, act: Act, name: str, *, is_detail: bool) -> Iterator[Hit]:
    path = ("acts", code, "inputs")
    if name in SENSITIVE_INPUTS and pack.about_people:
        yield Hit("L03", path, name, "nothing about body, belief, origin, health or relatives")
    elif name in WEALTH_INPUTS and pack.about_people:
        yield Hit("L04", path, name, "nothing about income, property or lawful investing")
    elif name in PROTECTED_ACTS and pack.about_people:
        if act.points < 0:
            yield Hit("L07", path, f"{name} with {act.points} points", "never negative points")
    elif name not in KNOWN_INPUTS and not is_detail:
        yield Hit("L61", path, name, f"one of {', '.join(sorted(KNOWN_INPUTS))}")


def _duties(pack: Pack, catalogue: Catalogue) -> Iterator[Hit]:
    for code, act in burdens(pack):
        kind = catalogue.types.get(code)
        duty = kind.duty if kind else None
        if duty is None:
            continue  # L61 or L12 speaks: the catalogue has no burdening type of this name
        if act.duty != duty.sha256:
            got = act.duty or "no duty"
            yield Hit("L05", ("acts", code, "duty"), got, f"the duty's text hash {duty.sha256}")
        if duty.penal and pack.about_people and not act.legal_ground.strip():
            yield Hit(
                "L50",
                ("acts", code, "legal_ground"),
                f"{act.points} points for a penal duty without a legal ground",
                "the law that authorises this issuer, or a positive or warning record only",
            )


def _types(pack: Pack, catalogue: Catalogue) -> Iterator[Hit]:
    for code, act in pack.acts.items():
        kind = catalogue.types.get(code)
        if kind is None:
            allowed = f"an act type of catalogue version {catalogue.version}"
            yield Hit("L61", ("acts", code), code, allowed)
            continue
        if TIERS.index(act.tier) > TIERS.index(kind.ceiling):
            yield Hit("L61", ("acts", code, "tier"), act.tier, f"at most {kind.ceiling}")
        yield from _setting_of_type(pack, code, kind)


def _setting_of_type(pack: Pack, code: str, kind: ActType) -> Iterator[Hit]:
    if kind.setting != pack.setting:
        yield Hit("L62", ("acts", code), f"an act of {kind.setting}", f"acts of {pack.setting}")
    duty: Duty | None = kind.duty
    if duty is not None and duty.source != pack.source:
        yield Hit("L62", ("acts", code), f"a duty of {duty.source}", f"duties of {pack.source}")


def _setting(pack: Pack, catalogue: Catalogue) -> Iterator[Hit]:
    setting = catalogue.settings.get(pack.setting)
    if setting is None:
        yield Hit("L62", ("setting",), pack.setting, f"one of {', '.join(catalogue.settings)}")
        return
    if pack.source != setting.source:
        yield Hit("L62", ("source",), pack.source, setting.source)
    sectors = [s for s in setting.sectors if s not in BARRED_SECTORS]
    for code, purpose in pack.purposes.items():
        yield from _sectors(("purposes", code, "parties"), purpose.parties, sectors)
    for index, member in enumerate(pack.organisations):
        if member.role == "relying-party":
            yield from _sectors(("organisations", index, "sector"), [member.sector], sectors)


def _sectors(
    path: tuple[str | int, ...], found: Iterable[str], allowed: list[str]
) -> Iterator[Hit]:
    for sector in found:
        if sector not in allowed:
            yield Hit("L62", path, sector or "no sector", f"one of {', '.join(allowed)}")


RULES: tuple[Rule, ...] = (_written_against, _inputs, _duties, _types, _setting)
