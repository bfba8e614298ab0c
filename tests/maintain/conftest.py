"""What the tests of the scripts share: a small document in a folder of its own, and a way to regenerate from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from maintain.regenerate.command import main

if TYPE_CHECKING:
    from pathlib import Path

PETS = """\
openapi: 3.1.1
info:
  title: Pets
  version: 1.0.0
paths:
  /pets/{name}:
    get:
      operationId: get_pet
      tags: [pets]
      parameters:
        - name: name
          in: path
          required: true
          schema: {type: string}
      responses:
        "200":
          description: The pet.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Pet"}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties:
        name: {type: string}
        kind: {type: string, enum: [cat, dog]}
"""


@dataclass(frozen=True)
class Bench:
    """A document, an empty folder of templates, and the folder into which they are generated."""

    folder: Path

    @property
    def document(self) -> Path:
        """The document."""
        return self.folder / "pets.yaml"

    @property
    def templates(self) -> Path:
        """The templates that are laid over the stock ones."""
        return self.folder / "templates"

    @property
    def output(self) -> Path:
        """The folder that holds the package."""
        return self.folder / "generated"

    @property
    def package(self) -> Path:
        """The generated package."""
        return self.output / "sendblue_contacts_api"

    @property
    def arguments(self) -> list[str]:
        """What is said to scripts/regenerate to work here."""
        names = ("document", "templates", "output")
        return [part for name in names for part in (f"--{name}", str(getattr(self, name)))]

    def edit(self, old: str, new: str) -> None:
        """Replace `old` in the document."""
        text = self.document.read_text()
        assert old in text
        self.document.write_text(text.replace(old, new))

    def regenerate(self, *options: str) -> int:
        """Run the command in this process, and return its exit status."""
        return main([*self.arguments, *options])

    def contents(self) -> dict[str, tuple[bytes, int, int]]:
        """Return bytes, mode and time of everything under the output."""
        files = (path for path in self.output.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {
            str(path.relative_to(self.output)): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
            for path in files
        }


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A bench with a valid document, on which nothing was generated yet."""
    bench = Bench(tmp_path)
    bench.document.write_text(PETS)
    bench.templates.mkdir()
    return bench


@pytest.fixture
def made(bench: Bench, capsys: pytest.CaptureFixture[str]) -> Bench:
    """A bench whose package is what the document gives."""
    assert bench.regenerate() == 0
    capsys.readouterr()
    return bench
