"""Listing every contact, page by page. Pure; `_async/listing.py` does the I/O.

| module         | purpose                                                  |
|----------------|----------------------------------------------------------|
| `arguments`    | the arguments of `contacts.list()`, checked              |
| `walk`         | which page is requested next, and when every contact is listed |
| `contact_keys` | which contacts are the same                              |
"""

from .arguments import ListSettings, check_size, filters, list_settings
from .walk import MAX_PAGE_SIZE

__all__ = ["MAX_PAGE_SIZE", "ListSettings", "check_size", "filters", "list_settings"]
