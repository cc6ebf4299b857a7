"""Cosignatures, offline proofs and trust policies of ours, judged by torchwood and circl.

torchwood finds the lines and checks those of Ed25519; circl checks those of ML-DSA-44, over a
message that the Go program puts together itself.
"""

import base64
import itertools
import json
from dataclasses import replace

import pytest

from standing.audit import open_ledger
from standing.audit.trust import TRUST_FILE, parse_trust
from standing.errors import Broken
from standing.verify.checkpoints import Checkpoint, parse_checkpoint, verify_checkpoint
from standing.verify.cosignatures import cosign, cosigner_of, find_line, verify_cosignature
from standing.verify.quorum import Group, TrustedLog, TrustedWitness, TrustPolicy
from standing.verify.quorum import parse_trust_policy as parse_policy
from standing.verify.tlog_proof import TlogProof, parse_tlog_proof
from standing.verify.tree import EMPTY_ROOT, leaf_hash
from standing.wire.keys import SigningKey
from standing.wire.notes import (
    Note,
    NoteKey,
    add_signatures,
    format_note,
    parse_note,
    parse_signatures,
    sign_note,
)
from standing.witness import Witness
from standing.witness._request import format_request
from tests.interop.conftest import SIGNER, SIZES
from tests.interop.strangers import bytes_of
from tests.unit.log.conftest import CHECKPOINT_KEY, ML_DSA_KEY, ORIGIN
from tests.unit.serve.support import standing_command
from tests.unit.witness.support import CLASSIC, NAME, POST

NOW = 1_700_000_000
LAST = SIZES[-1]
LOG_KEY = NoteKey(ORIGIN, 1, CHECKPOINT_KEY.public)
LOG_POST_KEY = cosigner_of(ORIGIN, ML_DSA_KEY.public)
CLASSIC_KEY, POST_KEY = (cosigner_of(NAME, key.public) for key in (CLASSIC, POST))
ALL = (CLASSIC_KEY, POST_KEY, LOG_POST_KEY)
each = pytest.mark.parametrize("key", ALL, ids=("witness-4", "witness-6", "log-6"))
both = pytest.mark.parametrize("secret", [CLASSIC, POST], ids=("4", "6"))

ONLY = {"origin": ORIGIN}
"""Asks for cosigners alone: the log's Ed25519 line may say what it wants."""


def watch(place, notes, consistency, logs=(LOG_KEY, LOG_POST_KEY)):
    """Let a witness of ours cosign one checkpoint after the other; gives them with its lines."""
    held = 0
    keys = (CLASSIC, POST)
    with Witness.open(
        place, name=NAME, keys=keys, logs=logs, clock=lambda: NOW + held, new=True
    ) as witness:
        for note in notes:
            size = parse_checkpoint(note)[0].size
            proof = consistency(held, size) if held else []
            answer = witness.add_checkpoint(format_request(held, proof, note))
            assert answer.status == 200, answer.body
            yield add_signatures(note, parse_signatures(answer.body))
            held = size


@pytest.fixture(scope="module")
def witnessed(history, tmp_path_factory):
    """Each published checkpoint with the witness's two lines, by size."""
    place = tmp_path_factory.mktemp("witness") / "witness"
    notes = watch(place, history.checkpoints, history.log.consistency)
    return dict(zip(SIZES, notes, strict=True))


def vkeys(*keys):
    return [key.vkey() for key in keys]


def judge(go, notes, *keys, **who):
    """Ask whether each note holds by all of the keys, and if nothing else is said the log's."""
    return go.ask("cosigned", **(who or SIGNER), cosigners=vkeys(*keys), notes=notes)


def refusals(answer):
    return [bool(verdict.get("refused")) for verdict in answer.said["verdicts"]]


def with_line(data, key, **changes):
    """Change a key's line."""
    note = parse_note(data)
    line = find_line(note, key)
    lines = tuple(each._replace(**changes) if each == line else each for each in note.signatures)
    return format_note(Note(note.text, lines))


def with_text(data, **changes):
    """Change what a checkpoint states and leave its lines."""
    checkpoint, note = parse_checkpoint(data)
    return format_note(Note(replace(checkpoint, **changes).text(), note.signatures))


# --- cosignatures ----------------------------------------------------------------------------


def test_every_line_of_log_and_witness_is_accepted_and_gives_its_time(go, history, witnessed):
    answer = judge(go, list(witnessed.values()), *ALL)
    assert answer.accepted, answer.said
    before = (0, *SIZES)
    for size, held, verdict in zip(SIZES, before, answer.said["verdicts"], strict=False):
        assert verdict["size"] == size
        assert bytes_of(verdict["root"]) == history.log.root_at(size)
        # the log's own line states no time
        assert verdict["times"] == [NOW + held, NOW + held, 0]


@each
def test_a_flipped_bit_in_any_byte_of_a_line_is_refused(go, witnessed, key):
    good = witnessed[LAST]
    raw = find_line(parse_note(good), key).signature
    changed = []
    for place in range(len(raw)):
        data = bytearray(raw)
        data[place] ^= 1 << place % 8
        changed.append(with_line(good, key, signature=bytes(data)))
    cuts = (raw[:-1], raw[:8], raw[8:], raw + b"\0")
    changed += [with_line(good, key, signature=cut) for cut in cuts]
    assert judge(go, [good], key, **ONLY).accepted
    answer = judge(go, changed, key, **ONLY)
    assert all(refusals(answer))
    assert len(refusals(answer)) == len(changed)


@each
def test_a_line_of_another_key_does_not_count(go, witnessed, key):
    """Under its own key id it is a stranger's; under that of the key asked for it is refused."""
    good = witnessed[LAST]
    secret = SigningKey.from_seed(b"o" * 32, key.public.alg)
    checkpoint, note = parse_checkpoint(good)
    other = cosign(secret, key.name, checkpoint, note.text, NOW)
    notes = [
        with_line(good, key, key_id=other.key_id, signature=other.signature),
        with_line(good, key, signature=other.signature),
        with_line(good, key, key_id=other.key_id),
    ]
    assert all(refusals(judge(go, notes, key, **ONLY)))
    asked = cosigner_of(key.name, secret.public)
    assert refusals(judge(go, [good, notes[0]], asked, **ONLY)) == [True, False]


@each
def test_a_line_under_another_name_does_not_count(go, witnessed, key):
    """Ed25519 signs no name, so there the key id alone tells names apart."""
    other = cosigner_of("other.example", key.public)
    renamed = with_line(witnessed[LAST], key, name=other.name)
    moved = with_line(witnessed[LAST], key, name=other.name, key_id=other.key_id)
    assert judge(go, [renamed], key, **ONLY).refused
    assert judge(go, [renamed], other, **ONLY).refused
    assert judge(go, [moved], key, **ONLY).refused
    assert judge(go, [moved], other, **ONLY).accepted == (key is CLASSIC_KEY)


@each
def test_a_line_under_another_checkpoint_is_refused(go, history, witnessed, key):
    good = witnessed[LAST]
    other = history.log.root_at(512)
    line = find_line(parse_note(witnessed[512]), key)
    moved = [
        with_text(good, size=LAST - 1),
        with_text(good, size=0),
        with_text(good, root=other),
        with_text(good, size=512, root=other),
        with_line(good, key, signature=line.signature),
    ]
    assert refusals(judge(go, moved, key, **ONLY)) == [True] * len(moved)
    strange = with_text(good, origin="other.example/log")
    assert judge(go, [strange], key, origin="other.example/log").refused
    # the log asked for is the one that is stated, or nothing is accepted
    assert judge(go, [good], key, origin="other.example/log").refused


@each
def test_extension_lines_are_signed_by_ed25519_alone(go, witnessed, key):
    changed = [with_text(witnessed[LAST], extensions=more) for more in ((), ("clock: real",))]
    expected = key is CLASSIC_KEY
    assert refusals(judge(go, changed, key, **ONLY)) == [expected, expected]
    assert all(refusals(judge(go, changed, key)))  # the log's Ed25519 line signs them too


@both
def test_a_signature_over_the_other_kinds_message_is_refused(go, witnessed, secret):
    """One message may not pass for another: not the note's text alone, not the other kind's."""
    good, key = witnessed[LAST], cosigner_of(NAME, secret.public)
    checkpoint, note = parse_checkpoint(good)
    subtree = (
        b"subtree/v1\n\0"
        + bytes([len(NAME)]) + NAME.encode() + NOW.to_bytes(8)
        + bytes([len(ORIGIN)]) + ORIGIN.encode() + bytes(8)
        + checkpoint.size.to_bytes(8) + checkpoint.root
    )  # fmt: skip
    classic = f"cosignature/v1\ntime {NOW}\n{note.text}".encode()
    messages = {
        "own": subtree if secret is POST else classic,
        "other": classic if secret is POST else subtree,
        "text": note.text.encode(),
        "later": (subtree if secret is POST else classic)[:-1],
    }
    notes = [
        with_line(good, key, signature=NOW.to_bytes(8) + secret.sign(message))
        for message in messages.values()
    ]
    assert refusals(judge(go, notes, key, **ONLY)) == [False, True, True, True]


@both
def test_names_times_and_sizes_at_their_ends_are_read_alike(go, secret):
    """The longest name and origin, other letters, the last time, the largest size."""
    long = "n" * 255
    ends = [
        ("w", "l", 0, 0), (long, long, 2**63 - 1, 2**63 - 1), ("café.example/證人", "日誌.example", 1, 1)
    ]  # fmt: skip
    for name, origin, size, time in ends:
        stated = Checkpoint(origin, size, bytes(range(32)) if size else EMPTY_ROOT)
        line = cosign(secret, name, stated, stated.text(), time)
        note = add_signatures(sign_note(stated.text(), origin, CHECKPOINT_KEY), [line])
        answer = judge(go, [note], cosigner_of(name, secret.public), origin=origin)
        assert answer.accepted, answer.said
        assert answer.said["verdicts"][0]["times"] == [time]


def test_a_line_that_circl_signed_is_read_here(go, history):
    note = history.checkpoints[-1]
    seed, time = b"c" * 32, NOW + 1
    sign = {"cosigner": "circl.example", "seed": seed, "time": time}
    answer = go.ask("cosigned", **SIGNER, notes=[note], sign=sign)
    assert answer.accepted, answer.said
    signed = bytes_of(answer.said["signed"])
    key = cosigner_of("circl.example", SigningKey.from_seed(seed, "ML-DSA-44").public)
    assert verify_cosignature(signed, key) == time
    verify_checkpoint(signed, ORIGIN, CHECKPOINT_KEY.public, ML_DSA_KEY.public)
    with pytest.raises(Broken):
        verify_cosignature(with_text(signed, size=LAST - 1), key)


# --- proofs that travel alone ----------------------------------------------------------------


def prove(history, witnessed, index, size=LAST, **more):
    path = tuple(history.log.inclusion(index, size))
    return TlogProof(index, path, witnessed[size], **more)


def case(proof, entry):
    return {"proof": proof if isinstance(proof, bytes) else proof.format(), "entry": entry}


def offline(go, proofs, *keys, **who):
    return go.ask("offline", **(who or SIGNER), cosigners=vkeys(*keys), proofs=proofs)


def verdicts(answer):
    return [bool(verdict.get("refused")) for verdict in answer.said]


@pytest.mark.parametrize("size", SIZES)
def test_torchwood_accepts_our_offline_proofs(go, history, witnessed, size):
    indexes = sorted({0, 1, 100, 254, 255, 256, 300, size - 1} & set(range(size)))
    proofs = [
        case(prove(history, witnessed, index, size), history.log.entry(index)) for index in indexes
    ]
    answer = offline(go, proofs, *ALL)
    assert answer.accepted, answer.said
    assert len(answer.said) == len(indexes)


@pytest.mark.parametrize("extra", [b"", b"seen by nobody\n", bytes(1000)])
def test_torchwood_reads_what_our_proof_carries_besides(go, history, witnessed, extra):
    proof = prove(history, witnessed, 300, extra=extra)
    answer = offline(go, [case(proof, history.log.entry(300))], *ALL)
    assert answer.accepted, answer.said
    assert bytes_of(answer.said[0]["extra"]) == extra


def test_a_wrong_index_path_entry_or_checkpoint_is_refused(go, history, witnessed):
    log = history.log
    good, entry = prove(history, witnessed, 300), log.entry(300)
    path = good.path
    flipped = [
        (*path[:place], bytes([path[place][0] ^ 1]) + path[place][1:], *path[place + 1 :])
        for place in range(len(path))
    ]
    elsewhere = with_text(good.checkpoint, size=LAST - 1)
    changes = [
        {"index": 301},
        {"index": LAST},
        *({"path": each} for each in (*flipped, path[:-1], (*path, bytes(32)), path[::-1])),
        {"checkpoint": witnessed[512]},
        {"checkpoint": elsewhere},
    ]
    wrong = [
        *(case(replace(good, **change), entry) for change in changes),
        case(good, log.entry(301)),
        case(good, entry + b"\0"),
        case(good.format().replace(b"@v1\n", b"@v2\n"), entry),
    ]
    answer = offline(go, [case(good, entry), *wrong], *ALL)
    assert verdicts(answer) == [False, *[True] * len(wrong)]


def test_a_proof_that_lacks_a_line_of_the_quorum_is_refused(go, history, witnessed):
    good, entry = prove(history, witnessed, 300), history.log.entry(300)
    proofs = [case(good, entry)]
    for dropped in (LOG_KEY, *ALL):
        note = parse_note(witnessed[LAST])
        lines = tuple(line for line in note.signatures if line != find_line(note, dropped))
        checkpoint = format_note(Note(note.text, lines))
        proofs.append(case(replace(good, checkpoint=checkpoint), entry))
    assert verdicts(offline(go, proofs, *ALL)) == [False, True, True, True, True]
    # the same proof for those who ask for less
    assert verdicts(offline(go, proofs, CLASSIC_KEY)) == [False, True, True, False, False]
    stranger = cosigner_of(NAME, SigningKey.from_seed(b"o" * 32).public)
    assert offline(go, proofs[:1], CLASSIC_KEY, stranger).refused


@pytest.mark.parametrize("extra", [None, b"", b"of the reader's own\0"])
def test_what_torchwood_formats_is_read_and_verified_here(go, history, extra):
    log = history.log
    indexes = (0, 255, 256, 300, LAST - 1)
    asked = [
        {"index": index, "size": LAST, "path": log.inclusion(index, LAST)} for index in indexes
    ]
    task = {"directory": history.published[LAST], "inclusion": asked, "extra": extra}
    answer = go.ask("client", **SIGNER, **task)
    assert answer.accepted, answer.said
    for index, text in zip(indexes, answer.said["offline"], strict=True):
        data = bytes_of(text)
        proof = parse_tlog_proof(data)
        assert (proof.index, proof.extra, proof.format()) == (index, extra, data)
        leaf = leaf_hash(log.entry(index))
        assert proof.verify(leaf, [LOG_KEY, LOG_POST_KEY]).size == LAST
        with pytest.raises(Broken):
            proof.verify(leaf_hash(log.entry(1)), [LOG_KEY])


def test_standing_log_proof_of_a_witnessed_ledger_is_accepted(go, town, tmp_path):
    """The command's own file, under a policy file that names the ledger's log and its witness."""
    trust = parse_trust((town.directory / TRUST_FILE).read_bytes(), where=TRUST_FILE)
    log_key = NoteKey(trust.origin, 1, trust.checkpoint_key)
    ledger = town.ledger
    notes = watch(tmp_path / "witness", [ledger.published], ledger.consistency, logs=[log_key])
    for note in notes:
        assert ledger.publish_witnessed(note)
    file = tmp_path / "entry.proof"
    done = standing_command("log", "proof", 3, "-o", file, "--ledger", town.directory)
    assert done.returncode == 0, done.stderr
    assert base64.b64decode(json.loads(done.stdout)["proof"]) == file.read_bytes()
    opened = open_ledger(town.directory)
    entry, other = opened.log.entry(3), opened.log.entry(4)
    opened.close()
    proof = file.read_bytes()
    assert {line.name for line in parse_note(parse_tlog_proof(proof).checkpoint).signatures} == {
        trust.origin,
        NAME,
    }
    policy = TrustPolicy((TrustedLog(log_key),), (TrustedWitness("w", CLASSIC_KEY),), (), "w")
    proofs = [case(proof, entry), case(proof, other)]
    assert verdicts(go.ask("offline", policy=policy.format(), proofs=proofs)) == [False, True]
    assert offline(go, proofs[:1], POST_KEY, origin=trust.origin, vkey=log_key.vkey()).accepted


# --- trust policies --------------------------------------------------------------------------

SECRETS = {
    name: SigningKey.from_seed(name.encode() * 16) for name in ("X1", "X2", "X3", "Y1", "Y2")
}
COSIGNERS = {
    name: cosigner_of(f"{name}.example", key.public) for name, key in SECRETS.items()
}  # fmt: skip
WITNESSES = tuple(
    TrustedWitness(name, key, "https://witness.example/" if name == "X1" else None)
    for name, key in COSIGNERS.items()
)
LOGS = (TrustedLog(LOG_KEY, "https://ledger.example/"),)
GROUPS = (
    Group("X-all", 2, ("X1", "X2", "X3")),
    Group("Y-any", 1, ("Y1", "Y2")),
    Group("證人", 2, ("X-all", "Y-any")),
)


def refused_here(policy, note):
    try:
        policy.verify(note)
    except Broken:
        return True
    return False


@pytest.mark.parametrize("quorum", ["證人", "X-all", "Y-any", "X1", "none"])
def test_torchwood_reads_our_policy_file_and_agrees_on_every_set_of_witnesses(go, history, quorum):
    policy = TrustPolicy(LOGS, WITNESSES, GROUPS, quorum)
    note = history.checkpoints[-1]
    checkpoint, parsed = parse_checkpoint(note)
    lines = {
        name: cosign(key, f"{name}.example", checkpoint, parsed.text, NOW)
        for name, key in SECRETS.items()
    }
    notes = [
        add_signatures(note, [lines[name] for name in names])
        for count in range(len(lines) + 1)
        for names in itertools.combinations(lines, count)
    ]
    answer = go.ask("cosigned", policy=policy.format(), notes=notes)
    assert refusals(answer) == [refused_here(policy, each) for each in notes]
    assert 0 < refusals(answer).count(False) <= len(notes)


def test_a_bad_line_is_refused_beside_good_ones(go, history):
    """torchwood looks at the witnesses that the quorum may count, our reader at all listed ones."""
    policy = TrustPolicy(LOGS, WITNESSES, GROUPS, "Y-any")
    note = history.checkpoints[-1]
    checkpoint, parsed = parse_checkpoint(note)

    def line(name, *, good=True):
        made = cosign(SECRETS[name], f"{name}.example", checkpoint, parsed.text, NOW)
        flip = bytes([made.signature[-1] ^ (not good)])
        return made._replace(signature=made.signature[:-1] + flip)

    notes = [
        add_signatures(note, [line("Y1"), line("Y2")]),
        add_signatures(note, [line("Y1", good=False), line("Y2")]),
        add_signatures(note, [line("X1", good=False), line("Y2")]),
    ]
    answer = go.ask("cosigned", policy=policy.format(), notes=notes)
    assert refusals(answer) == [False, True, False]
    assert [refused_here(policy, each) for each in notes] == [False, True, True]


def test_both_refuse_the_log_that_a_policy_does_not_list(go, history):
    other = NoteKey("other.example/log", 1, CHECKPOINT_KEY.public)
    policy = TrustPolicy((TrustedLog(other),), (), (), "none")
    note = history.checkpoints[-1]
    assert go.ask("cosigned", policy=policy.format(), notes=[note]).refused
    assert refused_here(policy, note)


def test_where_torchwood_reads_policies_otherwise(go, history):
    """As the README says; what fails here after an upgrade has changed there."""
    note = history.checkpoints[-1]
    other = TrustedLog(NoteKey("other.example/log", 1, SigningKey.from_seed(bytes(32)).public))
    for policy in (
        # it demands every listed log, where one is enough
        TrustPolicy((*LOGS, other), (), (), "none"),
        # it knows no key of ML-DSA-44
        TrustPolicy((*LOGS, TrustedLog(LOG_POST_KEY)), (), (), "none"),
        TrustPolicy(LOGS, (TrustedWitness("w", POST_KEY),), (), "none"),
        # to it, a comment begins anywhere
        TrustPolicy(LOGS, (TrustedWitness("w#1", CLASSIC_KEY),), (), "none"),
    ):
        assert parse_policy(policy.format()) == policy
        policy.verify(note)
        assert go.ask("cosigned", policy=policy.format(), notes=[note]).refused, policy
