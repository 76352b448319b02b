"""A job's life: transitions, leases, the library, the event log. The only package that writes job state."""
