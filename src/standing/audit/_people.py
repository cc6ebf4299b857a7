"""Checks of people: consents with what they name, links with their proofs, attestations, indexes.

Index tables are recomputed from the documents that the log commits to, and compared whole.
"""

import hashlib
from collections import Counter
from typing import Any, Final

from standing import charter, policy
from standing.audit._broken import broken
from standing.audit._casebook import Casebook
from standing.audit._linked import check_link
from standing.audit._opened import VAULT_FILE, Opened
from standing.audit._rights import thumbprint
from standing.cases.standing import refusal_annulled
from standing.errors import Refused
from standing.vault import (
    Adult,
    Attributes,
    Consent,
    Link,
    OpenDocument,
    Subject,
    Withdrawal,
    attributes_padding,
    signed_digest,
)
from standing.wire.keys import PublicKey
from standing.wire.proofs import verify_proof

_FOREVER: Final = 2**31


class _Tables:
    """The index tables as the documents give them."""

    def __init__(self, ledger: Opened) -> None:
        self._ledger = ledger
        self._book: Casebook = ledger.casebook
        self._secret = ledger.vault.secret
        self._texts = _consent_texts(ledger)
        self.subjects: set[tuple[Any, ...]] = set()
        self.names: set[tuple[Any, ...]] = set()
        self.held: dict[bytes, list[tuple[int, int, int, bool, int]]] = {}
        self.adults: dict[int, int] = {}
        self.consents: dict[bytes, list[Any]] = {}
        self.revisions: dict[tuple[int, str], list[int]] = {}

    def add(self, opened: OpenDocument, owner: int, context: str) -> None:
        """Take one document in, checking its proof."""
        document = opened.document
        match document:
            case Subject():
                self.subjects.add((document.number, document.kind, document.key))
                self._owned(owner == document.number and not context, opened)
            case Adult():
                key = self._attester(document.attester)
                self._prove(document, key)
                mine = self._book.key_of(owner, document.day)
                self._owned(document.key == thumbprint(mine), opened)
                if owner in self.adults:
                    raise broken(
                        "An age is attested twice.",
                        "One attestation decides from which day on acts may be recorded (L02).",
                        f"leaf {opened.leaf.hex()}",
                    )
                self.adults[owner] = document.adult_since
            case Link():
                self._link(document, owner, opened)
            case Consent():
                self._prove(document, PublicKey.from_cose_key(document.key))
                self._owned(self._book.key_of(owner, document.day) == document.key, opened)
                self._name(document.pseudonym, owner, document.context, opened)
                self._agreed(document, opened)
                terms = self._secret.terms(document.purposes, document.issuers)
                self.consents[opened.leaf] = [
                    owner, document.context, document.day, opened.leaf, document.until, None, terms,
                ]  # fmt: skip
            case Withdrawal():
                self._prove_own(document, owner)
                consent = self.consents.get(document.consent)
                self._owned(consent is not None and consent[0] == owner, opened)
                if consent is not None:
                    consent[5] = document.day
            case Attributes():
                self._prove_own(document, owner)
                self._attributes(document, owner, context, opened)
            case _:
                pass

    def _attributes(
        self, document: Attributes, owner: int, context: str, opened: OpenDocument
    ) -> None:
        consent = self.consents.get(document.consent)
        mine = document.pseudonym == self._secret.pseudonym(owner, context)
        self._owned(mine and document.context == context, opened)
        self._owned(consent is not None and consent[:2] == [owner, context], opened)
        if consent is not None:
            _, _, since, _, until, withdrawn, _ = consent
            end = until - 1 if withdrawn is None else min(until - 1, withdrawn)
            if not since <= document.day <= end:
                raise broken(
                    "A region or group was taken without a live consent.",
                    "Its day is outside the consent that it names.",
                    f"leaf {opened.leaf.hex()}",
                )
        if document.padding != attributes_padding(document.region, document.group):
            raise broken(
                "A statement of region and group has a length of its own.",
                "Its padding is not what its codes need.",
                f"leaf {opened.leaf.hex()}",
            )
        self.revisions.setdefault((owner, context), []).append(document.revision)

    def check_revisions(self) -> None:
        """Demand that no statement of region and group is missing before a subject's last."""
        for (owner, context), revisions in self.revisions.items():
            # where something was erased, earlier ones may have gone with a consent that ended
            first = min(revisions) if self._book.erased else 1
            if sorted(revisions) != list(range(first, first + len(revisions))):
                raise broken(
                    "A statement of region and group is WITHHELD, or stands twice.",
                    f"Their revisions are {sorted(revisions)}.",
                    f"subject {self._secret.pseudonym(owner, context)}",
                )

    def _agreed(self, consent: Consent, opened: OpenDocument) -> None:
        """Demand that a consent names its pack's text, and nothing that the pack does not."""
        entry = self._ledger.charter.roll.packs.get(consent.pack)
        is_known = entry is not None and entry.context == consent.context
        pack, texts = self._texts.get(consent.pack, (None, frozenset[bytes]()))
        if not is_known or pack is None or consent.text not in texts:
            raise broken(
                "A consent is to another text than its pack's.",
                "Nobody can read again what was agreed to.",
                f"leaf {opened.leaf.hex()}",
            )
        listed = {one.name for one in pack.organisations if one.role == "issuer"}
        strange = {*consent.purposes} - pack.purposes.keys() | {*consent.issuers} - listed
        days = consent.until - consent.day
        if strange or not consent.purposes or not 0 < days <= policy.CONSENT_DAYS:
            raise broken(
                "A consent names what its pack does not.",
                f"Found {', '.join(sorted(strange)) or 'no purpose'}, for {days} days.",
                f"leaf {opened.leaf.hex()}",
            )

    def _link(self, link: Link, owner: int, opened: OpenDocument) -> None:
        self._name(link.pseudonym, owner, link.context, opened)
        if not link.issuer:
            kind = self._book.first_keys.get(owner, ("", b""))[0]
            self._owned(kind == "organisation" and not link.challenge, opened)
        held = [self._book.key_of(owner, link.day)]
        rp_id = self._ledger.charter.genesis.rp_id
        check_link(link, self._book.rights, held, rp_id, f"leaf {opened.leaf.hex()}")
        reference = self._secret.reference(link.context, link.reference)
        others = self._book.folded(owner, link.context, link.day)
        ruled = refusal_annulled(others, link.reference)
        until = min(self._ends(owner, link), default=_FOREVER)
        self.held.setdefault(reference, []).append((link.day, ruled, owner, link.shared, until))

    def _ends(self, owner: int, link: Link) -> list[int]:
        """List the days on which the ledger's own steps ended a link."""
        return [
            filed.steps[0][1].day
            for filed in self._book.filed(owner, link.context)
            if filed.steps[0][1].lifecycle == "link"
            and filed.steps[0][1].facts.get("reference") == link.reference
            and filed.steps[0][1].day >= link.day
        ]

    def links(self) -> set[tuple[Any, ...]]:
        """Give the table of links; raises where one took another's place without a ruling."""
        rows: set[tuple[Any, ...]] = set()
        for reference, held in self.held.items():
            listed = sorted(held)
            for place, (since, ruled, owner, shared, until) in enumerate(listed):
                before = listed[place - 1]
                if place and (ruled < before[0] or before[4] > since):
                    raise broken(
                        "A reference stands for two subjects.",
                        "No ruling let the later one take the place of the earlier (L57).",
                        f"{VAULT_FILE} links",
                    )
                rows.add((reference, since, owner, until, int(shared)))
        return rows

    def _attester(self, kid: bytes) -> PublicKey:
        right = self._ledger.charter.roll.keys.get(kid)
        if right is None or right.role != "attester":
            raise broken(
                "An attestation is signed by no attester.", "Its key is another.", VAULT_FILE
            )
        return PublicKey.from_cose_key(right.key)

    def _prove_own(self, document: Any, owner: int) -> None:
        held = self._book.key_of(owner, document.day)
        self._prove(document, PublicKey.from_cose_key(held))

    def _prove(self, document: Any, key: PublicKey) -> None:
        rp_id = self._ledger.charter.genesis.rp_id
        verify_proof(document.proof, key, signed_digest(document), rp_id=rp_id)

    def _name(self, pseudonym: str, owner: int, context: str, opened: OpenDocument) -> None:
        self._owned(pseudonym == self._secret.pseudonym(owner, context), opened)
        self.names.add((pseudonym, owner, context))

    def _owned(self, holds: bool, opened: OpenDocument) -> None:  # noqa: FBT001 - one condition
        if not holds:
            raise broken(
                "A private document is kept for another than the one it is about.",
                "Its text and its place in the vault disagree.",
                f"leaf {opened.leaf.hex()}",
            )


_ORDER = {"Subject": 0, "Adult": 1, "Link": 1, "Consent": 1, "Withdrawal": 2}  # others follow


def check_people(ledger: Opened) -> int:
    """Check consents, links and attestations with their proofs, and recompute their indexes."""
    db = ledger.vault.db
    owners = ledger.casebook.owners
    tables = _Tables(ledger)
    in_order = sorted(ledger.documents, key=lambda d: _ORDER.get(type(d.document).__name__, 3))
    for opened in in_order:
        tables.add(opened, *owners[opened.leaf])
    tables.check_revisions()
    expected: dict[str, set[tuple[Any, ...]]] = {
        "subjects": tables.subjects,
        "names": tables.names,
        "links": tables.links(),
        "adults": set(tables.adults.items()),
        "consents": {tuple(row) for row in tables.consents.values()},
    }
    for table, rows in expected.items():
        if set(db.execute(f"SELECT * FROM {table}")) != rows:  # noqa: S608 - names from above
            raise broken(
                f"The vault's table of {table} is not what its documents give.",
                "A row was added, changed or removed.",
                f"{VAULT_FILE} {table}",
            )
    return sum(Counter(type(d.document).__name__ for d in in_order).values())


def _consent_texts(ledger: Opened) -> dict[bytes, tuple[policy.Pack, frozenset[bytes]]]:
    """Give each pack with the digests of its consent text: as published, and as made again."""
    published: dict[bytes, set[bytes]] = {}
    for sign1 in ledger.statements:
        said = charter.parse_statement(sign1)
        if isinstance(said, charter.Envelope) and said.facts.get("about") == "consent-text":
            published.setdefault(said.facts.get("pack", b""), set()).add(said.digest)
    found = {}
    for digest, entry in ledger.charter.roll.packs.items():
        try:
            pack = policy.parse_pack(ledger.log.document(digest))
            catalogue = policy.parse_catalogue(ledger.log.document(entry.catalogue))
        except Refused:
            continue  # the check of packs says so
        text = hashlib.sha256(policy.consent_text(pack, catalogue)).digest()
        found[digest] = pack, frozenset({text, *published.get(digest, ())})
    return found
