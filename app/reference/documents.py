"""Both documents of one running service, as bytes, each made when somebody first asks for it."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from importlib import metadata
from typing import Any

from aiohttp import web

from app.documents import Document, document
from app.keys import MODELS, SETTINGS, STORE, URLS
from app.reference.schemas import Deployment
from jobs.policies import upload_policy
from jobs.urls import Urls
from schema.models import ModelInfo
from schema.settings import Settings

DISTRIBUTION = "media-pipeline"


def once(app: web.Application, make: Callable[[Deployment], dict[str, Any]]) -> Callable[[], Document]:
    """`make`'s document of this application; to be called when its contexts are open, and slow the first time."""

    @cache
    def made() -> Document:
        text = json.dumps(make(deployment_of(app)), ensure_ascii=False, separators=(",", ":"))
        return document(text.encode(), "application/json")

    return made


def deployment_of(app: web.Application) -> Deployment:
    """What the settings and the parts of an application decide of its documents."""
    return configured(app[SETTINGS], app[URLS], app[MODELS].list(), app[STORE].max_object_bytes)


def configured(settings: Settings, urls: Urls, models: Sequence[ModelInfo], most_bytes: int | None) -> Deployment:
    """What the settings decide, with a store that takes objects of `most_bytes`; None: as large as there are."""
    policy = upload_policy(settings)
    return Deployment(
        version=version(),
        public_url=urls.public_url,
        base_path=urls.base_path,
        models=models,
        upload_bounds={each: min(policy.most(each), most_bytes or policy.most(each)) for each in settings.upload_types},
    )


def version() -> str:
    """The version of the installed service; of a checkout that nobody installed there is none."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "unknown"
