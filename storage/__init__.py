"""Bytes under paths: the `Store` port, its implementations, and the path convention."""
