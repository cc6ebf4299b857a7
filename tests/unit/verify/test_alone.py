"""The offline verifier alone: the standard library, cbor2 and cryptography are all it needs."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
OURS = ("standing.errors", "standing.verify", "standing.wire")

# Refuses every import but those, then verifies what the vectors hold and what a log would publish.
GUARD = f"""
import sys

class Guard:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in {{"cbor2", "_cbor2", "cryptography"}}:
            return None
        if top in {{"cffi", "_cffi_backend"}}:  # a part of cryptography
            return None
        if name == "standing" or name.startswith({OURS!r}):
            return None
        raise ImportError("the verifier may not import " + name)

sys.meta_path.insert(0, Guard())
"""

RECEIPTS = """
import hashlib, json, pathlib
from standing.errors import StandingError
from standing.verify.receipts import verify_receipt
from standing.wire.keys import PublicKey

vectors = json.loads(pathlib.Path("tests/vectors/receipts.json").read_text())
key = PublicKey.from_cose_key(bytes.fromhex(vectors["key"]))
entries = [bytes.fromhex(entry) for entry in vectors["entries"]]
for case in vectors["receipts"]:
    index, size, root = verify_receipt(
        bytes.fromhex(case["receipt"]), entries[case["index"]], key
    )
    assert (index, size, root.hex()) == (case["index"], case["size"], vectors["roots"][size])
    try:
        verify_receipt(bytes.fromhex(case["receipt"]), entries[case["index"]] + b"x", key)
    except StandingError:
        continue
    raise SystemExit("a receipt held for another entry")
print(len(vectors["receipts"]))
"""

SIGNATURES = """
import json, pathlib
from standing.errors import StandingError
from standing.wire.keys import PublicKey

vectors = json.loads(pathlib.Path("tests/vectors/ed25519.json").read_text())
key = PublicKey("Ed25519", bytes.fromhex(vectors["public"]))
count = 0
for case in vectors["signatures"]:
    try:
        key.verify(bytes.fromhex(case["signature"]), bytes.fromhex(vectors["message"]))
        outcome = "ok"
    except StandingError as error:
        outcome = error.code
    assert outcome == case["outcome"], case
    count += 1
print(count)
"""

PROOFS = """
import json, pathlib
from standing.errors import StandingError
from standing.wire import cbor
from standing.wire.keys import PublicKey
from standing.wire.proofs import verify_proof

vectors = json.loads(pathlib.Path("tests/vectors/proofs.json").read_text())
count = 0
for case in vectors["cases"]:
    try:
        verify_proof(
            cbor.decode(bytes.fromhex(case["proof"])),
            PublicKey.from_cose_key(bytes.fromhex(case["key"])),
            bytes.fromhex(vectors["digest"]),
            rp_id=vectors["rp_id"],
        )
        outcome = "ok"
    except StandingError as error:
        outcome = error.code
    assert outcome == case["outcome"], (case["name"], outcome)
    count += 1
print(count)
"""

CHECKPOINTS = """
import sys
from standing.verify.checkpoints import verify_checkpoint
from standing.verify.cosignatures import verify_cosignature
from standing.verify.quorum import parse_trust_policy
from standing.verify.tlog_proof import parse_tlog_proof
from standing.verify.tree import leaf_hash, verify_consistency
from standing.wire.keys import PublicKey
from standing.wire.notes import parse_vkey

given = {}
for line in sys.stdin:
    name, value = line.split()
    given[name] = bytes.fromhex(value)
origin = given["origin"].decode()
classic = PublicKey.from_cose_key(given["classic"])
post = PublicKey.from_cose_key(given["post"], ml_dsa=True)
stated = verify_checkpoint(given["note"], origin, classic, post)
for cosigner in ("witness", "post-witness"):
    assert verify_cosignature(given["note"], parse_vkey(given[cosigner].decode())) == 5
policy = parse_trust_policy(given["policy"])
assert policy.verify(given["note"]) == stated
proof = parse_tlog_proof(given["proof"])
assert proof.verify(leaf_hash(given["entry"]), policy=policy) == stated
path = [given["path"][i : i + 32] for i in range(0, len(given["path"]), 32)]
verify_consistency(9, given["old-root"], stated.size, stated.root, path)
print(stated.size)
"""


def alone(program: str, given: str = "") -> str:
    """Run a program in a process whose imports are guarded; gives what it prints."""
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", GUARD + textwrap.dedent(program)],
        input=given, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_the_guard_refuses_what_it_should():
    program = """
    for name in ("standing.ledger", "standing.log", "msgspec", "nacl", "numpy", "click", "urllib3"):
        try:
            __import__(name)
        except ImportError:
            continue
        raise SystemExit(name)
    print("none")
    """
    assert alone(program) == "none"


def test_importing_the_package_loads_nothing_else():
    program = """
    before = set(sys.modules)
    import standing
    others = {name.partition(".")[0] for name in set(sys.modules) - before}
    print(sorted(others - set(sys.stdlib_module_names)))
    """
    assert alone(program) == "['standing']"


@pytest.mark.parametrize(
    "module",
    sorted(
        ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        for room in ("verify", "wire")
        for path in (ROOT / "src" / "standing" / room).glob("*.py")
    ),
)
def test_each_module_of_the_verifier_loads_alone(module):
    assert alone(f"import {module}\nprint('loaded')") == "loaded"


def test_the_vectors_hold_alone():
    assert int(alone(RECEIPTS)) == 27
    assert int(alone(SIGNATURES)) == 12
    assert int(alone(PROOFS)) == 30


def test_checkpoints_cosignatures_and_proofs_hold_alone():
    from standing.verify.checkpoints import Checkpoint
    from standing.verify.cosignatures import cosign, cosigner_of
    from standing.verify.tlog_proof import TlogProof
    from standing.verify.tree import consistency_path, inclusion_path, leaf_hash, root_of
    from standing.wire.keys import SigningKey
    from standing.wire.notes import add_signatures, sign_note, vkey

    origin, names = "ledger.example/log", ("w.example", "p.example")
    log, log_post = SigningKey.from_seed(bytes(32)), SigningKey.from_seed(bytes(32), "ML-DSA-44")
    witness = SigningKey.from_seed(b"w" * 32)
    post = SigningKey.from_seed(b"w" * 32, "ML-DSA-44")
    entries = [b"entry %d" % n for n in range(13)]
    leaves = [leaf_hash(entry) for entry in entries]
    stated = Checkpoint(origin, 13, root_of(leaves))
    text = stated.text()
    lines = [cosign(log_post, origin, stated, text, 0)]
    lines += [
        cosign(key, name, stated, text, 5) for key, name in zip((witness, post), names, strict=True)
    ]
    note = add_signatures(sign_note(text, origin, log), lines)
    cosigners = [
        cosigner_of(name, key.public).vkey()
        for key, name in zip((witness, post), names, strict=True)
    ]
    policy = (
        f"log {vkey(origin, log.public)}\nwitness w {cosigners[0]}\nwitness p {cosigners[1]}\n"
        "group both 2 w p\nquorum both\n"
    )
    given = {
        "origin": origin.encode(),
        "classic": log.public.cose_key(),
        "post": log_post.public.cose_key(),
        "note": note,
        "witness": cosigners[0].encode(),
        "post-witness": cosigners[1].encode(),
        "policy": policy.encode(),
        "entry": entries[6],
        "proof": TlogProof(6, tuple(inclusion_path(leaves, 6)), note).format(),
        "old-root": root_of(leaves[:9]),
        "path": b"".join(consistency_path(leaves, 9)),
    }
    told = "".join(f"{name} {value.hex()}\n" for name, value in given.items())
    assert alone(CHECKPOINTS, told) == "13"
