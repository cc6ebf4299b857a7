"""How inner loops are compiled: by numba, when first called, and kept for the next process."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_Loop = TypeVar("_Loop", bound=Callable[..., Any])

Whole = Any
"""A whole number of the machine inside compiled code, where Python's `int` does not exist."""


def compiled(loop: _Loop) -> _Loop:
    """Compile a loop over arrays; it runs without the interpreter's lock, beside other threads.

    What is compiled is kept beside the sources, else in the account's cache folder, else nowhere:
    then each process compiles for itself. It is kept by the file of the loop alone, so whoever
    changes what loops take from elsewhere (`_tables.Tables`, NEVER) removes what was kept.
    """
    try:
        return cast("_Loop", njit(nogil=True, cache=True)(loop))
    except RuntimeError:  # no folder to keep it in
        return cast("_Loop", njit(nogil=True)(loop))
