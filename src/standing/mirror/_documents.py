"""Public documents that entries name by their digest: copied beside the tiles, where they exist.

A hash envelope (COSE header label 258) carries a digest as its payload. A document that the
source does not give is listed and asked for again next time; the copy of the log is whole
without it.
"""

import hashlib
from collections.abc import Iterable
from typing import Final

from standing.errors import StandingError
from standing.log._layout import DOCUMENTS_DIR, write_file
from standing.mirror._held import MISSING_FILE, Held
from standing.mirror._source import Source
from standing.wire import cose

_MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
_MAX_LISTED: Final = 100_000
_MAX_RETRIED: Final = 1000
_SHA_256: Final = -16
_LABEL: Final = b"\x19\x01\x02"  # 258 in CBOR: most entries do not hold it
_DIGEST_BYTES: Final = 32


def named_by(entries: Iterable[bytes]) -> Iterable[str]:
    """Give the hex digests of the public documents that entries name."""
    for entry in entries:
        if _LABEL in entry:
            try:
                sign1 = cose.parse_sign1(entry)
            except StandingError:
                continue  # the log holds it; what it means is not the mirror's to say
            digest = sign1.payload or b""
            if sign1.protected.get(cose.HASH_ALG) == _SHA_256 and len(digest) == _DIGEST_BYTES:
                yield digest.hex()


def copy_documents(held: Held, source: Source, wanted: Iterable[str]) -> tuple[str, ...]:
    """Fetch what is wanted and what was missing before; gives, and writes down, what still is."""
    before = (held.read(MISSING_FILE) or b"").decode().split()
    missing: list[str] = before[_MAX_RETRIED:]
    for digest in dict.fromkeys([*before[:_MAX_RETRIED], *wanted]):
        name = f"{DOCUMENTS_DIR}/{digest}"
        if (held.directory / name).exists():
            continue
        data = _fetch(source, name)
        if data is not None and hashlib.sha256(data).hexdigest() == digest:
            write_file(held.directory, name, data)
        elif len(missing) < _MAX_LISTED:
            missing.append(digest)
    if missing != before:
        write_file(held.directory, MISSING_FILE, "".join(f"{m}\n" for m in missing).encode())
    return tuple(missing)


def _fetch(source: Source, name: str) -> bytes | None:
    try:
        return source.read(name, _MAX_DOCUMENT_BYTES)
    except StandingError:
        return None
