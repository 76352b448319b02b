"""Whether the settings that a deployed service is given are settings, and go together."""

from collections.abc import Mapping

import schema.settings
from app.main import check_combination
from schema.combinations import check_worker
from schema.settings import Settings
from tests.deploy.dockerfile import image_environment


def check_settings(given: Mapping[str, str]) -> None:
    """Raise `SettingsError` or fail for what web or worker would refuse to start with, or would not read."""
    environment = dict(given)
    if hasattr(schema.settings, "NOT_YET"):
        # Until the bucket can be used, a directory stands for it here.
        environment = {name: value for name, value in given.items() if not name.startswith("GCS_")}
        environment["STORAGE_DIR"] = "/media"
    settings = Settings.from_environment(image_environment() | environment)
    check_combination(settings)
    check_worker(settings)
    assert {name.lower() for name in environment} <= set(Settings.model_fields)
