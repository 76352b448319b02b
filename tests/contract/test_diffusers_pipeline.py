"""A real pipeline of diffusers, tiny and random, where the extra is installed: `make test-diffusers`."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from actors.children import ChildPool
from actors.providers.base import GenerationRequest, InputMedia
from actors.providers.diffusers import DiffusersProvider
from schema.provider_settings import PipelineSettings
from tests.contract.job_providers import model
from tests.contract.providers import Recorder, outputs_of
from tests.unit.actors.processing.samples import png

torch = pytest.importorskip("torch", reason="the extra diffusers is not installed")
diffusers = pytest.importorskip("diffusers", reason="the extra diffusers is not installed")
transformers = pytest.importorskip("transformers", reason="the extra diffusers is not installed")

STEPS, ENDLESS = 5, 500
MODEL = model("diffusers", "tiny", "image").model_copy(
    update={
        "options_schema": {
            "type": "object",
            "properties": {"num_inference_steps": {"type": "integer"}, "strength": {"type": "number"}},
            "additionalProperties": False,
        }
    }
)


def made(directory: Path) -> Path:
    """Stable Diffusion's architecture with random weights and a vocabulary of a few letters, saved."""
    torch.manual_seed(0)
    words = [
        "<|startoftext|>",
        "<|endoftext|>",
        *"abcdefghijklmnopqrstuvwxyz",
        *(f"{letter}</w>" for letter in "abcdefghijklmnopqrstuvwxyz"),
    ]
    tokens = directory / "tokens"
    tokens.mkdir()
    (tokens / "vocab.json").write_text(json.dumps({word: place for place, word in enumerate(words)}))
    (tokens / "merges.txt").write_text("#version: 0.2\n")
    config = transformers.CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=77,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    blocks = {"layers_per_block": 1, "block_out_channels": (8, 16), "norm_num_groups": 4}
    pipeline = diffusers.StableDiffusionPipeline(
        vae=diffusers.AutoencoderKL(
            **blocks,
            latent_channels=4,
            down_block_types=("DownEncoderBlock2D", "DownEncoderBlock2D"),
            up_block_types=("UpDecoderBlock2D", "UpDecoderBlock2D"),
        ),
        text_encoder=transformers.CLIPTextModel(config),
        tokenizer=transformers.CLIPTokenizer.from_pretrained(str(tokens), model_max_length=77),
        unet=diffusers.UNet2DConditionModel(
            **blocks,
            sample_size=32,
            in_channels=4,
            out_channels=4,
            cross_attention_dim=16,
            attention_head_dim=2,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        ),
        scheduler=diffusers.DDIMScheduler(steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(directory / "model")
    return directory / "model"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
async def provider() -> AsyncIterator[DiffusersProvider]:
    pool = ChildPool(limit=1)
    yield DiffusersProvider(pool, [MODEL], {MODEL.id: PipelineSettings()})
    await pool.close()


def request(directory: Path, **changes: Any) -> GenerationRequest:
    values: dict[str, Any] = {
        "job_id": "j1",
        "kind": "image",
        "model": MODEL.id,
        "upstream_model": str(directory),
        "prompt": "a cat",
        "n": 1,
        "width": 64,
        "height": 64,
        "seed": 7,
        "options": {"num_inference_steps": STEPS},
    }
    return GenerationRequest(**(values | changes))


@pytest.mark.timeout(300)
async def test_each_denoising_step_is_told_and_shown(
    provider: DiffusersProvider, directory: Path, tmp_path: Path
) -> None:
    report = Recorder()

    outputs = await outputs_of(provider, request(directory, n=2), tmp_path, report)

    assert report.seen == [(step + 1, 2 * STEPS, f"Step {step % STEPS + 1} of {STEPS}") for step in range(2 * STEPS)]
    assert [content_type for _, content_type in report.previews] == ["image/jpeg"] * (2 * STEPS)
    assert [(each.width, each.height, each.seed) for each in outputs] == [(64, 64, 7), (64, 64, 8)]


@pytest.mark.timeout(300)
async def test_a_seed_gives_the_same_picture_again(
    provider: DiffusersProvider, directory: Path, tmp_path: Path
) -> None:
    pictures = []
    for seed in (7, 7, 8):
        [output] = await outputs_of(provider, request(directory, seed=seed), tmp_path)
        pictures.append(output.file.read_bytes())

    assert pictures[0] == pictures[1] != pictures[2]


@pytest.mark.timeout(300)
async def test_a_stop_comes_at_the_next_step(provider: DiffusersProvider, directory: Path, tmp_path: Path) -> None:
    report = Recorder()
    endless = request(directory, options={"num_inference_steps": ENDLESS})
    task = asyncio.create_task(outputs_of(provider, endless, tmp_path, report))
    while len(report.seen) < STEPS and not task.done():
        report.reached.clear()
        await report.reached.wait()

    task.cancel()
    await asyncio.wait([task])
    told = len(report.seen)
    (tmp_path / "stop").unlink()
    await outputs_of(provider, request(directory), tmp_path)

    assert told < ENDLESS


@pytest.mark.timeout(300)
async def test_a_picture_can_be_where_it_begins(provider: DiffusersProvider, directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "given.png"
    file.write_bytes(png(64, 64))
    given = (InputMedia("media/alice/a.png", "image/png", file),)
    options = {"num_inference_steps": 10, "strength": 0.5}
    report = Recorder()

    [output] = await outputs_of(provider, request(directory, inputs=given, options=options), tmp_path, report)

    assert output.file.exists()
    assert report.seen[-1] == (STEPS, STEPS, f"Step {STEPS} of {STEPS}")
