"""Rules in the making on a ledger that is served elsewhere: drafts, the linter, simulations.

Publishing is registration: see docs/reference/http.md.
"""

from typing import Final

from standing.client._wire import Wire, path_of
from standing.interface import DraftLine, PackDraft, SimulationView
from standing.policy import Finding
from standing.wire.keys import SigningKey

_YAML: Final = "application/yaml"


class Rules:
    """The verbs of rule-makers; a pack's text is YAML."""

    _wire: Wire

    def lint(self, text: bytes) -> list[Finding]:
        """Hold a pack against every code."""
        return self._wire.read(
            self._wire.send("POST", "/packs/lint", text, _YAML).body, list[Finding]
        )

    def pack_drafts(self, key: SigningKey) -> list[DraftLine]:
        """List every rule-maker's drafts."""
        return self._wire.get("/pack-drafts", list[DraftLine], key)

    def pack_draft(self, key: SigningKey, context: str) -> PackDraft:
        """Give one's draft, else another's, else what may follow the newest pack."""
        return self._wire.get(path_of("pack-drafts", context), PackDraft, key)

    def save_draft(self, key: SigningKey, context: str, text: bytes) -> PackDraft:
        """Save one's draft of a context."""
        sent = self._wire.send("PUT", path_of("pack-drafts", context), text, _YAML, key=key)
        return self._wire.read(sent.body, PackDraft)

    def name_simulation(self, key: SigningKey, context: str) -> PackDraft:
        """Name the newest simulation, and what it showed, in one's draft."""
        sent = self._wire.send("POST", path_of("pack-drafts", context, "simulation"), key=key)
        return self._wire.read(sent.body, PackDraft)

    def simulate(self, key: SigningKey, context: str, text: bytes) -> SimulationView:
        """Begin to simulate a pack over everybody."""
        sent = self._wire.send("POST", path_of("simulations", context), text, _YAML, key=key)
        return self._wire.read(sent.body, SimulationView)

    def simulation(self, key: SigningKey, context: str) -> SimulationView:
        """Tell how the newest simulation of a context stands, and what it showed."""
        return self._wire.get(path_of("simulations", context), SimulationView, key)

    def simulation_document(self, key: SigningKey, context: str) -> bytes:
        """Give the document that is published with the pack which names it."""
        return self._wire.send("GET", path_of("simulations", context, "document"), key=key).body
