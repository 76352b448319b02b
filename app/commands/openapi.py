"""`openapi`: prints the description of the API, for what generates clients and types from it."""

import json
from argparse import Namespace

from app.main import description
from schema.settings import Settings


def run(settings: Settings, _options: Namespace) -> int:
    """Print it, as a service with these settings would give it."""
    print(json.dumps(description(settings), ensure_ascii=False, indent=2))  # noqa: T201  # this is what was asked for
    return 0
