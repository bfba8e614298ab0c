"""The Contacts API: routing, authentication, validation, operations and rendering, without HTTP connections."""
