"""Steps that nobody may take: each is refused with a code and a remedy, and leaves no trace."""

import resource
import subprocess
import sys

import msgspec
import pytest

from standing.errors import Refused
from standing.ledger import open_ledger
from standing.ledger._cases import MAX_FILE_BYTES, Draft
from standing.vault import Evidence, new_salt
from standing.wire.keys import SigningKey
from tests.machine.stage import CONTEXT, open_at


@pytest.fixture
def refused(cast):
    """Demand a refusal with these words, and that nothing changed."""

    def check(code, step):
        before = cast.place.print()
        with pytest.raises(Refused, match=code) as caught:
            step()
        assert caught.value.why
        assert caught.value.fix
        assert cast.place.print() == before

    return check


@pytest.fixture
def case(cast):
    return cast.contest(0, cast.record(0, "smoking"))


def test_a_contest_of_somebody_elses_record(cast, refused):
    """The same refusal as for a record that is nowhere: whose it is, is told to nobody."""
    theirs = cast.record(1, "smoking")
    whys = []
    for record in (theirs, "r_" + "a" * 26):
        with pytest.raises(Refused, match="E-CASE-05") as caught:
            cast.contest(0, record)
        whys.append(caught.value.why.replace(record, "it"))
    assert whys[0] == whys[1]
    refused("E-CASE-05", lambda: cast.contest(0, theirs))


@pytest.mark.parametrize("size", [0, MAX_FILE_BYTES + 1])
def test_a_file_of_no_bytes_or_too_many(cast, refused, case, size):
    files = [("paper.pdf", bytes(size))]
    refused("E-CASE-08", lambda: cast.own(case, "add", 0, {"words": "See."}, files=files))


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "a/b.txt", "a\\b.txt", "a\x00.txt", "a\n.txt",
             ".hidden", "con:prn", "x" * 121, "a\u202egpj.exe"]
)  # fmt: skip
def test_a_file_with_a_hostile_name(cast, refused, case, name):
    files = [(name, b"data")]
    refused("E-CASE-08", lambda: cast.own(case, "add", 0, {"words": "See."}, files=files))


def test_eleven_files(cast, refused, case):
    files = [(f"{n}.txt", b"data") for n in range(11)]
    refused("E-CASE-08", lambda: cast.own(case, "add", 0, {"words": "See."}, files=files))


@pytest.mark.parametrize(
    ("name", "data"), [("../x", b"data"), ("x", b""), ("x", bytes(MAX_FILE_BYTES + 1))]
)
def test_a_draft_made_elsewhere_brings_no_other_files(cast, refused, case, name, data):
    key = cast.place.stage.people[0]
    draft = cast.ledger.draft_step(case.name, "add", {"words": "See."}, by=key.public)
    file = Evidence(new_salt(), cast.place.day, CONTEXT, cast.place.names[0], name, data)
    own = Draft(draft.step, draft.subject, (file,)).signed(key)
    refused("E-CASE-08", lambda: cast.ledger.take_step(own))


def test_files_of_two_gigabytes_or_without_an_end_are_not_read(cast, case, tmp_path):
    """The command looks at the size first: it has less memory than the file has bytes."""
    from standing.wire.keys import KeyFile, write_key_file

    key = cast.place.stage.people[0]
    write_key_file(tmp_path / "own.key", KeyFile("subject", "own", key, key.public))
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(2 << 30)
    cast.place.close()
    for path in (large, "/dev/zero"):
        done = subprocess.run(
            [sys.executable, "-c", "from standing.cli import main; main()", "contest", "add", case.name, "--words", "See.",
             "--file", str(path), "--key", str(tmp_path / "own.key"), "--ledger",
             str(cast.ledger.directory)],
            capture_output=True, text=True, timeout=60, check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
        )  # fmt: skip
        assert (done.returncode, "E-CASE-08" in done.stderr) == (1, True), done.stderr


def test_a_step_in_somebody_elses_case(cast, refused, case):
    """With a draft that says it is about oneself."""
    key = cast.place.stage.people[1]
    draft = cast.ledger.draft_step(case.name, "take-back", {}, by=key.public)
    refused("E-CASE-07", lambda: cast.ledger.take_step(draft.signed(key)))
    own = msgspec.structs.replace(draft.step, pseudonym=cast.place.names[1])
    forged = Draft(own, cast.place.numbers[1]).signed(key)
    refused("E-CASE-11", lambda: cast.ledger.take_step(forged))


def test_a_step_that_another_key_signed(cast, refused, case):
    draft = cast.ledger.draft_step(case.name, "take-back", {}, by=cast.place.stage.people[0].public)
    signed = draft.signed(SigningKey.generate())
    before = cast.place.print()
    with pytest.raises(Exception, match="E-"):
        cast.ledger.take_step(signed)
    assert cast.place.print() == before


def test_whoever_holds_no_key_learns_nothing_of_a_case(cast, case):
    """A step with a wrong proof gets one answer, whether or not it had a place."""
    key, thief = cast.place.stage.people[0], SigningKey.generate()
    codes = set()
    for event, facts in (("take-back", {}), ("appeal", {"words": "No."})):
        draft = cast.ledger.draft_step(case.name, event, facts, by=key.public).signed(thief)
        with pytest.raises(Exception, match="E-") as caught:
            cast.ledger.take_step(draft)
        codes.add(caught.value.code)
    assert len(codes) == 1


def test_a_contest_belongs_to_a_context(cast, refused):
    key = cast.place.stage.people[0]
    facts = {"target": "score", "ground": "other", "words": "No."}
    refused(
        "E-CASE-11",
        lambda: cast.ledger.open_case(key.public, "", "contest", "file", facts, key=key),
    )


def test_files_that_are_not_kept_for_this_subject(cast, refused):
    case = cast.propose(0, [cast.record(0, "forged-ticket")])
    facts = {"words": "See.", "files": [bytes(32)]}
    refused("E-CASE-05", lambda: cast.own(case, "say", 0, facts))


def test_more_time_in_the_second_instance(cast, refused, case):
    cast.rule(case, "uphold", "board")
    cast.own(case, "appeal", 0, {"words": "Look again."})
    facts = {"words": "And this.", "more_time": True}
    files = [("paper.txt", b"paper")]
    refused("E-CASE-05", lambda: cast.own(case, "add", 0, facts, files=files))


def test_a_hearing_or_a_correction_of_a_day_to_come(cast, refused, case):
    minutes = {"on": cast.place.day + 1, "present": ["all"], "minutes": "Both sides were heard."}
    refused("E-CASE-05", lambda: cast.step(case, "hear", minutes, "board"))
    later = {"type": "rail.unpaid-fare", "on": cast.place.day + 1}
    refused("E-CASE-05", lambda: cast.rule(case, "correct", "board", **later))


def test_a_correction_of_a_heavier_tier(cast, refused, case):
    refused("E-CASE-05", lambda: cast.rule(case, "correct", "board", type="rail.forged-ticket"))


def test_a_file_that_was_opened_before_or_after_now(cast, refused):
    case = cast.propose(0, [cast.record(0, "forged-ticket")])
    now = cast.ledger._core.engine.clock.now()
    for at in (now - 61, now + 1):
        refused("E-CASE-05", lambda at=at: cast.step(case, "open", {"at": at}, "board"))


@pytest.mark.parametrize("key", [b"x", b"\xa0", bytes(100)])
def test_a_mandate_for_what_is_no_key(cast, refused, key):
    own = cast.place.stage.people[0]
    facts = {
        "key": key, "kind": "attorney", "name": "A", "acts": ["contest"],
        "until": cast.place.day + 9,
    }  # fmt: skip
    refused(
        "E-CASE-05",
        lambda: cast.ledger.open_case(own.public, "", "mandate", "give", facts, key=own),
    )


def test_a_key_that_stands_for_somebody_else_recovers_nothing(cast, refused):
    facts = {"key": cast.place.stage.people[1].public.cose_key()}
    name, desk = cast.place.names[0], cast.key("counter")
    refused(
        "E-CASE-05",
        lambda: cast.ledger.open_case(name, "", "recovery", "ask", facts, key=desk),
    )


def mandate(cast, key):
    own = cast.place.stage.people[0]
    facts = {
        "key": key.public.cose_key(), "kind": "attorney", "name": "A", "acts": ["contest"],
        "until": cast.place.day + 9,
    }  # fmt: skip
    return cast.ledger.open_case(own.public, "", "mandate", "give", facts, key=own)


def test_a_representative_gives_back_their_own_mandate_and_no_other(cast, refused):
    one, other = SigningKey.generate(), SigningKey.generate()
    first, second = mandate(cast, one), mandate(cast, other)
    refused("E-CASE-05", lambda: cast.ledger.step(first.name, "revoke", {}, key=other))
    assert cast.ledger.step(second.name, "revoke", {}, key=other).state == "revoked"


def test_a_reply_that_was_removed_makes_room_for_another(cast, refused):
    own, name = cast.place.stage.people[0], cast.place.names[0]
    facts = {"record": cast.record(0, "smoking"), "words": "It was not me."}

    def reply():
        return cast.ledger.open_case(name, CONTEXT, "reply", "reply", facts, key=own)

    said = reply()
    refused("E-CASE-05", reply)
    cast.ledger.step(said.name, "remove", {}, key=own)
    assert reply().state == "said"


def test_a_clock_that_went_back_takes_no_step(cast, refused, case):
    """Also where only private documents are of a later day, and nothing in the log is."""
    cast.place.sleep(3)
    cast.own(case, "add", 0, {"words": "More."})
    cast.place.close()
    cast.place.ledger = open_at(cast.ledger.directory, cast.place.day - 1)
    refused("E-CLOCK-02", lambda: cast.contest(1, cast.record(1, "smoking")))
    own = cast.place.stage.people[1]
    refused("E-CLOCK-02", lambda: cast.ledger.withdraw(own, CONTEXT))
    cast.place.reopen()
    assert cast.own(case, "add", 0, {"words": "More."}).state == "open"


def test_a_ledger_open_for_reading_takes_no_step(cast, case):
    cast.place.close()
    with open_ledger(cast.ledger.directory, read_only=True) as ledger:
        own = cast.place.stage.people[0]
        with pytest.raises(Refused, match=r"E-(VAULT-10|CASE-10)"):
            ledger.step(case.name, "take-back", {}, key=own)
