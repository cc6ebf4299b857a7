"""The one error of a failed check."""

from typing import Final

from standing.errors import Broken

_KEEP: Final = "Keep this copy as evidence; compare with a mirror, a witness or an older backup."


def broken(what: str, why: str, where: str, *, fix: str = _KEEP) -> Broken:
    """Make the error of a failed check."""
    return Broken("E-VERIFY-02", what, why=why, fix=fix, where=where)
