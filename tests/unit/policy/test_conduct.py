"""What may be recorded: a weighed type of the catalogue with its coded details."""

import pytest

from standing import policy
from standing.errors import Refused


@pytest.mark.parametrize(
    ("name", "type_", "details"),
    [
        ("punctuality", "departure.on-time", {"delay_minutes": -43}),
        ("punctuality", "departure.late-180", {"delay_minutes": 1301}),
        ("punctuality", "departure.cancelled", {}),
        ("food-hygiene", "hygiene.bad", {"score": 66}),
        ("recycling", "recycling.wrong-sorting", {"container": "paper"}),
        ("rail", "rail.smoking", {}),
    ],
)
def test_conduct_with_its_coded_details_may_be_recorded(catalogue, packs, name, type_, details):
    policy.check_conduct(catalogue, packs[name], type=type_, details=details)


@pytest.mark.parametrize(
    ("type_", "details", "code"),
    [
        ("departure.early", {}, "E-ROW-31"),
        ("rail.smoking", {}, "E-ROW-32"),
        ("departure.on-time", {}, "E-ROW-33"),
        ("departure.on-time", {"delay_minutes": 15}, "E-ROW-33"),
        ("departure.on-time", {"delay_minutes": -101}, "E-ROW-33"),
        ("departure.on-time", {"delay_minutes": "3"}, "E-ROW-33"),
        ("departure.on-time", {"delay_minutes": True}, "E-ROW-33"),
        ("departure.on-time", {"delay_minutes": 3.0}, "E-ROW-33"),
        ("departure.on-time", {"delay_minutes": 3, "note": "fog"}, "E-ROW-33"),
        ("departure.cancelled", {"delay_minutes": 3}, "E-ROW-33"),
    ],
)
def test_other_conduct_is_refused_with_got_and_allowed(catalogue, packs, type_, details, code):
    with pytest.raises(Refused, match=code):
        policy.check_conduct(catalogue, packs["punctuality"], type=type_, details=details)


@pytest.mark.parametrize("value", ["wood", "", 1])
def test_a_coded_detail_is_one_of_its_codes(catalogue, packs, value):
    with pytest.raises(Refused, match="E-ROW-33") as caught:
        policy.check_conduct(
            catalogue,
            packs["recycling"],
            type="recycling.wrong-sorting",
            details={"container": value},
        )
    assert "glass" in caught.value.why
