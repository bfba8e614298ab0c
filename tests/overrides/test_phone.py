"""Phone numbers: anything but E.164 is rejected before a request, and never shown in an error."""

import ast
import re
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sendblue_contacts import InvalidPhoneNumberError, phone

from tests.overrides.clients import Runner

NUMBER = "+14155551234"
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
INVISIBLE = "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"


@pytest.mark.parametrize("number", ["+1234567", "+442079460958", "+123456789012345"])
def test_e164_is_unchanged(number: str) -> None:
    """A plus and 7 to 15 digits are accepted unchanged."""
    assert phone.normalise(number) == number


PUNCTUATED = [
    *("+1 (415) 555-1234", "+1.415/555.1234", "[+1] 415 555 1234", " +14155551234\t"),
    *("+1\u00a0415\u202f555\u20071234", "+1\u2009415\u2010555\u20111234", "+1 415\u2012555\u20131234\u2212"),
    *(f"{mark}+1 415{mark} 5551234{mark}" for mark in INVISIBLE),
]


@pytest.mark.parametrize("number", PUNCTUATED)
def test_punctuation_is_removed(number: str) -> None:
    """Also its typographic forms, and marks of the writing direction, which address books add to a copied number."""
    assert phone.normalise(number) == NUMBER


@pytest.mark.parametrize("number", ["+44 (0)20 7946 0958", "+44 ( 0 ) 2079460958", "+44[0] 20", "+44 (0\u200e)207946"])
def test_an_optional_zero_is_rejected(number: str) -> None:
    """Whether a bracketed zero is dialled depends on the country, so it is neither removed nor kept."""
    with pytest.raises(InvalidPhoneNumberError, match=r"dial the \(0\).*remove it or write the digit"):
        phone.normalise(number)


EMPTY, NO_COUNTRY = ": it is empty", ": the country code is missing"
LENGTH = " (+ and 7 to 15 digits)"


@pytest.mark.parametrize(
    ("number", "shape", "problem"),
    [
        ("", "''", EMPTY),
        ("()-. ", "'()-. '", EMPTY),
        ("\u200e\ufeff", r"'\u200e\ufeff'", EMPTY),
        ("(212) 867-5309", "'(###) ###-####'", NO_COUNTRY),
        ("count", "'xxxxx'", NO_COUNTRY),
        ("\uff0b14155551234", "'+###########'", NO_COUNTRY),  # a full-width plus
        ("+123456", "'+######'", LENGTH),
        ("+1234567890123456", "'+################'", LENGTH),
        ("+04155551234", "'+###########'", LENGTH),
        ("++14155551234", "'++###########'", LENGTH),
        ("+1415555CALL", "'+#######xxxx'", LENGTH),
        ("+14155551234\n", r"'+###########\n'", LENGTH),
        ("+14155551234\x00", r"'+###########\x00'", LENGTH),
        ("+1415555123\u0664", "'+###########'", LENGTH),
        ("+1415555123\u00b2", "'+##########x'", LENGTH),
        ("9" * 100, f"'{'#' * 64}'", NO_COUNTRY),
    ],
)
def test_other_values_are_rejected_with_a_reason(number: str, shape: str, problem: str) -> None:
    """The error has the field, the shape of the value without its digits, the reason, and a valid number."""
    with pytest.raises(InvalidPhoneNumberError) as caught:
        phone.normalise(number, field="phone_number")
    shown = str(caught.value).replace("\uff0b", "+")
    assert shown == (
        f"phone_number ({shape}) is not a valid phone number in E.164 format{problem}; write it as +14155551234"
    )


@pytest.mark.parametrize("value", [14155551234, None, b"+14155551234", ["+14155551234"], 1.5, True])
def test_a_value_that_is_not_a_str_is_a_type_error(value: object) -> None:
    """An integer from a spreadsheet is rejected with its type and without its digits."""
    with pytest.raises(TypeError) as caught:
        phone.normalise(value)
    name = type(value).__name__
    assert str(caught.value) == f"number must be a phone number as a str, not {name}; write it as +14155551234"


@pytest.mark.parametrize(
    ("number", "region", "found"),
    [
        ("(415) 555-1234", "US", NUMBER),
        ("020 7946 0958", "GB", "+442079460958"),
        ("+44 (0)20 7946 0958", "US", "+442079460958"),
        ("06 698 12345", "IT", "+390669812345"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("+1 (415) 555-1234", "GB", NUMBER),
        ("\uff14\uff11\uff15 555 1234", "US", NUMBER),
        ("999-555-1234", "US", "+19995551234"),  # complete and possible: it may be from a new range
        ("011 44 20 0000 0000", "US", "+442000000000"),  # an international prefix comes before a country code
        ("+1 000 000 0000", "US", "+10000000000"),  # with a country code, only the length is checked
    ],
)
def test_a_national_number_is_accepted_with_a_default_region(number: str, region: str, found: str) -> None:
    """With a default region, a number is what a telephone in that region would dial."""
    assert phone.normalise(number, default_region=region) == found


LENGTH_OF_COUNTRY = ": it does not have the length of a number of its country"


@pytest.mark.parametrize(
    ("number", "region", "problem"),
    [
        ("", "US", ": it is empty"),
        ("count", "US", ""),
        ("555-0199", "US", ": the area code is missing"),
        ("+1 555 0199", "US", ": the area code is missing"),
        ("123456", "DE", ": it is not a number of this region with its area code"),
        ("000-000-0000", "US", ": no number of US begins with these digits"),
        ("555", "US", LENGTH_OF_COUNTRY),
        ("+1 415 555 123", "DE", LENGTH_OF_COUNTRY),
        ("+1 415 555 12345", "US", LENGTH_OF_COUNTRY),
        ("01234", "DE", LENGTH_OF_COUNTRY),  # possible, and too short for E.164
        ("0301234567890123", "DE", LENGTH_OF_COUNTRY),
        ("(415) 555-1234 ext. 5", "US", ": it has an extension, which cannot be sent"),
        ("+1 415 555 1234;ext=5", "US", ": it has an extension, which cannot be sent"),
    ],
)
def test_an_invalid_national_number_is_rejected(number: str, region: str, problem: str) -> None:
    """Only complete numbers are accepted. The error names the region and what is missing, and shows no digits."""
    with pytest.raises(InvalidPhoneNumberError) as caught:
        phone.normalise(number, default_region=region)
    text = str(caught.value)
    assert f"in E.164 format or in the national format of {region}{problem}; write it as {NUMBER}" in text
    assert not re.search(r"\d", text.replace("E.164", "").replace(NUMBER, ""))
    assert caught.value.__suppress_context__ or not caught.value.__context__  # phonenumbers may quote the number


@pytest.mark.parametrize("region", [None, "US"])
def test_a_long_text_is_rejected(region: str | None) -> None:
    """No number has more than 250 characters, punctuation included: the time is bounded for every input."""
    with pytest.raises(InvalidPhoneNumberError, match="is not a valid phone number: it has more than 250 characters"):
        phone.normalise(f"+1 415 555 1234{' ' * 250}", default_region=region)
    assert phone.normalise(f"+1 415 555 1234{' ' * 235}", default_region=region) == NUMBER


def test_a_region_is_case_insensitive() -> None:
    """`us` and `US` are the same region."""
    assert [phone.check_region(region) for region in ("us", "GB", None)] == ["US", "GB", None]


@pytest.mark.parametrize("region", ["XX", "USA", "", "+1"])
def test_an_invalid_region_raises_when_the_client_is_created(runner: Runner, region: str) -> None:
    """The error comes before the first number."""
    with pytest.raises(ValueError, match="is not a valid region; use two letters such as 'US'"):
        runner.run(lambda client: client, default_region=region)


def test_only_a_default_region_needs_phonenumbers(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra to install."""
    monkeypatch.setitem(sys.modules, "phonenumbers", None)
    assert phone.normalise("+1 (415) 555-1234") == NUMBER
    with pytest.raises(ModuleNotFoundError) as caught:
        runner.run(lambda client: client, default_region="US")
    assert str(caught.value) == (
        'default_region requires the library phonenumbers: pip install "sendblue-contacts[phone]"'
    )


PIECES = st.sampled_from([*"+0123456789()[]-. / \u200e\u00a0x\u0661#,;", "(0)", "ext", "00", "tel:", "+1 415 555 1234"])


@settings(max_examples=30, deadline=None)
@given(
    value=st.text(max_size=12) | st.lists(PIECES, max_size=20).map("".join),
    region=st.sampled_from([None, "US", "DE", "GB", "IT", "FJ", "AC"]),
)
@example(value="01234", region="DE")
def test_any_input_gives_e164_or_an_error(value: str, region: str | None) -> None:
    """The result is E.164, with or without a region, and an error shows a shape without digits."""
    try:
        assert E164.fullmatch(phone.normalise(value, default_region=region))
    except InvalidPhoneNumberError as error:
        shape = str(error).removeprefix("number (").rsplit(") is ", 1)[0]
        assert not any(map(str.isdecimal, ast.literal_eval(shape)))
