"""How schemathesis generates values of the format `e164`."""

import schemathesis
from hypothesis import strategies

NUMBERS = strategies.from_regex(r"\A\+[1-9][0-9]{6,14}\Z")

schemathesis.openapi.format("e164", NUMBERS)
