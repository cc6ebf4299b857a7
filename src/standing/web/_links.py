"""One-use links of the demo, made from outside of the running site."""

from collections.abc import Iterable
from pathlib import Path

from standing.errors import Usage
from standing.web._store import FILE, Store


def new_links(directory: Path, keys: Path, names: Iterable[str]) -> dict[str, str]:
    """Make a link for each key file; gives their paths by name. Raises `E-WEB-18`."""
    store = Store(directory / FILE)
    try:
        found = {}
        for name in names:
            if not (keys / f"{name}.key").is_file():
                raise Usage(
                    "E-WEB-18",
                    f"The demo has no key of {name!r}.",
                    why="A link signs in with a key file of the demo, and a real ledger has none.",
                    fix="Name one of the files there, without .key.",
                    where=str(keys),
                )
            found[name] = f"/link/{store.new_link(name)}"
    finally:
        store.close()
    return found
