"""Bodies are read up to a limit, whatever length the client states."""

import asyncio

import pytest

from standing.serve._http import Problem, read_body


def _read(length, body=b"hello"):
    async def receive():
        return {"type": "http.request", "body": body}

    scope = {"headers": [(b"content-length", length)]}
    return asyncio.run(read_body(scope, receive, most=8))


@pytest.mark.parametrize(
    "length", [b"", b"x", b"-1", b"+5", b" 5", b"1_0", b"5, 5", "\u0665".encode(), b"9" * 5000]
)
def test_a_length_that_is_no_number_is_a_bad_request(length):
    with pytest.raises(Problem) as caught:
        _read(length)
    assert caught.value.status == 400


@pytest.mark.parametrize(("length", "body"), [(b"9", b"hello"), (b"5", b"longer than said")])
def test_more_than_is_read_here_is_refused(length, body):
    with pytest.raises(Problem) as caught:
        _read(length, body)
    assert caught.value.status == 413


def test_a_body_is_read():
    assert _read(b"5") == b"hello"
