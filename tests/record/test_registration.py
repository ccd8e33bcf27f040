"""The number the resident takes home survives being read aloud."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.record.registration import check_character, is_registration_number, registration_number

numbers = st.builds(
    registration_number, st.from_regex(r"[a-z0-9][a-z0-9-]{0,12}", fullmatch=True), st.integers(1, 99999)
)


def test_the_check_character_is_the_standards() -> None:
    # ISO/IEC 7064 MOD 37,36, the example of the Global Release Identifier standard: A12425GABC1234002 has M.
    assert check_character("A12425GABC1234002") == "M"


@given(numbers)
def test_a_right_one_is_right(number: str) -> None:
    assert is_registration_number(number)


@given(numbers, st.data())
def test_one_wrong_character_is_noticed(number: str, data: st.DataObject) -> None:
    places = [i for i, c in enumerate(number) if c != "-"]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([c for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c != number[place]]))
    assert not is_registration_number(number[:place] + other + number[place + 1 :])


@pytest.mark.parametrize("text", ["", "-", "A", "??-00001-K", "é-00001-1"])
def test_nonsense_is_no_number(text: str) -> None:
    assert not is_registration_number(text)
