"""Exporting: writing contacts to CSV, JSON, XLSX and Parquet."""
