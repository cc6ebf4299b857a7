"""Key files: one spelling, never overwritten, the secret for its owner alone."""

import json
import stat

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from standing.errors import Refused, Usage
from standing.wire.keys import (
    KeyFile,
    PublicKey,
    SigningKey,
    format_key_file,
    load_key_file,
    parse_key_file,
    write_key_file,
)

KEY = SigningKey.from_seed(bytes(range(32)))
FILE = KeyFile("issuer", "北京 Metro", KEY, KEY.public)
PRIVATE = format_key_file(FILE, private=True)
PUBLIC = format_key_file(FILE, private=False)


def test_a_private_file_comes_back_with_its_key():
    read = parse_key_file(PRIVATE, where="x")
    assert read.key is not None
    assert (read.role, read.name, read.public) == ("issuer", "北京 Metro", KEY.public)
    assert read.key.seed == KEY.seed


def test_a_public_file_holds_no_secret():
    read = parse_key_file(PUBLIC, where="x")
    assert read.key is None
    assert json.loads(PRIVATE)["d"].encode() not in PUBLIC
    with pytest.raises(Refused):
        format_key_file(read, private=True)


def test_the_file_is_a_jwk_that_other_programs_read():
    jwk = json.loads(PRIVATE)
    assert (jwk["kty"], jwk["crv"]) == ("OKP", "Ed25519")


@given(st.integers(0, len(PRIVATE) * 8 - 1))
def test_one_flipped_bit_never_gives_the_same_key_file(bit):
    data = bytearray(PRIVATE)
    data[bit // 8] ^= 1 << bit % 8
    try:
        read = parse_key_file(bytes(data), where="x")
    except Refused:
        return
    assert (read.role, read.name) != (FILE.role, FILE.name)


def _with(**changes):
    members = {**json.loads(PRIVATE), **changes}
    members = {name: value for name, value in members.items() if value is not None}
    return (json.dumps(members, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 3000,
        PRIVATE.rstrip(),
        PRIVATE + b"\n",
        PRIVATE.replace(b"  ", b" "),
        _with(extra="1"),
        _with(x=None),
        _with(x=1),
        _with(x="!!"),
        _with(d="A" * 43),
        _with(role="Issuer"),
        _with(role=""),
        _with(name=""),
        _with(name=" padded"),
        _with(name="tab\there"),
        _with(name="e\u0301"),
        _with(name="x" * 201),
        _with(kty="EC"),
        _with(name="x" * 5000),
    ],
)
def test_any_other_bytes_are_refused(data):
    with pytest.raises(Refused):
        parse_key_file(data, where="here.key")


def test_a_written_key_is_its_owners_alone_and_has_a_public_twin(tmp_path):
    path = tmp_path / "issuer.key"
    write_key_file(path, FILE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key_file(path).key is not None
    assert load_key_file(tmp_path / "issuer.key.pub").key is None


def test_a_public_key_alone_is_written_alone(tmp_path):
    write_key_file(tmp_path / "a.pub", KeyFile("issuer", "A", None, KEY.public))
    assert [path.name for path in tmp_path.iterdir()] == ["a.pub"]


@pytest.mark.parametrize("existing", ["issuer.key", "issuer.key.pub"])
def test_a_key_is_never_overwritten(tmp_path, existing):
    (tmp_path / existing).write_bytes(b"precious")
    with pytest.raises(Refused) as caught:
        write_key_file(tmp_path / "issuer.key", FILE)
    assert caught.value.code == "E-KEY-07"
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [(existing, b"precious")]


def test_a_missing_key_file_is_a_usage_error_that_names_it(tmp_path):
    with pytest.raises(Usage) as caught:
        load_key_file(tmp_path / "none.key")
    assert caught.value.code == "E-KEY-06"
    assert "none.key" in caught.value.where


def test_a_missing_folder_is_a_usage_error(tmp_path):
    with pytest.raises(Usage) as caught:
        write_key_file(tmp_path / "none" / "a.key", FILE)
    assert caught.value.code == "E-KEY-08"


def test_a_passkeys_public_half_has_a_file_and_its_private_half_has_none():
    numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
    raw = b"\x04" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
    held = KeyFile("reviewer", "Ada", None, PublicKey("ES256", raw))
    data = format_key_file(held, private=False)
    assert parse_key_file(data, where="x") == held
    assert (json.loads(data)["kty"], json.loads(data)["crv"]) == ("EC", "P-256")
    with pytest.raises(Refused):
        format_key_file(held, private=True)
    with pytest.raises(Refused):
        parse_key_file(data.replace(b'"y": "', b'"y": "AA'), where="x")
