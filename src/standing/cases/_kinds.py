"""What kind of value a field of a step holds: commands, forms and interface follow from it."""

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from standing.cases._guards import Day


def kind_of(hint: Any) -> tuple[Any, bool]:
    """Tell what one value is: Day, bytes, int, str, bool or choices; and whether there are many."""
    if hint is Day:
        return Day, False
    origin = get_origin(hint)
    if origin is Annotated:
        return kind_of(get_args(hint)[0])
    if origin in {Union, UnionType}:
        return kind_of(next(part for part in get_args(hint) if part is not type(None)))
    if origin is tuple:
        return kind_of(get_args(hint)[0])[0], True
    if origin is Literal:
        return (bool, False) if get_args(hint) == (True,) else (get_args(hint), False)
    return hint, False
