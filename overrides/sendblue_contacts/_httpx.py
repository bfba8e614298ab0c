"""The only hand-written module that imports httpx at run time; the others take it from here."""

import httpx

__all__ = ["httpx"]
