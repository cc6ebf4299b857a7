"""Signed notes: a short text and one line for each signature; the C2SP signed-note format.

Checkpoints are signed notes. The byte before a public key in a key id names the signature's kind
(1: Ed25519; 4 and 6: cosignatures by Ed25519 and ML-DSA-44, tlog-cosignature of C2SP); lines of
kinds and keys that a reader does not know are kept and ignored, as the format demands. Does not
know what the text says, nor what a cosignature signs: that is `verify`.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from standing.errors import Broken, Refused
from standing.wire.keys import Algorithm, PublicKey, SigningKey

ED25519_TYPE: Final = 0x01
COSIGNATURE_TYPE: Final = 0x04
"""A timestamped Ed25519 cosignature, cosignature/v1."""
ML_DSA_44_TYPE: Final = 0x06
"""A timestamped ML-DSA-44 cosignature, subtree/v1; a log signs its own checkpoints so too."""

_MAX_BYTES: Final = 1_000_000
_MAX_SIGNATURES: Final = 100
_KEY_ID_BYTES: Final = 4
_ALGORITHMS: Final[dict[int, Algorithm]] = {
    ED25519_TYPE: "Ed25519",
    COSIGNATURE_TYPE: "Ed25519",
    ML_DSA_44_TYPE: "ML-DSA-44",
}
# no Unicode space, no plus, no control character, no half of a surrogate pair
_NAME: Final = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_LINE: Final = re.compile(rf"— ({_NAME.pattern}) ([A-Za-z0-9+/]+=*)")
_VKEY: Final = re.compile(rf"({_NAME.pattern})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/]+=*)")


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


@dataclass(frozen=True)
class NoteKey:
    """A key as note tools name it: the signer's name, the signature's kind, the public key.

    `kind` is 0x01 (Ed25519 note), 0x04 (Ed25519 cosignature) or 0x06 (ML-DSA-44 cosignature).
    Raises `E-VKEY-01` for another kind, a key that does not fit it, or a name no note can hold.
    """

    name: str
    kind: int
    public: PublicKey

    def __post_init__(self) -> None:
        if _ALGORITHMS.get(self.kind) != self.public.alg or not _NAME.fullmatch(self.name):
            raise _no_vkey(
                f"Got the kind {self.kind} for a key of {self.public.alg} named {self.name!r}."
            )

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that stand before each signature of this key."""
        return key_id(self.name, self.kind, self.public.raw)

    def vkey(self) -> str:
        """Write the verifier key as note tools read it: name, key id and key with its kind."""
        encoded = base64.b64encode(bytes([self.kind]) + self.public.raw).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


def parse_vkey(text: str) -> NoteKey:
    """Read a verifier key (signed-note of C2SP); raises `E-VKEY-01` for any other spelling.

    `E-KEY-02` is for a key in it that no honest signer has.
    """
    match = _VKEY.fullmatch(text)
    if match is None:
        raise _no_vkey("Wanted NAME+KEY ID+KEY, the key id in eight hex digits, the key in base64.")
    name, shown_id, encoded = match.groups()
    try:
        data = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise _no_vkey("Its key is no base64.") from error
    alg = _ALGORITHMS.get(data[0])
    if alg is None or base64.b64encode(data).decode() != encoded:
        raise _no_vkey(f"Its key is oddly encoded, or of the kind {data[0]}; known are 1, 4, 6.")
    found = NoteKey(name, data[0], PublicKey(alg, data[1:]))
    if found.key_id.hex() != shown_id:
        raise _no_vkey(f"The key's id is {found.key_id.hex()}, not {shown_id}.")
    return found


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """Give the 4 bytes that name a note key; `kind` is the signature type's byte."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:_KEY_ID_BYTES]


def ed25519_key_id(name: str, public_raw: bytes) -> bytes:
    """Give the key id of an Ed25519 key under a name."""
    return key_id(name, ED25519_TYPE, public_raw)


def vkey(name: str, key: PublicKey) -> str:
    """Write the verifier key of an Ed25519 key that signs notes; `NoteKey` writes the others."""
    return NoteKey(name, ED25519_TYPE, key).vkey()


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """Sign a text under a name with Ed25519.

    Raises `E-NOTE-01` if the text or the name cannot be a note's, or the key is of another kind.
    """
    _check_text(text)
    if key.alg != "Ed25519":
        raise _unfit(f"A key for {key.alg} cosigns; it does not sign a note's text alone.")
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


def add_signatures(data: bytes, signatures: Iterable[NoteSignature]) -> bytes:
    """Give a note with further signature lines after its own; nothing that stood there changes.

    A line of a key that has signed already is left out, so no later line displaces an earlier
    one. Verify lines before you add them. Raises `E-NOTE-01` for no note, or for more than 100
    lines or 1,000,000 bytes.
    """
    note = parse_note(data)
    lines = {line[:2]: line for line in note.signatures}
    for line in signatures:
        lines.setdefault(line[:2], line)
    grown = format_note(Note(note.text, tuple(lines.values())))
    parse_note(grown)
    return grown


def format_signatures(signatures: Iterable[NoteSignature]) -> bytes:
    """Write signature lines alone, as a witness answers with them."""
    return "".join(map(_format_line, signatures)).encode()


def parse_signatures(data: bytes) -> tuple[NoteSignature, ...]:
    """Read signature lines alone; raises `E-NOTE-01` for anything else among them."""
    note = parse_note(b"-\n\n" + data)
    if note.text != "-\n":
        raise _unfit("There is more than signature lines.")
    return note.signatures


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


def _no_vkey(why: str) -> Refused:
    return Refused(
        "E-VKEY-01",
        "This is no verifier key.",
        why=why,
        fix="Copy the key in one piece from its owner; see the signed-note format of C2SP.",
    )


def _unfit(why: str) -> Refused:
    return Refused(
        "E-NOTE-01",
        "The bytes are no signed note.",
        why=why,
        fix="Fetch the note again, byte for byte; see the signed-note format of C2SP.",
    )
