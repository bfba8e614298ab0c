"""Listing every contact, page by page. Pure; `_async/listing.py` does the I/O.

| module      | purpose                                                                          |
|-------------|----------------------------------------------------------------------------------|
| `arguments` | the arguments of `contacts.list()`, checked                                      |
| `walk`      | which page is requested next, and when every contact is listed                   |
| `window`    | when windows begin, whether pages fit together, and which contacts are the same  |
"""

from .arguments import check_size, new_walk
from .walk import PageWalk
from .window import MAX_PAGE_SIZE

__all__ = ["MAX_PAGE_SIZE", "PageWalk", "check_size", "new_walk"]
