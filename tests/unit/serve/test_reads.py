"""The log's files over HTTP: types, cache headers, and nothing that is not the log's."""

import hashlib
import subprocess

import pytest

from standing import charter
from standing.errors import Broken
from standing.log._published import Published
from standing.verify.checkpoints import verify_checkpoint
from standing.verify.tree import leaf_hash, verify_consistency, verify_inclusion
from standing.wire import cose
from standing.wire.keys import load_key_file
from tests.unit.serve.support import ORIGIN, serving

IMMUTABLE = "public, max-age=31536000, immutable"
ENTRIES = 300


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """A log of more than a bundle, its server, and what was put into it."""
    from tests.unit.serve.support import found

    office = found(tmp_path_factory.mktemp("reads") / "ledger")
    with office.open() as ledger:
        first = ledger.log_size
        claims = [charter.examine(office.document(), {}) for _ in range(ENTRIES - first)]
        ledger.register(claims)
        ledger.publish()
    with serving(office) as server:
        yield server, office, [claim.entry for claim in claims], first


def fetch_over_http(server):
    def fetch(name):
        answer = server.get(f"/{name}")
        if answer.status == 404:
            return None
        assert answer.status == 200
        return answer.body

    return fetch


def public_key(office):
    return load_key_file(office.directory / "keys" / "checkpoint.key.pub").public


@pytest.mark.parametrize(
    ("path", "content_type", "cache"),
    [
        ("/checkpoint", "text/plain; charset=utf-8", "no-cache"),
        ("/tile/0/000", "application/octet-stream", IMMUTABLE),
        ("/tile/0/001.p/44", "application/octet-stream", IMMUTABLE),
        ("/tile/1/000.p/1", "application/octet-stream", IMMUTABLE),
        ("/tile/entries/000", "application/octet-stream", IMMUTABLE),
        ("/tile/entries/001.p/44", "application/octet-stream", IMMUTABLE),
    ],
)
def test_a_file_has_its_bytes_its_type_and_its_cache_rule(library, path, content_type, cache):
    server, office, _, _ = library
    answer = server.get(path)
    assert answer.status == 200
    assert answer.body == (office.directory / "log" / path[1:]).read_bytes()
    assert answer.headers["content-type"] == content_type
    assert answer.headers["cache-control"] == cache
    head = server.ask("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.body))


def test_a_document_is_served_under_its_digest_for_ever(library):
    server, office, _, _ = library
    server.post(charter.sign_deposit(office.key("dora"), b"words"), "/documents")
    answer = server.get(f"/documents/{hashlib.sha256(b'words').hexdigest()}")
    assert (answer.status, answer.body) == (200, b"words")
    assert answer.headers["cache-control"] == IMMUTABLE


@pytest.mark.parametrize(
    "path",
    [
        "/tile/0/002", "/tile/0/001", "/tile/0/001.p/45", "/tile/1/001", "/tile/entries/x001/000",
        "/tile/63/000", "/checkpoint.witnessed", "/documents/" + "0" * 64, "/tile/0/000.p/256",
        "/tile/0/000.p/0", "/tile/0/0", "/tile/0/0000", "/tile/0/x00/000", "/tile/0/x0000/000",
        "/tile/0/x000/x000", "/tile/0/000/", "/tile/0/000%0a", "/tile/64/000", "/tile/-1/000",
        "/tile/00/000", "/tile/0/٠٠٠", "/tile", "/tile/0", "/documents", "/documents/",
        "/tile/0/" + "x000/" * 60 + "000", "/Checkpoint", "//checkpoint",
    ],
)  # fmt: skip
def test_what_the_log_does_not_have_is_404(library, path):
    server, _, _, _ = library
    from urllib.parse import quote

    assert server.get(quote(path, safe="/%")).problem[:2] == (404, "Not Found")


SECRETS = ("vault.db", "trust.json", "log/log.db", "keys/receipt.key", "keys/clerk.key.pub")
UPWARDS = ("/../", "/..%2f", "/%2e%2e/", "/%2e%2e%2f", "/tile/../../", "/tile/0/..%2f..%2f..%2f",
           "/documents/../../", "/documents/..%2f..%2f", "/./../", "/..\\", "/%5c..%5c", "//",
           "/tile/0/000/../../../../", "/log/../", "/", "/log/", "/%2f", "/checkpoint/../../",
           "/%00/../", "/%252e%252e/")  # fmt: skip


@pytest.mark.parametrize("upwards", UPWARDS)
def test_no_path_leads_to_keys_vault_or_database(library, upwards):
    server, office, _, _ = library
    for secret in SECRETS:
        data = (office.directory / secret).read_bytes()
        for path in (upwards + secret, upwards + str(office.directory / secret)):
            request = f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            status, whole = server.raw(request.encode())
            assert status in {400, 404}, path
            assert data not in whole


@pytest.mark.parametrize(
    "path",
    ["/checkpoint%00", "/%00checkpoint", "/tile/0/000%00", "/documents/%00" + "0" * 63,
     "/tile/0/00%30%2e%2e", "/entries/..%2f..%2fvault.db", "/log.db", "/log.db-wal", "/keys/"],
)  # fmt: skip
def test_an_odd_name_is_no_file(library, path):
    server, _, _, _ = library
    request = f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    assert server.raw(request.encode())[0] in {400, 404}


def test_a_log_read_over_http_alone_proves_its_entries(library):
    server, office, entries, first = library
    note = server.get("/checkpoint").body
    checkpoint = verify_checkpoint(note, ORIGIN, public_key(office))
    published = Published(fetch_over_http(server), checkpoint)
    assert published.size == ENTRIES
    assert list(published.entries(first)) == entries
    for index in (0, first, 255, 256, ENTRIES - 1):
        entry = published.entry(index)
        path = published.inclusion(index)
        verify_inclusion(index, ENTRIES, leaf_hash(entry), path, checkpoint.root)
    for old in (1, 255, 256, 257, ENTRIES):
        path = published.consistency(old)
        verify_consistency(old, published.root_at(old), ENTRIES, checkpoint.root, path)


@pytest.mark.parametrize("name", ["tile/entries/000", "tile/0/000", "tile/0/001.p/44"])
def test_a_log_whose_files_were_changed_on_the_way_is_not_believed(library, name):
    server, office, _, _ = library
    fetch = fetch_over_http(server)

    def changing(wanted):
        data = fetch(wanted)
        return bytes([data[0], data[1], data[2] ^ 1, *data[3:]]) if wanted == name else data

    checkpoint = verify_checkpoint(fetch("checkpoint"), ORIGIN, public_key(office))
    with pytest.raises(Broken):
        list(Published(changing, checkpoint).entries())


def test_files_that_grow_are_served_as_they_grow(office, server):
    seen = 0
    for _ in range(3):
        statements = [office.document() for _ in range(5)]
        receipts = [server.register(statement) for statement in statements]
        size = server.size
        while True:
            note = server.get("/checkpoint").body
            checkpoint = verify_checkpoint(note, ORIGIN, public_key(office))
            if checkpoint.size == size:
                break
        assert checkpoint.size > seen
        seen = checkpoint.size
        published = Published(fetch_over_http(server), checkpoint)
        for statement, receipt in zip(statements, receipts, strict=True):
            index, covered, root = server.check(receipt, statement)
            assert published.entry(index) == statement
            assert published.root_at(covered) == root
            assert cose.parse_sign1(statement).kid


def test_curl_reads_it_too(library):
    import shutil

    server, _, _, _ = library
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not here")
    ran = subprocess.run(
        [curl, "--path-as-is", "-s", "-o", "-", "-w", "%{http_code}", f"{server.url}/../vault.db"],
        capture_output=True, check=True,
    )  # fmt: skip
    assert ran.stdout.endswith(b"404")
