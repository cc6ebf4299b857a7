"""Verbs about the log: statements of others, files, outside copies, what everybody may see."""

from collections.abc import Sequence

from standing import charter
from standing.errors import StandingError
from standing.ledger import _outside, _register, _tick, holders, public
from standing.ledger.verbs._base import Verbs
from standing.log import Publication
from standing.wire.keys import PublicKey


class LogVerbs(Verbs):
    """Verbs about the log."""

    def register(
        self, claims: Sequence[charter.Claim]
    ) -> list[_register.Registered | StandingError]:
        """Append examined statements as one commit, each judged for itself; `publish` follows."""
        return _register.register(self._core, claims)

    def receipt_of(self, statement_hash: bytes) -> bytes | None:
        """Give the receipt of a statement by its hash, or nothing."""
        return _register.receipt_of(self._core, statement_hash)

    def deposit(self, data: bytes) -> bytes:
        """Keep a public document that an accredited key signed for; gives its digest."""
        return _register.deposit(self._core, data)

    def publish(self) -> None:
        """Bring tiles, bundles and checkpoint up to the log."""
        self._core.publish()

    def begin_publication(self) -> Publication | None:
        """Collect what is not published yet; its `write` may run beside other verbs."""
        return self._core.log.begin_publication()

    def end_publication(self, publication: Publication, error: BaseException | None = None) -> None:
        """Note that a publication is on the disk; or that it failed, which stops the log."""
        self._core.log.end_publication(publication, error)

    @property
    def outside(self) -> _outside.Outside:
        """The witnesses and mirrors of this ledger."""
        return self._core.outside

    @property
    def proxy(self) -> str:
        """The address of the web server in front, if the settings name one; `E-SET-01`, `-02`."""
        return _tick.settings_of(self._core).web.proxy

    @property
    def published(self) -> bytes | None:
        """The published checkpoint, if there is one."""
        return self._core.log.published()

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Prove that the log at `old` begins the log at `new`."""
        return self._core.log.consistency(old, new)

    def publish_witnessed(self, checkpoint: bytes) -> bool:
        """Publish a checkpoint that enough witnesses cosigned, unless a newer one is there."""
        return self._core.log.publish_witnessed(checkpoint)

    def cosign(self) -> _outside.Gathered | None:
        """Ask the witnesses for the published checkpoint, and publish it if enough cosign."""
        return self._core.cosign()

    def overview(self) -> public.Overview:
        """Give the log's head and its newest checkpoints, with who signed them."""
        return public.overview(self._core)

    def growth(self) -> list[public.DaySize]:
        """Give the log's size at the end of each day that brought an entry."""
        return public.growth(self._core)

    def entries(self, start: int, stop: int) -> list[public.EntryLine]:
        """Describe a stretch of the log's entries, oldest first."""
        return public.entries(self._core, start, stop)

    def entry(self, which: str) -> public.Entry:
        """Describe an entry, by index or statement hash, with its path to the root."""
        return public.entry(self._core, which)

    def proof(self, which: str, kind: str) -> tuple[int, bytes]:
        """Give an entry's place and its proof: `receipt` or `tlog-proof`."""
        return public.proof(self._core, which, kind)

    def check(self, proof: bytes, statement: bytes | None = None) -> public.Proven:
        """Check a receipt, a tlog-proof or a statement that carries its receipt."""
        return public.check(self._core, proof, statement)

    def document(self, digest: str) -> bytes:
        """Give a public document by its digest in hexadecimal."""
        return public.document(self._core, digest)

    @property
    def trust_file(self) -> bytes:
        """What a verifier starts from, as `trust.json` holds it."""
        return self._core.trust.format()

    def roll(self) -> list[public.Holder]:
        """List every key that ever had a right."""
        return public.roll(self._core)

    def log_keys(self) -> list[public.LogKey]:
        """List the log's own keys of today: what its answers and marks are signed with."""
        return public.log_keys(self._core)

    def packs(self) -> list[public.PackLine]:
        """List the packs by context, newest version first."""
        return public.packs(self._core)

    def askers(self, context: str) -> list[public.Asker]:
        """List who may ask what in a context today."""
        return public.askers(self._core, context)

    def holding(self, key: PublicKey) -> holders.Holding:
        """Tell what a key is good for today: a subject's, or an organisation's on the roll."""
        return holders.holding(self._core, key)
