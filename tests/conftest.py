"""Settings for all tests."""

import os

# The same as in scripts/maintain/openapi_document.py, before any test imports the validator.
os.environ["OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND"] = "jsonschema"
