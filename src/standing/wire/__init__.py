"""Bytes in, types out: strict CBOR, COSE_Sign1, keys, passkey proofs, signed notes, days."""
