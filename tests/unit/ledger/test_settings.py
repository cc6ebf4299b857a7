"""Settings say how messages leave, and nothing that they cannot say."""

import re
from pathlib import Path

import msgspec
import pytest

from standing.errors import Usage
from standing.ledger._settings import (
    Letters,
    Mail,
    OfOrganisation,
    Settings,
    Web,
    load_settings,
)

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "settings.md"

GOOD = """
[mail]
host = "mail.example.org"
port = 587
from = "notices@example.org"
user = "notices"
password_file = "keys/mail.password"
[web]
url = "https://ledger.example/inbox"
[letters]
external_body = "Ombudsman, Example Street 1"
[contacts.metro]
email = "desk@metro.example"
language = "zh-Hans"
[contacts."review board"]
webhook = "https://board.example/hook"
"""


def load(tmp_path, text, *, loopback=False):
    (tmp_path / "standing.toml").write_text(text, encoding="utf-8")
    return load_settings(tmp_path, loopback=loopback)


def test_none_are_needed(tmp_path):
    assert load_settings(tmp_path, loopback=False) == Settings()


def test_everything_that_may_be_said_is_read(tmp_path):
    settings = load(tmp_path, GOOD)
    assert settings.mail.sender == "notices@example.org"
    assert settings.web.url == "https://ledger.example/inbox"
    assert settings.letters.external_body.startswith("Ombudsman")
    assert settings.contacts["metro"].language == "zh-Hans"
    assert settings.contacts["review board"].kind == "webhook"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[mial]\nhost='x'\n", "mial"),
        (GOOD.replace("port = 587", "prot = 587"), "prot"),
        (GOOD.replace("port = 587", "port = 99999"), "port"),
        (GOOD.replace("port = 587", 'port = "587"'), "port"),
        (GOOD.replace("notices@example.org", "notices@example.org\\nBcc: all@x"), "from"),
        (GOOD.replace("notices@example.org", "nobody"), "mail.from"),
        (GOOD.replace('user = "notices"\n', ""), "password_file"),
        (GOOD.replace("port = 587", "starttls = false"), "starttls"),
        (GOOD.replace("https://ledger", "javascript://ledger"), "url"),
        (GOOD.replace("https://board", "http://board"), "review board"),
        (GOOD.replace('email = "desk@metro.example"\n', ""), "metro"),
        (GOOD.replace("desk@metro.example", "desk@metro.example, all@x"), "metro"),
        (GOOD.replace('email = "desk', 'webhook = "https://x.example"\nemail = "desk'), "metro"),
        (GOOD.replace("zh-Hans", "fr"), "language"),
    ],
)
def test_what_cannot_be_said_is_refused_and_named(tmp_path, text, said):
    with pytest.raises(Usage) as refused:
        load(tmp_path, text)
    assert refused.value.code == "E-SET-02"
    assert said in refused.value.why


@pytest.mark.parametrize("data", [b"[mail", b"\xff\xfe", b"a = 1\n" * 30_000])
def test_what_cannot_be_read_is_refused(tmp_path, data):
    (tmp_path / "standing.toml").write_bytes(data)
    with pytest.raises(Usage) as refused:
        load_settings(tmp_path, loopback=False)
    assert refused.value.code == "E-SET-01"


def test_a_webhook_on_this_machine_is_for_simulated_ledgers(tmp_path):
    text = '[contacts.metro]\nwebhook = "http://127.0.0.1:8080/x"\n'
    assert load(tmp_path, text, loopback=True).contacts["metro"].kind == "webhook"
    with pytest.raises(Usage):
        load(tmp_path, text)


def test_broken_settings_stop_messages_and_no_relief(town):
    from tests.support import CONTEXT, TODAY, row

    town.import_rows([row(0)])
    (town.directory / "standing.toml").write_text("[mial]\n", encoding="utf-8")
    town.move_to(TODAY + 1)
    case = town.contest(0, town.record_of(0))
    before = town.ledger.log_size
    with pytest.raises(Usage):
        town.ledger.tick()
    assert town.ledger.log_size > before  # marks are published all the same
    assert town.ledger.case(case.name).state == "open"
    (town.directory / "standing.toml").unlink()
    town.move_to(TODAY + 2)
    town.ledger.tick()
    assert any(one.item.about == case.name for one in town.ledger.inbox(town.names[0], CONTEXT))


def test_every_setting_has_a_place_in_the_reference_and_none_is_left_there():
    page = PAGE.read_text(encoding="utf-8")
    parts = {"mail": Mail, "web": Web, "letters": Letters, "contacts.NAME": OfOrganisation}
    known = {
        f"{table}.{field.encode_name}"
        for table, part in parts.items()
        for field in msgspec.structs.fields(part)
    }
    assert {name.partition(".")[0] for name in known} == set(Settings.__struct_fields__)
    assert set(re.findall(r"^\| `([a-zA-Z_.]+)` \|", page, re.MULTILINE)) == known


def test_the_example_of_the_reference_is_one(tmp_path):
    [example] = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    settings = load(tmp_path, example)
    assert settings.mail is not None
    assert len(settings.contacts) == 2
