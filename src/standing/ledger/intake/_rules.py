"""What rows are checked against: the day, a catalogue, a pack, and the map of a file.

Both sides hold them: an issuer from public documents alone, the ledger from its own log.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache

from standing import policy
from standing.cases.lifecycles import WorkingDays
from standing.cases.record_rules import LATEST_DAYS
from standing.ledger.intake._map import RowMap, parse_integer, parse_map

Details = dict[str, int | str]


# the same rules serve many files of a day, and every process parses them once
_parse_catalogue = lru_cache(maxsize=4)(policy.parse_catalogue)
_parse_pack = lru_cache(maxsize=32)(policy.parse_pack)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What rows are checked against. Plain bytes and numbers: it crosses processes."""

    context: str
    catalogue: bytes
    pack: bytes
    today: int
    issuers: frozenset[str]
    row_key: bytes  # keys the identities of rows: the vault's own, or any for one file
    # of the vault's side alone: what a contest on this subject still forbids
    working_days: WorkingDays = field(default_factory=WorkingDays)
    ledger_keys: frozenset[bytes] = frozenset()  # thumbprints that sign what the law opens

    def __getstate__(self) -> dict[str, object]:
        """Cross process borders without what was parsed here."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def _catalogue(self) -> policy.Catalogue:
        return _parse_catalogue(self.catalogue)

    @cached_property
    def parsed_pack(self) -> policy.Pack:
        """Give the parsed pack."""
        return _parse_pack(self.pack)

    @property
    def is_register(self) -> bool:
        """Tell whether a public register names the subjects."""
        return self.parsed_pack.public_register is not None

    @cached_property
    def oldest(self) -> int:
        """Give the earliest day of conduct that may still be stored."""
        register = self.parsed_pack.public_register
        return int(register.history_from) if register else self.today - LATEST_DAYS

    def is_negative(self, act: str) -> bool:
        """Tell whether an act type weighs against its subject."""
        return self.parsed_pack.acts[act].points < 0

    def conduct(self, act: str, texts: dict[str, str]) -> Details:
        """Give the coded details of an act; raises `Refused` where the catalogue says no."""
        details: Details = {}
        for name, text in texts.items():
            if text == "":
                continue
            number = parse_integer(text)
            details[name] = text if number is None else number
        policy.check_conduct(self._catalogue, self.parsed_pack, type=act, details=details)
        return details


@dataclass(frozen=True, kw_only=True)
class FileRules(Rules):
    """The same, and how a file's columns become rows."""

    map_data: bytes
    map_where: str

    @cached_property
    def row_map(self) -> RowMap:
        """Give the parsed map."""
        return parse_map(self.map_data, where=self.map_where)
