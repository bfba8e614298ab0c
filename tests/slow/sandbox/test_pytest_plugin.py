"""The pytest plugin: fixtures that are available without an import and cost nothing until a test uses them.

Each test runs pytest in a process of its own, in an empty folder, with no other plugin.
"""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest

pytest_plugins = "pytester"

HEAVY = (
    *("sendblue_sandbox.sandbox", "sendblue_contacts", "httpx"),
    *("starlette", "uvicorn", "yaml", "jsonschema", "sqlite3"),
)


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load no other plugin: they take seconds."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, code: str, *options: str) -> pytest.RunResult:
    """Run tests with the plugin, by the name of its entry point."""
    pytester.makepyfile(code)
    return pytester.runpytest_subprocess("-W", "error", "--strict-markers", "-p", "sendblue_sandbox", *options)


def test_entry_point() -> None:
    """The distribution has the plugin as an entry point."""
    assert [each.value for each in entry_points(group="pytest11", name="sendblue_sandbox")] == [
        "sendblue_sandbox.pytest_plugin"
    ]


def test_fixtures(pytester: pytest.Pytester) -> None:
    """A test gets a client and can inspect the requests; the marker gives it a sandbox with its own settings."""
    done = run(
        pytester,
        """
        import httpx, pytest

        URLS = set()

        def test_welcome(sendblue_client, sendblue_sandbox):
            sendblue_client.contacts.create("+14155551234", first_name="Ada")
            assert sendblue_sandbox.contacts()[0]["first_name"] == "Ada"
            assert [each.method for each in sendblue_sandbox.requests] == ["POST"]

        @pytest.mark.parametrize("again", [0, 1])
        def test_empty(sendblue_sandbox, again):
            assert sendblue_sandbox.contacts() == [] == sendblue_sandbox.requests == sendblue_sandbox.faults.all()
            assert not sendblue_sandbox.clock.virtual
            URLS.add(sendblue_sandbox.url)
            assert len(URLS) == 1
            sendblue_sandbox.seed(3)
            headers = dict(zip(("sb-api-key-id", "sb-api-secret-key"), sendblue_sandbox.credentials))
            with httpx.Client(headers=headers, trust_env=False) as client:
                codes = {client.get(f"{sendblue_sandbox.url}/api/v2/contacts/count").status_code for _ in range(120)}
            assert codes == {200}
            sendblue_sandbox.faults.add(status=500)
            sendblue_sandbox.clock.set(5)

        @pytest.mark.sendblue_sandbox(limit=2, spelling="camel", api_key="a", api_secret="b")
        def test_settings(sendblue_sandbox, sendblue_client):
            assert sendblue_sandbox.credentials == ("a", "b")
            assert sendblue_client.contacts.create("+14155551234", first_name="Ada").first_name == "Ada"
            assert b"first_name" in sendblue_sandbox.requests[0].body
        """,
    )
    done.assert_outcomes(passed=4)


def test_other_tests_are_not_affected(pytester: pytest.Pytester) -> None:
    """A run without the fixtures loads neither a sandbox nor the client, nor their dependencies."""
    done = run(
        pytester,
        f"""
        import sys

        def test_one():
            assert [name for name in {HEAVY!r} if name in sys.modules] == []
        """,
    )
    done.assert_outcomes(passed=1)


def test_missing_extra(pytester: pytest.Pytester) -> None:
    """Without the extra other tests pass, and a test that requests the fixture gets an error with a hint."""
    pytester.makeconftest("import sys; sys.modules['uvicorn'] = None")
    done = run(pytester, "def test_one(): pass\ndef test_other(sendblue_sandbox): pass")
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*pip install*sendblue-contacts?sandbox?*"])
