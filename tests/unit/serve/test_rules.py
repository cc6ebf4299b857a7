"""Rules over HTTP pass the same gates as from the command line: document first, then the linter."""

import hashlib
from pathlib import Path

import cbor2
import msgspec
import pytest

from standing import charter, policy
from tests.support import CATALOGUE, FOUNDED, pack
from tests.unit.serve.support import serving

FIXTURES = Path(__file__).parents[2] / "packs"
SHIPPED = Path(__file__).parents[3] / "src" / "standing" / "packs"
BOTH = ("ann", "ben")
JSON = "application/json"


def deposit(server, office, document, by="ann"):
    return server.post(charter.sign_deposit(office.key(by), document), "/documents")


def say(office, who, kind, document, facts):
    envelope = charter.Envelope(kind, hashlib.sha256(document).digest(), JSON, facts)
    return charter.sign_envelope(office.key(who), who, f"{kind}/1", envelope)


def facts_of(document, catalogue):
    read = policy.parse_pack(document)
    return {
        "context": read.context,
        "version": read.version,
        "force": int(read.force),
        "linter": policy.LINTER_VERSION,
        "catalogue": hashlib.sha256(catalogue).digest(),
    }


def publish_catalogue(server, office, data):
    document = policy.canonical(policy.parse_catalogue(data))
    assert deposit(server, office, document).status == 201
    statement = say(office, "ann", "catalogue", document, {})
    server.check(server.register(statement), statement)
    return document


def test_a_deposited_document_lies_beside_the_log_under_its_digest(server, office):
    before = server.size
    answer = deposit(server, office, b"a public document", by="dora")
    digest = hashlib.sha256(b"a public document").digest()
    assert (answer.status, cbor2.loads(answer.body)) == (201, digest)
    assert answer.headers["location"] == f"/documents/{digest.hex()}"
    got = server.get(answer.headers["location"])
    assert (got.status, got.body) == (200, b"a public document")
    assert deposit(server, office, b"a public document", by="dora").body == answer.body
    assert server.size == before  # nothing is logged


@pytest.mark.parametrize(("name", "code"), [("zoe", "E-CHARTER-01"), ("gone", "E-CHARTER-03")])
def test_a_document_of_a_key_without_right_is_not_kept(server, office, name, code):
    from tests.support import new_key

    office.keys.setdefault("zoe", new_key("issuer", "zoe"))
    status, title, detail = deposit(server, office, b"unwanted", by=name).problem
    assert (status, title, f"[{code}]" in detail) == (400, "Rejected", True)
    assert server.get(f"/documents/{hashlib.sha256(b'unwanted').hexdigest()}").status == 404


def test_a_key_that_may_not_publish_brings_no_document(server, office):
    from tests.support import UNTIL, new_key

    office.keys["otto"] = new_key("issuer", "otto")
    public, city = office.keys["otto"].public, office.keys["city"]
    server.on_writer(
        lambda ledger: ledger.accredit(public, role="issuer", name="otto", until=UNTIL, by=city)
    )
    assert "[E-REGISTER-03]" in deposit(server, office, b"unwanted", by="otto").problem[2]


def test_a_deposit_that_was_altered_or_is_of_another_kind_is_refused(server, office):
    good = charter.sign_deposit(office.key("ann"), b"text")
    altered = good.replace(b"text", b"txet")
    assert server.post(altered, "/documents").problem[:2] == (400, "Rejected")
    for other in (office.document(), b"", b"text"):
        assert server.post(other, "/documents").problem[:2] == (400, "Malformed request")


def test_rules_without_their_document_are_refused_and_with_it_they_are_in_force(server, office):
    catalogue = policy.canonical(policy.parse_catalogue(CATALOGUE))
    early = say(office, "ann", "catalogue", catalogue, {})
    status, title, detail = server.post(early).problem
    assert (status, title, "[E-REGISTER-02]" in detail) == (400, "Rejected", True)
    assert "E-LOG-11" in detail
    publish_catalogue(server, office, CATALOGUE)
    rules = policy.canonical(policy.parse_pack(pack()))
    statements = [say(office, who, "pack", rules, facts_of(rules, catalogue)) for who in BOTH]
    assert "[E-REGISTER-02]" in server.post(statements[0]).problem[2]
    assert deposit(server, office, rules).status == 201
    for statement in statements:
        server.check(server.register(statement), statement)
    digest = hashlib.sha256(rules).digest()
    published = server.on_writer(lambda ledger: ledger.state.packs_of("transit"))
    assert [name for _, name in published] == [digest]


def test_one_signature_leaves_a_pack_unpublished(server, office):
    catalogue = publish_catalogue(server, office, CATALOGUE)
    rules = policy.canonical(policy.parse_pack(pack()))
    deposit(server, office, rules)
    server.register(say(office, "ann", "pack", rules, facts_of(rules, catalogue)))
    assert server.on_writer(lambda ledger: ledger.state.packs_of("transit")) == []


@pytest.mark.parametrize(
    "change",
    [{"linter": 0}, {"force": FOUNDED + 300}, {"version": 2}, {"context": "rail"},
     {"catalogue": bytes(32)}],
)  # fmt: skip
def test_a_statement_that_says_other_than_its_pack_is_refused(server, office, change):
    catalogue = publish_catalogue(server, office, CATALOGUE)
    rules = policy.canonical(policy.parse_pack(pack()))
    deposit(server, office, rules)
    before = server.size
    for who in BOTH:
        stated = say(office, who, "pack", rules, facts_of(rules, catalogue) | change)
        status, title, detail = server.post(stated).problem
        assert (status, title) == (400, "Rejected")
        assert "E-REGISTER-04" in detail
    assert server.size == before


@pytest.fixture(scope="module")
def lawful(tmp_path_factory):
    """A ledger with the shipped catalogue, and its server."""
    from tests.unit.serve.support import found

    office = found(tmp_path_factory.mktemp("rules") / "ledger")
    with serving(office) as server:
        data = (SHIPPED / "catalogue.yaml").read_bytes()
        document = policy.canonical(policy.parse_catalogue(data))
        assert deposit(server, office, document).status == 201
        server.register(say(office, "ann", "catalogue", document, {}))
        yield server, office, document


@pytest.mark.parametrize(
    "path", sorted((FIXTURES / "refused").glob("*.yaml")), ids=lambda path: path.stem
)
def test_rules_that_the_linter_refuses_do_not_enter(lawful, path):
    server, office, catalogue = lawful
    document = path.read_bytes()
    passing = (FIXTURES / "passing.yaml").read_bytes()
    try:
        facts = facts_of(document, catalogue)
    except Exception:  # noqa: BLE001 - what cannot be read states the facts of one that can
        facts = facts_of(passing, catalogue)
    assert deposit(server, office, document).status == 201
    before = server.size
    for who in BOTH:
        status, title, detail = server.post(say(office, who, "pack", document, facts)).problem
        assert (status, title) == (400, "Rejected")
        assert "E-PACK-02" in detail
        assert path.stem.split("-")[0] in detail
    assert server.size == before


def test_the_pack_that_passes_the_linter_enters(lawful):
    server, office, catalogue = lawful
    document = (FIXTURES / "passing.yaml").read_bytes()
    deposit(server, office, document)
    for who in BOTH:
        statement = say(office, who, "pack", document, facts_of(document, catalogue))
        server.check(server.register(statement), statement)
    assert server.on_writer(lambda ledger: ledger.state.packs_of("rail"))


@pytest.mark.parametrize("document", [b"", b"format: other", b"\xff\xfe", b"{}", b"a: [1, 2"])
def test_a_catalogue_that_cannot_be_read_does_not_enter(server, office, document):
    deposit(server, office, document)
    statement = say(office, "ann", "catalogue", document, {})
    assert "[E-REGISTER-02]" in server.post(statement).problem[2]


def test_rules_that_stand_in_the_log_give_their_receipt_after_a_newer_catalogue(server, office):
    catalogue = publish_catalogue(server, office, CATALOGUE)
    rules = policy.canonical(policy.parse_pack(pack()))
    deposit(server, office, rules)
    facts = facts_of(rules, catalogue)
    statements = [say(office, who, "pack", rules, facts) for who in BOTH]
    receipts = [server.register(statement) for statement in statements]
    publish_catalogue(server, office, CATALOGUE.replace(b"version: 1", b"version: 2"))
    for statement, receipt in zip(statements, receipts, strict=True):
        assert server.register(statement) == receipt


def refused(server, office, rules, catalogue):
    deposit(server, office, rules)
    before = server.size
    detail = server.post(say(office, "ann", "pack", rules, facts_of(rules, catalogue))).problem[2]
    assert server.size == before
    return detail


def test_rules_over_http_are_compared_with_the_ledger_too(server, office):
    from tests.support import UNTIL, new_key

    catalogue = publish_catalogue(server, office, CATALOGUE)
    second = policy.parse_pack(pack().replace(b"version: 1", b"version: 2"))
    summary = msgspec.structs.replace(
        second.change, summary="More", previous="a" * 64, simulation="b" * 64
    )
    second = policy.canonical(msgspec.structs.replace(second, change=summary))
    assert "E-PACK-14" in refused(server, office, second, catalogue)
    key, city = new_key("issuer", "tram").public, office.keys["city"]
    server.on_writer(
        lambda ledger: ledger.accredit(
            key, role="issuer", name="tram", until=UNTIL, contexts=["transit"], by=city
        )
    )
    rules = policy.canonical(policy.parse_pack(pack()))
    assert "E-PACK-17" in refused(server, office, rules, catalogue)


def test_rules_whose_day_of_publication_is_past_do_not_enter(server, office):
    catalogue = publish_catalogue(server, office, CATALOGUE)
    late = policy.canonical(policy.parse_pack(pack(published=FOUNDED - 1)))
    assert "E-PACK-10" in refused(server, office, late, catalogue)
