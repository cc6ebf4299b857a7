"""The interface holds to its own description, whatever is sent: no fault, no unnamed status."""

from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from schemathesis import checks

from standing.signed_requests import sign_request
from standing.wire.keys import SigningKey
from tests.unit.web.support import serve_town

ENDLESS = "/events"  # streams, read in test_api.py
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


@dataclass
class Signs(requests.auth.AuthBase):
    """Signs a request as it leaves."""

    key: SigningKey

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        body = request.body or b""
        data = body.encode() if isinstance(body, str) else body
        request.headers.update(
            sign_request(self.key, request.method or "", request.url or "", data)
        )
        return request


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serve_town(tmp_path_factory.mktemp("described")) as made:
        yield made


@pytest.fixture(scope="module")
def described(served):
    return schemathesis.openapi.from_url(f"{served.client.url}/api/v1/openapi.json")


SETTINGS = hypothesis.settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def operations(described: Any) -> list[Any]:
    """List every operation that ends by itself."""
    found = [one.ok() for one in described.get_all_operations()]
    return [one for one in found if not one.path.endswith(ENDLESS)]


def test_every_address_answers_as_it_is_described(served, described):
    town = served.town
    members = [town.people[0], *(town.keys[n].key for n in ("metro", "first", "bus", "ann"))]
    for operation in operations(described):

        @SETTINGS
        @hypothesis.given(case=operation.as_strategy())
        def answers(case: Any) -> None:
            # nobody of the town is erased by chance
            some = [] if case.method == "DELETE" else members
            for key in [None, SigningKey.generate(), *some]:
                answer = case.call(auth=Signs(key) if key else None)
                case.validate_response(answer, checks=CHECKS)

        answers()
