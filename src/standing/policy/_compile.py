"""How inner loops are compiled: by numba, when first called, and kept for the next process."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

_Loop = TypeVar("_Loop", bound=Callable[..., Any])

Whole = Any
"""A whole number of the machine inside compiled code, where Python's `int` does not exist."""


def compiled(loop: _Loop) -> _Loop:
    """Compile a loop over arrays; it runs without the interpreter's lock, beside other threads."""
    return cast("_Loop", njit(nogil=True, cache=True)(loop))
