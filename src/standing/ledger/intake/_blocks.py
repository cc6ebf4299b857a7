"""Files of rows, cut into blocks that any process can read on its own.

Every value arrives as text, whatever the file's format: what a number or a day is, the map and
the catalogue decide. CSV is RFC 4180 in UTF-8; Parquet is read by DuckDB and cast to text.
"""

import csv
import hashlib
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standing.errors import Refused, StandingError, Usage

_BLOCK_BYTES: Final = 1 << 20  # some 15,000 rows: what a process holds in memory at once
_SMALLEST_BLOCK_BYTES: Final = 1 << 18
_PARQUET_BLOCK_ROWS: Final = 40_000
_BLANK_LINES: Final = frozenset({b"\n", b"\r\n"})


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that cannot be taken: its number in the file (the first data row is 1) and why."""

    row: int
    code: str
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a file: bytes of a CSV file, rows of a Parquet file."""

    start: int  # byte offset, or first row of a Parquet file
    length: int  # bytes, or rows
    first_row: int  # number of its first row in the file; the first data row is 1
    rows: int


@dataclass(frozen=True, slots=True)
class Table:
    """A file's shape: where it is, what its columns are, and how it is cut."""

    path: str
    format: str  # "csv" or "parquet"
    digest: str  # SHA-256 of the file, hexadecimal
    columns: tuple[str, ...]
    blocks: tuple[Block, ...]


@dataclass(slots=True)
class Columns:
    """The rows of one block by column; `malformed` rows hold empty text in every column."""

    count: int
    values: dict[str, Sequence[str]]
    malformed: list[BadRow]  # numbered from 1 within the block


def open_table(path: Path) -> Table:
    """Look at a file and cut it; raises `E-FILE-01` to `E-FILE-04`."""
    if not path.is_file():
        raise Usage(
            "E-FILE-01",
            f"There is no file {path.name!r}.",
            why="The path names nothing, or a directory.",
            fix="Give the path of a CSV or Parquet file.",
            where=str(path),
        )
    size = path.stat().st_size
    if size == 0:
        raise Refused(
            "E-FILE-02",
            f"The file {path.name!r} is empty.",
            why="A file of rows begins with a line that names its columns.",
            fix="Export the rows again, with a header line.",
            where=str(path),
        )
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        magic = file.read(4)
    if magic == b"PAR1":
        return _open_parquet(path, digest)
    return _open_csv(path, size, digest)


def _open_csv(path: Path, size: int, digest: str) -> Table:
    with path.open("rb") as file:
        cuts = list(_csv_cuts(file, size))
        header_end = cuts[0][0]
        file.seek(0)
        header = file.read(header_end)
    try:
        rows = list(csv.reader(io.StringIO(header.decode("utf-8-sig"), newline=""), strict=True))
        columns = tuple(rows[0]) if rows else ()
    except (UnicodeDecodeError, csv.Error):
        columns = ()
    if not columns or len(set(columns)) != len(columns) or "" in columns:
        raise Refused(
            "E-FILE-03",
            "The first line does not name the columns.",
            why="It must be UTF-8 text with a different name for each column.",
            fix="Put a header line first: date,card,event",
            where=str(path),
        )
    blocks = [
        Block(start, end - start, row, next_row - row)
        for (start, row), (end, next_row) in itertools.pairwise(cuts)
    ]
    return Table(str(path), "csv", digest, columns, tuple(blocks))


def _csv_cuts(file: io.BufferedReader, size: int) -> Iterator[tuple[int, int]]:
    """Give (offset, number of the next row) after the header, then at block ends.

    A block ends at a line end outside quoted fields.
    """
    block_bytes = min(_BLOCK_BYTES, max(_SMALLEST_BLOCK_BYTES, size // 8))
    in_quotes = False
    offset = target = rows = last = 0
    for line in file:
        offset += len(line)
        if b'"' in line:
            # inside RFC 4180 quotes the number of quotes seen so far is odd
            in_quotes ^= line.count(b'"') & 1 == 1
        if in_quotes:
            continue
        rows += line not in _BLANK_LINES
        if offset >= target:
            yield offset, rows
            last, target = offset, offset + block_bytes
    if last != size:
        yield size, rows + in_quotes


def _open_parquet(path: Path, digest: str) -> Table:
    import duckdb  # noqa: PLC0415 - 60 ms that a CSV import need not pay

    try:
        with duckdb.connect() as db:
            found = db.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)])
            columns = tuple(column[0] for column in found.description or ())
            row = db.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone()
    except duckdb.Error as problem:
        raise Refused(
            "E-FILE-04",
            f"{path.name!r} is not a readable Parquet file.",
            why=f"{str(problem).splitlines()[0]}",
            fix="Export the rows again.",
            where=str(path),
        ) from None
    total = int(row[0]) if row else 0
    blocks = tuple(
        Block(start, rows := min(_PARQUET_BLOCK_ROWS, total - start), start + 1, rows)
        for start in range(0, total, _PARQUET_BLOCK_ROWS)
    )
    return Table(str(path), "parquet", digest, columns, blocks)


def read_block(table: Table, block: Block, wanted: Sequence[str]) -> Columns:
    """Read the wanted columns of one block; raises `E-FILE-05` where rows cannot be told apart."""
    read = _read_parquet if table.format == "parquet" else _read_csv
    columns = read(table, block, wanted)
    if columns.count != block.rows:
        last = block.first_row + block.rows - 1
        raise Refused(
            "E-FILE-05",
            f"Rows {block.first_row} to {last} cannot be told apart.",
            why=f"Their lines look like {block.rows} rows and read as {columns.count}: a double"
            " quote stands inside an unquoted field, or lines end in a lone carriage return.",
            fix="Export the file as RFC 4180 CSV with ordinary line ends.",
            where=table.path,
        )
    return columns


def _read_parquet(table: Table, block: Block, wanted: Sequence[str]) -> Columns:
    import duckdb  # noqa: PLC0415 - see above

    quoted = ['"' + name.replace('"', '""') + '"' for name in wanted]
    texts = ", ".join(f"coalesce(cast({name} AS VARCHAR), '')" for name in quoted) or "''"
    query = (
        f"SELECT {texts} FROM read_parquet(?, file_row_number=true)"  # noqa: S608 - quoted names
        " WHERE file_row_number BETWEEN ? AND ? ORDER BY file_row_number"
    )
    with duckdb.connect(config={"threads": 1}) as db:
        rows = db.execute(
            query, [table.path, block.start, block.start + block.length - 1]
        ).fetchall()
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(wanted)
    values: dict[str, Sequence[str]] = dict(zip(wanted, by_column, strict=False))
    return Columns(len(rows), values, [])


def _read_csv(table: Table, block: Block, wanted: Sequence[str]) -> Columns:
    with Path(table.path).open("rb") as file:
        file.seek(block.start)
        data = file.read(block.length)
    malformed: list[BadRow] = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "surrogateescape")
    width = len(table.columns)
    empty = [""] * width
    rows = _well_formed(text, width)
    if rows is None:
        rows = _tolerant(text, width, empty, malformed)
    if not text.isascii():
        _find_broken_text(rows, malformed, empty)
    by_column = list(zip(*rows, strict=True)) if rows else [()] * width
    places = {name: place for place, name in enumerate(table.columns)}
    return Columns(len(rows), {name: by_column[places[name]] for name in wanted}, malformed)


def _well_formed(text: str, width: int) -> list[list[str]] | None:
    """Read rows at full speed, or give nothing where any of them is malformed."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return None
    widths = set(map(len, rows))
    if widths == {width, 0}:
        return [row for row in rows if row]
    return rows if widths <= {width} else None


def _tolerant(text: str, width: int, empty: list[str], malformed: list[BadRow]) -> list[list[str]]:
    """Read rows one by one; a malformed one keeps its place and is named."""
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            for row in reader:
                if len(row) != width:
                    if not row:
                        continue  # a blank line is no row
                    malformed.append(_wrong_width(len(rows) + 1, len(row), width))
                    row = empty  # noqa: PLW2901 - the row keeps its place and its number
                rows.append(row)
            break
        except csv.Error as problem:
            rows.append(empty)
            malformed.append(
                BadRow(
                    len(rows),
                    "E-ROW-02",
                    f"the line is not CSV ({problem})",
                    "quote fields with double quotes and double the quotes inside",
                )
            )
            if "unexpected end" in str(problem):
                break
    return rows


def _wrong_width(row: int, got: int, wanted: int) -> BadRow:
    return BadRow(
        row,
        "E-ROW-01",
        f"it has {got} fields, the header has {wanted}",
        "give every row one value for each column",
    )


def _find_broken_text(rows: list[list[str]], malformed: list[BadRow], empty: list[str]) -> None:
    for place, row in enumerate(rows):
        try:
            "".join(row).encode("utf-8")
        except UnicodeEncodeError:
            rows[place] = empty
            malformed.append(
                BadRow(place + 1, "E-ROW-03", "its text is not UTF-8", "save the file as UTF-8")
            )


def no_column(table: Table, name: str) -> StandingError:
    """Make the error for a map that names a column which the file lacks."""
    return Refused(
        "E-MAP-02",
        f"The file has no column {name!r}.",
        why=f"Its columns are: {', '.join(table.columns)}.",
        fix="Correct the map or the file's header.",
        where=table.path,
    )
