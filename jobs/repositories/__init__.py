"""The statements, one file for each table: the only place that knows rows."""
