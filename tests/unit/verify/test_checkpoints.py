"""Checkpoints in the C2SP form."""

import base64

import pytest

from standing.errors import Broken, Refused
from standing.verify.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from standing.wire.keys import SigningKey
from standing.wire.notes import sign_note

KEY = SigningKey.from_seed(bytes(range(32)))
ORIGIN = "ledger.example/log"
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(ORIGIN, 20852163, ROOT, ("clock: simulated",))
SIGNED = sign_note(CHECKPOINT.text(), ORIGIN, KEY)


def test_a_checkpoint_is_origin_size_root_and_extensions_one_a_line():
    root = base64.b64encode(ROOT).decode()
    assert CHECKPOINT.text() == f"{ORIGIN}\n20852163\n{root}\nclock: simulated\n"


def test_a_signed_checkpoint_comes_back_verified():
    assert verify_checkpoint(SIGNED, ORIGIN, KEY.public) == CHECKPOINT
    assert parse_checkpoint(SIGNED)[0] == CHECKPOINT


def test_an_empty_log_may_state_itself():
    text = Checkpoint(ORIGIN, 0, ROOT).text()
    assert verify_checkpoint(sign_note(text, ORIGIN, KEY), ORIGIN, KEY.public).size == 0


def test_a_checkpoint_of_another_log_is_broken():
    with pytest.raises(Broken) as caught:
        verify_checkpoint(SIGNED, "other.example/log", KEY.public)
    assert caught.value.code == "E-CHECKPOINT-02"


def test_a_checkpoint_by_another_key_is_broken():
    with pytest.raises(Broken):
        verify_checkpoint(SIGNED, ORIGIN, SigningKey.from_seed(bytes(32)).public)


GOOD_ROOT = base64.b64encode(ROOT).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n01\n{GOOD_ROOT}\n",
        f"{ORIGIN}\n-1\n{GOOD_ROOT}\n",
        f"{ORIGIN}\n+1\n{GOOD_ROOT}\n",
        f"{ORIGIN}\n1.0\n{GOOD_ROOT}\n",
        f"{ORIGIN}\n١\n{GOOD_ROOT}\n",
        f"{ORIGIN}\n99999999999999999999\n{GOOD_ROOT}\n",
        f"{ORIGIN}\n1\n{GOOD_ROOT[:-4]}\n",
        f"{ORIGIN}\n1\n{GOOD_ROOT[:-2]}9=\n",
        f"{ORIGIN}\n1\n!!\n",
        f"\n1\n{GOOD_ROOT}\n",
        f"{ORIGIN}\n1\n{GOOD_ROOT}\n\nx\n",
    ],
)
def test_any_other_text_is_no_checkpoint(text):
    with pytest.raises(Refused) as caught:
        parse_checkpoint(sign_note(text, ORIGIN, KEY))
    assert caught.value.code == "E-CHECKPOINT-01"
