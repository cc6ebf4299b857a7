"""`standing witness` and `standing mirror` as processes, over real sockets."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from standing.verify.cosignatures import verify_cosignature
from standing.wire.keys import KeyFile, write_key_file
from standing.wire.notes import parse_vkey
from standing.witness import collect
from tests.unit.mirror.support import LOG_KEY, MIRROR, check_mirror, fork_of, log_of
from tests.unit.witness.support import CLASSIC, POST, Tree
from tests.unit.witness.support import LOG_KEY as WATCHED

STANDING = [sys.executable, "-c", "from standing.cli import main; main()"]


def start(*words):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    return subprocess.Popen(
        [*STANDING, *map(str, words), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def stop(process, how=signal.SIGTERM) -> tuple[int, str]:
    process.send_signal(how)
    _, err = process.communicate(timeout=30)
    return process.returncode, err


@pytest.fixture
def key(tmp_path):
    def made(name, signing):
        path = tmp_path / f"{name}.key"
        write_key_file(path, KeyFile("witness", name, signing, signing.public))
        return path

    return made


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_witness_is_founded_serves_stops_and_remembers(tmp_path, key, how):
    place = tmp_path / "w"
    words = ["witness", "--dir", place, "--name", "w.example", "--log", WATCHED.vkey(), "--port", 0]
    words += ["--key", key("a", CLASSIC), "--key", key("b", POST)]
    for size, extra in [(3, ["--new"]), (5, [])]:
        process = start(*words, *extra)
        ready = json.loads(process.stdout.readline())
        cosigners = [parse_vkey(text) for text in ready["vkeys"]]
        tree = Tree()
        lines, _ = collect(
            ready["url"],
            cosigners,
            tree.checkpoint(size),
            _prove(tree, size),
        )
        assert len(lines) == 2
        assert stop(process, how)[0] == 0


def test_a_witness_is_never_made_by_accident(tmp_path, key):
    words = ["witness", "--dir", tmp_path / "w", "--name", "w", "--log", WATCHED.vkey()]
    process = start(*words, "--key", key("a", CLASSIC))
    _, err = process.communicate(timeout=30)
    assert (process.returncode, json.loads(err)["error"]["code"]) == (3, "E-WITNESS-03")
    public = tmp_path / "a.key.pub"
    process = start(*words, "--new", "--key", public)
    _, err = process.communicate(timeout=30)
    assert json.loads(err)["error"]["code"] == "E-KEY-16"


def test_a_mirror_follows_serves_and_reports_a_fork(tmp_path, key):
    source = log_of(tmp_path / "log", 300)
    fork = fork_of(source, tmp_path / "fork", 400)
    words = ["mirror", "--log", LOG_KEY.vkey(), "--to", tmp_path / "copy"]
    words += ["--key", key("m", MIRROR), "--name", "m.example"]
    process = start(*words, "--from", source, "--port", 0, "--every", 0.1)
    url = json.loads(process.stdout.readline())["url"]
    assert json.loads(process.stdout.readline())["size"] == 300
    log_of(source, 600)
    assert json.loads(process.stdout.readline())["added"] == 300
    # a second mirror copies the first one over HTTP
    second = ["mirror", "--log", LOG_KEY.vkey(), "--to", tmp_path / "second", "--once"]
    once = start(*second, "--from", url)
    out, err = once.communicate(timeout=30)
    assert (once.returncode, json.loads(out)["size"]) == (0, 600), err
    assert check_mirror(tmp_path / "second") == 600
    note = (tmp_path / "second" / "checkpoint").read_bytes()
    cosigner = parse_vkey(f"{_vkey()}")
    assert verify_cosignature(note, cosigner) > time.time() - 600
    assert stop(process)[0] == 0
    forked = start(*words, "--from", fork, "--once")
    _, err = forked.communicate(timeout=30)
    assert (forked.returncode, json.loads(err)["error"]["code"]) == (2, "E-MIRROR-01")


def _prove(tree, size):
    return lambda old: tree.path(old, size)


def _vkey() -> str:
    from standing.verify.cosignatures import cosigner_of

    return cosigner_of("m.example", MIRROR.public).vkey()


def test_a_mirror_without_a_port_waits_for_the_log_and_stops_when_told(tmp_path):
    words = ["mirror", "--log", LOG_KEY.vkey(), "--to", tmp_path / "copy", "--every", 0.1]
    process = start(*words, "--from", tmp_path / "log")
    assert "E-MIRROR-08" in process.stderr.readline()
    log_of(tmp_path / "log", 3)
    assert json.loads(process.stdout.readline())["size"] == 3
    assert stop(process)[0] == 0


def test_a_mirror_that_ends_before_a_forked_log_says_so(tmp_path):
    source = log_of(tmp_path / "log", 300)
    fork = fork_of(source, tmp_path / "fork", 301)
    log_of(source, 301)
    words = ["mirror", "--log", LOG_KEY.vkey(), "--to", tmp_path / "copy"]
    start(*words, "--from", source, "--once").communicate(timeout=30)
    process = start(*words, "--from", fork, "--every", 0.1)
    assert "E-MIRROR-01" in process.stderr.readline()
    assert stop(process, signal.SIGINT)[0] == 2


def test_an_odd_call_is_a_usage_error_and_ends_at_once(tmp_path):
    words = ["mirror", "--log", LOG_KEY.vkey(), "--to", tmp_path / "c", "--from", "x"]
    for extra in (["--once", "--port", "0"], ["--name", "m"], ["--name", "m", "--port", "0"]):
        process = start(*words, *extra)
        _, err = process.communicate(timeout=30)
        assert process.returncode == 3, err


def _mirror_once(town, copy):
    words = ["mirror", "--from", town.directory / "log", "--to", copy, "--once"]
    process = start(*words, "--trust", town.directory / "trust.json")
    out, err = process.communicate(timeout=30)
    return process.returncode, json.loads(out or err)


def test_a_mirror_with_a_trust_file_follows_changes_of_the_logs_keys(town, tmp_path):
    copy = tmp_path / "copy"
    code, first = _mirror_once(town, copy)
    assert (code, first["size"]) == (0, town.ledger.log_size)
    for purpose in ("checkpoint", "checkpoint-ml-dsa", "checkpoint"):
        town.ledger.rotate_key(purpose, by=town.keys["city"])
        town.move_to(town.ledger.today + 1)
        town.ledger.tick()
    town.ledger.rotate_key("receipt", by=town.keys["city"])
    code, later = _mirror_once(town, copy)
    assert (code, later["size"]) == (0, town.ledger.log_size)
    code, again = _mirror_once(town, copy)
    assert (code, again["added"]) == (0, 0)


def test_a_mirror_does_not_take_another_ledgers_trust_file_for_this_one(town, tmp_path):
    other = town.directory / "other.json"
    trust = json.loads((town.directory / "trust.json").read_text())
    trust["genesis"] = "00" * 32
    other.write_text(json.dumps(trust, indent=2, sort_keys=True) + "\n")
    for _ in range(2):
        town.ledger.rotate_key("checkpoint", by=town.keys["city"])
    town.move_to(town.ledger.today + 1)
    town.ledger.tick()
    words = ["mirror", "--from", town.directory / "log", "--to", tmp_path / "copy", "--once"]
    process = start(*words, "--trust", other)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, json.loads(err)["error"]["code"]) == (2, "E-VERIFY-02")
