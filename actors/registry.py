"""The registry of providers: how each is put together, by its name in the menu; what is not on it is not loaded."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeVar

from pydantic import SecretStr

from actors.children import ChildPool
from actors.providers.base import Provider
from actors.providers.prices import TokenPrices
from schema.menu import Entry, Menu, ProviderName
from schema.models import ModelInfo
from schema.provider_settings import PipelineSettings, RatioSettings, TemplateSettings, WorkflowSettings
from schema.settings import Settings, SettingsError
from schema.wire import Wire

S = TypeVar("S", bound=Wire)


@dataclass(frozen=True, slots=True)
class Means:
    """What providers are made of. Children of `resident` keep what they have loaded."""

    settings: Settings
    children: ChildPool
    resident: ChildPool


@dataclass(frozen=True, slots=True)
class Share:
    """What one provider has on the menu."""

    entries: Sequence[Entry]

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """As the adapters check requests by them."""
        return tuple(entry.info(default=False) for entry in self.entries)

    def settings(self, shape: type[S]) -> dict[str, S]:
        """What the entries say under `settings`, by model id."""
        return {entry.id: entry.settings_as(shape) for entry in self.entries}

    @property
    def prices(self) -> dict[str, TokenPrices]:
        """The prices of tokens, by model id."""
        return {
            entry.id: TokenPrices(tokens.text_in, tokens.image_in, tokens.image_out, tokens.text_out)
            for entry in self.entries
            if (tokens := entry.price.tokens) is not None
        }


def providers_of(menu: Menu, settings: Settings, children: ChildPool, resident: ChildPool) -> list[Provider]:
    """Every provider that has something on the menu. Raises `SettingsError` where one can't work here."""
    check_extras(menu)
    means = Means(settings, children, resident)
    return [_FACTORIES[name](means, share) for name, share in _shares(menu.models)]


def check_extras(menu: Menu) -> None:
    """Raise `SettingsError` where something on the menu needs packages that are not installed. Loads none of them."""
    needed = {package for entry in menu.models for package in _PACKAGES.get(entry.provider, ())}
    for package in sorted(needed):
        if find_spec(package) is None:
            raise SettingsError(f"MODELS_FILE: the provider diffusers needs the extra `diffusers`: no {package} here")


def _shares(entries: Iterable[Entry]) -> list[tuple[ProviderName, Share]]:
    names = dict.fromkeys(entry.provider for entry in entries)
    return [(name, Share([entry for entry in entries if entry.provider == name])) for name in names]


def _procedural(means: Means, share: Share) -> Provider:
    from actors.providers.procedural import ProceduralProvider  # noqa: PLC0415

    return ProceduralProvider(means.children, share.models)


def _openai(means: Means, share: Share) -> Provider:
    from actors.providers.openai import OpenAIProvider, openai_api  # noqa: PLC0415

    settings = means.settings
    api = openai_api(_secret(settings.openai_api_key), **_base(settings.openai_base_url))
    return OpenAIProvider(api, share.models, share.prices)


def _gemini(means: Means, share: Share) -> Provider:
    from actors.providers.gemini.api import gemini_api  # noqa: PLC0415
    from actors.providers.gemini.provider import GeminiProvider  # noqa: PLC0415

    settings = means.settings
    api = gemini_api(_secret(settings.gemini_api_key), **_base(settings.gemini_base_url))
    return GeminiProvider(api, share.models, share.prices)


def _comfyui(means: Means, share: Share) -> Provider:
    from actors.providers.comfyui.provider import ComfyUIProvider  # noqa: PLC0415
    from actors.providers.comfyui.server import comfyui_api  # noqa: PLC0415

    settings = means.settings
    api = comfyui_api(settings.comfyui_url or "", _secret(settings.comfyui_api_key))
    return ComfyUIProvider(api, share.models, share.settings(WorkflowSettings))


def _diffusers(means: Means, share: Share) -> Provider:
    from actors.providers.diffusers import DiffusersProvider  # noqa: PLC0415

    return DiffusersProvider(means.resident, share.models, share.settings(PipelineSettings))


def _fal(means: Means, share: Share) -> Provider:
    from actors.providers.fal import FalProvider, fal_api  # noqa: PLC0415

    settings = means.settings
    api = fal_api(_secret(settings.fal_key), **_base(settings.fal_base_url))
    return FalProvider(api, share.models, share.settings(TemplateSettings))


def _replicate(means: Means, share: Share) -> Provider:
    from actors.providers.replicate import ReplicateProvider, replicate_api  # noqa: PLC0415

    settings = means.settings
    api = replicate_api(_secret(settings.replicate_api_token), **_base(settings.replicate_base_url))
    return ReplicateProvider(api, share.models, share.settings(TemplateSettings))


def _runway(means: Means, share: Share) -> Provider:
    from actors.providers.runway import RunwayProvider, runway_api  # noqa: PLC0415

    settings = means.settings
    api = runway_api(_secret(settings.runwayml_api_secret), **_base(settings.runwayml_base_url))
    return RunwayProvider(api, share.models, share.settings(RatioSettings))


def _secret(value: SecretStr | None) -> str:
    return "" if value is None else value.get_secret_value()


def _base(url: str | None) -> dict[str, Any]:
    """The base URL as an argument, where it is another than the provider's own."""
    return {} if url is None else {"base_url": url}


_PACKAGES: Mapping[ProviderName, tuple[str, ...]] = {"diffusers": ("diffusers", "torch", "transformers")}

_FACTORIES: Mapping[ProviderName, Callable[[Means, Share], Provider]] = {
    "procedural": _procedural,
    "openai": _openai,
    "gemini": _gemini,
    "comfyui": _comfyui,
    "diffusers": _diffusers,
    "fal": _fal,
    "replicate": _replicate,
    "runway": _runway,
}
