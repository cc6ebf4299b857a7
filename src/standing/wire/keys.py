"""Keys: public, signing, and the files they live in. The public door of the key modules."""

from standing.wire._key import (
    ED25519,
    EDDSA,
    ES256,
    ML_DSA_44,
    Algorithm,
    PublicKey,
    SigningKey,
    algorithm_of,
)
from standing.wire._keyfile import (
    KeyFile,
    format_key_file,
    load_key_file,
    parse_key_file,
    write_key_file,
)

__all__ = [
    "ED25519",
    "EDDSA",
    "ES256",
    "ML_DSA_44",
    "Algorithm",
    "KeyFile",
    "PublicKey",
    "SigningKey",
    "algorithm_of",
    "format_key_file",
    "load_key_file",
    "parse_key_file",
    "write_key_file",
]
