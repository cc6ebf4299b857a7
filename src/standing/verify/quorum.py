"""Whose cosignatures a checkpoint needs: trust policy files, C2SP tlog-policy.

A file lists logs, witnesses, groups of witnesses and one quorum. Reading is strict; names are
octets that mean nothing outside the file. A line of a listed witness that is there and does not
hold ends the check: the signed-note format asks verifiers to reject such a note whole.
Has nothing to do with the rules that scores follow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from standing.errors import Broken
from standing.verify._cosigned import find_line, verify_line
from standing.verify._trust_file import Group, TrustedLog, TrustedWitness, read_lines
from standing.verify.checkpoints import Checkpoint, parse_checkpoint
from standing.wire.notes import ED25519_TYPE, Note, NoteKey

__all__ = ["Group", "TrustPolicy", "TrustedLog", "TrustedWitness", "parse_trust_policy"]

NO_QUORUM: Final = "none"


@dataclass(frozen=True)
class TrustPolicy:
    """Logs that are believed, witnesses that are known, and the quorum: a name, or `none`.

    Made by `parse_trust_policy`; each group names only witnesses and groups before it.
    """

    logs: tuple[TrustedLog, ...]
    witnesses: tuple[TrustedWitness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def format(self) -> bytes:
        """Write a file that reads as this policy; comments and blanks are not kept."""
        lines = [
            *(" ".join(filter(None, ("log", log.key.vkey(), log.url))) for log in self.logs),
            *(
                " ".join(filter(None, ("witness", w.name, w.key.vkey(), w.url)))
                for w in self.witnesses
            ),
            *(" ".join(("group", g.name, str(g.threshold), *g.members)) for g in self.groups),
            f"quorum {self.quorum}",
        ]
        return "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")

    def verify(self, data: bytes) -> Checkpoint:
        """Give the checkpoint of a note that one listed log signed and a quorum cosigned.

        Raises `E-QUORUM-02` if no listed log signed it, `E-QUORUM-03` naming who is missing, and
        `E-SIG-..` or `E-COSIGN-02` for the line of a listed key that does not hold.
        """
        checkpoint, note = parse_checkpoint(data)
        self._verify_log(checkpoint, note)
        self.require_quorum(checkpoint, note)
        return checkpoint

    def _verify_log(self, checkpoint: Checkpoint, note: Note) -> None:
        signers = [
            log.key
            for log in self.logs
            if log.key.name == checkpoint.origin and find_line(note, log.key) is not None
        ]
        for key in signers:
            verify_log_line(checkpoint, note, key)
        if not signers:
            raise Broken(
                "E-QUORUM-02",
                "No log of the trust policy signed this checkpoint.",
                why=f"The checkpoint is of {checkpoint.origin!r}; {len(self.logs)} logs are listed"
                " and none of their keys signed it under that name.",
                fix="Fetch a checkpoint of a listed log, or add a line for this one.",
            )

    def require_quorum(self, checkpoint: Checkpoint, note: Note) -> None:
        """Raise `E-QUORUM-03` unless the quorum cosigned; who signed for the log is not checked."""
        seen = {
            w.name: find_line(note, w.key) is not None and verify_line(checkpoint, note, w.key) >= 0
            for w in self.witnesses
        }
        for group in self.groups:
            seen[group.name] = sum(seen[name] for name in group.members) >= group.threshold
        if self.quorum != NO_QUORUM and not seen[self.quorum]:
            raise Broken(
                "E-QUORUM-03",
                "Too few witnesses cosigned the checkpoint.",
                why=f"The quorum {_shown(self.quorum)} is not reached. {self._missing(seen)}",
                fix="Ask the witnesses that are missing for their cosignatures, or wait for them.",
            )

    def _missing(self, seen: Mapping[str, bool]) -> str:
        """Say which witnesses the quorum still lacks, and how far each group of it is."""
        groups = {group.name: group for group in self.groups}
        said, wanted = [], [self.quorum]
        while wanted:
            name = wanted.pop(0)
            group = groups.get(name)
            if seen[name]:
                continue
            if group is None:
                said.append(f"Missing: {_shown(name)}.")
                continue
            have = sum(seen[member] for member in group.members)
            said.append(f"Group {_shown(name)} has {have} of the {group.threshold} it needs.")
            wanted += group.members
        return " ".join(said)


def verify_log_line(checkpoint: Checkpoint, note: Note, key: NoteKey) -> None:
    """Raise `Broken` unless a log's key, of kind 0x01 or 0x06, signed this checkpoint."""
    if key.kind == ED25519_TYPE:
        note.verify(key.name, key.public)
    else:
        verify_line(checkpoint, note, key)


def parse_trust_policy(data: bytes) -> TrustPolicy:
    """Read a trust policy file; raises `E-QUORUM-01`, naming the line, for any other bytes.

    At most 1,000,000 bytes, and 256 each of logs, witnesses and groups.
    """
    return TrustPolicy(*read_lines(data))


def _shown(name: str) -> str:
    """Write a name's octets so that they print."""
    return repr(name.encode(errors="surrogateescape"))[1:]
