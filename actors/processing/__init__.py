"""Judges and prepares untrusted media. What reads their bytes runs in a limited child process: see `verification`."""
