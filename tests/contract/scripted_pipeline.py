"""A pipeline as diffusers has them, as far as it is used here: it calls back at each step, and is quick."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PIL import Image

STEPS = 4
SLOW_ROUNDS = 200_000
"""Of hashing, in each step of what is slow."""


@dataclass
class ScriptedPipeline:
    """What it does is in the prompt: "slow", "blocked", "full" (no memory is left) or "broken"; "loads" counts."""

    model: str
    num_timesteps: int = 0

    def __call__(
        self,
        prompt: str,
        negative_prompt: str | None = None,
        width: int = 64,
        height: int = 64,
        num_inference_steps: int = STEPS,
        callback_on_step_end: Any = None,
    ) -> Any:
        self.num_timesteps = num_inference_steps
        for number in range(num_inference_steps):
            if prompt == "slow":
                hashlib.pbkdf2_hmac("sha256", b"slow", b"slow", SLOW_ROUNDS)
            callback_on_step_end(self, number, 1000 - number, {"latents": None})
            if prompt == "slow":
                with Path(self.model, "steps").open("a") as file:
                    file.write(f"{number} ")
        if prompt == "full":
            raise MemoryError("no room")
        if prompt == "broken":
            raise RuntimeError("it broke at: broken")
        flags = [prompt == "blocked"]
        return SimpleNamespace(images=[Image.new("RGB", (width, height))], nsfw_content_detected=flags)


def load(model: str, device: str, dtype: str) -> ScriptedPipeline:
    """Note that it was loaded."""
    with Path(model, "loads").open("a") as file:
        file.write(f"{device} {dtype}\n")
    return ScriptedPipeline(model)
