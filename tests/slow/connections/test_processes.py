"""A client in processes that fork or exit, in programs of their own before a server over raw sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from tests.overrides.raw_http import complete, raw_http_server

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
# Arguments: the address of the server and the number of forks. Prints how the children ended, and the parent's calls
# with another contact's response. A child is ended after 20 s.
FORKS = """
import collections, os, signal, sys, threading
from sendblue_contacts import RateLimit, RateLimiter, Sendblue

url, forks = sys.argv[1], int(sys.argv[2])
client = Sendblue("key", "secret", base_url=url, retry=None, rate_limit=RateLimiter(RateLimit(1_000_000, per=1.0)))
stopped, wrong = threading.Event(), []

def calls(start, count):
    numbers = [f"+1415{start + place:07}" for place in range(count)]
    return [number for number in numbers if client.contacts.retrieve(number).phone != number]

def work(start):
    while not stopped.is_set():
        wrong.extend(calls(start, 3))

threads = [threading.Thread(target=work, args=(1_000_000 * place,), daemon=True) for place in range(6)]
for thread in threads:
    thread.start()
ends = collections.Counter()
for fork in range(forks):
    child = os.fork()
    if not child:
        signal.alarm(20)
        os._exit(len(calls(9_000_000 + 10 * fork, 5)))
    ends[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])] += 1
stopped.set()
for thread in threads:
    thread.join()
print(dict(ends), wrong)
"""
# Arguments: the address and the file of a module, which a thread is importing when the process forks.
FORK_DURING_IMPORT = """
import os, signal, sys, threading, time
from contextlib import suppress
import sendblue_contacts

settings = {"base_url": sys.argv[1], "default_region": "US", "rate_limit": None, "retry": None}
importing = threading.Event()
if "_trio" in sys.argv[2]:
    import trio

    client = sendblue_contacts.AsyncSendblue("key", "secret", **settings)

    async def delete_and_retrieve(number):
        with suppress(sendblue_contacts.SendblueError):
            await client.contacts.bulk.delete([number])
        return await client.contacts.retrieve(number)

    retrieve = lambda number: trio.run(delete_and_retrieve, number)
else:
    client = sendblue_contacts.Sendblue("key", "secret", **settings)
    retrieve = lambda number: client.contacts.retrieve(number)

def slow_import(event, arguments):
    if event == "exec" and arguments[0].co_filename.endswith(sys.argv[2]) and not importing.is_set():
        importing.set()
        time.sleep(0.5)

sys.addaudithook(slow_import)
thread = threading.Thread(target=retrieve, args=("415-555-1234",))
thread.start()
importing.wait(20)
child = os.fork()
if not child:
    signal.alarm(5)
    os._exit(retrieve("415-555-1235").phone != "+14155551235")
print(importing.is_set(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
thread.join()
"""
# Arguments: the address and the class of the client. Prints what the first calls import in a child.
IMPORTS_IN_CHILD = """
import asyncio, inspect, os, sys
import sendblue_contacts

client = getattr(sendblue_contacts, sys.argv[2])("key", "secret", base_url=sys.argv[1], retry=None)

async def calls():
    client.contacts.list()
    for call in client.contacts.retrieve("+14155551234"), client.contacts.bulk.delete(["+14155551234"]):
        if inspect.isawaitable(call):
            await call

if not os.fork():
    loaded = {*sys.modules}
    asyncio.run(calls())
    print({*sys.modules} - loaded, flush=True)
    os._exit(0)
os.wait()
"""
AT_EXIT = """
import atexit, sys
from sendblue_contacts import Sendblue, SendblueError

def call():
    try:
        print({call})
    except SendblueError as error:
        print(error)

client = Sendblue("key", "secret", base_url=sys.argv[1], rate_limit=None)
atexit.register(call)
"""
IN_DESTRUCTOR = """
import builtins, os, sys
from sendblue_contacts import Sendblue

class Owner:
    def __init__(self, client):
        self.client = client

    def __del__(self, write=os.write, error=Exception, text=str):
        try:
            self.client.contacts
        except error as caught:
            write(1, f"{type(caught).__name__}: {caught}".encode())

builtins.owner = Owner(Sendblue("key", "secret", base_url=sys.argv[1], rate_limit=None))
"""


@pytest.fixture
def url() -> Iterator[str]:
    """Return the address of a server that responds with the contact whose number is in the path."""

    def respond(connection: socket.socket, line: str) -> None:
        number = unquote(line.split()[1].rsplit("/", 1)[-1])
        connection.sendall(complete(json.dumps({"contact": {"phone": number}}).encode()))

    with raw_http_server(respond) as server:
        yield server.url


def run(program: str, *arguments: str) -> str:
    """Return what a program prints, the last line."""
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=500)
    return done.stdout.strip()


@needs_fork
def test_forks_under_load(url: str) -> None:
    """Children forked while threads use the client neither hang nor get the response of another process."""
    assert run(FORKS, url, "15") == "{0: 15} []"


@needs_fork
@pytest.mark.parametrize("module", ["encodings/idna.py", "phonenumbers/data/region_US.py", "_backends/_trio.py"])
def test_a_fork_while_a_thread_imports(url: str, module: str) -> None:
    """A child can use the client although a thread of the parent was importing what its first call needs."""
    assert run(FORK_DURING_IMPORT, url, module) == "True 0"


@needs_fork
@pytest.mark.parametrize("client", ["Sendblue", "AsyncSendblue"])
def test_the_first_call_in_a_child_imports_nothing(url: str, client: str) -> None:
    """So it never waits for a module that a thread of the parent was importing."""
    assert run(IMPORTS_IN_CHILD, url.replace("127.0.0.1", "localhost"), client) == "set()"


@pytest.mark.parametrize(
    ("call", "printed"),
    [
        ("client.contacts.retrieve('+14155551234').phone", "+14155551234"),
        (
            "client.contacts.bulk.delete(['+14155551234'])",
            "the interpreter is exiting and starts no more threads; make bulk calls before that",
        ),
    ],
)
def test_the_first_call_at_exit(url: str, call: str, printed: str) -> None:
    """A first call in an exit handler works; one that needs threads raises a SendblueError."""
    assert run(AT_EXIT.replace("{call}", call), url) == printed


def test_the_first_call_in_a_destructor(url: str) -> None:
    """When nothing can be imported any more, the first use of `contacts` raises a SendblueError."""
    assert run(IN_DESTRUCTOR, url) == (
        "SendblueError: the interpreter is exiting; use `client.contacts` once before that"
    )
