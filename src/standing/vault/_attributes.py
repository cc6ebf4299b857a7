"""Attributes: which of the documents that state a region or a group holds, if one does.

The last one of a subject in a context decides, and holds while the consent it names is live. What
was replaced, taken back or bound to an ended consent is not read again, and a new consent does not
bring it back. Does not decide who may read them: see docs/adr/0013-attributes.md.
"""

import re
from collections.abc import Collection, Iterable
from typing import Final

from standing.vault._documents import CODE, CODE_CHARACTERS, Attributes
from standing.wire import cbor

_CODE_BYTES: Final = 2 + CODE_CHARACTERS  # the longest code in CBOR
_PADDED: Final = 24 + 2 * _CODE_BYTES  # so that padding has 24 to 154 bytes and a head of two


def is_attributes_code(text: str) -> bool:
    """Tell whether a text has the form of a code: lower case, digits, single dots or hyphens."""
    return len(text) <= CODE_CHARACTERS and re.fullmatch(CODE, text) is not None


def attributes_padding(region: str, group: str) -> bytes:
    """Give the zeros that make any two codes equally long in a document."""
    return bytes(_PADDED - len(cbor.encode(region)) - len(cbor.encode(group)))


def last_attributes(documents: Iterable[object], context: str) -> Attributes | None:
    """Give a subject's last statement of attributes in a context, whether or not it holds."""
    stated = (d for d in documents if isinstance(d, Attributes) and d.context == context)
    return max(stated, key=lambda document: document.revision, default=None)


def held_attributes(last: Attributes | None, live: Collection[bytes]) -> Attributes | None:
    """Give the last statement if it states anything and its consent is one of the live ones."""
    if last is None or last.consent not in live or not (last.region or last.group):
        return None
    return last
