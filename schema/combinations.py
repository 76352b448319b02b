"""Which engine settings go together, and what they make of a process."""

from schema.settings import Settings, SettingsError


def check_engine(settings: Settings) -> None:
    """Raise `SettingsError` for an engine that could not keep what it accepts."""
    if settings.redis_url is None:
        if settings.web_processes > 1:
            raise SettingsError("WEB_PROCESSES: more than one need a Redis that they share (REDIS_URL)")
        return
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL: needed where REDIS_URL is set, for processes that share a Redis share jobs")
    if settings.gcs_bucket is None and settings.storage_dir is None:
        raise SettingsError(
            "GCS_BUCKET, STORAGE_DIR: one of them is needed where REDIS_URL is set, for processes that share jobs "
            "share what is stored"
        )


def check_worker(settings: Settings) -> None:
    """Raise `SettingsError` where a process can't be a worker beside others."""
    if settings.redis_url is None:
        raise SettingsError("REDIS_URL: needed for workers of their own; without it `python -m app` works, too")
    check_engine(settings)
