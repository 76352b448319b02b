"""HTTP and SSE: handlers parse, call one service method, and encode."""
