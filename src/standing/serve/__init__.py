"""The log over HTTP: registration (SCRAPI), receipts, and the tiles that anyone can read.

A plain ASGI application on uvicorn. It parses, calls one verb of the ledger and answers; who may
say what is the charter's.
"""

from standing.serve._app import Beside, LogServer, MakeBeside, Settings
from standing.serve._buckets import Buckets, client_of
from standing.serve._http import App, Message, Receive, Scope, Send
from standing.serve._mirror import MirrorApp
from standing.serve._registrar import Registrar
from standing.serve._run import run, serve, serving
from standing.serve._witness import WitnessApp

__all__ = [
    "App",
    "Beside",
    "Buckets",
    "LogServer",
    "MakeBeside",
    "Message",
    "MirrorApp",
    "Receive",
    "Registrar",
    "Scope",
    "Send",
    "Settings",
    "WitnessApp",
    "client_of",
    "run",
    "serve",
    "serving",
]
