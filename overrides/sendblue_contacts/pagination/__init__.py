"""Listing every contact, page by page. Pure; `_async/listing.py` does the I/O."""

from .arguments import new_walk
from .page import ROWS
from .walk import PageWalk
from .window import MAX_PAGE_SIZE

__all__ = ["MAX_PAGE_SIZE", "ROWS", "PageWalk", "new_walk"]
