"""Valid things to begin from, made by this project's own code with keys that never change.

What is signed here is all that these keys ever sign: a target that finds anything else to verify
has found a forgery. ML-DSA-44 signatures differ from run to run; what they sign does not.
"""

import hashlib

import msgspec
from nacl.public import SealedBox
from nacl.signing import SigningKey as NaclSigningKey

from standing import charter
from standing.cases.presentations import present
from standing.charter import Accredit, Batch, DayMoved, Envelope, Genesis, KeySet, Marks, Revoke
from standing.vault import (
    Adult,
    Attributes,
    Consent,
    Deletion,
    Document,
    Erasure,
    Evidence,
    Followed,
    Intake,
    Link,
    Presented,
    Question,
    Recall,
    Record,
    Step,
    Subject,
    Withdrawal,
    attributes_padding,
    preimage,
    signed_digest,
)
from standing.verify.checkpoints import Checkpoint
from standing.verify.cosignatures import cosign, cosigner_of
from standing.verify.quorum import parse_trust_policy
from standing.verify.tlog_proof import TlogProof
from standing.verify.tree import inclusion_path, leaf_hash, root_of
from standing.wire import cbor
from standing.wire.keys import SigningKey
from standing.wire.notes import NoteKey, add_signatures, sign_note
from standing.wire.proofs import make_proof

ORIGIN = "ledger.example/log"


def key_of(name: str, alg: str = "Ed25519") -> SigningKey:
    return SigningKey.from_seed(hashlib.sha256(name.encode()).digest(), alg)


# --- a log of thirteen entries, its checkpoint, its witnesses ---------------------------------

LOG = key_of("log")
LOG_POST = key_of("log", "ML-DSA-44")
WITNESSES = {"w1": key_of("w1"), "w2": key_of("w2"), "w3": key_of("w3", "ML-DSA-44")}
COSIGNERS = {name: cosigner_of(f"{name}.example", key.public) for name, key in WITNESSES.items()}
LOG_KEYS = [NoteKey(ORIGIN, 1, LOG.public), NoteKey(ORIGIN, 6, LOG_POST.public)]
ENTRIES = [b"entry %d" % n for n in range(13)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
POINT = Checkpoint(ORIGIN, len(LEAVES), root_of(LEAVES))
EXTENDED = Checkpoint(ORIGIN, 9, root_of(LEAVES[:9]), ("extension one", "two"))
COSIGNED_AT = 1_700_000_000


def _note(point: Checkpoint) -> bytes:
    text = point.text()
    lines = [cosign(LOG_POST, ORIGIN, point, text, 0)]
    lines += [
        cosign(key, f"{name}.example", point, text, COSIGNED_AT) for name, key in WITNESSES.items()
    ]
    return add_signatures(sign_note(text, ORIGIN, LOG), lines)


NOTE, EXTENDED_NOTE = _note(POINT), _note(EXTENDED)
PLAIN_NOTE = sign_note(POINT.text(), ORIGIN, LOG)
SIGNED_TEXTS = {POINT.text(), EXTENDED.text()}
SIGNED_ROOTS = {(point.size, point.root) for point in (POINT, EXTENDED)}
POLICY_FILE = f"""\
# whom this verifier believes
log {LOG_KEYS[0].vkey()} https://log.example/
log {LOG_KEYS[1].vkey()}

witness w1 {COSIGNERS["w1"].vkey()} https://w1.example/
witness w2 {COSIGNERS["w2"].vkey()}
witness w3 {COSIGNERS["w3"].vkey()}
group two 2 w1 w2
group all-of-them all two w3
quorum all-of-them
""".encode()
POLICY = parse_trust_policy(POLICY_FILE)
PROVED = 6
PROOF = TlogProof(PROVED, tuple(inclusion_path(LEAVES, PROVED)), NOTE, b"extra")

# --- a charter: three states, and statements that fit them --------------------------------------

DAY = 20_000
CONTEXT = "transit"
ROOT = hashlib.sha256(b"a root").digest()
CATALOGUE = hashlib.sha256(b"a catalogue").digest()
PACK = hashlib.sha256(b"a pack").digest()
SIGNERS = {
    name: key_of(name)
    for name in ("city", "checkpoint", "receipt", "clerk", "answer", "ann", "ben", "metro", "bus")
}
ROLL = {key.public.thumbprint: key.public for key in SIGNERS.values()}
NEW = key_of("new").public.cose_key()


def _public(name: str) -> bytes:
    return SIGNERS[name].public.cose_key()


def _say(name: str, statement: charter.Statement, issuer: str = "") -> bytes:
    sign = charter.sign_envelope if isinstance(statement, Envelope) else charter.sign_statement
    return sign(SIGNERS[name], issuer or name, "slot", statement)


def _right(name: str, role: str, kinds: tuple[str, ...], contexts: tuple[str, ...] = ()) -> bytes:
    sector = "transit-operator" if role == "relying-party" else ""
    right = Accredit(_public(name), role, name, "office", kinds, contexts, sector, DAY + 900)
    return _say("city", right)


_GENESIS = _say(
    "city",
    Genesis(
        ORIGIN, "simulated", DAY, 86_400, "localhost", "city", "office",
        _public("city"), _public("checkpoint"),
    ),
)  # fmt: skip
_FACTS = {"context": CONTEXT, "version": 1, "force": DAY + 5, "linter": 1, "catalogue": CATALOGUE}
_PACK = Envelope("pack", PACK, "application/yaml", _FACTS)
_FOUNDING = [
    _GENESIS,
    *(_say("city", KeySet(name, _public(name))) for name in ("receipt", "clerk", "answer")),
    _right("ann", "rule-maker", ("catalogue", "pack")),
    _right("ben", "rule-maker", ("catalogue", "pack")),
    _right("metro", "issuer", ("batch", "document"), (CONTEXT,)),
    _right("bus", "relying-party", (), (CONTEXT,)),
    _say("ann", Envelope("catalogue", CATALOGUE, "application/yaml", {})),
]
_IN_FORCE = [
    *_FOUNDING,
    _say("ann", _PACK),
    _say("ben", _PACK),
    _say("clerk", Marks(1, ROOT, 64, DAY + 4), ORIGIN),
    _say("clerk", DayMoved(DAY + 5), ORIGIN),
]
STATEMENTS = [
    *_IN_FORCE,
    _say("metro", Batch(1, ROOT, 32, CONTEXT)),
    _say("metro", Envelope("document", bytes(64), "text/plain", {"a": [1, b"b", None]})),
    _say("city", Revoke(SIGNERS["metro"].public.thumbprint, "lost")),
    _say("city", Accredit(NEW, "issuer", "tram", "office", ("batch",), (CONTEXT,), "", DAY + 9)),
    _say("city", KeySet("receipt", NEW)),
    _say("clerk", Marks(1, ROOT, 64, DAY + 7), ORIGIN),
]
"""All that the signers signed; the last few are not yet in any state."""
STATES = [None, charter.replay(_FOUNDING), charter.replay(_IN_FORCE)]


# --- presentations ------------------------------------------------------------------------------

MAKERS = [key_of("maker"), key_of("another maker")]
TOKENS = [
    present(
        key, origin=ORIGIN, answer_key=SIGNERS["answer"].public, party=SIGNERS["bus"].public,
        context=CONTEXT, purpose=purpose, last_day=DAY + 6,
    )
    for key in MAKERS
    for purpose in ("ride", "\u6c34")
]  # fmt: skip
"""Sealed anew in each run; nothing else opens and is proved."""
INSIDE = bytes(
    SealedBox(NaclSigningKey(SIGNERS["answer"].seed).to_curve25519_private_key()).decrypt(
        cbor.decode(TOKENS[0])[-1]
    )
)
"""The inner part of the first."""


# --- one private document of each kind ------------------------------------------------------------

SUBJECT = key_of("subject")
_SALT, _NAME, _HASH = bytes(range(32)), "s_" + "a" * 26, hashlib.sha256(b"").digest()


def _attributes(region: str, group: str) -> Attributes:
    padding = attributes_padding(region, group)
    return Attributes(_SALT, DAY, _NAME, CONTEXT, _HASH, 1, region, group, padding, [])


_PROVEN: list[Document] = [
    Adult(_SALT, DAY, SUBJECT.public.thumbprint, 1, _HASH, []),
    Link(_SALT, DAY, CONTEXT, "card-1", _NAME, "metro", _HASH, False, b"", "", []),
    Consent(
        _SALT, DAY, _NAME, CONTEXT, ("ride",), ("metro", "\u6c34"), _HASH, _HASH, DAY + 730,
        SUBJECT.public.cose_key(), [],
    ),
    Withdrawal(_SALT, DAY, _NAME, CONTEXT, _HASH, []),
    *(_attributes(*codes) for codes in (("de-by.09", "age-65"), ("a" * 64, ""), ("", ""))),
]  # fmt: skip
PRIVATE_DIGESTS = {signed_digest(document) for document in _PROVEN}
PRIVATE = [
    *(
        preimage(msgspec.structs.replace(d, proof=make_proof(SUBJECT, signed_digest(d))))
        for d in _PROVEN
    ),
    preimage(Subject(_SALT, DAY, 2**63 - 1, "person", SUBJECT.public.cose_key())),
    preimage(Question(_SALT, DAY, b"question", b"answer")),
    preimage(Presented(_SALT, DAY, b"question", b"answer", SUBJECT.public.cose_key())),
    preimage(Recall(_SALT, DAY, _HASH, "trip-1", bytes(16), DAY - 1, DAY + 4)),
    preimage(Deletion(_SALT, DAY, b"confirmation")),
    preimage(Followed(_SALT, DAY, b"report")),
    preimage(Intake(_SALT, DAY, ((_HASH, _HASH),))),
    preimage(Erasure(_SALT, DAY, (_HASH, _HASH))),
    preimage(
        Step(
            _SALT, DAY, CONTEXT, _NAME, "contest", b"", 0, "file",
            {"target": "score", "words": "\u6c34", "files": [_HASH], "again": False}, _HASH,
            ["cose", bytes(64)],
        )
    ),
    preimage(Evidence(_SALT, DAY, CONTEXT, _NAME, "a.txt", b"file")),
    preimage(
        Record(
            _SALT, CONTEXT, "metro", "card-1", "fare-unpaid", DAY, "ticket 1", "inspector-1",
            "credential-shown", {"zones": 3, "line": "\u6c34"}, "r1",
        )
    ),
]  # fmt: skip
"""The exact bytes of each, as a leaf commits to them."""
