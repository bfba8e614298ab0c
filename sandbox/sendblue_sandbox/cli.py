"""The command line: the options of `python -m sendblue_sandbox`, and `run`, which serves until a signal.

`OPTIONS` is the one table of options: `sendblue-contacts sandbox` builds its own from it. That command omits the secret
options, because none of its commands accepts secrets on the command line.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from threading import Event, current_thread, main_thread
from typing import TYPE_CHECKING, Unpack, get_args

from .access_log import log_to
from .config import MAX_PORT, BulkExisting, OffsetCeiling, RetryAfter, Spelling
from .rate_limit.window_models import WindowName
from .sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from types import FrameType

    from .config import Options

DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 4010
GREETING = """\
Sandbox at {url}, contacts {storage}.
  In a browser: {url}/ shows contacts, requests and controls; {url}/docs is the API reference.
  To connect a client:
    export SENDBLUE_API_BASE_URL={url}{credentials}
  Press Ctrl-C to stop."""
SIGNALS = (signal.SIGINT, signal.SIGTERM)
# On Windows, a wait without a timeout would not react to Ctrl-C.
POLL_SECONDS = 0.5


def _echo(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(
    *, echo: Callable[[str], None] = _echo, seed: int = 0, request_log: bool = True, **options: Unpack[Options]
) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        echo: Called with a text whose first line has the address, when the server is ready.
        seed: The number of contacts to create at the start.
        request_log: Whether to write a line for each request to standard error.
        options: The settings of `Sandbox`; the port defaults to 4010.

    Raises:
        ImportError: The extra `sandbox` is not installed.
        ValueError: A setting is invalid, or `seed` is too large.
        OSError: The port is in use, or the document does not exist.
    """
    settings: Options = {"port": DEFAULT_PORT, **options}
    sandbox = Sandbox(**settings)
    hint = _hint_for_port(settings.get("host", DEFAULT_HOST), settings.get("port", DEFAULT_PORT))
    log = log_to(sys.stderr) if request_log else nullcontext()
    with _stop_signal() as stop, log, hint, sandbox:
        sandbox.seed(seed)
        echo(_greeting(sandbox.url, options))
        while not stop.wait(POLL_SECONDS):
            pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the options and serve.

    Args:
        arguments: The command line; None for that of this process.

    Returns:
        The exit status: 0 after Ctrl-C or SIGTERM, 1 if the server could not start.

    Raises:
        SystemExit: With status 2, if an option is not valid.
    """
    options = _parser().parse_args(arguments)
    try:
        run(**vars(options))
    except (ImportError, OSError, ValueError) as error:
        sys.stderr.write(f"{getattr(error, 'strerror', None) or error}\n")
        return 1
    return 0


def _greeting(url: str, options: Options) -> str:
    db = options.get("db")
    storage = "in memory" if db is None else f"in {os.fspath(db)}"
    credentials = "" if options.get("api_key") else "\n    export SENDBLUE_API_API_KEY=any SENDBLUE_API_API_SECRET=any"
    return GREETING.format(url=url, storage=storage, credentials=credentials)


@contextmanager
def _hint_for_port(host: str, port: int) -> Generator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        message = (
            f"Port {port} of {host} is in use, perhaps by another sandbox. "
            f"Stop that program, or use --port {port % MAX_PORT + 1}, or --port 0 for any free port."
        )
        raise OSError(error.errno, message) from error


@contextmanager
def _stop_signal() -> Generator[Event]:
    stop = Event()
    if current_thread() is not main_thread():  # Python delivers signals only to the main thread
        yield stop
        return

    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    previous = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


# --- the options


@dataclass(frozen=True, slots=True)
class CommandOption:
    """An option of the command line.

    Attributes:
        flag: The option as typed, for example `--port`.
        help: The help text.
        default: The default as typed; None for none.
        metavar: The placeholder in the help; `FILE` for a path.
        choices: The valid values, if these are words.
        secret: Whether the value is a secret.
        parse: Converts the text. Raises `argparse.ArgumentTypeError` with a message for an invalid one.
    """

    flag: str
    help: str
    default: str | None = None
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    secret: bool = False
    parse: Callable[[str], object] = str


def _parse_limit(text: str) -> int | None:
    return None if text == "off" else _parse_integer(text, 1, f"{text!r} is neither an integer of at least 1 nor off")


def _parse_port(text: str) -> int:
    message = f"{text!r} is not an integer from 0 to {MAX_PORT}"
    port = _parse_integer(text, 0, message)
    if port > MAX_PORT:
        raise argparse.ArgumentTypeError(message)
    return port


def _parse_count(text: str) -> int:
    return _parse_integer(text, 0, f"{text!r} is not an integer of at least 0")


def _parse_integer(text: str, low: int, message: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) >= low):
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _parse_seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        message = f"{text!r} is not a number of seconds"
        raise argparse.ArgumentTypeError(message) from None


def _parse_switch(text: str) -> bool:
    if text not in {"on", "off"}:
        message = f"{text!r} is neither on nor off"
        raise argparse.ArgumentTypeError(message)
    return text == "on"


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


OPTIONS = (
    CommandOption("--host", "Address to listen on.", DEFAULT_HOST, "ADDRESS"),
    CommandOption("--port", "Port to listen on; 0 for any free port.", str(DEFAULT_PORT), "PORT", parse=_parse_port),
    CommandOption(
        "--allowed-hosts",
        "Host names of the sandbox, separated by commas; its IP addresses are always allowed.",
        "localhost",
        "NAME,...",
        parse=_parse_names,
    ),
    CommandOption("--db", "File to keep contacts in; by default they are kept in memory.", metavar="FILE"),
    CommandOption(
        "--spelling", "Field names in responses: first_name, firstName or both.", "both", choices=get_args(Spelling)
    ),
    CommandOption("--limit", "Requests of one API key in each window.", "100", "N|off", parse=_parse_limit),
    CommandOption("--per", "Length of the window.", "10", "SECONDS", parse=_parse_seconds),
    CommandOption("--window", "How requests are counted.", "log", choices=get_args(WindowName)),
    CommandOption("--retry-after", "Retry-After header of a 429 response.", "seconds", choices=get_args(RetryAfter)),
    CommandOption("--api-key", "Accept only this API key; by default any is accepted.", metavar="KEY", secret=True),
    CommandOption(
        "--api-secret", "Accept only this API secret; by default any is accepted.", metavar="SECRET", secret=True
    ),
    CommandOption("--bulk-existing", "Existing numbers in a bulk create.", "fail", choices=get_args(BulkExisting)),
    CommandOption("--bulk-max", "Items in a bulk request; more are refused.", "off", "N|off", parse=_parse_limit),
    CommandOption(
        "--bulk-seconds-per-item",
        "Seconds that a bulk request takes for each item.",
        "0",
        "SECONDS",
        parse=_parse_seconds,
    ),
    CommandOption("--offset-ceiling", "Offsets above the maximum.", "clamp", choices=get_args(OffsetCeiling)),
    CommandOption("--read-lag", "Seconds by which reads lag behind writes.", "0", "SECONDS", parse=_parse_seconds),
    CommandOption("--seed", "Number of contacts to create at the start.", "0", "N", parse=_parse_count),
    CommandOption("--request-log", "A line for each request on standard error.", "on", "on|off", parse=_parse_switch),
    CommandOption("--document", "OpenAPI document to use instead of the built-in one.", metavar="FILE"),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sendblue_sandbox",
        description="Serve a local sandbox of the Sendblue Contacts API until Ctrl-C.",
    )
    for option in OPTIONS:
        parser.add_argument(
            option.flag,
            default=option.default,
            metavar=option.metavar,
            choices=option.choices or None,
            type=option.parse,
            help=option.help if option.default is None else f"{option.help} Default: {option.default}.",
        )
    return parser
