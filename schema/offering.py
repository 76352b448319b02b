"""What a process offers with its settings: the menu, without the models whose provider has no key."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from schema.menu import Menu, ProviderName
from schema.menu_file import NAME, read_menu
from schema.settings import Settings, SettingsError

NEEDS: Final[Mapping[ProviderName, tuple[str, ...]]] = {
    "procedural": (),
    "diffusers": (),
    "openai": ("openai_api_key", "openai_base_url"),
    "gemini": ("gemini_api_key",),
    "fal": ("fal_key",),
    "replicate": ("replicate_api_token",),
    "comfyui": ("comfyui_url",),
    "runway": ("runwayml_api_secret",),
}
"""Of which settings one at least must be there for a provider to be used."""


@dataclass(frozen=True, slots=True)
class Offering:
    """The menu, and the models that are left out, each with the settings of which one would bring it back."""

    menu: Menu
    left_out: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def offering_of(settings: Settings) -> Offering:
    """What these settings offer. Raises `SettingsError`. A start asks several times, and reads the menu once."""
    menu = read_menu(settings.models_file)
    usable = frozenset(name for name, needs in NEEDS.items() if not needs or any(_is_set(settings, needs)))
    offered = menu.offered_by(usable)
    left_out = {
        each.id: tuple(map(str.upper, NEEDS[each.provider])) for each in menu.models if each.provider not in usable
    }
    if offered is None:
        keys = sorted({key for keys in left_out.values() for key in keys})
        raise SettingsError(f"{NAME}: no model's provider can be used: set one of {', '.join(keys)}")
    return Offering(offered, left_out)


def _is_set(settings: Settings, names: tuple[str, ...]) -> list[Any]:
    return [getattr(settings, name) is not None for name in names]
