"""What accompanies every message: one concern, one file. None of them writes a job's state: a hook that raises is lost."""
