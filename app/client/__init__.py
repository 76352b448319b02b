"""The service from outside: what a command asks a running one over HTTP."""
