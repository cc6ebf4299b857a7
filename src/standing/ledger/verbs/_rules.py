"""Verbs about keys, catalogues and packs: who may say what, and by which rules."""

from collections.abc import Sequence

from standing import policy
from standing.ledger import _roll, _rotate, _rules
from standing.ledger.verbs._base import Verbs
from standing.wire.keys import KeyFile, PublicKey


class RuleVerbs(Verbs):
    """Verbs about keys, catalogues and packs."""

    def accredit(
        self,
        key: PublicKey,
        *,
        role: str,
        name: str,
        until: int,
        by: KeyFile,
        employer: str = "",
        kinds: Sequence[str] | None = None,
        contexts: Sequence[str] = (),
        sector: str = "",
    ) -> int:
        """Put an organisation's key on the roll; gives the entry."""
        return _roll.accredit(
            self._core,
            key,
            role=role,
            name=name,
            until=until,
            by=by,
            employer=employer,
            kinds=kinds,
            contexts=contexts,
            sector=sector,
        )

    def revoke(self, kid: bytes, reason: str, *, by: KeyFile) -> int:
        """End a key's right to sign, from this entry on; gives the entry."""
        return _roll.revoke(self._core, kid, reason, by)

    def rotate_key(self, purpose: str, *, by: KeyFile) -> tuple[int, bytes]:
        """Give the log a new key for a purpose; gives the entry that names it, and its id."""
        return _rotate.rotate(self._core, purpose, by)

    def publish_catalogue(self, data: bytes, *, by: KeyFile) -> bytes:
        """Publish the act types; gives the digest."""
        return _rules.publish_catalogue(self._core, data, by)

    def publish_pack(
        self,
        data: bytes,
        *,
        by: Sequence[KeyFile],
        attach: Sequence[bytes] = (),
        simulation: bytes | None = None,
    ) -> bytes:
        """Lint and publish a pack under two rule-makers' keys; gives the digest.

        `attach`, `simulation`: documents that the pack names and the ledger does not keep yet.
        """
        return _rules.publish_pack(self._core, data, by, attach=attach, simulation=simulation)

    def lint(self, data: bytes) -> list[policy.Finding]:
        """Hold a pack against every code, and the catalogue that is published here."""
        return list(policy.lint(data, _rules.current_catalogue(self._core)[1]))

    def pack(self, name: str) -> policy.Pack:
        """Read a pack by its digest in hexadecimal or as CONTEXT@VERSION."""
        return _rules.named_pack(self._core, name)
