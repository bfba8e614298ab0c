"""Formatting of text, counts and durations."""

from sendblue_contacts_cli.formatting import format_duration, kebab_case, name_options_only, printable, wrap


def test_control_characters_are_visible() -> None:
    """A name may contain anything; neither a control sequence nor a line break reaches the terminal."""
    texts = {
        "Ada": "Ada",
        " \x1b[31mred ": "\\x1b[31mred",
        "a\tb\nc\r\nd": "a\\tb\\nc\\r\\nd",
        "\x9b31m\x07": "\\x9b31m\\x07",
        "a\u2028b\u202ec": "a\\u2028b\\u202ec",
        "👩\u200d🚀": "👩\u200d🚀",
        "王小明 🥐": "王小明 🥐",
    }
    assert {text: printable(text) for text in texts} == texts


def test_hints_name_options() -> None:
    """The arguments of Python functions, which messages of the library name too, are left out."""
    messages = {
        "start over with --restart (restart=True)": "start over with --restart",
        "name it with --map 'A=phone' (ColumnMap({'A': 'phone'})) or": "name it with --map 'A=phone' or",
        "use --encoding utf-16-le or utf-16-be (encoding=)": "use --encoding utf-16-le or utf-16-be",
        'use --delete none (delete="none"), or --max-delete 5 (max_delete=5)': "use --delete none, or --max-delete 5",
        "use https, or in Python pass allow_http=True": "use https",
        "set with RateLimit(store=…) or SENDBLUE_RATE_LIMIT_STORE": "set with SENDBLUE_RATE_LIMIT_STORE",
        "default_region 'X' is not a valid region": "--default-region 'X' is not a valid region",
        "a title (x=1)": "a title (x=1)",
    }
    assert {message: name_options_only(message) for message in messages} == messages


def test_format_duration() -> None:
    """A duration has at most two units."""
    durations = {0.2: "0 s", 59.4: "59 s", 60: "1 min 0 s", 3599: "59 min 59 s", 100_860: "28 h 1 min"}
    assert {seconds: format_duration(seconds) for seconds in durations} == durations


def test_wrap() -> None:
    """Lines break between words, with continuation lines indented; a command to copy is not wrapped."""
    assert wrap("  one two three", 9) == "  one two\n    three"
    assert wrap("    sendblue-contacts import a.csv", 9) == "    sendblue-contacts import a.csv"


def test_kebab_case() -> None:
    """Every spelling of a field is the same option; an option of one letter is unchanged."""
    names = {"some_name": "some-name", "someName": "some-name", "tags": "tags", "V": "V"}
    assert {name: kebab_case(name) for name in names} == names
