"""One change of a sync, and its form as JSON. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from sendblue_contacts._masking import mask
from sendblue_contacts_api.models.contact_update import ContactUpdate

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["create", "update", "delete", "skip"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which a sync applies them."""

Values = dict[str, Any]
"""Values by field name; those of a map are flat, under names such as `custom_variables.Plan`."""

_OBJECTS = {name for name, each in ContactUpdate.FIELDS.items() if each.kind == "object"}
"""Fields that change as a whole, because an update replaces them."""
_KEYS = {"kind", "phone", "fields", "reason", "line"}


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """What a sync does to one contact, or why it skips a row.

    Attributes:
        kind: `create`, `update`, `delete` or `skip`.
        phone: The phone number in E.164 form; empty if the number of a skipped row cannot be read.
        fields: The old and the new value of each field that changes; None for no value. Custom variables are listed one
            by one, as `custom_variables.<label>`. In a `create`, every old value is None. In a `delete`, every new
            value is None, and all fields that the contact has are listed.
        reason: Why a row is skipped.
        line: The line of the row; None in a `delete`.
    """

    kind: Kind
    phone: str
    fields: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])
    reason: str = ""
    line: int | None = None

    @property
    def old(self) -> Values:
        """The old value of each field."""
        return {name: old for name, (old, _) in self.fields.items()}

    @property
    def new(self) -> Values:
        """The new value of each field."""
        return {name: new for name, (_, new) in self.fields.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the change as a JSON object, without what is empty."""
        fields = {name: list(values) for name, values in self.fields.items()}
        optional = {"fields": fields, "reason": self.reason, "line": self.line}
        return {"kind": self.kind, "phone": self.phone} | {name: value for name, value in optional.items() if value}

    def to_json(self) -> str:
        """Return the change as one line of JSON."""
        return encode_json(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Change:
        """Read a change that `to_json` wrote.

        Raises:
            ValueError: The text is not a change.
        """
        values: Any = json.loads(text)
        if not isinstance(values, dict) or not _is_change(cast("dict[str, Any]", values)):
            raise ValueError("not a change")
        change = cast("dict[str, Any]", values)
        fields = {name: (old, new) for name, (old, new) in change.get("fields", {}).items()}
        return cls(change["kind"], change["phone"], fields, change.get("reason", ""), change.get("line"))

    def __repr__(self) -> str:
        """Show no number and no value: a repr is logged."""
        return f"Change(kind={self.kind!r}, fields={[mask(name) for name in self.fields]})"


def _is_change(values: Mapping[str, Any]) -> bool:
    fields, line = values.get("fields", {}), values.get("line")
    return (
        values.keys() <= _KEYS
        and values.get("kind") in KINDS
        and isinstance(values.get("phone"), str)
        and isinstance(values.get("reason", ""), str)
        and (line is None or type(line) is int)
        and isinstance(fields, dict)
        and all(map(_is_pair, cast("Values", fields).values()))
    )


def _is_pair(value: object) -> bool:
    """Whether this is the old and the new value of a field."""
    return isinstance(value, list) and len(cast("list[object]", value)) == 2  # noqa: PLR2004  # the two


def encode_json(value: object) -> str:
    """Return JSON for people; characters that UTF-8 cannot represent are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def flatten(values: Mapping[str, Any]) -> Values:
    """Return the values of a contact with an entry for each label of its maps."""
    flat: Values = {}
    for name, value in values.items():
        if isinstance(value, dict) and name not in _OBJECTS:
            flat.update({f"{name}.{label}": text for label, text in cast("Values", value).items()})
        else:
            flat[name] = value
    return flat


def nest(flat: Mapping[str, Any]) -> Values:
    """Return flat values as the fields of a request. A label without a value becomes empty text, which clears it."""
    values: Values = {}
    for name, value in flat.items():
        field_name, dot, label = name.partition(".")
        if dot:
            values.setdefault(field_name, {})[label] = "" if value is None else value
        else:
            values[name] = value
    return values
