"""Every error of standing: one root, three branches, five facts each.

The same object becomes text on a terminal, JSON on standard error and, later, a page.
`code` never changes its meaning; the words may.
"""

from typing import Final

EXIT_REFUSED: Final = 1
EXIT_PROOF_FAILED: Final = 2
EXIT_USAGE: Final = 3
EXIT_UNREACHABLE: Final = 4


class StandingError(Exception):
    """What went wrong, why, and what to do: the root of all errors raised on purpose.

    `code` is stable (`E-ROW-03`); `what` is one sentence; `why` gives got and wanted;
    `fix` is something the reader can do; `where` names the place (a file, a row, an entry).
    """

    exit_code: int = EXIT_REFUSED

    def __init__(self, code: str, what: str, *, why: str, fix: str, where: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.why = why
        self.fix = fix
        self.where = where

    def __str__(self) -> str:
        where = f" ({self.where})" if self.where else ""
        return f"{self.code} {self.what}{where} {self.why} {self.fix}"

    def __reduce__(self) -> tuple[object, ...]:
        """Cross process borders whole: import and verify work in several processes."""
        return _rebuild, (type(self), self.code, self.what, self.why, self.fix, self.where)

    def as_dict(self) -> dict[str, str]:
        """Give the five facts by name, for `--json` and for problem details (RFC 9457)."""
        return {
            "code": self.code,
            "what": self.what,
            "why": self.why,
            "fix": self.fix,
            "where": self.where,
        }


def _rebuild(
    kind: type[StandingError], code: str, what: str, why: str, fix: str, where: str
) -> StandingError:
    return kind(code, what, why=why, fix=fix, where=where)


class Refused(StandingError):  # noqa: N818 - the words of the house: what happened, not "Error"
    """The input or the act is not allowed; nothing was changed."""


class Usage(Refused):
    """The call itself is malformed: a missing file, a wrong option."""

    exit_code = EXIT_USAGE


class Broken(StandingError):  # noqa: N818 - see Refused
    """A proof, a signature or a stored byte does not hold."""

    exit_code = EXIT_PROOF_FAILED


class Unreachable(StandingError):  # noqa: N818 - see Refused
    """Something outside this process did not answer."""

    exit_code = EXIT_UNREACHABLE
