"""Build, verify, upload and tag a release."""
