"""What holds for every test."""

import os

# As scripts/maintain/openapi_document.py has it, before any test imports the validator.
os.environ["OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND"] = "jsonschema"
