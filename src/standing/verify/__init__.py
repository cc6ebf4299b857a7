"""Offline checks of proofs and signatures; they need only cbor2 and cryptography."""
