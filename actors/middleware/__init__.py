"""What accompanies every message, one concern to a file. None writes a job's state: a hook that raises is lost."""
