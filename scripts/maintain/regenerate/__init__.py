"""Generate the package in generated/ from the OpenAPI document."""
