"""The HTTP server: ASGI entry, uvicorn protocol, control routes and pages."""
