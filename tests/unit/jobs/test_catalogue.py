"""The catalogue of models judges requests and completes them."""

from typing import Any

import pytest

from jobs.catalogue import ModelCatalogue, output_seed
from jobs.errors import InvalidRequest
from schema.models import Bounds, ModelInfo, ModelLimits
from schema.requests import MAX_SEED, ImageBody, VideoBody

OPTIONS = {"type": "object", "properties": {"style": {"enum": ["plain", "wild"]}}, "additionalProperties": False}
LIMITS = ModelLimits(
    n=Bounds(minimum=1, maximum=4),
    width=Bounds(minimum=64, maximum=512, step=64),
    height=Bounds(minimum=64, maximum=512),
)


def make_model(id: str = "one", **overrides: Any) -> ModelInfo:
    values: dict[str, Any] = {
        "id": id,
        "kind": "image",
        "provider": "test",
        "default": True,
        "limits": LIMITS,
        "options_schema": OPTIONS,
    }
    return ModelInfo(**(values | overrides))


def make_body(**overrides: Any) -> ImageBody:
    values: dict[str, Any] = {"prompt": "a cat", "width": 64, "height": 64}
    return ImageBody(**(values | overrides))


def refusal(body: ImageBody, *models: ModelInfo) -> list[str]:
    with pytest.raises(InvalidRequest) as caught:
        ModelCatalogue(models or [make_model()]).complete("image", body)
    return [error.field for error in caught.value.errors]


def test_a_request_is_completed_with_the_default_model_and_a_seed_that_javascript_reads_exactly() -> None:
    request = ModelCatalogue([make_model("other", default=False), make_model()]).complete("image", make_body())

    assert request["model"] == "one"
    assert 0 <= request["seed"] <= 2**53 - 1 - 8
    assert request["prompt"] == "a cat"


@pytest.mark.parametrize(("count", "fields"), [(2, []), (3, ["inputs"])])
def test_a_model_takes_so_many_inputs(count: int, fields: list[str]) -> None:
    catalogue = ModelCatalogue([make_model(takes_inputs=True)], {"one": 2})
    errors: list[str] = []
    try:
        catalogue.complete("image", make_body(inputs=["alice/a.png"] * count))
    except InvalidRequest as error:
        errors = [each.field for each in error.errors]

    assert errors == fields


def test_a_given_model_and_seed_stay() -> None:
    catalogue = ModelCatalogue([make_model("other", default=False), make_model()])

    request = catalogue.complete("image", make_body(model="other", seed=17))

    assert (request["model"], request["seed"]) == ("other", 17)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"n": 5}, ["n"]),
        ({"width": 100}, ["width"]),
        ({"width": 1024, "height": 600}, ["width", "height"]),
        ({"inputs": ["media/alice/a.png"]}, ["inputs"]),
        ({"options": {"style": "odd"}}, ["options.style"]),
        ({"options": {"unknown": 1}}, ["options"]),
        ({"model": "nobody"}, ["model"]),
    ],
)
def test_every_broken_rule_is_named_by_its_field(body: dict[str, Any], fields: list[str]) -> None:
    assert refusal(make_body(**body)) == fields


def test_a_model_of_another_kind_is_not_chosen() -> None:
    assert refusal(make_body(model="film"), make_model(), make_model("film", kind="video")) == ["model"]


def test_without_any_model_of_the_kind_a_request_is_refused() -> None:
    assert refusal(make_body(), make_model("film", kind="video")) == ["model"]


def test_the_limit_of_a_field_is_named_as_the_wire_names_it() -> None:
    limits = LIMITS.model_copy(update={"duration_seconds": Bounds(minimum=1, maximum=2)})
    catalogue = ModelCatalogue([make_model(kind="video", limits=limits)])

    with pytest.raises(InvalidRequest) as caught:
        catalogue.complete("video", VideoBody(prompt="a cat", duration_seconds=3))

    assert [error.field for error in caught.value.errors] == ["durationSeconds"]


def test_seeds_of_outputs_follow_each_other_and_begin_again_behind_the_greatest() -> None:
    assert [output_seed(5, index) for index in range(3)] == [5, 6, 7]
    assert [output_seed(MAX_SEED, index) for index in range(2)] == [MAX_SEED, 0]
