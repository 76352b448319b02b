"""Adapters that generate media, one file each, independent of one another."""
