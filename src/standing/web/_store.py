"""Who is signed in: sessions, passkeys, one-use links and answers that may be asked for again.

`DIR/web.db`, a file of its own. Whoever can read it learns which public keys signed in here and
when; whoever can change it can sign somebody out, or let a key of their own stand for a session,
and can then read what that session reads; they can sign nothing, since every act carries its own
proof. Tokens lie here as hashes, answers sealed under what the client alone holds. It is in no
backup: whoever loses it signs in again with the same passkey only if that was backed up elsewhere,
or recovers the key.
"""

import hashlib
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

FILE: Final = "web.db"
IDLE_SECONDS: Final = 30 * 60
LONGEST_SECONDS: Final = 12 * 3600
FRESH_SECONDS: Final = 5 * 60
"""How long after a proof of presence a grave act needs none again."""
LINK_SECONDS: Final = 24 * 3600
UNUSED_SECONDS: Final = 30 * 24 * 3600
_TOUCH_SECONDS: Final = 60
_TOKEN_BYTES: Final = 32
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sessions(
  token BLOB PRIMARY KEY, key BLOB NOT NULL, demo TEXT NOT NULL, credential BLOB NOT NULL,
  began INTEGER NOT NULL, used INTEGER NOT NULL, proved INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS links(
  token BLOB PRIMARY KEY, name TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS passkeys(
  credential BLOB PRIMARY KEY, key BLOB NOT NULL, counter INTEGER NOT NULL, made INTEGER NOT NULL,
  stood INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS passkeys_key ON passkeys(key);
CREATE TABLE IF NOT EXISTS drafts(
  context TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL, saved INTEGER NOT NULL,
  PRIMARY KEY(context, author)) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS repeats(
  name BLOB PRIMARY KEY, request BLOB NOT NULL, answer BLOB NOT NULL, until INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
"""


class Session(NamedTuple):
    """Somebody who is signed in; `demo` names the key file that the server signs with."""

    token: bytes  # its hash
    key: bytes  # COSE_Key
    demo: str
    credential: bytes
    began: int
    used: int
    proved: int


class Passkey(NamedTuple):
    """A passkey that was made here: the COSE_Key behind a credential, and its counter."""

    credential: bytes
    key: bytes
    counter: int


class Draft(NamedTuple):
    """A pack that a rule-maker is writing; rules are about nobody."""

    context: str
    author: str
    text: str
    saved: int


class Store:
    """The file, for several threads; each call is one transaction."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA secure_delete=ON")
        self._db.execute("PRAGMA busy_timeout=5000")
        self._db.executescript(_SCHEMA)
        # nobody answers any more what a process that ended was answering
        self._db.execute("DELETE FROM repeats WHERE answer=x''")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @property
    def now(self) -> int:
        """Seconds since 1970, by this machine's clock, whatever the ledger's."""
        return int(self._clock())

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # --- sessions ------------------------------------------------------------------------------

    def begin(self, key: bytes, *, demo: str = "", credential: bytes = b"") -> str:
        """Sign somebody in; gives the token that a cookie carries."""
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), self.now
        with self._writing() as db:
            db.execute(
                "INSERT INTO sessions VALUES (?,?,?,?,?,?,?)",
                (_hash(token), key, demo, credential, now, now, now),
            )
        return token

    def find(self, token: str) -> Session | None:
        """Find a session that has not ended; using it keeps it from ending for a while."""
        now = self.now
        with self._lock:
            row = self._db.execute(
                "SELECT * FROM sessions WHERE token=?", (_hash(token),)
            ).fetchone()
        if row is None:
            return None
        session = Session(*row)
        if now >= min(session.used + IDLE_SECONDS, session.began + LONGEST_SECONDS):
            self.end(session)
            return None
        if now - session.used >= _TOUCH_SECONDS:
            with self._writing() as db:
                db.execute("UPDATE sessions SET used=? WHERE token=?", (now, session.token))
        return session

    def is_fresh(self, session: Session) -> bool:
        """Tell whether somebody showed a moment ago that they hold the key."""
        return self.now < session.proved + FRESH_SECONDS

    def prove(self, session: Session) -> None:
        """Note that somebody has just shown that they hold the key."""
        with self._writing() as db:
            db.execute("UPDATE sessions SET proved=? WHERE token=?", (self.now, session.token))

    def end(self, session: Session) -> None:
        """Sign somebody out."""
        with self._writing() as db:
            db.execute("DELETE FROM sessions WHERE token=?", (session.token,))

    # --- one-use links -------------------------------------------------------------------------

    def new_link(self, name: str) -> str:
        """Make a link's token for a key file of the demo."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._writing() as db:
            db.execute(
                "INSERT INTO links VALUES (?,?,?)", (_hash(token), name, self.now + LINK_SECONDS)
            )
        return token

    def link(self, token: str) -> str | None:
        """Tell whose link this is, while it is good; looking does not use it."""
        with self._lock:
            row = self._db.execute(
                "SELECT name FROM links WHERE token=? AND until>?", (_hash(token), self.now)
            ).fetchone()
        return str(row[0]) if row else None

    def use_link(self, token: str) -> str | None:
        """Use a link; of two that try at once, one gets its name."""
        with self._writing() as db:
            row = db.execute(
                "DELETE FROM links WHERE token=? AND until>? RETURNING name",
                (_hash(token), self.now),
            ).fetchone()
        return str(row[0]) if row else None

    # --- passkeys ------------------------------------------------------------------------------

    def add_passkey(self, credential: bytes, key: bytes, counter: int) -> None:
        """Remember a passkey that was just made."""
        with self._writing() as db:
            db.execute(
                "INSERT INTO passkeys VALUES (?,?,?,?,0)", (credential, key, counter, self.now)
            )

    def passkey(self, credential: bytes) -> Passkey | None:
        """Find a passkey by its credential."""
        query = "SELECT credential, key, counter FROM passkeys WHERE credential=?"
        with self._lock:
            row = self._db.execute(query, (credential,)).fetchone()
        return Passkey(*row) if row else None

    def count(self, credential: bytes, counter: int) -> None:
        """Note a passkey's newest counter."""
        with self._writing() as db:
            db.execute("UPDATE passkeys SET counter=? WHERE credential=?", (counter, credential))

    def keys(self) -> list[bytes]:
        """List the keys behind the passkeys."""
        with self._lock:
            return [key for (key,) in self._db.execute("SELECT DISTINCT key FROM passkeys")]

    def keep_only(self, standing: set[bytes], seen: Iterable[bytes]) -> None:
        """Forget passkeys and sessions of keys that stood for somebody and do so no more.

        One that never did may wait a month to be accredited. `seen`: the keys that were asked
        about; others were made meanwhile.
        """
        before = self.now - UNUSED_SECONDS
        gone = [(key,) for key in seen if key not in standing]
        with self._writing() as db:
            db.executemany("UPDATE passkeys SET stood=1 WHERE key=?", [(k,) for k in standing])
            rule = "key=? AND (stood=1 OR made<=?)"
            old = [(*key, before) for key in gone]
            db.executemany(
                f"DELETE FROM sessions WHERE key IN (SELECT key FROM passkeys WHERE {rule})",  # noqa: S608 - a constant
                old,
            )
            db.executemany(f"DELETE FROM passkeys WHERE {rule}", old)  # noqa: S608 - a constant
        self._settle()

    def forget(self, keys: Iterable[bytes]) -> None:
        """Forget passkeys and sessions of keys that stand for nobody any more."""
        named = [(key,) for key in keys]
        with self._writing() as db:
            db.executemany("DELETE FROM passkeys WHERE key=?", named)
            db.executemany("DELETE FROM sessions WHERE key=?", named)
        self._settle()

    def _settle(self) -> None:
        """Leave no older page behind in the journal: what is forgotten is in no file."""
        with self._lock:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # --- answers that may be asked for again ---------------------------------------------------

    def first_time(self, name: bytes, request: bytes, seconds: int) -> tuple[bytes, bytes] | None:
        """Note that a request is being answered; for a known name give (request, answer)."""
        with self._writing() as db:
            row: tuple[bytes, bytes] | None = db.execute(
                "SELECT request, answer FROM repeats WHERE name=? AND until>?", (name, self.now)
            ).fetchone()
            if row is None:
                db.execute(
                    "INSERT OR REPLACE INTO repeats VALUES (?,?,?,?)",
                    (name, request, b"", self.now + seconds),
                )
            return row

    def answered(self, name: bytes, answer: bytes) -> None:
        """Keep the answer that a repeated request gets."""
        with self._writing() as db:
            db.execute("UPDATE repeats SET answer=? WHERE name=?", (answer, name))

    def not_answered(self, name: bytes) -> None:
        """Let a request be made again that came to nothing."""
        with self._writing() as db:
            db.execute("DELETE FROM repeats WHERE name=?", (name,))

    # --- drafts of packs -----------------------------------------------------------------------

    def save_draft(self, context: str, author: str, text: str) -> None:
        """Keep a rule-maker's draft of a pack; it replaces the one before."""
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO drafts VALUES (?,?,?,?)", (context, author, text, self.now)
            )

    def drafts(self) -> list[Draft]:
        """List every draft, the newest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT context, author, text, saved FROM drafts ORDER BY saved DESC, context"
            ).fetchall()
        return [Draft(*row) for row in rows]

    def drop_draft(self, context: str, author: str) -> None:
        """Forget a draft."""
        with self._writing() as db:
            db.execute("DELETE FROM drafts WHERE context=? AND author=?", (context, author))

    # --- forgetting ----------------------------------------------------------------------------

    def sweep(self) -> None:
        """Forget what has ended."""
        now = self.now
        with self._writing() as db:
            db.execute(
                "DELETE FROM sessions WHERE used<=? OR began<=?",
                (now - IDLE_SECONDS, now - LONGEST_SECONDS),
            )
            db.execute("DELETE FROM links WHERE until<=?", (now,))
            db.execute("DELETE FROM repeats WHERE until<=?", (now,))
        self._settle()


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
