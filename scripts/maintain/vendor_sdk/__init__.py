"""Compare the vendor's own Python library with the OpenAPI document."""
