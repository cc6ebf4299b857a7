"""A mirror: a whole copy of a log that anyone can read when the log is gone, or lies.

`follow` is the door. It believes nothing that it fetches: entries must lead to the root that the
log signed, and the new tree must continue the one that is held. C2SP tlog-tiles; the mirror's
cosignature means what C2SP tlog-mirror says. Does not know what entries mean.
"""

from standing.mirror._follow import Followed, KeysFor, follow
from standing.mirror._held import MISSING_FILE
from standing.mirror._source import source_of

__all__ = ["MISSING_FILE", "Followed", "KeysFor", "follow", "source_of"]
