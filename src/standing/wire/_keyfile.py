"""Key files: one key, its role and its owner's name, as a JWK.

RFC 7517 and RFC 8037 for Ed25519, draft-ietf-cose-dilithium (kty AKP) for ML-DSA-44, RFC 7518 for
the public half of a passkey (P-256), whose private half no file holds.

A key file has exactly one spelling (sorted members, two spaces, one newline at the end), so no
byte of it can change without notice. The private file is readable by its owner only; the public
file beside it, `FILE.pub`, is what goes to others.
"""

import base64
import binascii
import json
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standing.errors import Refused, Usage
from standing.wire._key import PublicKey, SigningKey

_ROLE: Final = re.compile(r"[a-z][a-z-]{0,39}", re.ASCII)
_MAX_NAME: Final = 200
_MAX_BYTES: Final = 4096
_PUBLIC: Final = frozenset({"crv", "kty", "name", "role", "x"})
_EC_PUBLIC: Final = _PUBLIC | {"y"}
_EC_LENGTH: Final = 32
_AKP_PUBLIC: Final = frozenset({"alg", "kty", "name", "pub", "role"})


@dataclass(frozen=True)
class KeyFile:
    """A key with its role (`issuer`) and its owner's name; `key` is None in a public file."""

    role: str
    name: str
    key: SigningKey | None
    public: PublicKey


def format_key_file(keyfile: KeyFile, *, private: bool) -> bytes:
    """Write the file's only spelling; `private` asks for the secret part too (`E-KEY-05`)."""
    public, secret = _to_text(keyfile.public.raw), "d"
    if keyfile.public.alg == "ML-DSA-44":
        members, secret = {"alg": "ML-DSA-44", "kty": "AKP", "pub": public}, "priv"
    elif keyfile.public.alg == "Ed25519":
        members = {"crv": "Ed25519", "kty": "OKP", "x": public}
    elif private:
        raise _unfit("A passkey's private part never leaves its device.", where="")
    else:
        x, y = keyfile.public.raw[1 : 1 + _EC_LENGTH], keyfile.public.raw[1 + _EC_LENGTH :]
        members = {"crv": "P-256", "kty": "EC", "x": _to_text(x), "y": _to_text(y)}
    members |= {"name": keyfile.name, "role": keyfile.role}
    if private:
        if keyfile.key is None:
            raise _unfit("It holds no private key to write.", where="")
        members[secret] = _to_text(keyfile.key.seed)
    text = json.dumps(members, indent=2, sort_keys=True, ensure_ascii=False)
    return f"{text}\n".encode()


def parse_key_file(data: bytes, *, where: str) -> KeyFile:
    """Read a public or private key file; raises `E-KEY-05` for any other bytes."""
    members = _members(data, where)
    public = _public(members)
    secret = members.get("priv" if "pub" in members else "d")
    key = None if secret is None else SigningKey(_from_text(secret), public.alg)
    if key is not None and key.public != public:
        raise _unfit("Its private part belongs to another public key.", where)
    keyfile = KeyFile(members["role"], members["name"], key, public)
    _check_words(keyfile, where)
    if format_key_file(keyfile, private=key is not None) != data:
        raise _unfit("It is not written in the one form that `standing key new` writes.", where)
    return keyfile


def load_key_file(path: Path) -> KeyFile:
    """Read the key file at a path; raises `E-KEY-06` if it cannot be read, `E-KEY-05` if odd."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Usage(
            "E-KEY-06",
            "The key file cannot be read.",
            why=f"The system says: {error.strerror}.",
            fix="Name an existing key file, or make one: standing key new ROLE -o FILE.",
            where=str(path),
        ) from error
    return parse_key_file(data, where=str(path))


def write_key_file(path: Path, keyfile: KeyFile) -> None:
    """Write the key for its owner only (0600) and the public part beside it as `PATH.pub`.

    A key file without a private part is written to `path` alone. Never overwrites: `E-KEY-07`.
    """
    if keyfile.key is None:
        _write_new(path, format_key_file(keyfile, private=False), 0o644)
        return
    public = path.with_name(f"{path.name}.pub")
    if public.exists():
        raise _exists(public)
    _write_new(path, format_key_file(keyfile, private=True), 0o600)
    _write_new(public, format_key_file(keyfile, private=False), 0o644)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        raise Usage(
            "E-KEY-08",
            "The key file cannot be written.",
            why=f"The system says: {error.strerror}.",
            fix="Choose a folder that exists and that you may write to.",
            where=str(path),
        ) from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)
    folder = os.open(path.parent, os.O_RDONLY)  # the name too outlasts a power cut
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _members(data: bytes, where: str) -> dict[str, str]:
    try:
        members = json.loads(data.decode()) if len(data) <= _MAX_BYTES else None
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _unfit("It is no JSON.", where) from error
    if not isinstance(members, dict) or not (
        set(members) - {"d"} == _PUBLIC
        or set(members) - {"priv"} == _AKP_PUBLIC
        or set(members) == _EC_PUBLIC
    ):
        raise _unfit(
            "Wanted the members crv, kty, name, role, x, and d if it is private; for ML-DSA-44"
            " alg, kty, name, pub, role, and priv; for a passkey y beside x and no d.",
            where,
        )
    if not all(isinstance(value, str) for value in members.values()):
        raise _unfit("A member is not text.", where)
    return members


def _public(members: dict[str, str]) -> PublicKey:
    if "pub" in members:
        return PublicKey("ML-DSA-44", _from_text(members["pub"]))
    x = _from_text(members["x"])
    if "y" not in members:
        return PublicKey("Ed25519", x)
    y = _from_text(members["y"])  # of equal length: else a byte of x could stand at the head of y
    return PublicKey("ES256", b"\x04" + x + y if len(x) == len(y) else b"")


def _check_words(keyfile: KeyFile, where: str) -> None:
    if not _ROLE.fullmatch(keyfile.role):
        raise _unfit(f"The role {keyfile.role!r} is not a word of small letters.", where)
    name = keyfile.name
    plain = name.isprintable() and name == unicodedata.normalize("NFC", name.strip())
    if not plain or not 0 < len(name) <= _MAX_NAME:
        raise _unfit("The name is empty, too long or holds characters that do not print.", where)


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_text(text: str) -> bytes:
    """Decode base64url; odd spellings fall to the comparison with the one written form."""
    try:
        return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""  # no key has this length: refused by PublicKey or SigningKey


def _unfit(why: str, where: str) -> Refused:
    return Refused(
        "E-KEY-05",
        "This is no key file.",
        why=why,
        fix="Take the file as it was made, or make a new key: standing key new ROLE -o FILE.",
        where=where,
    )


def _exists(path: Path) -> Refused:
    return Refused(
        "E-KEY-07",
        "A key file of this name exists.",
        why="Overwriting it would destroy a key for ever.",
        fix="Choose another file name, or move the old key away first.",
        where=str(path),
    )
