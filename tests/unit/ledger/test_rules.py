"""Rules enter a ledger only where they fit what it already holds."""

import hashlib
from typing import Any

import msgspec
import pytest

from standing import charter, policy
from standing.audit import verify_ledger
from standing.errors import Refused
from standing.policy._text import dump
from standing.wire.days import format_day
from tests.support import (
    CATALOGUE,
    CONTEXT,
    FORCE,
    TODAY,
    UNTIL,
    Town,
    new_key,
    pack,
    row,
)

JSON = "application/json"
SECOND = FORCE + 365
IMPACT = {"result": "shown", "low_permille": 900, "high_permille": 1_100}
OPINION = b"An opinion that somebody wrote."


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def parts(town: Town, **changes: Any) -> dict[str, Any]:
    """Give version 2 of the town's pack as plain data, its simulation not named yet."""
    plain: dict[str, Any] = msgspec.json.decode(policy.canonical(policy.parse_pack(pack())))
    (_, first), *_ = town.ledger.state.packs_of(CONTEXT)
    plain |= {
        "version": 2,
        "published": format_day(TODAY),
        "force": format_day(SECOND),
        "impact": dict(IMPACT),
        "change": plain["change"] | {"summary": "Milder fares", "previous": first.hex()},
    }
    plain["acts"]["fare-unpaid"] |= {"points": -40, "ages": [[180, -20], [365, 0]]}
    return plain | changes


def simulated(plain: dict[str, Any], **changes: Any) -> bytes:
    rules = policy.rules_digest(policy.parse_pack(dump(plain))).hex()
    head = {
        "format": "standing/simulation/1", "context": CONTEXT, "impact": dict(IMPACT),
        "old_pack": plain["change"]["previous"], "new_rules": rules, "subjects": 5,
    }  # fmt: skip
    return dump(head | changes)


def publish(
    town: Town,
    plain: dict[str, Any],
    simulation: bytes | None = None,
    *,
    attach: tuple[bytes, ...] = (),
    give: bool = True,
) -> bytes:
    """Name the simulation in the pack and publish both."""
    simulation = simulated(plain) if simulation is None else simulation
    change = plain["change"] | {"simulation": sha256(simulation)}
    return town.ledger.publish_pack(
        dump(plain | {"change": change}),
        by=[town.keys["ann"], town.keys["ben"]],
        attach=attach,
        simulation=simulation if give else None,
    )


def refusal(town: Town, plain: dict[str, Any], simulation: bytes | None = None, **how: Any) -> str:
    """Publish what is refused: nothing of it is kept or logged. Gives the code."""
    size, kept = town.ledger.log_size, documents(town)
    with pytest.raises(Refused) as caught:
        publish(town, plain, simulation, **how)
    assert (town.ledger.log_size, documents(town)) == (size, kept)
    return caught.value.code


def documents(town: Town) -> set[str]:
    return {path.name for path in (town.directory / "log" / "documents").iterdir()}


def stated(town: Town) -> dict[str, list[bytes]]:
    """Give the digests of the documents stated in public, by what they are about."""
    from standing.wire import cose

    found: dict[str, list[bytes]] = {}
    for entry in town.ledger._core.log.entries(0, town.ledger.log_size):
        said = charter.parse_statement(cose.parse_sign1(entry))
        if isinstance(said, charter.Envelope) and "about" in said.facts:
            found.setdefault(said.facts["about"], []).append(said.digest)
    return found


def test_a_later_pack_that_fits_is_published_with_its_simulation(town: Town) -> None:
    plain = parts(town)
    digest = publish(town, plain)
    assert town.ledger.state.packs_of(CONTEXT)[-1] == (SECOND, digest)
    assert stated(town)["simulation"] == [hashlib.sha256(simulated(plain)).digest()]
    assert verify_ledger(town.directory).ok


def test_a_simulation_that_the_ledger_keeps_need_not_be_given_again(town: Town) -> None:
    plain = parts(town)
    town.ledger._core.log.put_document(simulated(plain))
    assert publish(town, plain, give=False)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": 3}, "E-PACK-14"),
        ({"force": format_day(SECOND + 365)}, ""),
        ({"published": format_day(TODAY - 1)}, "E-PACK-10"),
    ],
)
def test_version_and_days_follow_the_ledger(town: Town, changes: dict[str, Any], code: str) -> None:
    plain = parts(town, **changes)
    if code:
        assert refusal(town, plain) == code
    else:
        assert publish(town, plain)


def test_a_first_pack_is_version_1(town: Town) -> None:
    plain = parts(town, context="tram", score_of=["tram"])
    assert refusal(town, plain) == "E-PACK-14"


@pytest.mark.parametrize(
    "change",
    [{"previous": "a" * 64}, {"first_force": format_day(FORCE - 365)}],
)
def test_a_later_pack_names_the_ledger_s_own_first_and_last_pack(
    town: Town, change: dict[str, str]
) -> None:
    plain = parts(town)
    plain["change"] |= change
    assert refusal(town, plain) == "E-PACK-15"


def test_a_later_pack_that_moves_a_window_is_refused(town: Town) -> None:
    plain = parts(town)
    plain["acts"]["fare-unpaid"]["window_days"] = 730
    assert refusal(town, plain) == "E-SCHED-01"


def test_a_catalogue_that_came_in_another_form_is_not_the_one_that_a_pack_names(
    town: Town,
) -> None:
    core = town.ledger._core
    digest = core.log.put_document(CATALOGUE)
    envelope = charter.Envelope("catalogue", digest, "application/yaml", {})
    core.commit([charter.sign_envelope(town.keys["ann"].key, "ann", "catalogue", envelope)])
    assert refusal(town, parts(town)) == "E-PACK-13"


# --- organisations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, {"employer": "somebody else"}),
        (0, {"role": "reviewer"}),
        (1, {"employer": "somebody else"}),
        (2, {"name": "registry"}),
    ],
)
def test_a_pack_says_of_an_organisation_what_the_roll_says(
    town: Town, place: int, change: dict[str, str]
) -> None:
    plain = parts(town)
    plain["organisations"][place] |= change
    assert refusal(town, plain) == "E-PACK-16"


def test_a_pack_names_the_sector_that_the_roll_names(town: Town) -> None:
    accredit(town, "relying-party", "tram", sector="other-sector")
    plain = parts(town)
    listed = plain["organisations"][1]
    plain["organisations"].append(listed | {"name": "tram", "employer": "tram"})
    assert refusal(town, plain) == "E-PACK-16"


def accredit(town: Town, role: str, name: str, **more: Any) -> Any:
    key = new_key(role, name)
    more = {"until": UNTIL, "contexts": [CONTEXT]} | more
    town.ledger.accredit(key.public, role=role, name=name, by=town.keys["city"], **more)
    return key


@pytest.mark.parametrize("role", ["issuer", "relying-party"])
def test_a_pack_lists_every_live_issuer_and_relying_party_of_its_context(
    town: Town, role: str
) -> None:
    accredit(town, role, "tram", contexts=["elsewhere"])
    accredit(town, role, "gone", until=TODAY)
    lost = accredit(town, role, "lost")
    town.ledger.revoke(lost.public.thumbprint, "lost", by=town.keys["city"])
    assert refusal(town, parts(town)) == "E-PACK-17"  # gone may sign today still
    town.move_to(TODAY + 1)
    assert publish(town, parts(town, published=format_day(TODAY + 1)))


def test_a_reviewer_on_the_roll_is_a_second_reviewer_too(town: Town) -> None:
    accredit(town, "reviewer", "second", employer="second house", contexts=[])
    assert publish(town, parts(town))


# --- documents -----------------------------------------------------------------------------------


def opinion(**changes: Any) -> dict[str, Any]:
    attachment = {"kind": "legal-opinion", "title": "Opinion", "sha256": sha256(OPINION)}
    return attachment | {"sample": False} | changes


def test_an_attachment_is_given_kept_and_stated(town: Town) -> None:
    plain = parts(town, attachments=[opinion()])
    assert refusal(town, plain) == "E-PACK-18"
    publish(town, plain, attach=(OPINION,))
    assert stated(town)["attachment"] == [hashlib.sha256(OPINION).digest()]
    assert verify_ledger(town.directory).ok


def test_the_audit_misses_an_attachment_that_was_taken_away(town: Town) -> None:
    publish(town, parts(town, attachments=[opinion()]), attach=(OPINION,))
    town.ledger.publish()
    (town.directory / "log" / "documents" / sha256(OPINION)).unlink()
    broken = [check.problem for check in verify_ledger(town.directory).checks if check.problem]
    assert "A document that pack transit 2 names" in str(broken)


def test_a_sample_s_text_is_its_title(town: Town) -> None:
    title = "Sample opinion"
    mine = opinion(title=title, sha256=sha256(title.encode()))
    assert refusal(town, parts(town, attachments=[mine])) == "E-PACK-18"
    publish(town, parts(town, attachments=[mine | {"sample": True}]))
    assert sha256(title.encode()) in documents(town)


def test_a_sample_of_another_text_must_be_given(town: Town) -> None:
    assert refusal(town, parts(town, attachments=[opinion(sample=True)])) == "E-PACK-18"


def test_a_document_that_the_pack_does_not_name_is_not_published(town: Town) -> None:
    assert refusal(town, parts(town), attach=(OPINION,)) == "E-PACK-23"


def test_a_simulation_that_nobody_gives_is_missed(town: Town) -> None:
    assert refusal(town, parts(town), give=False) == "E-PACK-19"


@pytest.mark.parametrize(
    ("simulation", "code"),
    [
        (b"a: b", "E-PACK-24"),
        (b"{}", "E-PACK-24"),
        (b'{"format": "standing/simulation/1"}', "E-PACK-24"),
    ],
)
def test_a_simulation_that_cannot_be_read_is_refused(
    town: Town, simulation: bytes, code: str
) -> None:
    assert refusal(town, parts(town), simulation) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"format": "standing/simulation/2"}, "E-PACK-24"),
        ({"impact": {"result": "shown", "share": 1}}, "E-PACK-24"),
        ({"context": "rail"}, "E-PACK-21"),
        ({"old_pack": "a" * 64}, "E-PACK-21"),
        ({"new_rules": "a" * 64}, "E-PACK-21"),
        ({"impact": IMPACT | {"low_permille": 899}}, "E-PACK-22"),
        ({"impact": {"result": "not shown", "low_permille": 0, "high_permille": 0}}, "E-PACK-22"),
    ],
)
def test_a_simulation_is_of_this_pack_and_its_impact_is_the_pack_s(
    town: Town, change: dict[str, Any], code: str
) -> None:
    plain = parts(town)
    assert refusal(town, plain, simulated(plain, **change)) == code


def test_a_simulation_in_yaml_is_refused_though_its_values_are_right(town: Town) -> None:
    plain = parts(town)
    text = "\n".join(
        f"{key}: {dump(value).decode()}"
        for key, value in msgspec.json.decode(simulated(plain)).items()
    )
    assert refusal(town, plain, text.encode()) == "E-PACK-24"


def test_a_first_pack_that_names_a_simulation_is_published_with_it(town: Town) -> None:
    plain: dict[str, Any] = msgspec.json.decode(policy.canonical(policy.parse_pack(pack())))
    force = format_day(FORCE + 40)
    plain |= {"context": "tram", "score_of": ["tram"], "published": format_day(TODAY)}
    plain |= {"force": force, "change": plain["change"] | {"first_force": force}}
    assert refusal(town, plain, OPINION, give=False) == "E-PACK-19"
    assert publish(town, plain, OPINION)
    assert verify_ledger(town.directory).ok


# --- packs of an earlier linter ------------------------------------------------------------------


def publish_by_hand(town: Town, document: bytes, linter: int) -> bytes:
    """Publish a pack as an earlier release did: both signatures, no check of today's."""
    core = town.ledger._core
    digest = core.log.put_document(document)
    read = policy.parse_pack(document)
    facts = {
        "context": read.context, "version": read.version, "force": int(read.force),
        "linter": linter, "catalogue": core.state.roll.catalogues[-1],
    }  # fmt: skip
    envelope = charter.Envelope("pack", digest, JSON, facts)
    core.commit(
        [
            charter.sign_envelope(town.keys[name].key, name, f"pack/{read.version}", envelope)
            for name in ("ann", "ben")
        ]
    )
    return digest


def test_a_pack_published_under_linter_1_stays_in_force_and_is_not_judged_again(
    town: Town,
) -> None:
    plain = parts(town, linter=1)
    del plain["catalogue"]
    assert policy.lint(dump(plain), policy.parse_catalogue(CATALOGUE))
    digest = publish_by_hand(town, dump(plain), linter=1)
    town.import_rows([row(0)])
    town.move_to(SECOND)
    assert town.ledger.state.packs_of(CONTEXT)[-1] == (SECOND, digest)
    assert town.ledger.score("card-0", CONTEXT, SECOND).score.pack_version == 2
    assert verify_ledger(town.directory).ok
