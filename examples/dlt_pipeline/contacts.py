"""A dlt resource with the contacts of an account, and a dlt destination that creates contacts.

pip install "dlt[duckdb]" sendblue-contacts
export SENDBLUE_API_API_KEY=… SENDBLUE_API_API_SECRET=…
python contacts.py    # loads the contacts into contacts.duckdb
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dlt
from sendblue_contacts import Sendblue

if TYPE_CHECKING:
    from collections.abc import Iterator


@dlt.resource(name="contacts", primary_key="phone", write_disposition="merge")
def contacts(created_at_gte: str | None = None) -> Iterator[list[dict[str, Any]]]:
    """Yield the contacts page by page, as dicts; later runs replace those with the same number.

    Args:
        created_at_gte: Only contacts created at or after this time, in ISO 8601.
    """
    with Sendblue() as client:
        for page in client.with_options(bulk=True).contacts.list(created_at_gte=created_at_gte).pages():
            yield [contact.to_dict() for contact in page]


@dlt.destination(name="sendblue", batch_size=1000, naming_convention="direct", skip_dlt_columns_and_tables=True)
def sendblue(items: list[dict[str, Any]], table: dict[str, Any]) -> None:
    """Create contacts from rows of a pipeline, whose columns have the names of fields.

    dlt repeats a batch that fails. `check_existing` makes that safe: rows that were created before are not sent again.
    The error says how many rows failed, and why, but shows no number.
    """
    with Sendblue() as client:
        bulk = client.with_options(bulk=True).contacts.bulk
        result = bulk.create(items, duplicates="last", check_existing=True)
    print(f"{table['name']}: {len(result.created)} of {len(items)} contacts created")
    result.raise_for_failures()


if __name__ == "__main__":
    pipeline = dlt.pipeline("sendblue_contacts", destination="duckdb", dataset_name="crm")
    print(pipeline.run(contacts()))
