"""What an entry of the menu may say under `settings`, for the providers that need more than limits and options."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schema.options import Place
from schema.template import is_known, names_in
from schema.wire import Wire

Ratio = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4}:[1-9][0-9]{0,4}$")]


class TemplateSettings(Wire):
    """`input` is what the model is sent, a template of `schema.template`; `ratios` are the aspect ratios it knows."""

    input: dict[str, Any] = Field(min_length=1)
    ratios: list[Ratio] = Field(default=[], max_length=64)

    def unknown(self, options_schema: Mapping[str, Any]) -> tuple[str, Place] | None:
        """The first name that means nothing, and the path to where it stands."""
        return _unknown(self.input, options_schema, "input")


class Node(BaseModel):
    """A node of a workflow, which may say more than what is read here."""

    model_config = ConfigDict(extra="allow", frozen=True)

    class_type: str
    inputs: dict[str, Any]


class RatioSettings(Wire):
    """`ratios` are the sizes that the model makes, in pixels ("1280:720"); `seed` says whether it takes one."""

    ratios: list[Ratio] = Field(min_length=1, max_length=64)
    seed: bool = True


class WorkflowSettings(Wire):
    """`workflow` is a graph in ComfyUI's API format, a template of `schema.template`; in the file also the path of one.

    `output` is the node whose file is the result; by default the first that saves one.
    """

    workflow: dict[str, Node] = Field(min_length=1)
    output: str | None = None

    @property
    def graph(self) -> dict[str, Any]:
        """The workflow as it is sent, but for the values in it."""
        return {name: node.model_dump() for name, node in self.workflow.items()}

    @model_validator(mode="after")
    def _has_its_output(self) -> Self:
        if self.output is not None and self.output not in self.workflow:
            raise ValueError(f"the workflow has no node {self.output} for the output")
        return self

    def unknown(self, options_schema: Mapping[str, Any]) -> tuple[str, Place] | None:
        """The first name that means nothing, and the path to where it stands."""
        return _unknown(self.graph, options_schema, "workflow")


class PipelineSettings(Wire):
    """Where a pipeline of diffusers runs, and in which numbers; by default what suits the machine."""

    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"


def _unknown(template: Any, options_schema: Mapping[str, Any], at: str) -> tuple[str, Place] | None:
    names = ((name, (at, *path)) for name, path in names_in(template))
    return next((each for each in names if not is_known(each[0], options_schema)), None)


SETTINGS: Final[Mapping[str, type[Wire]]] = {
    "fal": TemplateSettings,
    "replicate": TemplateSettings,
    "runway": RatioSettings,
    "comfyui": WorkflowSettings,
    "diffusers": PipelineSettings,
}
"""By provider; the others take none."""
