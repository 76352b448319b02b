"""The handlers: each parses a request, calls one service method, and encodes the answer."""
