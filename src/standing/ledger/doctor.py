"""Whether a ledger can do its work today: what `standing doctor` looks at. Changes nothing.

Works on a ledger that cannot be opened, and beside one that is being served. It looks after the
machine and the people that a ledger needs; whether the ledger is true is `standing verify`'s.
"""

import shutil
import socket
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from standing.audit import POLICY_FILE
from standing.audit.trust import load_trust
from standing.engine import Clock
from standing.errors import StandingError
from standing.ledger import _backup
from standing.ledger._core import SECONDS_A_DAY, Core
from standing.ledger._outside import MIRRORS_FILE
from standing.ledger._settings import Mail
from standing.ledger._setup import KEYS_DIR, LOG_DIR, VAULT_FILE
from standing.ledger._tick import settings_of
from standing.log import WITNESSED_FILE
from standing.vault import UNDELIVERED, WAITING
from standing.verify.checkpoints import parse_checkpoint
from standing.wire.days import format_day

State = Literal["ok", "attention", "failed"]

_DEMO_KEYS: Final = "demo-keys"
_DATABASES: Final = (VAULT_FILE, f"{LOG_DIR}/log.db", "web.db")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_SMALLEST_ROOM: Final = 1 << 30
_SOON_DAYS: Final = 30
_LATE_DAYS: Final = 2
_REACH_SECONDS: Final = 3.0
_WANTED: Final = ("issuer", "reviewer", "rule-maker")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `fix` says what to do, unless all is well."""

    name: str
    state: State
    said: str
    fix: str = ""


def look_over(directory: Path, clock: Clock | None = None) -> Iterator[Finding]:
    """Look at everything, in order; a ledger that does not open is looked at from outside.

    Raises `E-LEDGER-01` where there is no such folder.
    """
    if not directory.is_dir():
        load_trust(directory)
    yield _room(directory)
    yield _secrecy(directory)
    yield _stray_keys(directory)
    yield from _databases(directory)
    try:
        core = Core.open(directory, clock, read_only=True)
    except StandingError as problem:
        yield _failed("opens", problem)
        return
    with closing(core):
        size, clock_kind = core.log.head.size, core.state.genesis.clock
        said = f"{core.trust.origin}, {size:,} entries, {clock_kind} clock"
        yield Finding("opens", "ok", said)
        yield _clock(core)
        yield _marks(core)
        yield _settings(core)
        yield _messages(core)
        yield _outside_copies(core)
        yield _backups(core)
        yield from _people(core)
        yield _packs(core)


def _failed(name: str, problem: StandingError) -> Finding:
    return Finding(name, "failed", f"{problem.what} {problem.why} [{problem.code}]", problem.fix)


# --- files ---------------------------------------------------------------------------------------


def _room(directory: Path) -> Finding:
    vault = directory / VAULT_FILE
    wanted = max(_SMALLEST_ROOM, vault.stat().st_size if vault.is_file() else 0)
    free = shutil.disk_usage(directory).free
    said = f"{free / 2**30:,.1f} GiB free, {wanted / 2**30:,.1f} GiB wanted"
    if free >= wanted:
        return Finding("room", "ok", said)
    return Finding("room", "attention", said, "Make room: a full disk stops every writer.")


def _secrecy(directory: Path) -> Finding:
    """Look for keys and sessions that others on the machine can read."""
    secret = [directory / "web.db", *_files(directory / KEYS_DIR), *_files(directory / _DEMO_KEYS)]
    open_ones = [
        path.relative_to(directory).as_posix()
        for path in secret
        if path.is_file() and path.suffix != ".pub" and _is_reachable(path, directory)
    ]
    if not open_ones:
        return Finding("secrecy", "ok", "keys and sessions are the owner's alone")
    return Finding(
        "secrecy", "attention", f"others on this machine can read {', '.join(open_ones[:5])}",
        f"chmod 600 them, and chmod 700 {KEYS_DIR}/.",
    )  # fmt: skip


def _is_reachable(path: Path, directory: Path) -> bool:
    """Tell whether others pass every folder between a file and the ledger's, and read the file."""
    if not path.stat().st_mode & _OTHERS:
        return False
    between = path.parent
    while between != directory:
        if not between.stat().st_mode & _OTHERS:
            return False
        between = between.parent
    return True


def _stray_keys(directory: Path) -> Finding:
    """Look for signing keys of people and organisations: none belongs into a ledger."""
    stray = sorted(path.name for path in directory.glob("*.key"))
    if not stray:
        return Finding("signing keys", "ok", "none lies beside the ledger")
    return Finding(
        "signing keys", "attention", f"{', '.join(stray)} lies in the ledger's directory",
        "Keep it with whoever signs: whoever copies the ledger could sign, too.",
    )  # fmt: skip


def _databases(directory: Path) -> Iterator[Finding]:
    for name in _DATABASES:
        path = directory / name
        if not path.is_file():
            continue
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                told = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.Error as problem:
            if problem.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                yield Finding(name, "ok", "in use by the one that writes; not looked into")
                continue
            told = str(problem)
        if told == "ok":
            size = path.stat().st_size / 2**20
            yield Finding(name, "ok", f"SQLite finds no damage in {size:,.0f} MiB")
        else:
            yield Finding(
                name, "failed", f"SQLite says: {told}", "Bring it back: standing restore."
            )


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*")) if folder.is_dir() else []


# --- what it does by itself ----------------------------------------------------------------------


def _clock(core: Core) -> Finding:
    day, newest = core.today, core.state.day
    said = f"it is {format_day(day)}; the newest entry is of {format_day(newest)}"
    if day >= newest:
        return Finding("clock", "ok", said)
    return Finding("clock", "failed", said, "Set this machine's clock: no statement goes back.")


def _marks(core: Core) -> Finding:
    """Look whether somebody ticks: marks are published even when there is nothing to say."""
    seconds = core.state.genesis.interval_seconds
    behind = core.engine.clock.now() - (core.state.marked_through + 1) * seconds
    days = behind // SECONDS_A_DAY
    if days < _LATE_DAYS:
        return Finding("marks", "ok", "published as they fell due")
    return Finding(
        "marks", "attention", f"none was published for {days:,} days",
        "Let standing serve run, or standing tick every day.",
    )  # fmt: skip


def _settings(core: Core) -> Finding:
    try:
        mail = settings_of(core).mail
    except StandingError as problem:
        return _failed("settings", problem)
    if mail is None:
        return Finding("settings", "ok", "no mail server: people are told at their inbox alone")
    return _mail(core.directory, mail)


def _mail(directory: Path, mail: Mail) -> Finding:
    server = f"the mail server {mail.host}:{mail.port}"
    if mail.password_file and not (directory / mail.password_file).is_file():
        return Finding(
            "settings", "attention", f"the password file of {server} is not there",
            "Put it where mail.password_file says.",
        )  # fmt: skip
    try:
        with socket.create_connection((mail.host, mail.port), _REACH_SECONDS):
            return Finding("settings", "ok", f"{server} answers")
    except OSError as problem:
        return Finding(
            "settings", "attention", f"{server} does not answer: {problem}",
            "Mend mail.host and mail.port in standing.toml; messages wait meanwhile.",
        )  # fmt: skip


def _messages(core: Core) -> Finding:
    outbox = core.vault.outbox
    waiting, given_up = outbox.messages(WAITING), outbox.messages(UNDELIVERED)
    said = f"{len(waiting):,} waiting, {len(given_up):,} given up"
    now = core.engine.clock.now()
    late = [one for one in waiting if now - one.made > _LATE_DAYS * SECONDS_A_DAY]
    if not late:
        return Finding("messages", "ok", said)
    why = sorted({one.why for one in late if one.why}) or ["nobody sends them"]
    return Finding(
        "messages", "attention", f"{said}; {len(late):,} for days ({', '.join(why)})",
        "Let standing serve run, or standing tick; mend what the words name.",
    )  # fmt: skip


# --- outside copies ------------------------------------------------------------------------------


def _outside_copies(core: Core) -> Finding:
    policy, mirrors = core.outside.policy, core.outside.mirrors
    witnesses = len(policy.witnesses) if policy else 0
    said = f"{witnesses} witnesses, {len(mirrors)} mirrors"
    if not witnesses and not mirrors:
        return Finding(
            "outside copies", "attention", f"{said}: nobody else could tell that the log forked",
            f"Name some in {POLICY_FILE} or {MIRRORS_FILE}.",
        )  # fmt: skip
    path = core.log.directory / WITNESSED_FILE
    if not witnesses:
        return Finding("outside copies", "ok", said)
    if not path.is_file():
        return Finding(
            "outside copies", "attention", f"{said}; no checkpoint has its quorum yet",
            "standing log cosign asks them and says who gave none.",
        )  # fmt: skip
    size = parse_checkpoint(path.read_bytes())[0].size
    return Finding("outside copies", "ok", f"{said}; witnessed up to {size:,} entries")


def _backups(core: Core) -> Finding:
    try:
        found = _backup.status(core)
    except StandingError as problem:
        return _failed("backup", problem)
    if found is None:
        return Finding(
            "backup", "attention", "nothing was copied yet",
            "standing backup --to A --keys-to B, two places that nobody holds alike.",
        )  # fmt: skip
    said = f"the ledger {found.age_days} days old, its keys {found.keys_age_days}"
    if found.problem is not None:
        return _failed("backup", found.problem)
    if found.is_behind:
        return Finding(
            "backup", "failed", f"{said}; the copy of the keys opens what was erased since",
            "standing tick replaces it.",
        )  # fmt: skip
    return Finding("backup", "ok", said)


# --- people --------------------------------------------------------------------------------------


def _people(core: Core) -> Iterator[Finding]:
    """Look for rights that end soon, and for roles that nobody holds."""
    live = [
        one
        for one in core.state.roll.keys.values()
        if one.revoked_entry is None and one.until >= core.today
    ]
    ending = sorted((one.until, one.name) for one in live if one.until - core.today <= _SOON_DAYS)
    said = f"{len(live):,} hold one today"
    if ending:
        names = ", ".join(f"{name} on {format_day(until)}" for until, name in ending[:5])
        yield Finding(
            "rights", "attention", f"{len(ending)} end within {_SOON_DAYS} days: {names}",
            "standing accredit renews one: with it ends what only its holder may do.",
        )  # fmt: skip
    else:
        yield Finding("rights", "ok", said)
    missing = [role for role in _WANTED if not any(one.role == role for one in live)]
    if missing:
        yield Finding(
            "roles", "attention", f"nobody is {' and nobody is '.join(missing)}",
            "standing accredit: without a reviewer, whatever is contested lapses.",
        )  # fmt: skip
    else:
        yield Finding("roles", "ok", "issuers, reviewers and rule-makers are there")


def _packs(core: Core) -> Finding:
    """Look for contexts that issuers act in without a pack in force."""
    state = core.state
    contexts = {pack.context for pack in state.roll.packs.values()}
    ready = sorted(c for c in contexts if any(f <= core.today for f, _ in state.packs_of(c)))
    later = sorted(contexts - set(ready))
    if ready and not later:
        return Finding("packs", "ok", f"in force in {', '.join(ready)}")
    what = f"none is in force yet in {', '.join(later)}" if later else "none is in force"
    return Finding(
        "packs", "attention", what,
        "Two rule-makers sign one: standing pack publish; it holds from the day that it names.",
    )  # fmt: skip
