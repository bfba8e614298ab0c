"""A FastAPI app whose requests share one client, and whose worker processes share one rate limit.

    pip install fastapi uvicorn sendblue-contacts
    export SENDBLUE_RATE_LIMIT_STORE=file:///var/lib/crm/sendblue.slots    # redis://… for several machines
    uvicorn app:app --workers 4

A request waits at most 15 seconds for a slot of the rate limit; then the answer is 503. A new slot file counts as full
for ten seconds, because another program may have sent requests before.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sendblue_contacts import AsyncSendblue, ConflictError, InvalidPhoneNumberError, RateLimitError, SendblueError
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MAX_WAIT = 15.0
STATUSES: dict[type[SendblueError], int] = {ConflictError: 409, InvalidPhoneNumberError: 422, RateLimitError: 503}
"""The status for each kind of error; 502 for others, such as a server that cannot be reached."""


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
    """Open one client for each process: inside the event loop that uses it, and closed with it."""
    async with AsyncSendblue() as client:
        yield {"client": client.with_options(max_wait=MAX_WAIT)}


def shared_client(request: Request) -> AsyncSendblue:
    """Return the client of this process."""
    client: AsyncSendblue = request.state.client
    return client


Client = Annotated[AsyncSendblue, Depends(shared_client)]
app = FastAPI(lifespan=lifespan)


class NewContact(BaseModel):
    """The body of a request that creates a contact."""

    phone: str
    first_name: str | None = None
    tags: list[str] = []


@app.exception_handler(SendblueError)
async def report_error(_: Request, error: SendblueError) -> JSONResponse:
    """Answer with the message of an error, which shows no personal data."""
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 502)
    return JSONResponse({"detail": str(error)}, status)


@app.post("/contacts", status_code=201)
async def create_contact(contact: NewContact, client: Client) -> dict[str, Any]:
    """Create a contact."""
    return (await client.contacts.create(contact.model_dump(exclude_unset=True))).to_dict()


@app.get("/contacts/{phone_number}")
async def get_contact(phone_number: str, client: Client) -> dict[str, Any]:
    """Return a contact."""
    contact = await client.contacts.get(phone_number)
    if contact is None:
        raise HTTPException(404, "no contact has this number")
    return contact.to_dict()
