"""Imports while reads lag behind writes and every third response is lost, on a clock that moves only when asked to."""

from functools import partial
from pathlib import Path

from sendblue_transfer import Mode

from tests.overrides.lagging_server import LaggingServer, run_on
from tests.transfer.contact_files import import_file, number

IMPORTS: list[tuple[Mode, str]] = [("create", "Ada"), ("upsert", "Bea"), ("update", "Cy")]


def check_imports(folder: Path, count: int, chunk_size: int) -> None:
    """Import the same numbers in each mode. Every tenth row has only a number, which is nothing to update."""
    server = LaggingServer(lag=2.0)
    server.unique = True
    server.lose_every_third()
    for mode, name in IMPORTS:
        file = folder / f"{mode}.csv"
        rows = [f"{number(index)},{name if index % 10 else ''}\n" for index in range(count)]
        file.write_text("phone,first_name\n" + "".join(rows), encoding="utf-8")
        report = run_on(server, "sync", partial(import_file, path=file, mode=mode, chunk_size=chunk_size))
        rejected = count // 10 if mode == "update" else 0
        assert (report.stopped, report.created + report.updated, report.rejected) == ("", count - rejected, rejected)
        names = [contact.get("first_name") for contact in server.contacts().values()]
        assert (len(names), names.count(name), set(server.created.values())) == (count, count - count // 10, {1})


def test_imports_with_every_third_response_lost(tmp_path: Path) -> None:
    """No row is rejected or doubled because of that; `tests/slow` imports larger chunks."""
    check_imports(tmp_path, count=30, chunk_size=6)
