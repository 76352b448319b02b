"""Server-sent events: one hub to a process, one stream to a connection, frames encoded once."""
