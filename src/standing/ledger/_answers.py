"""What a question is answered: today, or would have been on a day before."""

from dataclasses import dataclass

from standing.cases import answers
from standing.cases.answers import Rules
from standing.cases.decisions import Asked
from standing.ledger import _rules, _world
from standing.ledger._core import Core
from standing.policy import Pack


@dataclass(frozen=True, slots=True)
class About:
    """About whom a question is: the keyed hash, and the key of whoever made a presentation."""

    name: bytes
    maker: bytes = b""


def rules_of(core: Core) -> Rules:
    """Give what answers need of the published rules."""
    return Rules(
        schedule=lambda context: _rules.schedule(core, context),
        pack=lambda context, day: _rules.pack(core, _rules.pack_in_force(core, context, day)),
        days=lambda context: _world.working_days(core, context),
    )


def answer_to(core: Core, asked: Asked, about: About, pack: Pack, day: int) -> str:
    """Give what a question is answered today, by the pack in force."""
    table = core.lookup.table(core.vault, rules_of(core), asked.context, day, core.state.roll)
    code = answers.choose(table.get(about.name, ()), asked, pack)
    purpose = pack.purposes.get(asked.purpose)
    if about.maker and purpose is not None and purpose.perk:
        return _perk(core, asked, about, day) or code
    return code


def _perk(core: Core, asked: Asked, about: About, day: int) -> str | None:
    """Look for a perk; for whoever has no live consent the same is done with somebody who has."""
    vault = core.vault
    number = vault.people.subject_of_key(about.maker, day) or 0
    stand_in = vault.rights.somebody(asked.context, day, about.name)
    is_live = bool(vault.agreed.live_consents(number, asked.context, day))
    looked_at = number if is_live or stand_in is None else stand_in
    rules = rules_of(core)
    perk = answers.perk_of(vault, rules, looked_at, asked.context, asked.purpose, day)
    return perk if looked_at == number else None


def answer_on(core: Core, asked: Asked, maker: bytes, day: int) -> str:
    """Give what the same question would have been answered on a day up to today."""
    vault, rules = core.vault, rules_of(core)
    number = vault.people.subject_of_key(maker, day) if maker else _holder(core, asked, day)
    pack = rules.pack(asked.context, day)
    if number is None:
        return answers.choose((), asked, pack)
    perk = None
    if maker:
        perk = answers.perk_of(vault, rules, number, asked.context, asked.purpose, day)
    burdens = answers.burdens_of(vault, rules, number, asked.context, day)
    return perk or answers.choose(burdens, asked, pack)


def _holder(core: Core, asked: Asked, day: int) -> int | None:
    held = core.vault.people.holder(asked.context, asked.reference, day)
    return None if held is None or held.shared else held.subject
