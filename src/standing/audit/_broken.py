"""The one error of a failed check."""

from standing.errors import Broken


def broken(what: str, why: str, where: str) -> Broken:
    """Make the error of a failed check."""
    return Broken(
        "E-VERIFY-02",
        what,
        why=why,
        fix="Keep this copy as evidence; compare with a mirror, a witness or an older backup.",
        where=where,
    )
