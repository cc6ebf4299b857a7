"""What a reviewer looked at: a ruling says it, and a restriction needs three minutes of it."""

import time
from typing import Final

_ACTIVE_STEP: Final = 30.0


class Looked:
    """What a reviewer opened of one case, and how long it was in front of them."""

    def __init__(self) -> None:
        self.opened: set[str] = set()
        self._seconds = 0.0
        self._last: float | None = None

    @property
    def seconds(self) -> int:
        """Whole seconds of attention."""
        return int(self._seconds)

    def add(self, *names: str) -> None:
        """Note what was opened."""
        self.opened.update(name for name in names if name)

    def tick(self) -> None:
        """Note that the page is in front of the reviewer; a long pause counts nothing."""
        now = time.monotonic()
        if self._last is not None and now - self._last <= _ACTIVE_STEP:
            self._seconds += now - self._last
        self._last = now
