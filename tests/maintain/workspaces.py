"""A small document in a temporary folder, and a way to regenerate from it."""

from dataclasses import dataclass
from pathlib import Path

from maintain.regenerate.command import main

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
BIRTHDAY = ("name: {type: string}\n", "name: {type: string}\n        birthday: {type: string, format: date}\n")
"""An edit of the document: a new field."""


@dataclass(frozen=True)
class Workspace:
    """A document, an empty folder of templates, and the output folder, all under `folder`."""

    folder: Path

    @property
    def document(self) -> Path:
        """The document."""
        return self.folder / "pets.yaml"

    @property
    def templates(self) -> Path:
        """The folder of custom templates."""
        return self.folder / "templates"

    @property
    def output(self) -> Path:
        """The folder that contains the package."""
        return self.folder / "generated"

    @property
    def package(self) -> Path:
        """The generated package."""
        return self.output / "sendblue_contacts_api"

    @property
    def arguments(self) -> list[str]:
        """The arguments that make scripts/regenerate work in this folder."""
        names = ("document", "templates", "output")
        return ["--package-only", *(part for name in names for part in (f"--{name}", str(getattr(self, name))))]

    def edit(self, old: str, new: str) -> None:
        """Replace `old` in the document."""
        text = self.document.read_text()
        assert old in text
        self.document.write_text(text.replace(old, new))

    def regenerate(self, *options: str) -> int:
        """Run the command in this process and return its exit status."""
        return main([*self.arguments, *options])

    def contents(self) -> dict[str, tuple[bytes, int, int]]:
        """Return the bytes, mode and modification time of every file in the output folder."""
        files = (path for path in self.output.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return {
            str(path.relative_to(self.output)): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
            for path in files
        }


def new_workspace(folder: Path) -> Workspace:
    """Return a workspace with a valid document, in which nothing was generated yet."""
    workspace = Workspace(folder)
    workspace.document.write_text(PETS)
    workspace.templates.mkdir()
    return workspace
