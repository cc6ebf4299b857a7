"""A region or group that its subject did not state, or that stands elsewhere, is found."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from standing import audit
from standing.ledger._people import sign_document
from standing.vault import Attributes, Vault, attributes_padding, preimage, seal
from standing.verify.tree import leaf_hash
from tests.support import CONTEXT, TODAY, Town


def problem(town: Town) -> str:
    """Verify, demand that the check of people alone fails, and give what it says."""
    wrong = [check for check in town.ledger.verify().checks if not check.ok]
    assert [check.name for check in wrong] == ["people"], wrong
    assert wrong[0].problem is not None
    return wrong[0].problem.what


def number_of(town: Town, person: int) -> int:
    found: int = town.ledger._core.vault.people.find(town.names[person])
    return found


def plant(
    town: Town,
    document: Any,
    *,
    signer: int = 0,
    owner: int = 0,
    context: str = CONTEXT,
) -> None:
    """Store a document as whoever holds vault and keys can."""
    vault: Vault = town.ledger._core.vault
    with vault.transaction():
        vault.add(sign_document(document, town.people[signer]), number_of(town, owner), context)


def draft(town: Town, person: int = 0, **changes: object) -> Attributes:
    document = town.ledger.draft_attributes(town.people[person].public, CONTEXT, region="de-by")
    return msgspec.structs.replace(document, **changes)


ELSEWHERE = "A private document is kept for another than the one it is about."


def test_what_its_subject_signed_holds(town: Town) -> None:
    plant(town, draft(town))
    assert town.ledger.verify().ok
    town.move_to(TODAY + 1)
    town.ledger.tick()
    plant(town, draft(town, region="", padding=attributes_padding("", "")))
    town.ledger.withdraw(town.people[0], CONTEXT)
    town.move_to(TODAY + 2)
    town.ledger.tick()
    verification = town.ledger.verify()
    assert verification.ok
    assert audit.verify_ledger(town.directory, town.ledger.checkpoint).ok


def test_a_statement_signed_by_another_is_found(town: Town) -> None:
    plant(town, draft(town), signer=1)
    assert "signature" in problem(town)


def test_a_code_changed_after_signing_is_found(town: Town) -> None:
    signed = sign_document(draft(town), town.people[0])
    changed = msgspec.structs.replace(signed, region="de-be")
    vault: Vault = town.ledger._core.vault
    with vault.transaction():
        vault.add(changed, number_of(town, 0), CONTEXT)
    assert "signature" in problem(town)


def test_a_statement_kept_for_another_subject_is_found(town: Town) -> None:
    plant(town, draft(town), owner=1)  # its signature is not the owner's
    assert "signature" in problem(town)


def test_a_statement_kept_for_another_who_signed_it_too_is_found(town: Town) -> None:
    plant(town, draft(town), signer=1, owner=1)
    assert problem(town) == ELSEWHERE


def test_anothers_pseudonym_is_found(town: Town) -> None:
    plant(town, draft(town, pseudonym=town.names[1]))
    assert problem(town) == ELSEWHERE


def test_anothers_consent_is_found(town: Town) -> None:
    plant(town, draft(town, consent=draft(town, 1).consent))
    assert problem(town) == ELSEWHERE


def test_a_consent_that_is_not_there_is_found(town: Town) -> None:
    plant(town, draft(town, consent=bytes(32)))
    assert problem(town) == ELSEWHERE


def in_rail(town: Town) -> str:
    """Let the first person agree in another context too; gives the name there."""
    town.add_rail()
    name = town.ledger.consent(town.people[0], "rail")
    assert town.ledger.verify().ok
    return name


def test_a_consent_of_another_context_is_found(town: Town) -> None:
    name = in_rail(town)
    here = draft(town)
    plant(town, msgspec.structs.replace(here, context="rail", pseudonym=name), context="rail")
    assert problem(town) == ELSEWHERE


def test_a_context_that_is_not_its_consents_is_found(town: Town) -> None:
    name = in_rail(town)
    vault: Vault = town.ledger._core.vault
    ((_, _, leaf),) = vault.agreed.consents(number_of(town, 0), "rail")
    here = draft(town, pseudonym=name, consent=leaf)
    plant(town, here, context="rail")
    assert problem(town) == ELSEWHERE


def test_a_statement_filed_under_another_context_is_found(town: Town) -> None:
    in_rail(town)
    plant(town, draft(town), context="rail")
    assert problem(town) == ELSEWHERE


@pytest.mark.parametrize("days", [-30, 1])
def test_a_statement_outside_its_consent_is_found(town: Town, days: int) -> None:
    bound = draft(town)
    town.move_to(TODAY + 10)
    if days > 0:
        town.ledger.withdraw(town.people[0], CONTEXT)
        town.move_to(TODAY + 11)
    plant(town, msgspec.structs.replace(bound, day=town.ledger.today + days - (days > 0)))
    found = {c.problem.what for c in town.ledger.verify().checks if c.problem is not None}
    assert "A region or group was taken without a live consent." in found


def test_a_length_of_its_own_is_found(town: Town) -> None:
    plant(town, draft(town, padding=b""))
    assert problem(town) == "A statement of region and group has a length of its own."


@pytest.mark.parametrize("revision", [0, -1])
def test_a_revision_below_one_has_no_form(town: Town, revision: int) -> None:
    plant(town, draft(town, revision=revision))
    assert not town.ledger.verify().ok


WITHHELD = "A statement of region and group is WITHHELD, or stands twice."


@pytest.mark.parametrize("revision", [1, 3])
def test_a_revision_that_stands_twice_or_leaves_one_out_is_found(town: Town, revision: int) -> None:
    plant(town, draft(town))
    plant(town, draft(town, revision=revision))
    assert problem(town) == WITHHELD


def test_an_earlier_statement_that_was_removed_is_found(town: Town) -> None:
    vault: Vault = town.ledger._core.vault
    plant(town, draft(town))
    (first,) = vault.db.execute("SELECT leaf FROM documents WHERE kind='attributes'").fetchone()
    plant(town, draft(town))
    vault.db.execute("DELETE FROM documents WHERE leaf=?", (first,))
    assert problem(town) == WITHHELD


def swapped_owners(vault: Vault) -> None:
    rows = vault.db.execute(
        "SELECT leaf, subject FROM documents WHERE kind='attributes'"
    ).fetchall()
    (one, first), (other, second) = rows
    vault.db.execute("UPDATE documents SET subject=? WHERE leaf=?", (second, one))
    vault.db.execute("UPDATE documents SET subject=? WHERE leaf=?", (first, other))


def swapped_texts(vault: Vault) -> None:
    rows = vault.db.execute("SELECT leaf, sealed FROM documents WHERE kind='attributes'").fetchall()
    (one, first), (other, second) = rows
    vault.db.execute("UPDATE documents SET sealed=? WHERE leaf=?", (second, one))
    vault.db.execute("UPDATE documents SET sealed=? WHERE leaf=?", (first, other))


def sealed_anew(vault: Vault) -> None:
    """Put another code under the same leaf, sealed well."""
    query = "SELECT leaf, subject FROM documents WHERE kind='attributes'"
    leaf, number = vault.db.execute(query).fetchone()
    opened = next(d.document for d in vault.filed.documents(number) if d.leaf == leaf)
    data = preimage(msgspec.structs.replace(opened, region="de-be"))
    assert leaf_hash(data) != leaf
    sealed = seal(vault.keys.require(number, CONTEXT), leaf, data)
    vault.db.execute("UPDATE documents SET sealed=? WHERE leaf=?", (sealed, leaf))


def named_another_kind(vault: Vault) -> None:
    vault.db.execute("UPDATE documents SET kind='erasure' WHERE kind='attributes'")


@pytest.mark.parametrize(
    "change", [swapped_owners, swapped_texts, sealed_anew, named_another_kind]
)  # fmt: skip
def test_a_row_changed_or_swapped_is_found(town: Town, change: Callable[[Vault], None]) -> None:
    for person in (0, 1):
        plant(town, draft(town, person), signer=person, owner=person)
    assert town.ledger.verify().ok
    change(town.ledger._core.vault)
    assert not town.ledger.verify().ok
