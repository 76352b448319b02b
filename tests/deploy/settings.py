"""Whether the settings that a deployed service is given are settings, and go together."""

from collections.abc import Mapping

from app.main import check_combination
from schema.combinations import check_worker
from schema.settings import Settings
from tests.deploy.dockerfile import image_environment


def check_settings(given: Mapping[str, str]) -> None:
    """Raise `SettingsError` or fail for what web or worker would refuse to start with, or would not read."""
    settings = Settings.from_environment(image_environment() | dict(given))
    check_combination(settings)
    check_worker(settings)
    assert {name.lower() for name in given} <= set(Settings.model_fields)
