"""Settings for all tests."""

import os
import signal

# The same as in scripts/maintain/openapi_document.py, before any test imports the validator.
os.environ["OPENAPI_SPEC_VALIDATOR_SCHEMA_VALIDATOR_BACKEND"] = "jsonschema"

# A background job of a shell ignores SIGINT. The processes that tests start and interrupt would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
