"""A repr shows which fields have a value, but no personal data, because reprs are logged. A prompt shows the values."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from sendblue_contacts_api.models import BulkCreateResponse, BulkDeleteResponse, Contact, ContactCreate
from sendblue_contacts_api.types import ModelList, Response

from tests.generated.conftest import Case, Tables

PLANTED = "PLANTED"
PHONE, NAME, EMAIL, KEY = (
    f"+1415555{PLANTED}",
    f"Ada {PLANTED}",
    f"{PLANTED}@example.com",
    f"sb-{PLANTED}",
)
TEXTS = {"string": NAME, "e164": PHONE, "enum": KEY, "any": EMAIL, "date": KEY, "date-time": KEY}


def planted(case: Case) -> object:
    """Return a value for the field, with a planted string wherever it can contain a string."""
    if case.field.kind == "map":
        return {NAME: PHONE}
    if case.field.kind == "array[string]":
        return [NAME]
    return TEXTS.get(case.field.kind, case.value())


def test_shows_which_fields_have_a_value_but_no_text(tables: Tables) -> None:
    """The repr shows that a field has a value under any of its names, but not its text."""
    for case in tables.cases:
        for key in (case.name, *case.field.aliases):
            shown = repr(case.read({key: planted(case)}))
            assert PLANTED not in shown, str(case)
            assert f"{case.field.attribute}=" in shown or case.field.kind.startswith("date"), str(case)


def test_omits_fields_without_a_value_and_undocumented_ones(tables: Tables) -> None:
    """The repr omits fields without a value, and the keys and values of undocumented fields."""
    for model in tables.models:
        shown = repr(model.from_dict({**tables.smallest(model), KEY: NAME}))
        assert (PLANTED in shown, shown.count("=")) == (False, len(tables.smallest(model)))


def test_shows_no_text_of_nested_models() -> None:
    """The repr of a nested model or of a list of models contains no text either."""
    failure = {"contact": {"phone": PHONE, "firstName": NAME, "assignedToEmail": EMAIL}, "error": NAME}
    response = BulkCreateResponse.from_dict({"contacts": [failure["contact"]], "failures": [failure]})
    assert PLANTED not in repr([response, Contact.from_dict({"phone": PHONE}), ContactCreate(PHONE, first_name=NAME)])


def test_shows_numbers_but_no_text_in_their_place() -> None:
    """The repr shows numbers and booleans, but no text that was received in place of one."""
    assert repr(BulkDeleteResponse(amount=2, failures=0)) == "BulkDeleteResponse(amount=2, failures=0)"
    strange = BulkDeleteResponse.from_dict({"failures": [{"contact": {"phone": PHONE}}]})
    assert PLANTED not in repr([strange, Contact.from_dict({"verified": PHONE})])


def test_response_shows_no_body() -> None:
    """The repr of a detailed response contains neither the body nor a header."""
    response = Response(HTTPStatus.OK, NAME.encode(), {"set-cookie": KEY}, Contact(phone=PHONE))
    assert PLANTED not in repr(response)


MASKED = {
    "+14155551234": "'+1…1234'",
    "+7654321": "'+7…21'",
    "+1415555": "'+1…55'",
    "4155551234": "…",
    "Ada": "…",
}


def test_contacts_can_be_told_apart() -> None:
    """By the end of a number, the first letter of a text, the number of tags and variables, and the date."""
    fields = {"first_name": "Ada", "tags": ["VIP", "Gold"], "created_at": "2024-01-15T10:30:00Z", "opt_out": False}
    shown = "first_name='A…', tags=2, created_at=2024-01-15, opt_out=False"
    for phone, masked in MASKED.items():
        assert repr(Contact.from_dict({"phone": phone, **fields})) == f"Contact(phone={masked}, {shown})"
    assert repr(Contact(first_name="", last_name="7 of 9", custom_variables={"a": "b"})) == (
        "Contact(first_name=…, last_name=…, custom_variables=1)"
    )


class Printer:
    """The printer of IPython, without line breaks."""

    def __init__(self) -> None:
        self.shown = ""

    def text(self, text: str) -> None:
        """Print a text."""
        self.shown += text

    def breakable(self) -> None:
        """Print a space, or begin a new line."""
        self.text(" ")

    def pretty(self, value: object) -> None:
        """Print a value."""
        value._repr_pretty_(self, cycle=False) if isinstance(value, Contact) else self.text(repr(value))

    @contextmanager
    def group(self, _: int, opening: str, closing: str) -> Iterator[None]:
        """Print a group between two texts."""
        self.text(opening)
        yield
        self.text(closing)


def test_a_prompt_shows_the_values() -> None:
    """IPython shows the result of a line with all values: `_repr_pretty_`."""
    printer = Printer()
    printer.pretty(Contact(phone="+14155551234", first_name="Ada", tags=["VIP"]))
    assert printer.shown == "Contact(phone='+14155551234', first_name='Ada', tags=['VIP'])"


def test_a_notebook_shows_tables() -> None:
    """A contact is a table with a row for each field, a list one with a row for each contact. Texts are escaped."""
    ada = Contact(phone="+14155551234", tags=["VIP", "<b>"], custom_variables={"Lead": "Web"}, verified=True)
    rows = ["<tr><th>phone</th><td>+14155551234</td></tr>", "<tr><th>tags</th><td>VIP, &lt;b&gt;</td></tr>"]
    rows += ["<tr><th>custom_variables</th><td>Lead: Web</td></tr>", "<tr><th>verified</th><td>True</td></tr>"]
    assert ada._repr_html_() == f"<table><caption>Contact</caption>{''.join(rows)}</table>"
    two = ModelList([Contact(phone="+14155551234", first_name="Ada"), Contact(phone="+14155551235", verified=False)])
    head = "<tr><th>phone</th><th>first_name</th><th>verified</th></tr>"
    body = "<tr><td>+14155551234</td><td>Ada</td><td></td></tr><tr><td>+14155551235</td><td></td><td>False</td></tr>"
    assert two._repr_html_() == f"<table><caption>2</caption>{head}{body}</table>"
    assert repr(two) == repr(list(two))
    many = ModelList([Contact(phone="+14155551234")] * 101)._repr_html_()
    assert (many.count("<tr>"), "<caption>100 of 101</caption>" in many) == (101, True)
    assert ModelList[Contact]()._repr_html_() == "<table><caption>0</caption><tr></tr></table>"
