"""Importing rows: all of a file or nothing of it, every bad row named, nothing twice."""

from pathlib import Path

import duckdb
import pytest

from standing.errors import Refused, Usage
from standing.ledger.intake import RowsRefused
from standing.vault import leaf_of
from standing.wire.days import format_day
from tests.support import CONTEXT, MAP, TODAY, Town, new_key, row, rows


def counts(town: Town) -> tuple[int, int, int]:
    """Count log entries, batches and row identities."""
    vault = town.ledger._core.vault
    batches = vault.db.execute("SELECT count(*) FROM batches").fetchone()[0]
    return town.ledger.log_size, batches, sum(map(len, vault.filed.known_row_ids()))


BAD = {
    "an unknown type": (row(1, type="jaywalking"), "E-ROW-3", "jaywalking"),
    "a future day": (row(1, day=format_day(TODAY + 1)), "E-ROW-16", "future"),
    "a day too long ago": (row(1, day=format_day(TODAY - 15)), "E-ROW-17", "too long ago"),
    "no day at all": (row(1, day="yesterday"), "E-ROW-15", "not a day"),
    "a missing basis": (row(1, basis=""), "E-ROW-11", "its basis value is empty"),
    "a blank signer": (row(1, signer="  "), "E-ROW-11", "its signer value is empty"),
    "a missing reference": (row(1, card=""), "E-ROW-11", "its reference value is empty"),
    "a missing id": (row(1, id=""), "E-ROW-11", "its id value is empty"),
    "an endless basis": (row(1, basis="x" * 201), "E-ROW-12", "longer than 200"),
    "a control character": (row(1, basis="a\x07b"), "E-ROW-12", "not printable"),
    "a float detail": (row(1, type="fare-unpaid", zones="3.5"), "E-ROW-33", "zones"),
    "a detail out of range": (row(1, type="fare-unpaid", zones="10"), "E-ROW-33", "zones"),
    "a detail of another type": (row(1, type="helped", zones="3"), "E-ROW-33", "zones"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_row_is_named_by_number_and_reason_and_nothing_is_stored(
    town: Town, what: str
) -> None:
    bad, code, reason = BAD[what]
    before = counts(town)
    with pytest.raises(RowsRefused) as caught:
        town.import_rows([row(0), bad, row(2)])
    (named,) = caught.value.rows
    assert caught.value.total == 1
    assert named.row == 2
    assert named.code.startswith(code)
    assert reason in named.reason
    assert named.remedy
    assert counts(town) == before


def test_broken_utf8_is_named_by_row(town: Town) -> None:
    path = town.write_rows(rows(3))
    path.write_bytes(path.read_bytes().replace(b"ticket 1", b"ticket \xff"))
    with pytest.raises(RowsRefused) as caught:
        town.take(path)
    assert [(r.row, r.code) for r in caught.value.rows] == [(2, "E-ROW-03")]


def test_rows_of_another_width_are_named(town: Town) -> None:
    path = town.write_rows(rows(3))
    lines = path.read_text().splitlines()
    lines[2] += ",more"
    lines[3] = "r9,card-1"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(RowsRefused) as caught:
        town.take(path)
    assert [(r.row, r.code) for r in caught.value.rows] == [(2, "E-ROW-01"), (3, "E-ROW-01")]
    assert "it has 8 fields, the header has 7" in caught.value.rows[0].reason


def test_an_open_quote_cannot_swallow_rows(town: Town) -> None:
    path = town.write_rows(rows(3))
    path.write_text(path.read_text().replace("ticket 1", '"ticket 1'))
    before = counts(town)
    with pytest.raises(Refused) as caught:
        town.take(path)
    assert caught.value.code in {"E-ROW-00", "E-FILE-05"}
    assert counts(town) == before


def test_the_same_id_with_different_content_is_bad_and_with_the_same_is_taken_once(
    town: Town,
) -> None:
    with pytest.raises(RowsRefused) as caught:
        town.import_rows([row(0), row(1), row(0, basis="another")])
    assert [(r.row, r.code) for r in caught.value.rows] == [(3, "E-ROW-20")]
    assert "row 1" in caught.value.rows[0].reason
    done = town.import_rows([row(0), row(1), row(0)])
    assert (done.records, done.already_there) == (2, 1)


def test_all_bad_rows_are_counted_and_a_hundred_of_them_named(town: Town) -> None:
    with pytest.raises(RowsRefused) as caught:
        town.import_rows([row(n, signer="") for n in range(150)])
    assert caught.value.total == 150
    assert [r.row for r in caught.value.rows] == list(range(1, 101))


def test_keep_good_writes_the_batches_without_a_bad_row(town: Town) -> None:
    data = rows(10)
    data[4]["signer"] = ""
    done = town.import_rows(data, keep_good=True, batch_records=2)
    assert (done.records, done.batches, done.refused) == (8, 4, 2)
    assert [r.row for r in done.bad] == [5]
    data[4]["signer"] = "inspector"
    again = town.import_rows(data, batch_records=2)
    assert (again.records, again.already_there) == (2, 8)


def test_importing_again_adds_nothing(town: Town) -> None:
    first = town.import_rows(rows(20))
    before = counts(town)
    again = town.import_rows(rows(20))
    assert (first.records, first.already_there) == (20, 0)
    assert (again.records, again.batches, again.already_there) == (0, 0, 20)
    assert counts(town) == before


def test_rows_without_an_id_are_known_by_file_and_number(town: Town) -> None:
    plain = MAP.replace(b'id = "id"\n', b"")
    assert town.import_rows(rows(4), map_data=plain).records == 4
    assert town.import_rows(rows(4), map_data=plain).already_there == 4


def test_rows_without_consent_are_answered_alike_and_nothing_of_them_is_held(town: Town) -> None:
    town.ledger.withdraw(town.people[0], CONTEXT)
    done = [
        town.import_rows([row(n, card=card)])
        for n, card in enumerate(("card-1", "card-0", "nobody"))
    ]
    assert {(d.records, d.batches, d.refused, d.already_there, d.bad) for d in done} == {
        (1, 1, 0, 0, ())
    }
    vault = town.ledger._core.vault
    sizes = {len(batch.leaves) for batch in vault.batches.each()}
    assert sizes == {32 * 32}
    held = [
        len(vault.filed.records_of(vault.people.find(name), CONTEXT)) for name in town.names[:2]
    ]
    assert held == [0, 1]
    assert town.ledger.verify().ok


def test_a_row_from_before_consent_is_not_held(town: Town) -> None:
    key = town.add_person()
    assert town.import_rows([row(0, card="card-5", day=format_day(TODAY - 1))]).records == 1
    assert town.import_rows([row(1, card="card-5", day=format_day(TODAY))]).records == 1
    vault = town.ledger._core.vault
    number = vault.people.subject_of_key(key.public.cose_key(), town.ledger.today)
    assert [r.record.row for r in vault.filed.records_of(number, CONTEXT)] == ["r1"]


def test_a_stored_records_leaf_is_the_hash_of_its_one_encoding(town: Town) -> None:
    bases = ["x" * n for n in (1, 23, 24, 200)] + ["Straße 7", "车票"]
    town.import_rows([row(n, card="card-0", basis=basis) for n, basis in enumerate(bases)])
    vault = town.ledger._core.vault
    records = vault.filed.records_of(vault.people.find(town.names[0]), CONTEXT)
    assert [r.record.basis for r in records] == bases
    assert [leaf_of(r.record) for r in records] == [r.leaf for r in records]


def held(town: Town) -> list[tuple[object, ...]]:
    vault = town.ledger._core.vault
    return sorted(
        (r.record.reference, r.record.type, r.record.day, r.record.row, str(r.record.details))
        for number in vault.people.numbers(CONTEXT)
        for r in vault.filed.records_of(number, CONTEXT)
    )


def test_parquet_gives_the_records_that_csv_gives(town: Town, tmp_path: Path) -> None:
    csv_file = town.write_rows(rows(12))
    parquet = tmp_path / "rows.parquet"
    with duckdb.connect() as db:
        db.execute(
            f"COPY (SELECT * REPLACE (CAST(day AS DATE) AS day, TRY_CAST(zones AS INTEGER) AS zones)"
            f" FROM read_csv('{csv_file}', all_varchar=true)) TO '{parquet}' (FORMAT parquet)"
        )
    done = town.take(parquet)
    assert (done.records, done.refused) == (12, 0)
    from_parquet = held(town)
    assert town.take(csv_file).already_there == 12
    assert len(from_parquet) == 12
    assert "3" in from_parquet[0][-1]


def test_a_file_that_only_claims_to_be_parquet_is_refused(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(Refused, match=r"rows\.parquet") as caught:
        town.take(path)
    assert caught.value.code == "E-FILE-04"


MAPS = {
    "no toml": b"context = ",
    "an unknown key": MAP.replace(b"[details]", b"colour = 'red'\n[details]"),
    "a missing fact": MAP.replace(b'basis = "basis"\n', b""),
    "a float": MAP.replace(b'basis = "basis"', b"basis = 3.5"),
    "steps that descend": MAP.replace(
        b'basis = "basis"', b'basis = {column = "zones", steps = [[5, "a"], [1, "b"]]}'
    ),
    "values and steps": MAP.replace(
        b'basis = "basis"', b'basis = {column = "zones", steps = [[5, "a"]], values = {a = "b"}}'
    ),
    "a template with code": MAP.replace(b'basis = "basis"', b'basis = {template = "{id!r}"}'),
    "text that is not UTF-8": MAP + b"# \xff",
}


@pytest.mark.parametrize("what", MAPS)
def test_a_map_that_cannot_be_read_is_refused(town: Town, what: str) -> None:
    with pytest.raises(Refused) as caught:
        town.import_rows(rows(1), map_data=MAPS[what], map_where="map.toml")
    assert caught.value.code == "E-MAP-01"
    assert caught.value.where == "map.toml"


def test_a_map_may_translate_step_and_compose_values(town: Town) -> None:
    mapped = MAP.replace(
        b'type = "type"', b'type = {column = "type", values = {F = "fare-unpaid", H = "helped"}}'
    ).replace(b'basis = "basis"', b'basis = {template = "check {basis:03} of {id}"}')
    good = [row(0, type="F", basis="7"), row(1, type="H", basis="8", zones="")]
    assert town.import_rows(good, map_data=mapped).records == 2
    vault = town.ledger._core.vault
    bases = {
        r.record.basis
        for n in vault.people.numbers(CONTEXT)
        for r in vault.filed.records_of(n, CONTEXT)
    }
    assert bases == {"check 007 of r0", "check 008 of r1"}
    with pytest.raises(RowsRefused) as caught:
        town.import_rows([row(3, type="X")], map_data=mapped)
    assert caught.value.rows[0].code == "E-ROW-10"


def test_a_map_that_names_a_missing_column_is_refused(town: Town) -> None:
    with pytest.raises(Refused, match="'ticket'") as caught:
        town.import_rows(rows(1), map_data=MAP.replace(b'"basis"', b'"ticket"'))
    assert caught.value.code == "E-MAP-02"


def test_an_issuer_without_a_key_makes_the_row_bad(town: Town) -> None:
    other = MAP.replace(b'{constant = "metro"}', b'{constant = "tram"}')
    with pytest.raises(RowsRefused) as caught:
        town.import_rows(rows(1), map_data=other)
    assert caught.value.rows[0].code == "E-ROW-13"


def test_a_subject_known_only_by_a_seat_is_refused(town: Town) -> None:
    other = MAP.replace(b"credential-shown", b"seat")
    with pytest.raises(RowsRefused) as caught:
        town.import_rows(rows(1), map_data=other)
    assert caught.value.rows[0].code == "E-ROW-14"


def test_a_missing_file_a_directory_and_an_empty_file_are_told_apart(
    town: Town, tmp_path: Path
) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "twice.csv").write_text("a,a\n1,2\n")
    for name, kind, code in (
        ("nowhere.csv", Usage, "E-FILE-01"),
        (".", Usage, "E-FILE-01"),
        ("empty.csv", Refused, "E-FILE-02"),
        ("twice.csv", Refused, "E-FILE-03"),
    ):
        with pytest.raises(kind) as caught:
            town.take(tmp_path / name)
        assert caught.value.code == code


def test_a_file_with_only_a_header_is_no_error(town: Town) -> None:
    done = town.import_rows([])
    assert (done.records, done.batches, done.refused) == (0, 0, 0)


def test_a_key_of_another_role_or_name_cannot_import(town: Town) -> None:
    for wrong in (town.keys["bus"], town.keys["ann"], new_key("issuer", "metro")):
        with pytest.raises(Refused) as caught:
            town.import_rows(rows(1), keys={"metro": wrong})
        assert caught.value.code == "E-KEY-14"


def test_a_revoked_key_cannot_import(town: Town) -> None:
    town.ledger.revoke(town.keys["metro"].public.thumbprint, "lost", by=town.keys["city"])
    with pytest.raises(Refused) as caught:
        town.import_rows(rows(1))
    assert caught.value.code == "E-KEY-15"
