"""What a team would put together for the job: FastAPI, Celery, SQLAlchemy on PostgreSQL, Redis, sse-starlette."""
