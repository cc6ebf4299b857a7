"""The interface for programs says what the pages say, in types that its description names."""

import json

import pytest

from tests.unit.web.support import Served

PROBLEM = "application/problem+json"


def test_the_description_is_openapi_3_1_and_names_every_status(served: Served):
    described = served.client.get("/api/v1/openapi.json").json
    assert described["openapi"].startswith("3.1")
    assert "/api/v1/log/entries" in described["paths"]
    assert not [path for path in described["paths"] if not path.startswith("/api/v1")]
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert {"421", "429", "503"} <= operation["responses"].keys(), path


@pytest.mark.parametrize(
    ("api", "page", "name"),
    [
        ("/log", "/log.json", "overview"),
        ("/log/growth", "/log/growth.json", "growth"),
        ("/log/entries/4", "/log/entries/4.json", "entry"),
        ("/log/roll", "/log/roll.json", "roll"),
        ("/packs", "/log/packs.json", "packs"),
        ("/contests", "/log/contests.json", "contests"),
    ],
)
def test_an_address_of_the_interface_gives_what_its_page_shows(served, api, page, name):
    assert served.client.get(f"/api/v1{api}").json == served.client.get(page).json[name]


def test_a_pack_and_a_comparison_are_data(served: Served):
    found = served.client.get("/api/v1/packs/transit/1").json
    assert found["pack"]["context"] == "transit"
    assert served.client.get("/api/v1/packs/transit/1/1").json["differences"] == []


def test_cursors_lead_through_all_entries_once(served: Served):
    seen, cursor = [], ""
    while cursor is not None:
        page = served.client.get(f"/api/v1/log/entries?limit=7{cursor}").json
        seen += [entry["index"] for entry in page["entries"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert seen == list(range(page["size"] - 1, -1, -1))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/log/entries?cursor=x", 400),
        ("/log/entries?limit=0", 400),
        ("/log/entries?limit=501", 400),
        ("/log/entries/999999", 404),
        ("/log/entries/zz/receipt", 404),
        ("/packs/none/1", 404),
        ("/packs/transit/x", 404),
        ("/nothing", 404),
    ],
)
def test_an_error_is_problem_details(served, path, status):
    answer = served.client.get(f"/api/v1{path}")
    assert (answer.status, answer.headers["content-type"]) == (status, PROBLEM)
    assert answer.json["status"] == status
    assert all(answer.json[name] for name in ("type", "title", "detail", "code", "fix"))


def test_a_proof_is_checked_as_bytes(served: Served):
    receipt = served.client.get("/api/v1/log/entries/6/receipt")
    assert receipt.headers["content-type"] == "application/cose"
    answer = served.client.send("POST", "/api/v1/log/checks", body=receipt.body)
    assert answer.json["index"] == 6
    assert served.client.send("POST", "/api/v1/log/checks", body=b"").status == 400
    assert served.client.send("POST", "/api/v1/log/checks", body=b"x").status == 422
    assert served.client.send("POST", "/api/v1/log/checks", body=bytes(2_000_000)).status == 413
    assert served.client.send("DELETE", "/api/v1/log/checks").status == 405


def test_the_head_is_told_when_it_grows(served: Served):
    import urllib3

    stream = urllib3.PoolManager().request(
        "GET", f"{served.client.url}/api/v1/events", preload_content=False
    )
    lines = iter(stream)
    first = _event(lines)
    served.do(lambda ledger: ledger.state_in_public(b"a", "test/1", {"about": "a test"}))
    second = _event(lines)
    stream.close()
    assert second["size"] > first["size"]
    assert second["root"] == served.do(lambda ledger: ledger.root.hex())


def _event(lines):
    return next(json.loads(line[5:]) for line in lines if line.startswith(b"data:"))


def test_health_and_metrics_are_for_the_operator_and_name_nobody(served: Served):
    health = served.client.get("/healthz", host="10.0.0.1")
    assert (health.status, health.json["status"]) == (200, "ok")
    served.client.get("/log/entries/5")
    text = served.client.get("/metrics", host="10.0.0.1").text
    assert 'route="/log/entries/{which}"' in text
    assert "/log/entries/5" not in text
    assert served.client.get("/metrics", x_forwarded_for="192.0.2.1").status == 404
