"""A witness answers as tlog-witness says, and forgets nothing."""

import os
import signal
import sqlite3
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Broken, Refused, Usage
from standing.verify.checkpoints import Checkpoint, verify_checkpoint
from standing.verify.cosignatures import verify_cosignature
from standing.verify.tree import EMPTY_ROOT
from standing.wire.keys import SigningKey
from standing.wire.notes import NoteKey, add_signatures, parse_note, parse_signatures, sign_note
from standing.witness import Witness
from standing.witness._request import format_request, parse_request
from tests.unit.witness.support import (
    CLASSIC,
    COSIGNERS,
    LOG,
    LOG_KEY,
    LOG_POST,
    LOG_POST_KEY,
    NAME,
    ORIGIN,
    POST,
    Tree,
)

TREE = Tree()
FORK = Tree("fork", 5)
NOW = 1_700_000_000


def open_witness(place, *, new=False, clock=lambda: NOW, logs=(LOG_KEY,), keys=(CLASSIC, POST)):
    return Witness.open(place, name=NAME, keys=keys, logs=logs, clock=clock, new=new)


@pytest.fixture
def place(tmp_path):
    return tmp_path / "witness"


@pytest.fixture
def witness(place):
    with open_witness(place, new=True) as made:
        yield made


def test_a_first_checkpoint_is_cosigned_with_both_keys_and_remembered(witness):
    answer = witness.add_checkpoint(TREE.request(0, 7))
    assert (answer.status, answer.content_type) == (200, "text/plain; charset=utf-8")
    note = add_signatures(TREE.checkpoint(7), parse_signatures(answer.body))
    assert [verify_cosignature(note, key) for key in COSIGNERS] == [NOW, NOW]
    assert witness.checkpoint(ORIGIN) == note


@pytest.mark.parametrize("keys", [(CLASSIC,), (POST,)])
def test_one_key_of_either_kind_is_enough(place, keys):
    with open_witness(place, new=True, keys=keys) as witness:
        answer = witness.add_checkpoint(TREE.request(0, 7))
        assert len(parse_signatures(answer.body)) == 1


def test_it_follows_a_log_that_grows_and_cosigns_the_same_tree_again(witness):
    for old, new in [(0, 1), (1, 1), (1, 3), (3, 8), (8, 8), (8, 300)]:
        assert witness.add_checkpoint(TREE.request(old, new)).status == 200
        assert verify_checkpoint(witness.checkpoint(ORIGIN), ORIGIN, LOG.public).size == new


def test_a_log_that_signs_with_ml_dsa_is_watched_by_that_key(place):
    with open_witness(place, new=True, logs=(LOG_POST_KEY,)) as witness:
        assert witness.add_checkpoint(TREE.request(0, 2)).status == 403
        assert witness.add_checkpoint(TREE.request(0, 2, LOG_POST)).status == 200


def test_an_empty_tree_may_be_cosigned_and_grown_from(witness):
    text = Checkpoint(ORIGIN, 0, EMPTY_ROOT).text()
    body = format_request(0, [], sign_note(text, ORIGIN, LOG))
    assert witness.add_checkpoint(body).status == 200
    assert witness.add_checkpoint(TREE.request(0, 3)).status == 200


def test_an_unknown_log_is_404(witness):
    body = format_request(0, [], TREE.checkpoint(3, origin="other.example/log"))
    assert witness.add_checkpoint(body).status == 404


def test_a_checkpoint_without_the_logs_signature_is_403(witness):
    stranger = SigningKey.from_seed(b"s" * 32)
    forged = TREE.checkpoint(3).replace(b"3\n", b"4\n", 1)
    for note in (TREE.checkpoint(3, stranger), forged):
        assert witness.add_checkpoint(format_request(0, [], note)).status == 403
    assert witness.checkpoint(ORIGIN) is None


def test_an_old_size_beyond_the_checkpoint_is_400(witness):
    assert witness.add_checkpoint(format_request(4, [], TREE.checkpoint(3))).status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 00\n\n",
        b"old 0\n\n",
        b"old -1\n\n" + TREE.checkpoint(3),
        b"new 0\n\n" + TREE.checkpoint(3),
        b"old 0\r\n\n" + TREE.checkpoint(3),
        b"old 0\nAAAA\n\n" + TREE.checkpoint(3),
        b"old 1\n" + b"A" * 42 + b"B=\n\n" + TREE.checkpoint(3),
        b"old 1\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + TREE.checkpoint(3),
        b"old 0\n" + TREE.checkpoint(3),
        b"\xff\n\n" + TREE.checkpoint(3),
        b"old 0\n\n" + b"x" * 262_144,
    ],
)
def test_another_form_is_400(witness, body):
    assert witness.add_checkpoint(body).status == 400


def test_another_old_size_is_409_with_the_size_held(witness):
    for held, old, new in [(0, 2, 3), (3, 0, 3), (3, 2, 5), (3, 1, 2), (3, 0, 1)]:
        if held and witness.checkpoint(ORIGIN) is None:
            witness.add_checkpoint(TREE.request(0, held))
        answer = witness.add_checkpoint(TREE.request(old, new))
        assert (answer.status, answer.body) == (409, f"{held}\n".encode())
        assert answer.content_type == "text/x.tlog.size"


def test_a_proof_that_does_not_hold_is_422(witness):
    assert witness.add_checkpoint(format_request(0, [bytes(32)], TREE.checkpoint(3))).status == 422
    witness.add_checkpoint(TREE.request(0, 3))
    for path in ([], [bytes(32)], TREE.path(2, 6), [*TREE.path(3, 6), bytes(32)]):
        answer = witness.add_checkpoint(format_request(3, path, TREE.checkpoint(6)))
        assert answer.status == 422
    again = witness.add_checkpoint(format_request(3, [bytes(32)], TREE.checkpoint(3)))
    assert again.status == 422
    assert witness.add_checkpoint(TREE.request(3, 6)).status == 200


def test_two_roots_of_one_size_are_409_and_both_checkpoints_are_kept(place):
    with open_witness(place, new=True) as witness:
        witness.add_checkpoint(TREE.request(0, 7))
        for old in (7, 0):
            answer = witness.add_checkpoint(format_request(old, [], FORK.checkpoint(7)))
            assert (answer.status, answer.body) == (409, b"7\n")
    with open_witness(place) as witness:
        (kept,) = witness.evidence()
    assert (kept.kind, kept.origin, kept.time) == ("same size, other root", ORIGIN, NOW)
    held = verify_checkpoint(kept.held, ORIGIN, LOG.public)
    offered = verify_checkpoint(parse_request(kept.offered).checkpoint, ORIGIN, LOG.public)
    assert (held.size, held.root != offered.root) == (offered.size, True)


def test_a_fork_of_another_size_is_kept_once_however_often_it_comes(witness):
    witness.add_checkpoint(TREE.request(0, 7))
    for _ in range(3):
        assert witness.add_checkpoint(FORK.request(7, 9)).status == 422
    (kept,) = witness.evidence()
    assert kept.kind == "no proof of consistency"
    assert parse_request(kept.offered).checkpoint == FORK.checkpoint(9)
    assert witness.checkpoint(ORIGIN).startswith(TREE.checkpoint(7))


def test_what_a_stranger_sends_fills_nothing(witness):
    stranger = SigningKey.from_seed(b"s" * 32)
    witness.add_checkpoint(TREE.request(0, 7))
    body = format_request(7, [], FORK.checkpoint(7, stranger))
    assert witness.add_checkpoint(body).status == 403
    assert witness.evidence() == []


def test_lines_of_strangers_are_ignored_and_not_kept(witness):
    stranger = parse_note(TREE.checkpoint(3, SigningKey.from_seed(b"s" * 32))).signatures[0]
    note = add_signatures(TREE.checkpoint(3), [stranger])
    assert witness.add_checkpoint(format_request(0, [], note)).status == 200
    assert len(parse_note(witness.checkpoint(ORIGIN)).signatures) == 3


def test_a_bad_line_of_a_known_key_beside_a_good_one_is_403(place):
    with open_witness(place, new=True, logs=(LOG_KEY, LOG_POST_KEY)) as witness:
        line = parse_note(TREE.checkpoint(4, LOG_POST)).signatures[1]
        note = add_signatures(TREE.checkpoint(3), [line])
        assert witness.add_checkpoint(format_request(0, [], note)).status == 403


def test_times_never_go_back(place):
    times = iter([NOW, NOW - 100, NOW + 5])
    with open_witness(place, new=True, clock=lambda: next(times)) as witness:
        seen = []
        for old, new in [(0, 1), (1, 2), (2, 3)]:
            witness.add_checkpoint(TREE.request(old, new))
            seen.append(verify_cosignature(witness.checkpoint(ORIGIN), COSIGNERS[0]))
    assert seen == [NOW, NOW, NOW + 5]


def test_it_remembers_across_a_restart(place):
    with open_witness(place, new=True) as witness:
        witness.add_checkpoint(TREE.request(0, 7))
    with open_witness(place) as witness:
        assert witness.add_checkpoint(TREE.request(0, 3)).body == b"7\n"
        assert witness.add_checkpoint(TREE.request(7, 9)).status == 200


def test_logs_do_not_disturb_each_other(place):
    other = SigningKey.from_seed(b"o" * 32)
    logs = (LOG_KEY, NoteKey("other", 1, other.public))
    with open_witness(place, new=True, logs=logs) as witness:
        witness.add_checkpoint(TREE.request(0, 7))
        body = format_request(0, [], FORK.checkpoint(3, other, "other"))
        assert witness.add_checkpoint(body).status == 200
        assert witness.add_checkpoint(TREE.request(7, 9)).status == 200


def test_nothing_is_made_or_replaced_by_accident(place):
    with pytest.raises(Usage) as caught:
        open_witness(place)
    assert (caught.value.code, place.exists()) == ("E-WITNESS-03", False)
    open_witness(place, new=True).close()
    with pytest.raises(Usage) as caught:
        open_witness(place, new=True)
    assert caught.value.code == "E-WITNESS-02"


@pytest.mark.parametrize(
    ("keys", "logs"),
    [
        ((), (LOG_KEY,)),
        ((CLASSIC, LOG), ()),
        ((LOG,), (LOG_KEY,)),
        ((CLASSIC,), (NoteKey(ORIGIN, 4, LOG.public),)),
        ((CLASSIC,), (NoteKey("o" * 256, 1, LOG.public),)),
    ],
)
def test_odd_keys_are_refused_before_anything_is_made(place, keys, logs):
    with pytest.raises(Usage) as caught:
        open_witness(place, new=True, keys=keys, logs=logs)
    assert (caught.value.code, place.exists()) == ("E-WITNESS-06", False)


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_damaged_memory_is_not_opened(place, damage):
    open_witness(place, new=True).close()
    (place / "witness.db").write_bytes(damage)
    with pytest.raises(Broken) as caught:
        open_witness(place)
    assert caught.value.code == "E-WITNESS-04"


def test_a_witness_that_cannot_write_does_not_cosign_and_stays_stopped(place):
    with open_witness(place, new=True) as witness:
        witness.add_checkpoint(TREE.request(0, 3))
        blocker = sqlite3.connect(place / "witness.db")
        blocker.execute("DROP TABLE logs")
        blocker.commit()
        blocker.close()
        for _ in range(2):
            with pytest.raises(Broken) as caught:
                witness.add_checkpoint(TREE.request(3, 6))
            assert caught.value.code == "E-WITNESS-05"


def test_of_two_racing_requests_one_wins_and_nothing_rolls_back(place):
    with open_witness(place, new=True) as first, open_witness(place) as second:
        first.add_checkpoint(TREE.request(0, 2))
        for size in range(3, 40, 2):
            held = verify_checkpoint(first.checkpoint(ORIGIN), ORIGIN, LOG.public).size
            bodies = [TREE.request(held, size), TREE.request(held, size + 1)]
            answers = {}
            barrier = threading.Barrier(2)

            def send(who, body, barrier=barrier, answers=answers):
                barrier.wait()
                answers[who] = who.add_checkpoint(body)

            pair = [
                threading.Thread(target=send, args=args)
                for args in zip((first, second), bodies, strict=True)
            ]
            for thread in pair:
                thread.start()
            for thread in pair:
                thread.join()
            assert sorted(answer.status for answer in answers.values()) == [200, 409]


def test_killed_between_memory_and_answer_it_never_cosigns_less(place):
    open_witness(place, new=True).close()
    for size in range(1, 30):
        child = os.fork()
        if not child:
            witness = open_witness(place)
            witness.add_checkpoint(TREE.request(size - 1, size))
            os.kill(os.getpid(), signal.SIGKILL)  # the answer never leaves
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        with open_witness(place) as witness:
            assert witness.add_checkpoint(TREE.request(size - 1, size)).body == b"%d\n" % size
            fork = format_request(size, [], Tree("x").checkpoint(size))
            assert witness.add_checkpoint(fork).status == 409


BODY = TREE.request(3, 9)


@given(st.integers(0, 2**60), st.lists(st.binary(min_size=32, max_size=32), max_size=63))
def test_a_request_comes_back(old, path):
    request = parse_request(format_request(old, path, TREE.checkpoint(3)))
    assert (request.old_size, list(request.path)) == (old, path)


@given(st.integers(0, len(BODY) * 8 - 1))
def test_one_flipped_bit_in_a_request_is_refused_or_another_request(bit):
    data = bytearray(BODY)
    data[bit // 8] ^= 1 << bit % 8
    try:
        read = parse_request(bytes(data))
    except Refused:
        return
    assert read != parse_request(BODY)


def test_what_cannot_be_read_is_not_sent():
    for old, path in [(-1, []), (1, [b"short"]), (1, [bytes(32)] * 64)]:
        with pytest.raises(Refused):
            format_request(old, path, TREE.checkpoint(3))
