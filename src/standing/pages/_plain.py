"""A sheet as plain text, for a terminal."""

from collections.abc import Iterator

from standing.pages._sheet import Block, Door, Facts, Heading, Para, Quote, Sheet, Table


def sheet_text(sheet: Sheet) -> str:
    """Write a sheet as text."""
    lines = [sheet.title, *([sheet.stamp] if sheet.stamp else [])]
    for block in sheet.blocks:
        lines += _lines(block)
    return "\n".join(lines)


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(text, level):
            yield ""
            yield text.upper() if level == 2 else text  # noqa: PLR2004 - the upper of two levels
        case Para(text):
            yield text
        case Quote(text, by):
            yield from (f"  | {line}" for line in text.splitlines())
            if by:
                yield f"  ({by})"
        case Facts(rows):
            yield from (f"  {name}: {value}" for name, value in rows)
        case Table(caption, heads, rows):
            if rows:
                yield f"  {caption}: {' | '.join(heads)}"
                yield from (f"    {' | '.join(row)}" for row in rows)
        case Door(words, command, until):
            yield f"  {words}{f' ({until})' if until else ''}: {command}"
