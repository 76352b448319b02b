"""The `procedural` provider: images and videos computed from a prompt's words and a seed, in child processes."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors.children import ChildPool
from actors.providers.base import Errand, GenerationRequest, Output, Reporter, check_request
from actors.providers.childwork import translated
from actors.rendering.options import OPTIONS_SCHEMA
from schema.models import Bounds, MediaKind, ModelInfo, ModelLimits

NAME = "procedural"
IMAGE_MODEL = ModelInfo(
    id="procedural/image",
    kind="image",
    provider=NAME,
    default=True,
    limits=ModelLimits(
        n=Bounds(minimum=1, maximum=8, step=1),
        width=Bounds(minimum=64, maximum=2048, step=1),
        height=Bounds(minimum=64, maximum=2048, step=1),
    ),
    options_schema=OPTIONS_SCHEMA,
)
VIDEO_MODEL = ModelInfo(
    id="procedural/video",
    kind="video",
    provider=NAME,
    default=True,
    limits=ModelLimits(
        n=Bounds(minimum=1, maximum=4, step=1),
        width=Bounds(minimum=64, maximum=1920, step=2),
        height=Bounds(minimum=64, maximum=1920, step=2),
        duration_seconds=Bounds(minimum=0.5, maximum=60),
        fps=Bounds(minimum=1, maximum=60, step=1),
    ),
    options_schema=OPTIONS_SCHEMA,
)


@dataclass(frozen=True, slots=True)
class Rendering:
    """How one kind is rendered: by which function in the child, into what, and what a step of it is called."""

    function: str
    content_type: str
    noun: str


RENDERINGS: Mapping[MediaKind, Rendering] = {
    "image": Rendering("actors.rendering.procedural:render_images", "image/png", "image"),
    "video": Rendering("actors.rendering.video:render_videos", "video/mp4", "video"),
}


class ProceduralProvider:
    """Renders in `children`. The same request and seed give the same bytes."""

    name = NAME

    def __init__(self, children: ChildPool, offered: Sequence[ModelInfo] = (IMAGE_MODEL, VIDEO_MODEL)) -> None:
        self._children = children
        self._offered = tuple(offered)

    def models(self) -> tuple[ModelInfo, ...]:
        return self._offered

    @asynccontextmanager
    async def generate(
        self,
        request: GenerationRequest,
        report: Reporter,
        scratch: Path,
        errand: Errand,  # noqa: ARG002  # a child dies with its worker: there is nothing to pick up
    ) -> AsyncIterator[AsyncIterator[Output]]:
        rendering = RENDERINGS[check_request(self._offered, request).kind]
        async with AsyncExitStack() as stack:
            with translated():
                task = self._children.run(rendering.function, _arguments(request, scratch))
                messages = await stack.enter_async_context(task)
            yield await stack.enter_async_context(aclosing(_outputs(messages, request, rendering, report)))


async def _outputs(
    messages: AsyncIterator[dict[str, Any]], request: GenerationRequest, rendering: Rendering, report: Reporter
) -> AsyncGenerator[Output, None]:
    """Report every step that the child tells of, and yield what it finished."""
    finished = 0
    with translated():
        async for message in messages:
            report.units(message["done"], message["total"], _step(finished, request, rendering))
            if "file" in message:
                finished += 1
                yield _output(message, request, rendering)


def _step(finished: int, request: GenerationRequest, rendering: Rendering) -> str:
    return f"Rendering {rendering.noun} {min(finished + 1, request.n)} of {request.n}"


def _output(message: Mapping[str, Any], request: GenerationRequest, rendering: Rendering) -> Output:
    return Output(
        index=message["index"],
        file=Path(message["file"]),
        content_type=rendering.content_type,
        width=request.width,
        height=request.height,
        seed=message["seed"],
        duration_seconds=message.get("duration"),
    )


def _arguments(request: GenerationRequest, scratch: Path) -> Mapping[str, Any]:
    return {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "seed": request.seed,
        "n": request.n,
        "width": request.width,
        "height": request.height,
        "duration_seconds": request.duration_seconds,
        "fps": request.fps,
        "options": dict(request.options),
        "scratch": str(scratch.absolute()),
    }
