"""Signed notes, as C2SP signed-note defines them: text, a blank line, signature lines.

A verifier names the signer and key it trusts; signatures by others are kept and ignored.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from standing.errors import Broken, Refused
from standing.wire.keys import PublicKey, SigningKey

TYPE_ED25519: Final = b"\x01"
MAX_NOTE_BYTES: Final = 1 << 20
_KEY_ID_BYTES: Final = 4
_PREFIX: Final = "\u2014 "
_MAX_SIGNATURES: Final = 100
_NAME: Final = re.compile(r"[^\s+]+")


@dataclass(frozen=True)
class NoteSignature:
    """One signature line: who says to have signed, with which key, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A parsed note, not yet verified; `text` ends in a newline."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def verify(self, name: str, key: PublicKey) -> None:
        """Raise `E-NOTE-02` unless `name` signed this text with this key."""
        key_id = ed25519_key_id(name, key.raw)
        for line in self.signatures:
            if line.name == name and line.key_id == key_id:
                key.verify(line.signature, self.text.encode())
                return
        raise Broken(
            "E-NOTE-02",
            f"{name} did not sign this note with the key expected.",
            why="No signature line carries its name and key id.",
            fix="Compare origin and key with the trust file.",
        )


def ed25519_key_id(name: str, public: bytes) -> bytes:
    """Give the first four bytes of SHA-256(name, newline, type, key)."""
    return hashlib.sha256(name.encode() + b"\n" + TYPE_ED25519 + public).digest()[:_KEY_ID_BYTES]


def vkey(name: str, key: PublicKey) -> str:
    """Write a verifier key as other tools of this format read it: name+id+base64."""
    encoded = base64.b64encode(TYPE_ED25519 + key.raw).decode()
    return f"{name}+{ed25519_key_id(name, key.raw).hex()}+{encoded}"


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """Sign a text (which ends in a newline) and give the whole note."""
    if not _NAME.fullmatch(name):
        raise _unfit("A signer's name has no spaces and no plus sign.")
    signature = key.sign(text.encode())
    line = NoteSignature(name, ed25519_key_id(name, key.public.raw), signature)
    return format_note(Note(text, (line,)))


def format_note(note: Note) -> bytes:
    """Write a note."""
    lines = "".join(
        f"{_PREFIX}{s.name} {base64.b64encode(s.key_id + s.signature).decode()}\n"
        for s in note.signatures
    )
    return (note.text + "\n" + lines).encode()


def parse_note(data: bytes) -> Note:
    """Read a note; raises `E-NOTE-01` for anything but the exact form."""
    if len(data) > MAX_NOTE_BYTES:
        raise _unfit("It is longer than a megabyte.")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise _unfit("It is not UTF-8 text.") from None
    if any(ord(c) < 0x20 and c != "\n" for c in whole):  # noqa: PLR2004 - the first printable
        raise _unfit("It holds a control character.")
    text, separator, tail = whole.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise _unfit("It has no blank line before its signatures, or no newline at its end.")
    lines = tail[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise _unfit(f"It has more than {_MAX_SIGNATURES} signatures.")
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def _parse_line(line: str) -> NoteSignature:
    parts = line.removeprefix(_PREFIX).split(" ")
    if not line.startswith(_PREFIX) or len(parts) != 2 or not _NAME.fullmatch(parts[0]):  # noqa: PLR2004 - name and value
        raise _unfit("A signature line is not: dash, name, base64.")
    try:
        value = base64.b64decode(parts[1], validate=True)
    except ValueError:
        value = b""
    if len(value) <= _KEY_ID_BYTES or base64.b64encode(value).decode() != parts[1]:
        raise _unfit("A signature is not canonical base64 of key id and bytes.")
    return NoteSignature(parts[0], value[:_KEY_ID_BYTES], value[_KEY_ID_BYTES:])


def _unfit(why: str) -> Refused:
    return Refused(
        "E-NOTE-01",
        "This is not a signed note.",
        why=why,
        fix="Fetch the note again from where it is published.",
    )
