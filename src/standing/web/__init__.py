"""The pages and the HTTP interface: what each role sees of a ledger, in two languages.

A door above the ledger, as the command line is: it parses, calls one verb and shows what came. It
has no rule of its own. Pages work without JavaScript, load nothing from elsewhere, and have JSON
at the same address with `.json`.
"""

from standing.web._app import make_site
from standing.web._links import new_links
from standing.web._site import Settings
from standing.web._verification import Verification
from standing.web._waiting import Waiting

__all__ = ["Settings", "Verification", "Waiting", "make_site", "new_links"]
