"""One bucket for each client: it fills again, keeps clients apart, and can be overdrawn so far."""

import pytest

from standing.serve import Buckets


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_bucket_fills_again_and_keeps_addresses_apart(clock):
    buckets = Buckets(1.0, 2.0, clock)
    assert [buckets.take("a"), buckets.take("a"), buckets.take("a")] == [0, 0, 1]
    assert buckets.take("b") == 0
    clock.now = 1.0
    assert buckets.take("a") == 0


def test_what_is_refused_costs_nothing_and_what_is_charged_may_be_owed(clock):
    buckets = Buckets(1.0, 2.0, clock)
    buckets.charge("a", 3.0)
    assert [buckets.take("a"), buckets.take("a")] == [2, 2]
    buckets.charge("a", 100.0)
    assert buckets.take("a") == 3  # no deeper than the burst
