"""What a row must say before it may become a record about somebody: who saw it, how, and when.

All of it follows from the row and the day alone, so that whoever delivers it is told; an audit
holds every stored record to the same.
"""

from typing import Final, NamedTuple

LATEST_DAYS: Final = 14
"""L59: a record is stored at most so long after the act."""
IDENTIFIED: Final = frozenset({"credential-shown", "sole-account-holder"})
"""L58: how a person may have been known; keeper, payer, seat or picture is not enough."""
FROM_REGISTER: Final = "register"
"""How an organisation of a public register is known."""
SECOND: Final = "; second: "
"""What stands between the two signers of a record that has two."""
_DEVICES: Final = (
    "algorithm", "automat", "camera", "cctv", "detector", "device", "machine", "microphone",
    "robot", "sensor", "software", "传感器", "摄像", "设备", "机器", "算法",
)  # fmt: skip


class Signers(NamedTuple):
    """Who signed a record; each has a name, and a unit where one is given: UNIT/NAME."""

    first: tuple[str, str]
    second: tuple[str, str] | None


def signers_of(text: str) -> Signers:
    """Read a record's signers: `anna`, `unit-a/anna`, or `unit-a/anna; second: unit-b/bert`."""
    first, between, second = text.partition(SECOND)
    return Signers(_parted(first), _parted(second) if between else None)


def with_second(signer: str, second: str) -> str:
    """Write two signers as a record holds them."""
    return f"{signer}{SECOND}{second}" if second else signer


def _parted(text: str) -> tuple[str, str]:
    """Give (unit, name), compared without case and extra blanks."""
    unit, _, name = text.rpartition("/")
    return _plain(unit), _plain(name)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def no_human(signer: str) -> str | None:
    """Tell why a signer is no named human (L06): a sensor accuses nobody."""
    if _parted(signer)[1].startswith(_DEVICES):
        return f"{signer!r} is a device; a named human makes a record, or nobody does"
    return None


def unfit_second(signer: str, second: str) -> str | None:
    """Tell why a second signer is none: without a unit, or of the first one's (L67)."""
    first, (unit, name) = _parted(signer), _parted(second)
    if not unit or not name or SECOND.strip() in second:
        return f"{second!r} does not read UNIT/NAME"
    if unit == first[0] or name == first[1]:
        return f"{second!r} is of the unit or the name of {signer!r}"
    return no_human(second)
