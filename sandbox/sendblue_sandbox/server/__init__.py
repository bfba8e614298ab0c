"""The HTTP server: the ASGI app, the protocol, the control routes and the pages."""
