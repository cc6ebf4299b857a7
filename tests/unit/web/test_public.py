"""What everybody may see: pages and their JSON twins say the same, and prove what they say."""

import base64

import pytest

from standing.verify.receipts import verify_receipt
from standing.verify.tlog_proof import parse_tlog_proof
from standing.verify.tree import leaf_hash
from standing.wire.keys import PublicKey
from tests.unit.web.support import Served

PAGES = [
    "/", "/log", "/log/growth", "/log/entries", "/log/entries/3", "/log/check", "/log/roll",
    "/log/packs", "/log/packs/transit/1", "/log/packs/transit/1/1", "/log/contests", "/nowhere",
]  # fmt: skip
TWINS = [page for page in PAGES if page not in {"/", "/log/check", "/nowhere"}]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_a_page_is_whole_in_both_languages_and_holds_nothing_inline(served, path, language):
    answer = served.client.get(path, cookie=f"lang={language}")
    page = answer.page
    assert answer.status == (404 if path == "/nowhere" else 200)
    assert page.all("html") == [{"lang": language}]
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert not page.inline
    assert not any("style" in attributes or "onclick" in attributes for _, attributes in page.tags)
    addresses = [a[name] for _, a in page.tags for name in ("src", "href") if name in a]
    assert all(address.startswith(("/", "#")) for address in addresses)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_nothing_from_elsewhere_and_be_framed_by_nobody(served, path):
    headers = served.client.get(path).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("path", TWINS)
def test_a_page_has_its_facts_as_json_at_the_same_address(served, path):
    page = served.client.get(path)
    assert {"href": f"{path}.json"} in page.page.all("a")
    twin = served.client.get(f"{path}.json")
    assert twin.headers["content-type"] == "application/json"
    assert twin.json


def test_the_logs_own_paths_do_not_pass_through_the_pages(served):
    answer = served.client.get("/checkpoint")
    assert "content-security-policy" not in answer.headers
    assert answer.body == served.do(lambda ledger: ledger.published)
    assert served.client.get("/tile/0/000.p/1").status == 404  # the log's own answer
    assert "content-security-policy" not in served.client.get("/entries/x").headers


def test_the_log_says_how_large_it_is_and_who_signed_it(served: Served):
    facts = served.client.get("/log.json").json
    assert facts["overview"]["size"] == served.do(lambda ledger: ledger.log_size)
    assert facts["overview"]["published"]["signatures"][0]["name"] == "test.example/ledger"
    assert facts["growth"][-1]["size"] == facts["overview"]["size"]
    assert facts["newest"][0]["index"] == facts["overview"]["size"] - 1


def test_an_entry_is_found_by_its_number_and_by_its_statements_hash(served: Served):
    found = served.client.get("/log/entries/3.json").json["entry"]
    by_hash = served.client.get(f"/log/find?q={found['statement_hash'].upper()}")
    assert (by_hash.status, by_hash.headers["location"]) == (303, "/log/entries/3")
    assert served.client.get("/log/find?q=3").headers["location"] == "/log/entries/3"
    assert served.client.get("/log/find?q=999999").status == 404


def test_an_entrys_path_leads_to_the_root_as_it_is_drawn(served: Served):
    import msgspec

    from standing.ledger.public import Entry
    from standing.web._merkle import steps

    for index in (0, 1, 4, served.do(lambda ledger: ledger.log_size) - 1):
        facts = served.client.get(f"/log/entries/{index}.json").json["entry"]
        entry = msgspec.convert(facts, Entry)
        last = steps(entry)[-1]
        pair = [bytes.fromhex(last.reached), bytes.fromhex(last.sibling)]
        if last.side == "left":
            pair.reverse()
        from standing.verify.tree import node_hash

        assert node_hash(*pair).hex() == entry.root
        assert leaf_hash(bytes.fromhex(entry.raw)).hex() == entry.leaf_hash
        spans = {(node.first, node.last) for node in entry.path}
        assert sum(last - first + 1 for first, last in spans) == entry.size - 1


def test_proofs_hold_without_the_site(served: Served):
    facts = served.client.get("/log/entries/6.json").json["entry"]
    entry = bytes.fromhex(facts["raw"])
    proof = parse_tlog_proof(served.client.get("/log/entries/6/tlog-proof").body)
    assert proof.index == 6
    receipt = served.client.get("/log/entries/6/receipt")
    assert receipt.headers["content-disposition"] == 'attachment; filename="entry-6.cose"'
    key = served.do(lambda ledger: ledger.state.log_key("receipt"))
    index, _, _ = verify_receipt(receipt.body, entry, PublicKey.from_cose_key(key))
    assert index == 6


def test_a_receipt_that_somebody_holds_is_checked(served: Served):
    receipt = served.client.get("/log/entries/6/receipt").body
    for sent in (
        receipt,
        base64.b64encode(receipt),
        served.client.get("/log/entries/6/tlog-proof").body,
    ):
        answer = served.client.post("/log/check", {"proof": ("receipt.cose", sent)})
        assert answer.status == 200
        assert "entry 6 of a log of" in answer.text
    broken = receipt[:-1] + bytes([receipt[-1] ^ 1])
    answer = served.client.post("/log/check", {"proof": ("receipt.cose", broken)})
    assert answer.status == 422
    assert served.client.post("/log/check", {}).status == 400
    huge = served.client.post("/log/check", {"proof": ("receipt.cose", bytes(300_000))})
    assert huge.status == 400


def test_entries_are_paged_from_the_newest_to_the_first(served: Served):
    size = served.do(lambda ledger: ledger.log_size)
    seen, place = [], "/log/entries.json?before=7"
    while place:
        facts = served.client.get(place).json
        seen += [line["index"] for line in facts["entries"]]
        place = facts["next"] and f"/log/entries.json?before={facts['next']}"
    assert seen == list(range(6, -1, -1))
    assert served.client.get("/log/entries.json").json["entries"][0]["index"] == size - 1


def test_the_growth_of_an_earlier_day_keeps_its_address(served: Served):
    days = served.client.get("/log/growth.json").json["growth"]
    first = days[0]["day"]
    assert served.client.get(f"/log/growth.json?until={first}").json["growth"] == days[:1]
    assert "no second day" in served.client.get(f"/log/growth?until={first}").text


def test_the_roll_tells_every_key_with_its_employer(served: Served):
    roll = {holder["name"]: holder for holder in served.client.get("/log/roll.json").json["roll"]}
    assert roll["first"]["employer"] == "first house"
    assert roll["metro"]["contexts"] == ["transit"]
    assert roll["city"]["until"] == ""  # the founder's key lasts until it is revoked


def test_a_pack_shows_its_digest_and_what_it_comes_to(served: Served):
    facts = served.client.get("/log/packs/transit/1.json").json
    assert facts["line"]["in_force"]
    assert facts["arithmetic"]["worst"] == 600
    digest = facts["line"]["digest"]
    assert served.client.get(f"/documents/{digest}").status == 200


def test_small_counts_of_contests_are_left_out(served: Served):
    town = served.town

    def contest(ledger):
        return [town.contest(n, town.record_of(n)).name for n in range(3)]

    served.do(contest)
    facts = served.client.get("/log/contests.json").json
    assert facts["contests"]["filed"] is None
    assert "fewer than 5" in served.client.get("/log/contests").text
    served.do(lambda _: [town.contest(n, town.record_of(n)) for n in (3, 4)])
    assert served.client.get("/log/contests.json").json["contests"]["filed"] == 5
