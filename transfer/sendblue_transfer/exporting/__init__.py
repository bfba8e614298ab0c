"""Exporting: writing contacts to CSV, JSON and XLSX."""
