"""What schemathesis is told of the document's own format `e164`: how to make such numbers."""

import schemathesis
from hypothesis import strategies

NUMBERS = strategies.from_regex(r"\A\+[1-9][0-9]{6,14}\Z")

schemathesis.openapi.format("e164", NUMBERS)
