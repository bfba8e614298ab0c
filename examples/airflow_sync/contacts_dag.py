"""An Airflow task that makes an account match a Parquet file every night, such as an extract of the warehouse.

    pip install apache-airflow "sendblue-contacts[parquet]"

The connection is in the environment of the workers: SENDBLUE_API_API_KEY, SENDBLUE_API_API_SECRET, and
SENDBLUE_RATE_LIMIT_STORE if other programs use the same account.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag, task
from sendblue_contacts import Sendblue
from sendblue_transfer import apply_sync, open_source, plan_sync


@task(retries=3, retry_delay=timedelta(minutes=5))
def sync_contacts(path: str) -> dict[str, int]:
    """Sync a file with the account. A retry resumes a sync that stopped; only counts go to XCom, and no numbers.

    Args:
        path: The path of the file. The state of the sync is kept next to it.
    """
    with Sendblue() as client, open_source(path) as source:
        report = apply_sync(client, plan_sync(client, source, delete="tracked"))
    if not report.complete:
        raise RuntimeError(f"the sync stopped: {report.stopped}")
    return {
        "created": report.created,
        "updated": report.updated,
        "deleted": report.deleted,
        "rejected": report.rejected,
    }


@dag(schedule="0 3 * * *", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False, max_active_runs=1)
def contacts() -> None:
    """Sync the contacts every night."""
    sync_contacts("/srv/crm/contacts.parquet")


contacts()
