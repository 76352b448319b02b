"""Pictures by a pipeline of diffusers, which stays loaded in its child process. Nothing else here imports torch."""

import base64
import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from io import BytesIO
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from PIL import Image

PREVIEW_EDGE = 256

# How much red, green and blue there is in each channel of the latents of Stable Diffusion's autoencoder: a rough
# picture of what they stand for, without decoding them.
RGB_OF_LATENTS = ((0.35, 0.23, 0.33), (0.32, 0.50, 0.18), (-0.28, 0.18, 0.27), (-0.21, -0.26, -0.72))

_loaded: dict[tuple[str, str, str], Any] = {}


class _Stopped(Exception):
    """Somebody wants it to end at this step."""


def load(model: str, device: str, dtype: str) -> Any:
    """The pipeline of a directory or of the hub, on its device and silent."""
    torch, diffusers = import_module("torch"), import_module("diffusers")
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    if dtype == "auto":
        dtype = "float32" if device == "cpu" else "float16"
    pipeline = diffusers.AutoPipelineForText2Image.from_pretrained(model, torch_dtype=getattr(torch, dtype))
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def generate(arguments: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield each step as it is done, and each picture as it is finished: messages of `actors.providers.diffusers`.

    The pipeline calls back from within; so it runs in a thread of its own, and what it tells comes out here.
    """
    messages: SimpleQueue[dict[str, Any] | BaseException | None] = SimpleQueue()

    def work() -> None:
        try:
            _make(arguments, messages.put)
        except _Stopped:
            messages.put(None)
        except BaseException as error:  # noqa: BLE001  # it is raised below
            messages.put(error)
        else:
            messages.put(None)

    thread = threading.Thread(target=work, name="diffusion", daemon=True)
    thread.start()
    while (message := messages.get()) is not None:
        if isinstance(message, BaseException):
            raise message
        yield message
    thread.join()


def _make(arguments: Mapping[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    pipeline = _pipeline(arguments)
    inputs = [Image.open(file).convert("RGB") for file in arguments["inputs"]]
    if inputs:
        pipeline = import_module("diffusers").AutoPipelineForImage2Image.from_pipe(pipeline)
    count = arguments["n"]
    for index in range(count):
        seed = arguments["seed"] + index

        def step(
            running: Any, number: int, _timestep: Any, tensors: dict[str, Any], index: int = index
        ) -> dict[str, Any]:
            if Path(arguments["stop"]).exists():
                raise _Stopped
            steps = int(running.num_timesteps)
            message = {"done": index * steps + number + 1, "total": count * steps, "step": number + 1, "steps": steps}
            tell(message | _preview(tensors.get("latents")))
            return tensors

        result = pipeline(**_call(pipeline, arguments, seed, inputs), callback_on_step_end=step)
        tell(_finished(result, index, seed, Path(arguments["scratch"])))


def _pipeline(arguments: Mapping[str, Any]) -> Any:
    """The pipeline, loaded at its first use. One at a time: another model takes its place."""
    wanted = (arguments["model"], arguments["device"], arguments["dtype"])
    if wanted not in _loaded:
        _loaded.clear()
        module, _, name = arguments["loader"].partition(":")
        _loaded[wanted] = getattr(import_module(module), name)(*wanted)
    return _loaded[wanted]


def _call(pipeline: Any, arguments: Mapping[str, Any], seed: int, inputs: list[Image.Image]) -> dict[str, Any]:
    """What of the request this pipeline takes."""
    taken = inspect.signature(pipeline.__call__).parameters
    asked = {
        "prompt": arguments["prompt"],
        "negative_prompt": arguments["negative_prompt"] or None,
        "width": arguments["width"],
        "height": arguments["height"],
        **({"image": inputs[0] if len(inputs) == 1 else inputs} if inputs else {}),
        **arguments["options"],
    }
    if "generator" in taken:
        asked["generator"] = import_module("torch").Generator("cpu").manual_seed(seed)
    return {name: value for name, value in asked.items() if name in taken}


def _finished(result: Any, index: int, seed: int, scratch: Path) -> dict[str, Any]:
    flags = getattr(result, "nsfw_content_detected", None)
    if flags and flags[0]:
        return {"index": index, "is_blocked": True}
    picture = result.images[0]
    file = scratch / f"{index}.png"
    picture.save(file, format="PNG")
    return {"index": index, "file": str(file), "width": picture.width, "height": picture.height, "seed": seed}


def _preview(latents: Any) -> dict[str, str]:
    """A rough picture of latents, as a JPEG in base64; nothing for those that nobody knows the meaning of."""
    if latents is None or getattr(latents, "ndim", 0) != 4 or latents.shape[1] != len(RGB_OF_LATENTS):  # noqa: PLR2004
        return {}
    factors = latents.new_tensor(RGB_OF_LATENTS)
    colours = ((latents[0].permute(1, 2, 0) @ factors + 1) * 127.5).clamp(0, 255)
    picture = Image.fromarray(colours.byte().cpu().numpy())
    picture.thumbnail((PREVIEW_EDGE, PREVIEW_EDGE))
    content = BytesIO()
    picture.save(content, format="JPEG")
    return {"preview": base64.b64encode(content.getvalue()).decode()}
