"""What a ledger's files hold of one person, gathered before it is erased and looked for after."""

from collections.abc import Iterator

from standing.cases.answers import questions_of
from standing.ledger import Ledger
from standing.vault import Link, preimage


class Traces:
    """Bytes that must be gone; `stored` are those that do lie in some file as they are."""

    def __init__(self, ledger: Ledger, number: int, context: str) -> None:
        vault = ledger._core.vault
        self.directory = ledger.directory
        self.number = number
        self.stored: dict[str, bytes] = {
            "pseudonym": vault.secret.pseudonym(number, context).encode(),
            "number, little-endian": number.to_bytes(8, "little"),
            "sealing key": vault.keys.raw(number, context) or b"",
        }
        self.inside: dict[str, bytes] = {}
        self.leaves: set[bytes] = set()
        for opened in vault.filed.documents(number, context=context):
            self._add(opened.leaf, opened.document)
            if isinstance(opened.document, Link):
                reference = opened.document.reference
                self.inside["reference"] = reference.encode()
                self.stored["reference, hashed"] = vault.secret.reference(context, reference)
        for name, leaf, question in questions_of(vault, number, context):
            self._add(leaf, question)
            self.stored[f"question about {name.hex()}"] = name
        query = "SELECT leaf, sealed FROM documents WHERE subject=? AND context=?"
        for leaf, sealed in vault.db.execute(query, (number, context)):
            self._add_sealed(leaf, sealed)
        for record in vault.filed.records_of(number, context):
            self._add(record.leaf, record.record)
            self.inside[f"id of {record.id}"] = record.id.encode()
            self._add_sealed(record.leaf, vault.batches.get(record.batch).bodies[record.position])
        for name, _, _ in self._cases(ledger, number, context):
            self.stored[f"case {name}"] = name.encode()

    def _cases(self, ledger: Ledger, number: int, context: str) -> Iterator[tuple[str, int, str]]:
        query = "SELECT name, subject, context FROM cases WHERE subject=? AND context=?"
        yield from ledger._core.vault.db.execute(query, (number, context)).fetchall()

    def _add(self, leaf: bytes, document: object) -> None:
        self.leaves.add(leaf)
        self.inside[f"salt {leaf.hex()}"] = document.salt
        self.inside[f"text {leaf.hex()}"] = preimage(document)[-64:]

    def _add_sealed(self, leaf: bytes, sealed: bytes) -> None:
        """A long one may lie on several pages: its head and its tail lie on one each."""
        self.stored[f"sealed {leaf.hex()}, head"] = sealed[:16]
        self.stored[f"sealed {leaf.hex()}, tail"] = sealed[-16:]

    def found(self, *, stored_alone: bool = False) -> dict[str, list[str]]:
        """Name what is still there, and the files that hold it."""
        wanted = self.stored if stored_alone else self.stored | self.inside
        found: dict[str, list[str]] = {}
        for path in sorted(self.directory.rglob("*")):
            if path.is_file():
                data = path.read_bytes()
                name = path.relative_to(self.directory).as_posix()
                for what, trace in wanted.items():
                    if trace in data:
                        found.setdefault(what, []).append(name)
        return found
