"""Bulk calls: batches of contacts or numbers, requests for each batch, and one outcome for each item."""
