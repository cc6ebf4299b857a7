"""Valid and nearly valid inputs of each target, made when they are asked for."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from standing.log._layout import pack_entries, tile_path
from standing.policy import canonical, parse_pack
from standing.wire import cbor, cose
from standing.wire.keys import ED25519, KeyFile, format_key_file
from standing.wire.notes import NoteSignature, format_signatures, parse_note, vkey
from standing.witness._request import format_request
from tests.fuzz import objects
from tests.fuzz.targets import QUESTION, TARGETS, _column_store, sendable, sent_lists
from tests.support import pack as pack_file
from tests.unit.verify import naive
from tests.vectors import load

FIXTURES = Path(__file__).resolve().parents[1] / "packs"
_ODD = load("ed25519.json")
_PROOFS = load("proofs.json")
_RECEIPTS = load("receipts.json")
_HONEST = bytes.fromhex(_ODD["public"])
_MESSAGE = bytes.fromhex(_ODD["message"])


def _hex(cases: list[dict[str, str]], member: str) -> list[bytes]:
    return list(dict.fromkeys(bytes.fromhex(case[member]) for case in cases))


def _cbor() -> list[bytes]:
    values = [
        *(0, 23, 24, 255, 256, 65_536, 1 << 32, (1 << 64) - 1, -1, -(1 << 64)),
        *(b"", b"bytes", "text", "\u6c34", True, False, None, [], {}),
        [1, [2, [3, b"x" * 30]], {"a": {"b": [None]}}],
        {1: 2, -1: b"", "a": [], b"k": {10: 0, 100: 1, "z": 2, "aa": 3}},
    ]
    deep: list[object] = []
    for _ in range(31):
        deep = [deep]
    return [cbor.encode(value) for value in [*values, deep]]


def _receipts() -> list[bytes]:
    return _hex(_RECEIPTS["receipts"][3:], "receipt")


def _keys() -> list[bytes]:
    newer = cbor.encode({1: 1, 3: ED25519, -1: 6, -2: _HONEST})
    found = [objects.LOG.public.cose_key(), objects.LOG_POST.public.cose_key(), newer]
    return found + _hex(_PROOFS["cases"], "key")


def _key_files() -> list[bytes]:
    files = []
    for key, name in ((objects.LOG, "\u5317\u4eac Metro"), (objects.LOG_POST, "log")):
        file = KeyFile("issuer", name, key, key.public)
        files += [format_key_file(file, private=private) for private in (True, False)]
    return files


def _notes() -> list[bytes]:
    return [objects.NOTE, objects.PLAIN_NOTE, objects.EXTENDED_NOTE]


def _vkeys() -> list[bytes]:
    keys = [*objects.LOG_KEYS, *objects.COSIGNERS.values()]
    return [key.vkey().encode() for key in keys]


def _lines() -> list[bytes]:
    own = parse_note(objects.NOTE).signatures
    return [
        format_signatures(own),
        format_signatures(own[-2:-1]),
        format_signatures([NoteSignature("\u89c1\u8bc1.example", b"abcd", b"x")]),
    ]


def _ed25519() -> list[bytes]:
    signatures = _hex(_ODD["signatures"], "signature")
    keys = _hex(_ODD["keys"], "public")
    return [_HONEST + signature + _MESSAGE for signature in signatures] + [
        key + signatures[0] + _MESSAGE for key in keys
    ]


def _forged() -> list[bytes]:
    return [bytes([twist, bend, 5]) + bytes(31) + b"m" for twist in (0, 1, 4) for bend in range(3)]


def _policies() -> list[bytes]:
    return [
        objects.POLICY_FILE,
        f"log {vkey(objects.ORIGIN, objects.LOG.public)}\nquorum none\n".encode(),
        b"#\n\nwitness \xff\x80 %s\nquorum \xff\x80\n" % objects.COSIGNERS["w2"].vkey().encode(),
    ]


def _tlog_proofs() -> list[bytes]:
    bare = objects.TlogProof(objects.PROVED, objects.PROOF.path, objects.PLAIN_NOTE)
    return [objects.PROOF.format(), bare.format()]


def _tree_proofs() -> list[bytes]:
    found = []
    for size in (1, 2, 7, 8, 13, 33):
        entries = [b"%d" % n for n in range(size)]
        for place in {0, size // 2, size - 1}:
            path = b"".join(naive.path(place, entries))
            found.append(bytes([0, place, size - 1]) + path)
            prefix = b"".join(naive.proof(place + 1, entries))
            found.append(bytes([1, place + 1, size - 1]) + prefix)
    return found


def _posted() -> list[bytes]:
    first = cose.parse_sign1(objects.STATEMENTS[-1])
    parts = [first.protected_bytes, {cose.RECEIPTS: [b"r"]}, first.payload, first.signature]
    return [*objects.STATEMENTS, b"\xd2" + cbor.encode(parts)]


def _statements() -> list[bytes]:
    """Each statement as `statement` reads it, at the state where it fits."""
    found = []
    names = {key.public.thumbprint: n for n, key in enumerate(objects.SIGNERS.values())}
    for place, data in enumerate(objects.STATEMENTS):
        read = cose.parse_sign1(data)
        state = 0 if place == 0 else 2 if place >= len(objects.STATEMENTS) - 6 else 1
        head = bytes([state, names[read.kid]]) + len(read.protected_bytes).to_bytes(2)
        found.append(head + read.protected_bytes + (read.payload or b""))
    return found


def _questions() -> list[bytes]:
    asked = {
        "type": "standing/question/1", "context": objects.CONTEXT, "purpose": "ride",
        "transaction": "trip-1", "reference": "card-1", "day": objects.DAY, "nonce": bytes(16),
    }  # fmt: skip
    by_token = {"reference": "", "presentation": objects.TOKENS[0]}
    odd = {"alternative": "", "presentation": b""}
    return [
        cbor.encode(asked), QUESTION, cbor.encode(asked | {"alternative": "a slower train"}),
        cbor.encode(asked | by_token), cbor.encode(asked | odd),
    ]  # fmt: skip


def _presentations() -> list[bytes]:
    mine, theirs = (cbor.decode(token) for token in objects.TOKENS[::2])
    mixed = [*mine[:-1], theirs[-1]]
    return [*objects.TOKENS, cbor.encode(mixed), cbor.encode(mine[:-1])]


def _inside() -> list[bytes]:
    return [objects.INSIDE, objects.INSIDE[:2] + bytes(1_022), b"\xff\xff"]


def _recalls() -> list[bytes]:
    said = {
        "type": "standing/recall/1", "transaction": "trip-1", "nonce": bytes(16),
        "says": "no longer holds; delete it",
    }  # fmt: skip
    return [cbor.encode(said), cbor.encode(said | {"transaction": "\u6c34" * 200})]


def _party_says() -> list[bytes]:
    return [
        cbor.encode({"type": f"standing/{kind}/1", "day": objects.DAY, "transactions": names})
        for kind in ("deleted", "followed")
        for names in (["trip-1"], [f"trip-{n}" for n in range(200)], [])
    ]


def _challenges() -> list[bytes]:
    asked = {
        "type": "standing/challenge/1", "context": objects.CONTEXT, "reference": "card-1",
        "shared": False, "day": objects.DAY, "until": objects.DAY + 7, "salt": bytes(16),
        "digest": bytes(32),
    }  # fmt: skip
    return [cbor.encode(asked), cbor.encode(asked | {"shared": True, "reference": "\u6c34"})]


_SAID: dict[tuple[str, str], dict[str, object]] = {
    ("contest", "file"): {"target": "record", "named": "r_a", "words": "No.", "issuer": "metro"},
    ("contest", "add"): {"words": "See.", "files": [bytes(32)], "more_time": True},
    ("contest", "rule"): {"outcome": "annul", "reasons": "x" * 20, "opened": ["r_a"]},
    ("contest", "merge"): {"into": "c_a"},
    ("contest", "appeal"): {"words": "Again."},
    ("contest", "ask-hearing"): {},
    ("restriction", "propose"): {"code": "no", "records": ["r_a"], "days": 9, "words": "So."},
    ("restriction", "decide"): {
        "days": 9, "reasons": "r_a is proven, as it says.", "opened": ["r_a"], "active_seconds": 200,
    },
    ("restriction", "hardship"): {"ground": "court", "first": 9, "last": 9, "words": "A witness."},
    ("restriction", "release"): {"step": 2},
    ("reply", "reply"): {"record": "r_a", "words": "Sorry.", "issuer": "metro"},
    ("record", "source-ends"): {"record": "r_a", "on": 9},
    ("stop", "freeze"): {"reference": "card-1"},
    ("stop", "resume"): {},
    ("mandate", "give"): {
        "key": b"k", "kind": "adviser", "name": "A", "acts": ["read"], "until": 9,
    },
    ("recovery", "ask"): {"key": b"k"},
    ("recovery", "second"): {"key": b"k"},
    ("contact", "set"): {"kind": "email", "address": "a@b.example"},
    ("hold", "hold"): {"claim": "4 C 1", "words": "A claim.", "until": 9},
    ("link", "end"): {"reference": "card-1"},
}  # fmt: skip


def _facts() -> list[bytes]:
    return [cbor.encode([*event, facts]) for event, facts in _SAID.items()]


def _cases() -> list[bytes]:
    plays = {
        "contest": ["file", "add", "ask-hearing", "rule", "appeal"],
        "restriction": ["propose", "decide", "hardship", "release"],
        "recovery": ["ask", "second"],
        "stop": ["freeze", "resume"],
        "reply": ["reply"],
        "mandate": ["give"],
        "hold": ["hold"],
    }
    return [
        cbor.encode([name, [[wait, event, _SAID[name, event]] for event in events]])
        for name, events in plays.items()
        for wait in (0, 1, 30)
    ]


def _packs() -> list[bytes]:
    passing = (FIXTURES / "passing.yaml").read_bytes()
    names = (b"a` - at `$.nowhere", b"a` - at `$[0]", b"x - at `$.acts[...].points`")
    return [
        passing,
        *(passing + b'"%s": 1\n' % name for name in names),
        passing.replace(b"role: operator", b'role: "x\' - at `$.nope"'),
    ]


_SIMULATION = (
    b'{"context":"rail","format":"standing/simulation/1","impact":{"high_permille":0,'
    b'"low_permille":0,"result":"not shown"},"new_rules":"%s","old_pack":"%s"}'
) % (b"a" * 64, b"b" * 64)


def _column_files() -> list[bytes]:
    _, _, good = _column_store()
    return [bytes([n]) + good[path] for n, path in enumerate(sorted(good))]


def _bundles() -> list[bytes]:
    return [pack_entries(entries) for entries in ([], [b""], [b"a", b"b" * 300], [b"", b"", b"c"])]


def _paths() -> list[bytes]:
    paths = [
        tile_path(level, number, width)
        for level in (0, 63, "entries")
        for number in (0, 999, 1_000, 1_234_067, 1_000_000)
        for width in (1, 255, 256)
    ]
    digest = hashlib.sha256(b"").hexdigest()
    return [
        f"/{path}".encode() for path in (*paths, "checkpoint", "checkpoint.witnessed", "documents/" + digest)
    ]  # fmt: skip


def _heads() -> list[bytes]:
    name = hashlib.sha256(b"").hexdigest().encode()
    return [
        b"5\napplication/cose\n" + name + b"\nhello",
        b"65\napplication/cbor; charset=x\nABC\n" + b"x" * 65,
        b"0\ntext/plain\n" + name.upper() + b"\n",
    ]


def _requests() -> list[bytes]:
    return [
        format_request(9, naive.proof(9, objects.ENTRIES), objects.NOTE),
        format_request(9, [], objects.EXTENDED_NOTE),
        format_request(0, [], objects.PLAIN_NOTE),
    ]


def _answers() -> list[bytes]:
    return [*(b"\0" + lines for lines in _lines()), b"\x01" + b"9\n", b"\x02" + b"no\n"]


_SEEDS: dict[str, Callable[[], list[bytes]]] = {
    "cbor-decode": lambda: [*_cbor(), *_questions(), objects.LOG.public.cose_key()],
    "cose-sign1": lambda: [*_posted(), *_receipts()[:2]],
    "cose-key": _keys,
    "key-file": _key_files,
    "note": _notes,
    "vkey": _vkeys,
    "signature-lines": _lines,
    "ed25519": _ed25519,
    "ed25519-forged": _forged,
    "proof": lambda: _hex(_PROOFS["cases"], "proof"),
    "checkpoint": _notes,
    "trust-policy": _policies,
    "tlog-proof": _tlog_proofs,
    "receipt": _receipts,
    "tree-proof": _tree_proofs,
    "private-document": lambda: objects.PRIVATE,
    "examine": _posted,
    "statement": _statements,
    "question": _questions,
    "presentation": _presentations,
    "presentation-inside": _inside,
    "recall": _recalls,
    "party-says": _party_says,
    "challenge": _challenges,
    "step-facts": _facts,
    "case-steps": _cases,
    "pack": lambda: [pack_file(), canonical(parse_pack(pack_file()))],
    "lint-pack": _packs,
    "simulation": lambda: [_SIMULATION],
    "column-file": _column_files,
    "batches": sendable,
    "sent-batches": sendable,
    "sent-records": sent_lists,
    "entry-bundle": _bundles,
    "tile-file": _paths,
    "http-head": _heads,
    "add-checkpoint": _requests,
    "witness-answer": _answers,
}


IN_CBOR = {
    *("cbor-decode", "cose-sign1", "cose-key", "proof", "receipt"),
    *("examine", "statement", "question", "private-document"),
    *("presentation", "recall", "party-says"),
    *("challenge", "step-facts", "case-steps"),
    *("batches", "sent-batches", "sent-records"),
}
"""Targets that are given CBOR, at least in part."""


def seeds_of(name: str) -> list[bytes]:
    """Give the inputs that a target begins from."""
    assert name in TARGETS
    return _SEEDS[name]()
