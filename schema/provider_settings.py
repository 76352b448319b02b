"""What an entry of the menu may say under `settings`, for the providers that need more than limits and options."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from schema.template import is_known, names_in
from schema.wire import Wire

Ratio = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}$")]


class TemplateSettings(Wire):
    """`input` is what the model is sent, a template of `schema.template`; `ratios` are the aspect ratios it knows."""

    input: dict[str, Any] = Field(min_length=1)
    ratios: list[Ratio] = Field(default=[], max_length=64)

    def unknown(self, options_schema: Mapping[str, Any]) -> tuple[str, tuple[str | int, ...]] | None:
        """The first name that means nothing, and the path to where it stands."""
        names = ((name, ("input", *path)) for name, path in names_in(self.input))
        return next((each for each in names if not is_known(each[0], options_schema)), None)


class RatioSettings(Wire):
    """`ratios` are the sizes that the model makes, in pixels ("1280:720"); `seed` says whether it takes one."""

    ratios: list[Ratio] = Field(min_length=1, max_length=64)
    seed: bool = True


SETTINGS: Final[Mapping[str, type[Wire]]] = {
    "fal": TemplateSettings,
    "replicate": TemplateSettings,
    "runway": RatioSettings,
}
"""By provider; the others take none."""
