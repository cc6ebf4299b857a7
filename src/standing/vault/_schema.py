"""The tables of vault.db.

`documents`, `batches` and `marks` hold what the log commits to; every other table is an index
that an auditor recomputes from them, but for `asked`, `asking`, `presented` and `checkpoints`,
keyed hashes, counts and notes that outlive what is erased, `cursors`, `outbox` and `messages`:
what was told to whom, and `erasing`: erasures whose last traces may not be gone yet, by the leaf of
their document. No verifier relies on those. Whoever controls this file can withhold or
delete personal payloads and cannot invent or alter a record.
"""

from typing import Final

SCHEMA: Final = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE documents(
  leaf BLOB PRIMARY KEY, kind TEXT NOT NULL, day INTEGER NOT NULL,
  subject INTEGER NOT NULL, context TEXT NOT NULL, sealed BLOB NOT NULL,
  marks INTEGER, position INTEGER) WITHOUT ROWID, STRICT;
CREATE INDEX documents_waiting ON documents(leaf) WHERE marks IS NULL;
CREATE INDEX documents_of ON documents(subject, context);
CREATE TABLE marks(
  id INTEGER PRIMARY KEY, statement BLOB NOT NULL UNIQUE, entry INTEGER, leaves BLOB NOT NULL
) STRICT;
CREATE TABLE batches(
  id INTEGER PRIMARY KEY, statement BLOB NOT NULL UNIQUE, entry INTEGER, day INTEGER NOT NULL,
  issuer TEXT NOT NULL, context TEXT NOT NULL,
  kinds BLOB NOT NULL, leaves BLOB NOT NULL, owners BLOB NOT NULL, bodies BLOB NOT NULL
) STRICT;
CREATE INDEX batches_staged ON batches(id) WHERE entry IS NULL;
CREATE TABLE runs(
  kind TEXT NOT NULL, run INTEGER NOT NULL, first INTEGER NOT NULL, level INTEGER NOT NULL,
  staged INTEGER NOT NULL, rows BLOB NOT NULL, digest BLOB NOT NULL,
  PRIMARY KEY(kind, run, first)) WITHOUT ROWID, STRICT;
CREATE TABLE subjects(number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key BLOB NOT NULL) STRICT;
CREATE INDEX subjects_key ON subjects(key);
CREATE TABLE names(
  pseudonym TEXT PRIMARY KEY, subject INTEGER NOT NULL, context TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX names_of ON names(subject, context);
CREATE TABLE links(
  reference BLOB NOT NULL, since INTEGER NOT NULL, subject INTEGER NOT NULL,
  until INTEGER NOT NULL, shared INTEGER NOT NULL, PRIMARY KEY(reference, since, subject)
) WITHOUT ROWID, STRICT;
CREATE TABLE consents(
  subject INTEGER NOT NULL, context TEXT NOT NULL, since INTEGER NOT NULL, leaf BLOB NOT NULL,
  until INTEGER NOT NULL, withdrawn INTEGER, terms BLOB NOT NULL,
  PRIMARY KEY(subject, context, since, leaf)
) WITHOUT ROWID, STRICT;
CREATE TABLE adults(subject INTEGER PRIMARY KEY, since INTEGER NOT NULL) STRICT;
CREATE TABLE questions(
  name BLOB NOT NULL, leaf BLOB NOT NULL, until INTEGER NOT NULL, PRIMARY KEY(name, leaf)
) WITHOUT ROWID, STRICT;
CREATE INDEX questions_until ON questions(until);
CREATE TABLE asked(
  name BLOB PRIMARY KEY, day INTEGER NOT NULL, question BLOB NOT NULL, answer BLOB NOT NULL,
  expires INTEGER NOT NULL, checkpoint INTEGER NOT NULL, followed INTEGER NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE checkpoints(id INTEGER PRIMARY KEY, note BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE asking(
  party BLOB NOT NULL, day INTEGER NOT NULL, asked INTEGER NOT NULL, followed INTEGER NOT NULL,
  PRIMARY KEY(party, day)) WITHOUT ROWID, STRICT;
CREATE TABLE presented(id BLOB PRIMARY KEY) WITHOUT ROWID, STRICT;
CREATE TABLE recalls(
  party BLOB NOT NULL, deal TEXT NOT NULL, nonce BLOB NOT NULL, since INTEGER NOT NULL,
  due INTEGER NOT NULL, confirmed INTEGER, PRIMARY KEY(party, deal)) WITHOUT ROWID, STRICT;
CREATE TABLE cursors(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE steps(
  opening BLOB NOT NULL, number INTEGER NOT NULL, leaf BLOB NOT NULL, PRIMARY KEY(opening, number)
) WITHOUT ROWID, STRICT;
CREATE TABLE cases(
  name TEXT PRIMARY KEY, opening BLOB NOT NULL, subject INTEGER NOT NULL, context TEXT NOT NULL,
  lifecycle TEXT NOT NULL, due INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE INDEX cases_due ON cases(due);
CREATE INDEX cases_of ON cases(subject, context);
CREATE INDEX cases_in ON cases(lifecycle, context);
CREATE TABLE freezes(
  subject INTEGER NOT NULL, context TEXT NOT NULL, since INTEGER NOT NULL, opening BLOB NOT NULL,
  until INTEGER NOT NULL, PRIMARY KEY(subject, context, since, opening)) WITHOUT ROWID, STRICT;
CREATE TABLE keys(
  subject INTEGER NOT NULL, since INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY(subject, since)
) WITHOUT ROWID, STRICT;
CREATE INDEX keys_key ON keys(key);
CREATE TABLE erasing(leaf BLOB PRIMARY KEY) WITHOUT ROWID, STRICT;
CREATE TABLE scores(
  context TEXT NOT NULL, day INTEGER NOT NULL, pack BLOB NOT NULL,
  size INTEGER NOT NULL, rows BLOB NOT NULL, PRIMARY KEY(context, day, pack)
) WITHOUT ROWID, STRICT;
CREATE TABLE outbox(
  recipient TEXT NOT NULL, item TEXT NOT NULL, subject INTEGER NOT NULL, context TEXT NOT NULL,
  message TEXT NOT NULL, PRIMARY KEY(recipient, item)) WITHOUT ROWID, STRICT;
CREATE INDEX outbox_in ON outbox(message);
CREATE INDEX outbox_about ON outbox(subject, context);
CREATE TABLE messages(
  id TEXT PRIMARY KEY, recipient TEXT NOT NULL, about TEXT NOT NULL, made INTEGER NOT NULL,
  state TEXT NOT NULL, attempts INTEGER NOT NULL, next INTEGER NOT NULL, why TEXT NOT NULL
) WITHOUT ROWID, STRICT;
CREATE INDEX messages_due ON messages(next) WHERE state='waiting';
CREATE INDEX messages_to ON messages(recipient);
"""
"""The whole schema; STRICT so that a value of another type never enters.

The columns of a primary key come first, in its order: SQLite's own integrity check of versions
about 3.40 else finds a NULL that is not there.
"""
