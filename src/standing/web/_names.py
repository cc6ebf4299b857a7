"""What rules call their contexts, acts and purposes, beside the codes that are signed."""

from dataclasses import dataclass, field

from standing import policy
from standing.ledger import Ledger
from standing.web._voice import Voice


@dataclass(frozen=True)
class Names:
    """Names by code, as the newest published pack of each context has them."""

    contexts: dict[str, str] = field(default_factory=dict)
    acts: dict[str, str] = field(default_factory=dict)
    purposes: dict[str, str] = field(default_factory=dict)

    def context(self, code: str, voice: Voice) -> str:
        """Name a context, with the code that is signed."""
        return _both(self.contexts.get(code), code, voice)

    def purpose(self, code: str, voice: Voice) -> str:
        """Name a purpose, with the code that is signed."""
        return _both(self.purposes.get(code), code, voice)


def names_in(ledger: Ledger) -> Names:
    """Read the names off the rules."""
    names = Names()
    newest = {line.context: line.version for line in reversed(ledger.packs()) if line.published}
    for context, version in sorted(newest.items()):
        pack = ledger.pack(f"{context}@{version}")
        names.contexts[context] = pack.title
        names.acts.update({act.code: act.name for act in policy.arithmetic(pack).acts})
        names.purposes.update({code: one.title for code, one in pack.purposes.items()})
    return names


def _both(name: str | None, code: str, voice: Voice) -> str:
    return f"{voice.say(name)} ({code})" if name is not None else code
