"""Private documents keep their bytes, and names in two contexts cannot be joined."""

import os
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from standing.errors import StandingError
from standing.vault import (
    Adult,
    Attributes,
    Consent,
    Link,
    Record,
    Secret,
    Subject,
    leaf_of,
    new_salt,
    parse_preimage,
    preimage,
    record_id,
    seal,
    signed_digest,
    unseal,
)
from standing.verify.tree import leaf_hash
from tests.fuzz import objects

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=60)
SALT = st.binary(min_size=32, max_size=32)
DAYS = st.integers(0, 2**31)
DETAILS = st.dictionaries(TEXT, st.integers(-(2**63), 2**63 - 1) | TEXT, max_size=6)
RECORDS = st.builds(
    Record, salt=SALT, context=TEXT, issuer=TEXT, reference=TEXT, type=TEXT, day=DAYS, basis=TEXT,
    signer=TEXT, identified=TEXT, details=DETAILS, row=TEXT,
)  # fmt: skip
CODES = st.from_regex(r"\A([a-z0-9]{1,9}([.-][a-z0-9]{1,9}){0,5})?\Z")
PROOFS = st.lists(st.integers(0, 9) | st.binary(max_size=80), max_size=3)
DOCUMENTS = st.one_of(
    RECORDS,
    st.builds(Subject, SALT, DAYS, st.integers(1, 2**63 - 1), TEXT, st.binary(max_size=50)),
    st.builds(Adult, SALT, DAYS, SALT, DAYS, SALT, PROOFS),
    st.builds(
        Link, SALT, DAYS, TEXT, TEXT, TEXT, TEXT, SALT, st.booleans(), st.binary(max_size=50), TEXT,
        PROOFS,
    ),
    st.builds(
        Consent, SALT, DAYS, TEXT, TEXT, st.lists(TEXT, max_size=3).map(tuple),
        st.lists(TEXT, max_size=3).map(tuple), SALT, SALT, DAYS, st.binary(max_size=50), PROOFS,
    ),
    st.builds(
        Attributes, SALT, DAYS, TEXT, TEXT, SALT, st.integers(1, 2**31), CODES, CODES,
        st.binary(max_size=160), PROOFS,
    ),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS)
def test_a_document_comes_back_from_its_bytes(document: Any) -> None:
    data = preimage(document)
    again = parse_preimage(data)
    assert again == document
    assert type(again) is type(document)
    assert preimage(again) == data
    assert leaf_of(document) == leaf_hash(data)


def test_a_document_for_every_kind_has_its_own_bytes() -> None:
    salt = new_salt()
    one, other = Subject(salt, 1, 2, "person", b""), Subject(new_salt(), 1, 2, "person", b"")
    assert leaf_of(one) != leaf_of(other)
    assert len(salt) == 32


@pytest.mark.parametrize(
    "data",
    [b"", b"\xf6", b"\x80", b"\x81\x61x",
     preimage(Subject(bytes(32), 1, 2, "p", b""))[:-1]],
)  # fmt: skip
def test_bytes_of_another_form_are_no_document(data: bytes) -> None:
    with pytest.raises(StandingError):
        parse_preimage(data)


def test_the_known_documents_of_each_kind_are_read_as_they_are() -> None:
    assert [preimage(parse_preimage(data)) for data in objects.PRIVATE] == objects.PRIVATE
    assert len({type(parse_preimage(data)) for data in objects.PRIVATE}) == 16


@pytest.mark.parametrize("odd", [cbor2.CBORTag(99, 1), cbor2.undefined, 1.5, None, [1], {1: 2}])
def test_a_proof_is_of_bytes_text_and_numbers(odd: Any) -> None:
    values = ["standing/withdrawal/1", bytes(32), 1, "s_x", "c", bytes(32), ["cose", odd]]
    with pytest.raises(StandingError) as caught:
        parse_preimage(cbor2.dumps(values))
    assert caught.value.code == "E-VAULT-01"


@pytest.mark.parametrize("code", ["A", "a b", "a\n", "a--b", "-", "\u0663", "a" * 65])
@pytest.mark.parametrize("name", ["region", "group"])
def test_a_code_of_another_form_is_no_document(name: str, code: str) -> None:
    codes = {"region": "", "group": ""} | {name: code}
    stated = Attributes(bytes(32), 1, "s_x", "c", bytes(32), 1, **codes, padding=b"", proof=[])
    with pytest.raises(StandingError) as caught:
        parse_preimage(preimage(stated))
    assert caught.value.code == "E-VAULT-01"


@given(DOCUMENTS.filter(lambda d: hasattr(d, "proof")))
@settings(max_examples=50, deadline=None)
def test_what_is_signed_leaves_out_salt_and_proof_alone(document: Any) -> None:
    import msgspec

    replace = msgspec.structs.replace
    digest = signed_digest(document)
    assert signed_digest(replace(document, salt=bytes(32), proof=[1])) == digest
    assert signed_digest(replace(document, day=document.day + 1)) != digest


def test_pseudonyms_of_one_subject_differ_by_context_and_by_vault(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    a, b = Secret.create(tmp_path / "a"), Secret.create(tmp_path / "b")
    names = {s.pseudonym(n, c) for s in (a, b) for n in (1, 2) for c in ("rail", "transit")}
    assert len(names) == 8
    assert all(len(name) == 2 + 26 and name.startswith("s_") for name in names)
    assert Secret.load(tmp_path / "a").pseudonym(1, "rail") == a.pseudonym(1, "rail")


def test_a_reference_hashes_apart_in_each_context(tmp_path: Path) -> None:
    secret = Secret.create(tmp_path)
    hashes = {secret.reference(c, r) for c, r in (("a", "b|c"), ("a|b", "c"), ("ab", "c"))}
    assert len(hashes) == 3


def test_the_secret_is_read_by_its_owner_alone_and_has_one_form(tmp_path: Path) -> None:
    Secret.create(tmp_path)
    path = tmp_path / "vault.secret"
    assert path.stat().st_mode & 0o777 == 0o600
    good = path.read_bytes()
    for bad in (good.upper().replace(b"0", b"A"), good[:-1], good + b"\n", b"", good[2:]):
        path.write_bytes(bad)
        with pytest.raises(StandingError) as caught:
            Secret.load(tmp_path)
        assert caught.value.code == "E-VAULT-02"


def test_what_is_sealed_opens_with_its_key_and_leaf_alone() -> None:
    key, other = AESGCM(os.urandom(32)), AESGCM(os.urandom(32))
    leaf = leaf_hash(b"data")
    sealed = seal(key, leaf, b"data")
    assert unseal(key, leaf, sealed) == b"data"
    changed = bytes([sealed[0] ^ 1]) + sealed[1:]
    for k, at, text in ((other, leaf, sealed), (key, bytes(32), sealed), (key, leaf, changed)):
        with pytest.raises(StandingError) as caught:
            unseal(k, at, text)
        assert caught.value.code == "E-VAULT-03"


def test_a_record_is_named_by_its_leaf() -> None:
    assert record_id(bytes(32)) == "r_" + "a" * 26
