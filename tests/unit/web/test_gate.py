"""What is refused before a page sees it: other sites, other names, too many requests."""

from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from standing.web import Settings
from tests.unit.web.support import Answer, serve_town

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"cookie": "standing=stolen"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"},
    ],
)
def test_another_sites_form_is_refused(served, headers):
    answer = served.client.post("/log/check", {"proof": ("x", b"x")}, **headers)
    assert answer.status == 403
    assert "Another site" in answer.text


def test_another_site_may_lead_here_and_not_read(served):
    reads = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}
    leads = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert served.client.get("/log.json", **reads).status == 403
    assert served.client.get("/log", **leads).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "localhost@evil"])
def test_another_name_gets_no_page(served, host):
    answer = served.client.get("/log.json", host=host)
    assert (answer.status, answer.headers["content-type"]) == (421, PROBLEM)
    assert answer.json["code"] == "E-WEB-06"


def test_the_logs_files_answer_under_any_name(served):
    assert served.client.get("/checkpoint", host="mirror.example").status == 200


def test_an_error_tells_its_five_facts_and_the_problem_details(served):
    problem = served.client.get("/log/entries/777777.json").json
    assert problem["status"] == 404
    assert problem["type"] == "urn:standing:problem:E-INSPECT-01"
    assert problem["title"] == problem["what"]
    assert {"code", "what", "why", "fix", "where"} < problem.keys()


@pytest.mark.parametrize(
    "path",
    ["/static/../web.db", "/static/x/standing.css", "/static/%2e%2e/%2e%2e/trust.json",
     "/static//etc/passwd", "/log/..%2f..%2ftrust.json"],
)  # fmt: skip
def test_no_address_leads_out_of_the_pages(served, path):
    assert served.client.get(path).status == 404


def test_files_are_named_by_their_digest_and_kept_for_ever(served):
    page = served.client.get("/").page
    style = next(a["href"] for a in page.all("link") if a["rel"] == "stylesheet")
    answer = served.client.get(style, accept_encoding="gzip")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert served.client.get(style).body.startswith(b":root")


def test_the_language_switch_keeps_the_page(served):
    page = served.client.get("/log/growth?until=2024-11-01").page
    switch = next(a["href"] for a in page.all("a") if a.get("hreflang") == "zh-Hans")
    answer = served.client.get(switch)
    assert answer.status == 303
    assert answer.headers["location"] == "/log/growth?until=2024-11-01"
    assert answer.headers["set-cookie"].startswith("lang=zh-Hans;")
    assert served.client.get("/log?lang=xx").status == 200


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("//evil.example/x?lang=en", "/evil.example/x"),
        ("///evil.example/?lang=en", "/evil.example/"),
        ("/%5Cevil.example?lang=en", "/%5Cevil.example"),
        ("/subject/in/%E4%B8%AD?lang=en", "/subject/in/%E4%B8%AD"),
        ("/a%0d%0aset-cookie:%20x=y?lang=en", "/a%0D%0Aset-cookie%3A%20x%3Dy"),
        ("/log%3Fx?lang=en", "/log%3Fx"),
    ],
)
def test_a_chosen_language_leads_to_the_same_page_and_nowhere_else(served, asked, place):
    answer = _as_written(served, asked)
    assert (answer.status, answer.headers["location"]) == (303, place)
    assert answer.headers["set-cookie"].startswith("lang=en;")


def test_no_link_of_a_page_leads_to_another_host(served):
    links = _as_written(served, "//evil.example/x").page.all("a")
    assert "/evil.example/x?lang=zh-Hans" in {a["href"] for a in links}
    assert not [a for a in links if a["href"].startswith("//")]


def test_an_address_in_chinese_survives_signing_in(served):
    lead = served.client.get("/subject/in/%E4%B8%AD").headers["location"]
    assert lead == "/signin?next=%2Fsubject%2Fin%2F%25E4%25B8%25AD"
    browser = served.enter("person-0")
    again = browser.post("/again", {"next": "/subject/in/中"})
    assert again.headers["location"] == "/subject/in/%E4%B8%AD"


def test_what_fails_before_any_page_is_told_as_a_page(served, monkeypatch):
    from standing.web._site import Site

    async def fail(self, visit):
        raise RuntimeError

    monkeypatch.setattr(Site, "person", fail)
    answer = served.client.get("/log")
    assert answer.status == 500
    assert "a fault that it does not know" in answer.text
    assert served.client.get("/log.json").json["code"] == "E-WEB-01"


def _as_written(served, path):
    """Ask for a path as it is written: a client's library would tidy it up."""
    connection = HTTPConnection(urlsplit(served.client.url).netloc)
    connection.putrequest("GET", path)
    connection.endheaders()
    answer = connection.getresponse()
    headers = {name.lower(): value for name, value in answer.getheaders()}
    found = Answer(answer.status, headers, answer.read())
    connection.close()
    return found


def test_a_language_that_the_browser_prefers_is_spoken(served):
    page = served.client.get("/log", accept_language="fr, zh-CN;q=0.8, en;q=0.2").page
    assert page.all("html") == [{"lang": "zh-Hans"}]


def test_a_head_request_has_no_body(served):
    answer = served.client.send("HEAD", "/log")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 1000


def _asked_for(client, *forwarded):
    """Ask until refused, each time for somebody; gives the statuses."""
    return [client.get("/log.json", x_forwarded_for=one).status for one in forwarded]


def test_behind_a_named_proxy_each_client_has_its_own_budget(tmp_path):
    with serve_town(tmp_path, Settings(rate=0.25), proxy="127.0.0.1") as served:
        assert _asked_for(served.client, "192.0.2.1", "192.0.2.2") == [200, 200]
        # whatever a client claims stands before what the proxy adds
        claims = _asked_for(served.client, "198.51.100.7, 192.0.2.1", "2001:db8::1, 192.0.2.2")
        assert claims == [429, 429]


def test_nobody_else_chooses_whom_they_are_counted_as(tmp_path):
    with serve_town(tmp_path, Settings(rate=0.25), proxy="192.0.2.9") as served:
        assert _asked_for(served.client, "192.0.2.1", "192.0.2.2") == [200, 429]


def test_an_address_that_asks_too_often_is_told_when_to_come_again(tmp_path):
    with serve_town(tmp_path, Settings(rate=0.001)) as served:
        answers = [served.client.get("/log.json") for _ in range(3)]
    assert answers[-1].status == 429
    assert int(answers[-1].headers["retry-after"]) > 100
