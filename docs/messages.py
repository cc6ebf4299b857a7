"""Bring the catalogues of the pages up to their templates and code: `make words`.

Messages are found in templates and code, and in what the pages show from tables: kinds, roles,
lifecycles, the shipped packs. A test holds that nothing is missing, and that what is compiled is
what is written.
"""

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from standing import charter, policy
from standing.cases.lifecycles import LIFECYCLES, Lifecycle
from standing.packs import NAMES, shipped

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "src" / "standing" / "web"
LOCALES = ("zh_Hans",)
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
_OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true"}}
SIDES = ("the subject", "the ledger", "the subject's second key", "representative")
CHECKS = (
    "statements", "trust", "log", "witnesses", "documents", "packs", "databases", "marks", "people",
    "records", "indexes", "answers", "scores", "history", "cases", "contents", "questions",
)  # fmt: skip
_KEYWORDS = {
    "_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "say": None, "say_n": (1, 2),
}  # fmt: skip


def place_of(locale: str) -> Path:
    """Name the catalogue of a locale."""
    return WEB / "locale" / locale / "LC_MESSAGES" / "standing.po"


def wanted() -> Catalog:
    """Collect every message that the pages can say."""
    catalog = Catalog(project="standing", fuzzy=False)
    found = extract_from_dir(
        str(WEB), method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS
    )
    for name, _line, message, comments, context in found:
        catalog.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    for where, text in _from_tables():
        catalog.add(text, locations=[(where, 0)])
    return catalog


def _from_tables() -> Iterator[tuple[str, str]]:
    """Give what is shown as it stands in tables and in the packs that ship."""
    yield from (("charter kinds", kind) for kind in sorted(charter.KINDS))
    yield from (("charter roles", role) for role in sorted(charter.ROLES))
    yield from (("tiers", tier) for tier in ("minor", "general", "serious"))
    yield from (("marks of a difference", mark) for mark in ("milder", "harsher", "neutral"))
    moments = ("notice", "90 days", "180 days", "365 days", "at once")
    yield from (("moments of an effect", moment) for moment in moments)
    yield "effects", "All burdens together"
    signatures = ("Ed25519", "Ed25519 cosignature", "ML-DSA-44 cosignature")
    yield from (("signatures", kind) for kind in signatures)
    yield "signatures", "not checked: its key is unknown here"
    yield from (("why a record counts what it counts", text) for text in policy.WHY.values())
    statuses = ("effective", "contested", "corrected", "annulled", "lapsed", "retracted")
    yield from (("what became of a record", status) for status in statuses)
    yield from (("levels of the linter", level) for level in ("refuse", "justify", "justified"))
    yield from (("who took a step", text) for text in SIDES)
    yield from (("checks of a verification", name) for name in CHECKS)
    yield "answers", "clear"
    for table in LIFECYCLES.values():
        yield from ((f"lifecycle {table.name}", text) for text in _of_table(table))
    for name in NAMES:
        yield from ((f"pack {name}", text) for text in _of_pack(policy.parse_pack(shipped(name))))


def _of_table(table: Lifecycle) -> Iterator[str]:
    yield table.name
    for name, state in table.states.items():
        yield from (name, state.means)
    for move in table.moves:
        yield from (move.event, move.does)


def _of_pack(pack: policy.Pack) -> Iterator[str]:
    yield pack.title
    yield from (band.name for band in pack.bands)
    yield from (one.name for one in policy.arithmetic(pack).acts)
    yield from (way.kind for way in pack.recoveries)
    yield from (purpose.title for purpose in pack.purposes.values())
    for one in pack.restrictions:
        yield from (one.title, one.alternative.title, one.code)
    for perk in pack.perks:
        yield from (perk.title, perk.with_it, perk.other_route, perk.code)


def written(locale: str) -> Catalog:
    """Read the catalogue of a locale."""
    path = place_of(locale)
    if not path.is_file():
        return Catalog(locale=locale, project="standing", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def compiled(catalog: Catalog) -> bytes:
    """Give the bytes that ship."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def missing(locale: str) -> list[str]:
    """List the messages that a catalogue does not translate."""
    have = written(locale)
    lacking = []
    for message in wanted():
        if not message.id:
            continue
        said = have.get(message.id[0] if isinstance(message.id, tuple) else message.id)
        texts = said.string if said is not None and isinstance(said.string, tuple) else (
            (said.string,) if said is not None else ()
        )  # fmt: skip
        if not texts or not all(texts) or (said is not None and said.fuzzy):
            lacking.append(str(message.id))
    return lacking


def main() -> None:
    """Update every catalogue and compile it."""
    for locale in LOCALES:
        catalog = written(locale)
        catalog.update(wanted(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        catalog.header_comment = "# The pages of standing in Simplified Chinese."
        catalog.fuzzy = False
        path = place_of(locale)
        with path.open("wb") as file:
            write_po(file, catalog, width=100, sort_output=True, omit_header=False)
        path.with_suffix(".mo").write_bytes(compiled(catalog))
        lacking = missing(locale)
        print(f"{locale}: {len(lacking)} of {len(wanted())} messages are missing")
        for text in lacking:
            print(f"  {text}")


if __name__ == "__main__":
    main()
