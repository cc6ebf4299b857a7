"""A typed client of a served ledger: the ledger's verbs from somewhere else.

>>> from standing.client import Client
>>> Client("https://ledger.example.org").url
'https://ledger.example.org'
"""

from standing.client._client import Client

__all__ = ["Client"]
