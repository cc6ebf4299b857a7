"""Asking witnesses while the log is served: in the background, never in the way of a receipt."""

import asyncio
import logging
from typing import Final

from standing.errors import StandingError
from standing.serve._registrar import Registrar
from standing.verify.checkpoints import parse_checkpoint

_PROOF_SECONDS: Final = 30.0
_log = logging.getLogger("standing.serve")


class Cosigning:
    """Gets each new published checkpoint cosigned, and publishes it once a quorum has."""

    def __init__(self, registrar: Registrar, every_seconds: float) -> None:
        self._registrar = registrar
        self._every = every_seconds
        self._size = 0

    async def run(self) -> None:
        """Ask again and again until cancelled; a witness that fails is asked at the next turn."""
        outside = await self._registrar.call(lambda ledger: ledger.outside)
        while outside.witness_keys:
            published = await self._registrar.call(lambda ledger: ledger.published)
            if published is not None and parse_checkpoint(published)[0].size > self._size:
                gathered = await asyncio.to_thread(outside.cosign, published, self._prove)
                for problem in gathered.problems:
                    _log.warning("%s", problem)
                if gathered.enough:
                    await self._publish(gathered.checkpoint)
            await asyncio.sleep(self._every)

    async def _publish(self, checkpoint: bytes) -> None:
        await self._registrar.call(lambda ledger: ledger.publish_witnessed(checkpoint))
        self._size = parse_checkpoint(checkpoint)[0].size

    def _prove(self, old: int, new: int) -> list[bytes]:
        asked = self._registrar.do(lambda ledger: ledger.consistency(old, new))
        return asked.result(_PROOF_SECONDS)


async def run_quietly(cosigning: Cosigning) -> None:
    """Run until cancelled; a stopped log ends it, and is reported elsewhere."""
    try:
        await cosigning.run()
    except StandingError as problem:
        _log.warning("%s", problem)
