"""The verb `import`: gathers what the intake needs from vault, charter and rules."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from standing.errors import Refused
from standing.ledger import _people, _rules, _world
from standing.ledger._core import Core
from standing.ledger._setup import KEYS_DIR, VAULT_FILE
from standing.ledger.intake import FileRules, Imported, Progress, parse_map, take_file
from standing.vault import Rows, SealedBatch
from standing.wire.keys import KeyFile, SigningKey


class _Writer:
    """What the intake may do to the ledger."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def write_batches(self, batches: Sequence[SealedBatch], row_ids: Rows) -> None:
        """Make one group durable."""
        self._core.write_batches(batches, row_ids)

    def register_subjects(self, context: str, references: frozenset[str]) -> None:
        """Give organisations named by a public register their place."""
        _people.register_subjects(self._core, context, references)


def import_file(
    core: Core,
    path: Path,
    map_data: bytes,
    keys: Mapping[str, KeyFile],
    *,
    map_where: str,
    keep_good: bool,
    batch_records: int,
    progress: Progress,
) -> Imported:
    """Check and take a file of rows under the issuers' keys."""
    context = parse_map(map_data, where=map_where).context
    digest = _rules.pack_in_force(core, context, core.today)
    rules = FileRules(
        map_data=map_data,
        map_where=map_where,
        context=context,
        catalogue=_rules.catalogue_of(core, digest),
        pack=core.log.document(digest),
        today=core.today,
        issuers=frozenset(keys),
        row_key=core.vault.secret.row_key,
        working_days=_world.working_days(core, context),
        ledger_keys=_world.ledger_keys(core),
    )
    signing = {name: _issuer_key(core, name, key, context) for name, key in keys.items()}
    paths = (core.directory / VAULT_FILE, core.directory / KEYS_DIR)
    imported = take_file(
        _Writer(core),
        core.vault,
        paths,
        path,
        rules,
        signing,
        keep_good=keep_good,
        batch_records=batch_records,
        progress=progress,
    )
    core.publish()
    return imported


def _issuer_key(core: Core, name: str, key: KeyFile, context: str) -> SigningKey:
    right = core.state.roll.keys.get(key.public.thumbprint)
    if key.key is None or right is None or right.role != "issuer" or right.name != name:
        got = "is not accredited" if right is None else f"belongs to the {right.role} {right.name}"
        raise Refused(
            "E-KEY-14",
            f"This is not the private key of the issuer {name!r}.",
            why=f"The key given {got}.",
            fix="Give --key ISSUER=FILE with that issuer's accredited key file.",
        )
    if context not in right.contexts or right.revoked_entry is not None:
        raise Refused(
            "E-KEY-15",
            f"{name} may not issue in {context!r}.",
            why="Its key was revoked, or is accredited for other contexts.",
            fix="Ask the operator to accredit it: standing accredit KEY.pub --role issuer.",
        )
    return key.key
