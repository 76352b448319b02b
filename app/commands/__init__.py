"""What `python -m app COMMAND` does: a module for each, whose `run(settings, options)` gives the exit status."""
