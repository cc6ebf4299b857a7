"""Signed notes: a short text and one line for each signature; the C2SP signed-note format.

Checkpoints are signed notes. The byte before a public key in a key id names the signature's type
(1: Ed25519); lines of types and keys that a reader does not know are kept and ignored, as the
format demands. Does not know what the text says: that is `verify.checkpoints`.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from standing.errors import Broken, Refused
from standing.wire.keys import PublicKey, SigningKey

ED25519_TYPE: Final = 0x01

_MAX_BYTES: Final = 1_000_000
_MAX_SIGNATURES: Final = 100
_KEY_ID_BYTES: Final = 4
_NAME: Final = re.compile(r"[^\s+]+")
_LINE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")


class NoteSignature(NamedTuple):
    """One signature line: the signer's name, the id of its key, the signature's bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A text that ends in a newline, and its signatures in the order of their lines."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def verify(self, name: str, key: PublicKey) -> None:
        """Raise `Broken` unless this key signed the text under this name.

        `E-NOTE-02`: no line of this key; `E-SIG-..`: a line, and it does not hold.
        """
        key_id = ed25519_key_id(name, key.raw)
        for line in self.signatures:
            if line.name == name and line.key_id == key_id:
                key.verify(line.signature, self.text.encode())
                return
        raise Broken(
            "E-NOTE-02",
            "The note is not signed by the key asked for.",
            why=f"No signature line of {name!r} with key id {key_id.hex()}.",
            fix="Check the name and the key in trust.json, or fetch the note again.",
        )


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Give the 4 bytes that name a note key; `kind` is the signature type's byte."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:_KEY_ID_BYTES]


def ed25519_key_id(name: str, public_raw: bytes) -> bytes:
    """Give the key id of an Ed25519 key under a name."""
    return key_id(name, ED25519_TYPE, public_raw)


def vkey(name: str, key: PublicKey) -> str:
    """Write a verifier key as note tools read it: name, key id and key with its type."""
    _check_name(name)
    encoded = base64.b64encode(bytes([ED25519_TYPE]) + key.raw).decode()
    return f"{name}+{ed25519_key_id(name, key.raw).hex()}+{encoded}"


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """Sign a text under a name; raises `E-NOTE-01` if the text or the name cannot be a note's."""
    _check_text(text)
    line = NoteSignature(name, ed25519_key_id(name, key.public.raw), key.sign(text.encode()))
    return format_note(Note(text, (line,)))


def format_note(note: Note) -> bytes:
    """Write a note: the text, an empty line, the signature lines."""
    _check_text(note.text)
    return f"{note.text}\n{''.join(map(_format_line, note.signatures))}".encode()


def parse_note(data: bytes) -> Note:
    """Read a note; raises `E-NOTE-01` for any other form. No signature is checked here."""
    if len(data) > _MAX_BYTES:
        raise _unfit(f"It has {len(data)} bytes; at most {_MAX_BYTES} are read.")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise _unfit("It is no UTF-8.") from error
    text, gap, lines = whole.rpartition("\n\n")
    if not gap or not lines.endswith("\n"):
        raise _unfit("It has no signature lines after an empty line.")
    note = Note(f"{text}\n", tuple(map(_parse_line, lines[:-1].split("\n"))))
    if len(note.signatures) > _MAX_SIGNATURES:
        raise _unfit(f"It has {len(note.signatures)} signatures; at most {_MAX_SIGNATURES} may be.")
    if len({line[:2] for line in note.signatures}) != len(note.signatures):
        raise _unfit("One key has signed it twice.")
    _check_text(note.text)
    return note


def _format_line(line: NoteSignature) -> str:
    _check_name(line.name)
    return f"— {line.name} {base64.b64encode(line.key_id + line.signature).decode()}\n"


def _parse_line(line: str) -> NoteSignature:
    match = _LINE.fullmatch(line)
    if match is None:
        raise _unfit("A signature line is not a dash, a name and base64.")
    name, encoded = match.groups()
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise _unfit("The signature of a line is no base64.") from error
    if len(data) <= _KEY_ID_BYTES or base64.b64encode(data).decode() != encoded:
        raise _unfit("The signature of a line is too short or oddly encoded.")
    return NoteSignature(name, data[:_KEY_ID_BYTES], data[_KEY_ID_BYTES:])


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise _unfit("The text does not end in a newline.")
    if any(letter < " " and letter != "\n" for letter in text):
        raise _unfit("The text holds control characters.")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise _unfit(f"The name {name!r} is empty or holds a space or a plus sign.")


def _unfit(why: str) -> Refused:
    return Refused(
        "E-NOTE-01",
        "The bytes are no signed note.",
        why=why,
        fix="Fetch the note again, byte for byte; see the signed-note format of C2SP.",
    )
