"""Batches that an issuer made elsewhere: taken as an import takes its rows, or refused whole."""

import hashlib
import os
import pickle

import msgspec
import pytest

from standing import charter, policy
from standing.engine import SimulatedClock
from standing.errors import StandingError
from standing.ledger import open_ledger
from standing.ledger.intake import (
    MAX_BYTES,
    MAX_RECORDS,
    OwnBatch,
    RecordsRefused,
    RowsRefused,
    encode_batches,
    make_batches,
    parse_batches,
    sendings,
)
from standing.packs import shipped
from standing.vault import Record, parse_preimage, preimage
from standing.verify.tree import root_of
from standing.wire import cbor, cose
from standing.wire.days import format_day
from tests.support import (
    CATALOGUE,
    CONTEXT,
    MAP,
    TODAY,
    make_ledger,
    new_key,
    pack,
    row,
    rows,
)

SLOT = f"{CONTEXT}/{format_day(TODAY)}/{'0' * 12}"


def make(town, data, **options):
    """Make batches as an issuer does: from a file, a key and public documents alone."""
    path = town.write_rows(data, "elsewhere.csv")
    options.setdefault("map_data", MAP)
    options.setdefault("keys", {"metro": town.keys["metro"].key})
    options.setdefault("today", TODAY)
    options.setdefault("catalogue", policy.canonical(policy.parse_catalogue(CATALOGUE)))
    options.setdefault("pack", policy.canonical(policy.parse_pack(pack())))
    return list(make_batches(path, **options))


def take(town, batches, by="metro"):
    return town.ledger.take_batches(batches, by=town.keys[by].public)


def sent(town, data, **options):
    return take(town, parse_batches(encode_batches(make(town, data, **options))))


def signed(town, records, *, context=CONTEXT, issuer="metro", key="metro", slot=SLOT, padding=None,
           size=None, **header):  # fmt: skip
    """Sign a batch of any bytes, as whoever has the key can."""
    leaves = b"".join(hashlib.sha256(b"\0" + data).digest() for data in records)
    if padding is None:
        padding = os.urandom(32 * (max(32, 1 << (len(records) - 1).bit_length()) - len(records)))
    size = size or len(leaves + padding) // 32
    statement = charter.Batch(1, root_of(leaves + padding), size, context)
    data = charter.sign_statement(town.keys[key].key, issuer, slot, statement)
    return OwnBatch(data, tuple(records), padding)


def record(number=0, **changes):
    facts = {
        "salt": os.urandom(32), "context": CONTEXT, "issuer": "metro", "reference": "card-0",
        "type": "helped", "day": TODAY, "basis": "a report", "signer": "anna",
        "identified": "credential-shown", "details": {}, "row": f"row-{number}",
    } | changes  # fmt: skip
    return Record(**facts)


def batch_of(town, *records, **options):
    return signed(town, [preimage(one) for one in records], **options)


def state(town):
    """Tell everything that taking a batch could change."""
    vault = town.ledger._core.vault
    tables = ("batches", "runs", "documents", "subjects", "links", "marks")
    return town.ledger.log_size, [
        vault.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables
    ]


def held(town):
    vault = town.ledger._core.vault
    found = [
        (n, msgspec.structs.replace(r.record, salt=b""))
        for n, name in enumerate(town.names)
        for r in vault.filed.records_of(vault.people.find(name), CONTEXT)
    ]
    return sorted(found, key=str)


def refuse(town, batches, code, by="metro"):
    """Demand that a sending is refused and leaves nothing; gives the refusal."""
    before = state(town)
    with pytest.raises(StandingError) as caught:
        take(town, batches, by)
    assert caught.value.code == code, caught.value
    assert state(town) == before
    return caught.value


def refuse_record(town, code, **changes):
    problem = refuse(town, [batch_of(town, record(1), record(2, **changes))], "E-BATCH-10")
    (named,) = problem.records
    assert (problem.total, named.batch, named.record, named.code) == (1, 1, 2, code)
    assert named.reason
    assert named.remedy
    return named


# --- the same as an import ------------------------------------------------------------------------


def test_the_same_rows_give_the_same_scores_whichever_way_they_come(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    here, there = make_ledger(tmp_path / "here"), make_ledger(tmp_path / "there")
    data = [*rows(40), row(50, signer="unit-a/anna", type="fare-unpaid", zones="3")]
    imported = here.import_rows(data, batch_records=15)
    taken = sent(there, data, batch_records=15)
    assert (taken.records, taken.batches) == (imported.records, imported.batches) == (41, 3)
    assert held(there) == held(here)
    for town in (here, there):
        town.move_to(TODAY + 30)
    scores = [
        [(s.score.raw, s.score.score) for s in (t.ledger.score(n, CONTEXT) for n in t.names)]
        for t in (here, there)
    ]
    assert scores[0] == scores[1]
    assert len(set(scores[0])) > 1
    for town in (here, there):
        town.verify()
        town.ledger.close()


def test_a_batch_says_in_public_what_an_imported_one_says(town):
    town.import_rows([row(0)])
    sent(town, [row(1)])
    core = town.ledger._core
    entries = [cose.parse_sign1(core.log.entry(n)) for n in range(town.ledger.log_size)]
    batches = [one for one in entries if charter.kind_of(one) == "batch"]
    assert len(batches) == 2
    assert len({len(one.protected_bytes) for one in batches}) == 1
    assert len({len(one.payload) for one in batches}) == 1


def test_whoever_does_not_consent_is_dropped_and_the_sender_is_answered_alike(town):
    town.ledger.withdraw(town.people[0], CONTEXT)
    done = [
        sent(town, [row(n, card=card)]) for n, card in enumerate(("card-1", "card-0", "nobody"))
    ]
    answers = {(d.records, d.batches, d.refused, d.already_there, d.bad) for d in done}
    assert answers == {(1, 1, 0, 0, ())}
    vault = town.ledger._core.vault
    assert [len(vault.filed.records_of(vault.people.find(n), CONTEXT)) for n in town.names[:2]] == [
        0,
        1,
    ]
    again = [
        refuse(town, make(town, [row(n, card=card)]), "E-BATCH-10").records
        for n, card in enumerate(("card-1", "card-0", "nobody"))
    ]
    assert [(r.row, r.code, r.reason) for (r,) in again] == [
        (f"r{n}", "E-ROW-21", "its row is there already") for n in range(3)
    ]
    town.verify()


def test_consent_decides_when_the_batch_is_taken_not_when_it_was_made(town):
    batches = make(town, [row(0), row(1)])
    town.ledger.withdraw(town.people[0], CONTEXT)
    assert take(town, batches).records == 2
    assert [r.reference for _, r in held(town)] == ["card-1"]
    town.verify()


def test_a_row_from_before_consent_is_not_held(town):
    town.add_person()
    done = sent(town, [row(0, card="card-5", day=format_day(TODAY - 1)),
                       row(1, card="card-5", day=format_day(TODAY))])  # fmt: skip
    assert done.records == 2
    assert [r.row for _, r in held(town)] == ["r1"]


def test_whoever_was_contested_cannot_record_that_subject_this_way_either(town):
    town.add_court()
    sent(town, [row(0, card="card-0", signer="unit-a/anna", type="fare-unpaid", zones="")])
    named = town.record_of(0)
    town.move_to(TODAY + 20)
    town.contest(0, named)
    day = {"day": format_day(TODAY + 20), "zones": ""}
    data = [row(10, signer="anna", **day), row(16, signer="anna", card="card-1", **day)]
    assert sent(town, data, today=TODAY + 20).records == 2
    assert [r.row for _, r in held(town)] == ["r0", "r16"]
    town.verify()


REGISTER_MAP = b"""
context = "food-hygiene"
issuer = {constant = "metro"}
reference = "card"
type = {constant = "hygiene.good"}
day = "day"
basis = "basis"
signer = "signer"
identified = {constant = "register"}
id = "id"
[details]
score = {constant = "96"}
"""


@pytest.fixture
def register(tmp_path):
    """A ledger with the rules of a public register in force, and nobody in it."""
    town = make_ledger(tmp_path, subjects=0)
    catalogue = policy.canonical(policy.parse_catalogue(shipped("catalogue")))
    town.ledger.publish_catalogue(catalogue, by=town.keys["ann"])
    rules = policy.parse_pack(shipped("food-hygiene"))
    rules = policy.redated(rules, published=TODAY, force=TODAY + 31)
    rules = policy.canonical(policy.with_organisations(rules, [
        policy.Organisation(name="metro", employer="metro", role="issuer", kind="private")
    ]))  # fmt: skip
    town.ledger.publish_pack(rules, by=[town.keys["ann"], town.keys["ben"]])
    town.keys["office"] = new_key("issuer", "metro")
    town.ledger.accredit(
        town.keys["office"].public, role="issuer", name="metro", until=TODAY + 999,
        by=town.keys["city"], contexts=["food-hygiene"],
    )  # fmt: skip
    town.move_to(TODAY + 40)
    town.rules = {
        "catalogue": catalogue, "pack": rules, "today": TODAY + 40, "map_data": REGISTER_MAP,
        "keys": {"metro": town.keys["office"].key},
    }  # fmt: skip
    yield town
    town.ledger.close()


def test_a_public_register_names_its_organisations_and_an_old_act_is_taken(register):
    data = [row(n, card=f"house-{n % 3}", day=format_day(TODAY - 900)) for n in range(6)]
    done = take(register, make(register, data, **register.rules), by="office")
    assert (done.records, done.batches) == (6, 1)
    vault = register.ledger._core.vault
    numbers = vault.people.numbers("food-hygiene")
    assert [len(vault.filed.records_of(n, "food-hygiene")) for n in numbers] == [2, 2, 2]
    checks = register.ledger.verify().checks
    assert all(c.ok for c in checks), [c.problem for c in checks if not c.ok]


def test_a_register_learns_no_organisation_from_a_sending_that_is_refused(register):
    (one,) = make(register, [row(0, card="house-0")], **register.rules)
    bad = record(
        context="food-hygiene", type="hygiene.good", reference="house-1", identified="seat"
    )
    slot = SLOT.replace(CONTEXT, "food-hygiene")
    two = batch_of(register, bad, context="food-hygiene", key="office", slot=slot)
    refuse(register, [one, two], "E-BATCH-10", by="office")
    assert register.ledger._core.vault.people.numbers("food-hygiene") == []


# --- sent again -----------------------------------------------------------------------------------


def test_the_same_batches_again_are_there_already_and_have_no_second_effect(town):
    batches = make(town, rows(20), batch_records=8)
    first = take(town, batches)
    before = state(town)
    again = take(town, batches)
    assert (first.records, first.batches, first.already_there) == (20, 3, 0)
    assert (again.records, again.batches, again.already_there) == (0, 0, 20)
    assert state(town) == before


def test_a_lost_answer_is_answered_although_the_rows_are_too_old_by_then(town):
    batches = make(town, rows(5))
    take(town, batches)
    town.move_to(TODAY + 20)
    assert take(town, batches).already_there == 5


def test_some_of_the_batches_may_be_there_and_the_others_are_taken(town):
    one, two, three = make(town, rows(30), batch_records=10)
    take(town, [two])
    done = take(town, [one, two, three])
    assert (done.records, done.batches, done.already_there) == (20, 2, 10)
    assert len(held(town)) == 30
    town.verify()


def test_rows_that_are_there_are_all_named_so_that_they_can_be_left_out(town):
    town.import_rows(rows(150))
    data = rows(160)
    problem = refuse(town, make(town, data, batch_records=64), "E-BATCH-10")
    assert isinstance(problem, RecordsRefused)
    assert {one.code for one in problem.records} == {"E-ROW-21"}
    assert [one.row for one in problem.records] == [f"r{n}" for n in range(150)]
    assert (problem.records[64].batch, problem.records[64].record) == (2, 1)
    there = [("metro", one.row) for one in problem.records]
    done = sent(town, data, leave_out=there)
    assert done.records == 10
    assert len(held(town)) == 160


def test_what_was_sent_is_known_to_an_import(town):
    sent(town, rows(6))
    assert town.import_rows(rows(8)).already_there == 6


# --- who sends ------------------------------------------------------------------------------------


def test_only_the_issuer_who_signed_may_send(town):
    town.accredit("tram", "issuer")
    batches = make(town, rows(2))
    assert "another key" in refuse(town, batches, "E-KEY-14", by="tram").why
    assert "relying-party bus" in refuse(town, batches, "E-KEY-14", by="bus").why
    town.keys["stranger"] = new_key("issuer", "metro")
    assert "not accredited" in refuse(town, batches, "E-KEY-14", by="stranger").why


def test_an_issuer_cannot_sign_in_anothers_name(town):
    town.accredit("tram", "issuer")
    one = batch_of(town, record(issuer="metro"), key="tram")
    refuse(town, [one], "E-CHARTER-06", by="tram")


def test_a_revoked_key_sends_nothing_not_even_what_is_there(town):
    batches = make(town, rows(2))
    take(town, batches)
    later = make(town, [row(7)])
    town.ledger.revoke(town.keys["metro"].public.thumbprint, "lost", by=town.keys["city"])
    refuse(town, later, "E-KEY-15")
    refuse(town, batches, "E-KEY-15")


def test_a_key_whose_time_has_run_out_sends_nothing(town):
    batches = make(town, rows(2))
    town.move_to(21_001)
    refuse(town, batches, "E-CHARTER-04")


def test_another_context_is_refused(town):
    town.add_rail()
    refuse(town, [batch_of(town, record(context="rail"), context="rail",
                           slot=SLOT.replace(CONTEXT, "rail"))], "E-KEY-15")  # fmt: skip


def test_a_signature_that_does_not_hold_is_refused(town):
    (one,) = make(town, rows(2))
    broken = one.signed[:-20] + bytes([one.signed[-20] ^ 1]) + one.signed[-19:]
    refuse(town, [changed(one, signed=broken)], "E-SIG-02")


def changed(own, **changes):
    facts = {"signed": own.signed, "records": own.records, "padding": own.padding} | changes
    return OwnBatch(**facts)


def test_a_reader_takes_nothing(town):
    batches = make(town, rows(2))
    with (
        open_ledger(town.directory, clock=SimulatedClock(TODAY), read_only=True) as reader,
        pytest.raises(StandingError) as caught,
    ):
        reader.take_batches(batches, by=town.keys["metro"].public)
    assert caught.value.code == "E-LOG-08"


# --- bytes that do not hold together --------------------------------------------------------------


def test_an_altered_record_is_refused(town):
    (one,) = make(town, rows(3))
    altered = msgspec.structs.replace(parse_preimage(one.records[1]), reference="card-4")
    records = (one.records[0], preimage(altered), one.records[2])
    assert "another root" in refuse(town, [changed(one, records=records)], "E-BATCH-05").why


def test_records_in_another_order_are_refused(town):
    (one,) = make(town, rows(3))
    refuse(town, [changed(one, records=one.records[::-1])], "E-BATCH-05")


def test_every_leaf_of_padding_is_asked_for(town):
    (one,) = make(town, rows(3))
    for padding in (b"", one.padding[:-32], one.padding[:-1], one.padding + bytes(32)):
        refuse(town, [changed(one, padding=padding)], "E-BATCH-05")
    swapped = one.padding[32:64] + one.padding[:32] + one.padding[64:]
    refuse(town, [changed(one, padding=swapped)], "E-BATCH-05")


def test_a_tree_is_no_larger_than_its_records_need(town):
    data = [preimage(record())]
    refuse(town, [signed(town, data, padding=os.urandom(63 * 32))], "E-BATCH-05")
    refuse(town, [signed(town, data, size=64)], "E-BATCH-05")


def test_a_record_has_one_spelling(town):
    good = preimage(record())
    value = cbor.decode(good)
    spellings = {
        "something after it": good + b"\0",
        "an indefinite array": b"\x9f" + good[1:] + b"\xff",
        "a field more": cbor.encode([*value, "x"]),
        "a field less": cbor.encode(value[:-1]),
        "another type": cbor.encode(["standing/record/2", *value[1:]]),
        "a day in words": cbor.encode([*value[:6], "2024-10-05", *value[7:]]),
        "a yes for a number": cbor.encode([*value[:10], {"zones": True}, value[11]]),
        "a list of details": cbor.encode([*value[:10], [], value[11]]),
        "no array": cbor.encode("record"),
        "no CBOR": b"\xff",
        "a salt in text": cbor.encode([value[0], "x" * 32, *value[2:]]),
    }
    for what, data in spellings.items():
        problem = refuse(town, [signed(town, [good, data])], "E-BATCH-06")
        assert problem.where == "batch 1, record 2", what


def test_a_record_of_another_issuer_or_context_is_refused(town):
    for changes in ({"issuer": "tram"}, {"context": "rail"}):
        one = batch_of(town, record(1), record(2, **changes))
        assert refuse(town, [one], "E-BATCH-07").where == "batch 1, record 2"


def test_salts_and_leaves_are_of_their_own(town):
    salt = os.urandom(32)
    twice = [record(1, salt=salt), record(2, salt=salt)]
    refuse(town, [batch_of(town, *twice)], "E-BATCH-08")
    refuse(town, [batch_of(town, one) for one in twice], "E-BATCH-08")
    refuse(town, [batch_of(town, record(salt=b"short"))], "E-BATCH-08")
    refuse(town, [batch_of(town, record(), padding=bytes(31 * 32))], "E-BATCH-08")
    (one,) = make(town, rows(2))
    refuse(town, [one, one], "E-BATCH-08")


def test_a_sending_is_of_one_issuer_in_one_context(town):
    other = batch_of(town, record(issuer="tram"), issuer="tram")
    problem = refuse(town, [batch_of(town, record(1)), other], "E-BATCH-09")
    assert problem.where == "batch 2"


def test_a_statement_says_in_public_what_batches_say_and_nothing_else(town):
    key, data = town.keys["metro"].key, [preimage(record())]
    one = signed(town, data)
    sign1 = cose.parse_sign1(one.signed)
    header = {label: sign1.protected[label] for label in (cose.CWT, cose.TYP)}
    claims = header[cose.CWT]
    payload = sign1.payload
    others = {
        "a header more": cose.sign1(key, header | {1000: "anna"}, payload),
        "a claim more": cose.sign1(key, header | {cose.CWT: claims | {3: "anna"}}, payload),
        "an open header": cose.sign1(key, header, payload, unprotected={1000: "anna"}),
        "another kind": charter.sign_envelope(
            key, "metro", SLOT, charter.Envelope("document", bytes(32), "text/plain", {})
        ),
        "no payload": cose.sign1(key, header, payload, detached=True),
        "no statement": b"\xd2\x80",
    }
    for slot in ("anna", f"{CONTEXT}/anna", f"{CONTEXT}/2024-02-31/{'0' * 12}", SLOT + "a",
                 SLOT.replace(CONTEXT, "rail"), SLOT.removeprefix(f"{CONTEXT}/")):  # fmt: skip
        others[slot] = signed(town, data, slot=slot).signed
    for what, statement in others.items():
        problem = refuse(town, [changed(one, signed=statement)], "E-BATCH-04")
        assert problem.where == "batch 1", what


def test_nothing_at_all_is_no_sending(town):
    refuse(town, [], "E-BATCH-03")


# --- rows -----------------------------------------------------------------------------------------

BAD = {
    "a camera": ({"signer": "camera-3"}, "E-ROW-18"),
    "a camera of a unit": ({"signer": "unit-a/Camera 3"}, "E-ROW-18"),
    "a camera as the second": ({"signer": "anna; second: unit-b/camera"}, "E-ROW-19"),
    "a second of the same unit": ({"signer": "unit-a/anna; second: unit-a/bert"}, "E-ROW-19"),
    "a second who is missing": ({"signer": "anna; second: "}, "E-ROW-19"),
    "a second written otherwise": ({"signer": "anna; second:unit-b/bert"}, "E-ROW-19"),
    "three signers": ({"signer": "a; second: u/b; second: v/c"}, "E-ROW-19"),
    "no first signer": ({"signer": "; second: unit-b/bert"}, "E-ROW-11"),
    "a future day": ({"day": TODAY + 1}, "E-ROW-16"),
    "a day too long ago": ({"day": TODAY - 15}, "E-ROW-17"),
    "a day before all days": ({"day": -1}, "E-ROW-15"),
    "a day after all days": ({"day": 2**63}, "E-ROW-15"),
    "an unknown type": ({"type": "jaywalking"}, "E-ROW-31"),
    "no basis": ({"basis": " "}, "E-ROW-11"),
    "an endless basis": ({"basis": "x" * 201}, "E-ROW-12"),
    "a control character": ({"basis": "a\x07b"}, "E-ROW-12"),
    "no reference": ({"reference": ""}, "E-ROW-11"),
    "no row": ({"row": ""}, "E-ROW-11"),
    "an endless row": ({"row": "x" * 201}, "E-ROW-12"),
    "a seat": ({"identified": "seat"}, "E-ROW-14"),
    "the register": ({"identified": "register"}, "E-ROW-14"),
    "a detail of another type": ({"details": {"zones": 3}}, "E-ROW-33"),
    "a detail out of range": ({"type": "fare-unpaid", "details": {"zones": 10}}, "E-ROW-33"),
    "a number in words": ({"type": "fare-unpaid", "details": {"zones": "3"}}, "E-ROW-33"),
    "an empty detail": ({"type": "fare-unpaid", "details": {"zones": ""}}, "E-ROW-33"),
    "the row of another record": ({"row": "row-1"}, "E-ROW-20"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_record_is_named_by_batch_and_place_and_nothing_is_stored(town, what):
    changes, code = BAD[what]
    refuse_record(town, code, **changes)


def test_bad_records_are_named_in_the_batch_where_they_stand(town):
    one = batch_of(town, record(1), record(2))
    two = batch_of(town, record(3), record(4, signer="camera"), record(5, basis=""))
    problem = refuse(town, [one, two], "E-BATCH-10")
    named = [(r.batch, r.record, r.row, r.code) for r in problem.records]
    assert named == [(2, 2, "row-4", "E-ROW-18"), (2, 3, "row-5", "E-ROW-11")]
    assert problem.total == 2
    assert problem.where == "batch 2, record 2"


def test_a_refusal_crosses_processes_with_its_records(town):
    problem = refuse(town, [batch_of(town, record(signer="camera"))], "E-BATCH-10")
    again = pickle.loads(pickle.dumps(problem))
    assert (again.records, again.total, str(again)) == (problem.records, 1, str(problem))


def test_a_hundred_bad_records_are_named_and_all_counted(town):
    one = batch_of(town, *(record(n, signer="camera") for n in range(150)))
    problem = refuse(town, [one], "E-BATCH-10")
    assert (len(problem.records), problem.total) == (100, 150)


def test_two_signers_are_kept_as_an_import_keeps_them(town):
    signer = "unit-a/anna; second: unit-b/bert"
    take(town, [batch_of(town, record(signer=signer))])
    assert [r.signer for _, r in held(town)] == [signer]
    town.verify()


# --- making ---------------------------------------------------------------------------------------


def test_every_row_is_checked_before_the_first_batch_is_made(town):
    path = town.write_rows([row(0), row(1, signer="camera"), row(2)])
    with pytest.raises(RowsRefused) as caught:  # though no batch is asked for
        make_batches(
            path,
            MAP,
            {"metro": town.keys["metro"].key},
            catalogue=CATALOGUE,
            pack=pack(),
            today=TODAY,
        )
    assert [(r.row, r.code) for r in caught.value.rows] == [(2, "E-ROW-18")]
    assert "--keep-good" not in caught.value.fix


def test_a_row_twice_in_a_file_is_sent_once_and_one_that_differs_is_bad(town):
    assert sent(town, [row(0), row(1), row(0)]).records == 2
    with pytest.raises(RowsRefused) as caught:
        make(town, [row(0), row(0, basis="another")])
    assert [r.code for r in caught.value.rows] == ["E-ROW-20"]


def test_an_issuer_is_told_of_rules_for_another_context(town):
    other = pack().replace(b"context: transit", b"context: rail")
    with pytest.raises(StandingError) as caught:
        make(town, rows(1), pack=policy.canonical(policy.parse_pack(other)))
    assert caught.value.code == "E-MAP-03"


def test_a_batch_is_never_made_larger_than_may_be_sent(town):
    for count in (0, MAX_RECORDS + 1):
        with pytest.raises(StandingError) as caught:
            make(town, rows(1), batch_records=count)
        assert caught.value.code == "E-BATCH-03"


def test_a_file_without_rows_makes_no_batch(town):
    assert make(town, []) == []


def test_a_file_of_which_all_is_there_makes_no_batch(town):
    assert make(town, rows(2), leave_out=[("metro", "r0"), ("metro", "r1")]) == []
    (one,) = make(town, rows(2), leave_out=[("metro", "r0"), ("tram", "r1")])
    assert [parse_preimage(data).row for data in one.records] == ["r1"]


def test_progress_is_told(town):
    seen = []
    make(town, rows(3), progress=lambda *facts: seen.append(facts))
    assert seen == [("check", 3, 3), ("make", 3, 3)]


# --- the document ---------------------------------------------------------------------------------


def test_a_document_of_batches_reads_as_it_was_written(town):
    batches = make(town, rows(40), batch_records=7)
    data = encode_batches(batches)
    assert parse_batches(data) == batches
    assert cbor.decode(data) == [
        "standing/batches/1", [[one.signed, list(one.records), one.padding] for one in batches]
    ]  # fmt: skip


def malformed(data):
    with pytest.raises(StandingError) as caught:
        parse_batches(data)
    return caught.value.code


def test_a_document_has_one_spelling(town):
    data = encode_batches([OwnBatch(b"s", (b"r",), b"")])
    assert parse_batches(data) == [OwnBatch(b"s", (b"r",), b"")]
    head = data[: data.index(b"standing/batches/1") + 18]
    assert data == head + bytes.fromhex("81 83 4173 81 4172 40")
    others = (
        "81 83 4173 81 4172 40 00", "81 83 4173 81 4172", "81 82 4173 81 4172", "9801 83 4173 81 4172 40",
        "9f 83 4173 81 4172 40 ff", "81 83 6173 81 4172 40", "81 83 4173 81 580172 40", "81 83 4173 81 5c",
        "81 83 4173 81 5bffffffffffffffff", "a0", "81 83 4173 4172 40",
    )  # fmt: skip
    assert {malformed(head + bytes.fromhex(other)) for other in others} == {"E-BATCH-02"}
    assert malformed(data.replace(b"batches/1", b"batches/2")) == "E-BATCH-02"
    assert malformed(b"") == "E-BATCH-02"


def test_a_document_has_bounds():
    good = OwnBatch(b"s", (b"r",), b"")
    beyond = {
        "no batch": ([], "E-BATCH-03"),
        "a batch too many": ([good] * 101, "E-BATCH-03"),
        "no record": ([OwnBatch(b"s", (), b"")], "E-BATCH-03"),
        "a record too many": ([OwnBatch(b"s", (b"r",) * (MAX_RECORDS + 1), b"")], "E-BATCH-03"),
        "an endless record": ([OwnBatch(b"s", (b"r" * 16_385,), b"")], "E-BATCH-03"),
        "an empty record": ([OwnBatch(b"s", (b"",), b"")], "E-BATCH-03"),
        "too many bytes": ([OwnBatch(b"s", (b"r",), bytes(MAX_BYTES))], "E-BATCH-01"),
    }
    for what, (batches, code) in beyond.items():
        parts = [[one.signed, list(one.records), one.padding] for one in batches]
        assert malformed(cbor.encode(["standing/batches/1", parts])) == code, what
        with pytest.raises(StandingError) as caught:
            encode_batches(batches)
        assert caught.value.code == code, what


def test_batches_are_put_together_as_far_as_a_document_holds_them():
    small = OwnBatch(b"s", (b"r",), b"")
    assert [len(some) for some in sendings([small] * 250)] == [100, 100, 50]
    large = OwnBatch(b"s", (b"r" * 16_000,) * 500, b"")
    lists = list(sendings([large] * 5))
    assert [len(some) for some in lists] == [2, 2, 1]
    for some in lists:
        assert parse_batches(encode_batches(some)) == some
    assert list(sendings([])) == []
