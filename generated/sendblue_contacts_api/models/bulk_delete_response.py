from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self, SupportsIndex

from ..types import (
    Field,
    MaskedModel,
    Shapes,
    equal_models,
    read_models,
)


class BulkDeleteResponse(MaskedModel):
    """The result of a bulk delete request.

    Attributes:
        status (str | None): `OK` or, with an error message, `ERROR`.
        amount (int | None): The number of deleted contacts.
        total (int | None): The number of phone numbers in the request.
        successes (int | None): The number of deleted contacts. The same value as `amount`.
        failures (int | None): The number of phone numbers that were not deleted. In a bulk create response, this
            field is an array.
        results (list[BulkDeleteItem] | None): The result for each phone number, in the order of the request.
            Optional.
        additional_properties (dict[str, Any]): Undocumented keys, and values of the wrong type.
    """

    __slots__ = (
        "__weakref__",
        "_fields_set",
        "additional_properties",
        "status",
        "amount",
        "total",
        "successes",
        "failures",
        "results",
    )

    FIELDS: ClassVar[Mapping[str, Field]] = {
        "status": Field("string", nullable=True, attribute="status"),
        "amount": Field("integer", nullable=True, attribute="amount"),
        "total": Field("integer", nullable=True, attribute="total"),
        "successes": Field("integer", nullable=True, attribute="successes"),
        "failures": Field("integer", nullable=True, attribute="failures"),
        "results": Field("array[object]", nullable=True, attribute="results", model="BulkDeleteItem"),
    }
    """The definition of each field, by its preferred name."""

    status: str | None
    amount: int | None
    total: int | None
    successes: int | None
    failures: int | None
    results: list[BulkDeleteItem] | None
    additional_properties: dict[str, Any]
    _fields_set: frozenset[str] | None

    def __init__(
        self,
        status: str | None = None,
        amount: int | None = None,
        total: int | None = None,
        successes: int | None = None,
        failures: int | None = None,
        results: list[BulkDeleteItem] | None = None,
    ) -> None:
        self.status = status
        self.amount = amount
        self.total = total
        self.successes = successes
        self.failures = failures
        self.results = results
        self.additional_properties = {}
        self._fields_set = None

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """Create a BulkDeleteResponse from JSON with preferred names or aliases; preferred names take precedence.

        A value of the wrong type becomes None and is kept unchanged in `additional_properties`.
        """
        get = src_dict.get
        value_status = get("status")
        value_amount = get("amount")
        value_total = get("total")
        value_successes = get("successes")
        value_failures = get("failures")
        raw_results = get("results")
        value_results = read_models(BulkDeleteItem.from_dict, raw_results)
        model = cls(
            value_status,
            value_amount,
            value_total,
            value_successes,
            value_failures,
            value_results,
        )
        model._fields_set, unknown = _SHAPES[tuple(src_dict)]
        if unknown:
            model.additional_properties = {key: src_dict[key] for key in unknown}
        if value_results is None and raw_results is not None:
            model.additional_properties["results"] = raw_results
        return model

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON, under their preferred names, without fields that were not received and have no value."""
        result = dict(self.additional_properties)
        if self.status is not None:
            result["status"] = self.status
        elif "status" in self.fields_set:
            result.setdefault("status", None)
        if self.amount is not None:
            result["amount"] = self.amount
        elif "amount" in self.fields_set:
            result.setdefault("amount", None)
        if self.total is not None:
            result["total"] = self.total
        elif "total" in self.fields_set:
            result.setdefault("total", None)
        if self.successes is not None:
            result["successes"] = self.successes
        elif "successes" in self.fields_set:
            result.setdefault("successes", None)
        if self.failures is not None:
            result["failures"] = self.failures
        elif "failures" in self.fields_set:
            result.setdefault("failures", None)
        if self.results is not None:
            result["results"] = [item.to_dict() for item in self.results]
        elif "results" in self.fields_set:
            result.setdefault("results", None)
        return result

    @property
    def fields_set(self) -> frozenset[str]:
        """The attributes whose keys were in the response, null or not. For an object created in Python: those that are not None."""
        if self._fields_set is not None:
            return self._fields_set
        return frozenset(
            field.attribute for field in self.FIELDS.values() if getattr(self, field.attribute) is not None
        )

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return equal_models(self, other, self.FIELDS)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        return super().__reduce_ex__(max(2, int(protocol)))  # older protocols cannot pickle slots


_SHAPES = Shapes(BulkDeleteResponse.FIELDS)

# Imported below the class, because models may refer to each other.
from ..models.bulk_delete_item import BulkDeleteItem  # noqa: E402
