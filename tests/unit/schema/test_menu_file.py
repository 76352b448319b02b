"""Reading a menu: each mistake is told with the file's name, the line, and what is wrong there."""

from pathlib import Path

import pytest

from actors.rendering.options import OPTIONS_SCHEMA
from schema.menu import Menu
from schema.menu_file import parse_menu, read_menu
from schema.offering import NEEDS, offering_of
from schema.settings import Settings, SettingsError

GOOD = """\
models:
  - id: a/one
    kind: image
    provider: openai
    fallbacks: [b/two]
  - id: b/two
    kind: image
    provider: procedural
    default: true
  - id: b/film
    kind: video
    provider: procedural
"""


def mistake_in(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_menu(text, "menu.yaml")
    return str(caught.value)


def test_what_is_left_out_is_as_wide_as_the_api() -> None:
    one, two, film = parse_menu(GOOD, "menu.yaml").infos()

    assert (one.limits.n.maximum, one.limits.width.maximum, one.limits.fps) == (8, 2048, None)
    assert film.limits.duration_seconds is not None
    assert (film.limits.n.maximum, film.limits.duration_seconds.maximum) == (4, 60)
    assert (one.default, two.default, film.default) == (False, True, True)


def test_the_name_at_the_provider_is_the_id_without_its_first_part() -> None:
    menu = parse_menu(GOOD.replace("a/one", "a/org/one").replace("b/two", "two"), "menu.yaml")

    assert [entry.upstream_name for entry in menu.models] == ["org/one", "two", "film"]


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("kind: sound", "kind: image", "menu.yaml:3: models.0.kind: "),
        ("provider: nobody", "provider: openai", "menu.yaml:4: models.0.provider: "),
        ("provder: openai", "provider: openai", "menu.yaml:2: models.0.provider: Field required"),
        ("fallbacks: [b/three]", "fallbacks: [b/two]", "menu.yaml:5: models.0.fallbacks.0: there is no model b/three"),
        ("fallbacks: [b/film]", "fallbacks: [b/two]", "menu.yaml:5: models.0.fallbacks.0: b/film makes another kind"),
        ("fallbacks: [a/one]", "fallbacks: [b/two]", "menu.yaml:5: models.0.fallbacks.0: a/one is tried already"),
        ("id: a/one", "id: b/two", "menu.yaml:6: models.1.id: a/one is the id of an earlier model"),
        ("default: 1", "default: true", "menu.yaml:9: models.1.default: "),
        ("default: true\n    default: true", "default: true", "menu.yaml:10: models.1.default: comes twice"),
        ("kind: video\n    concurrency: 0", "kind: video", "menu.yaml:12: models.2.concurrency: "),
        ("kind: image\n    limits: {fps: {minimum: 1, maximum: 2}}", "kind: image", "menu.yaml:4: models.0.limits: "),
        ("kind: image\n    options: {type: objekt}", "kind: image", "menu.yaml:4: models.0.options.type: "),
        ("kind: image\n    options: {type: array}", "kind: image", "menu.yaml:4: models.0.options: must be"),
        ("kind: image\n    settings: {a: 1}", "kind: image", "menu.yaml:4: models.0.settings: "),
        ("kind: image\n    rate: {requests: 5}", "kind: image", "menu.yaml:4: models.0.rate.seconds: Field required"),
        ("kind: image\n    price: {output: -1}", "kind: image", "menu.yaml:4: models.0.price.output: "),
    ],
)
def test_a_mistake_is_told_with_its_line(wrong: str, right: str, message: str) -> None:
    assert mistake_in(GOOD.replace(right, wrong, 1)).startswith(f"MODELS_FILE: {message}")


SETTINGS = """\
models:
  - id: fal/one
    kind: image
    provider: fal
    options: {type: object, properties: {steps: {type: integer}}}
    settings:
      input:
        prompt: "{{prompt}}"
        nested: ["{{options.steps}}", {seed: "{{seed}}"}]
  - id: runway/two
    kind: video
    provider: runway
    settings: {ratios: ["1280:720"]}
"""


def test_settings_are_read_by_their_provider() -> None:
    assert [entry.id for entry in parse_menu(SETTINGS, "menu.yaml").models] == ["fal/one", "runway/two"]


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("{{promt}}", "{{prompt}}", "menu.yaml:8: models.0.settings.input.prompt: {{promt}} stands for nothing"),
        ("options.cfg", "options.steps", "menu.yaml:9: models.0.settings.input.nested.0: {{options.cfg}} stands"),
        ("{{seeds}}", "{{seed}}", "menu.yaml:9: models.0.settings.input.nested.1.seed: "),
        ("inputs:", "input:", "menu.yaml:6: models.0.settings.input: Field required"),
        ("1280x720", "1280:720", "menu.yaml:13: models.1.settings.ratios.0: "),
        ("settings: {}", 'settings: {ratios: ["1280:720"]}', "menu.yaml:13: models.1.settings.ratios: Field required"),
    ],
)
def test_a_mistake_in_the_settings_is_told_with_its_line(wrong: str, right: str, message: str) -> None:
    assert mistake_in(SETTINGS.replace(right, wrong, 1)).startswith(f"MODELS_FILE: {message}")


WORKFLOW = """\
models:
  - id: comfyui/one
    kind: image
    provider: comfyui
    settings:
      workflow: one.json
      output: "2"
"""
GRAPH = '{"1": {"class_type": "Noise", "inputs": {"seed": "{{seed}}"}}, "2": {"class_type": "Save", "inputs": {}}}'


def test_a_workflow_is_read_from_the_file_that_is_named() -> None:
    [entry] = parse_menu(WORKFLOW, "menu.yaml", {"one.json": GRAPH}.__getitem__).models

    assert entry.settings["workflow"]["1"]["inputs"] == {"seed": "{{seed}}"}


def test_a_workflow_lies_beside_the_menu(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(GRAPH)
    (tmp_path / "menu.yaml").write_text(WORKFLOW)

    assert [entry.id for entry in read_menu(tmp_path / "menu.yaml").models] == ["comfyui/one"]


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (None, "menu.yaml:6: models.0.settings.workflow: one.json: no such file"),
        ("<html>", "menu.yaml:6: models.0.settings.workflow: one.json: is no JSON"),
        ('{"nodes": []}', "menu.yaml:6: models.0.settings.workflow: one.json: is not in API format"),
        ('{"1": {"inputs": {}}}', "menu.yaml:6: models.0.settings.workflow.1.class_type: Field required"),
        (GRAPH.replace('"2"', '"3"'), "menu.yaml:5: models.0.settings: the workflow has no node 2"),
        (GRAPH.replace("{{seed}}", "{{sed}}"), "menu.yaml:6: models.0.settings.workflow.1.inputs.seed: {{sed}} stands"),
    ],
)
def test_a_mistake_in_a_workflow_is_told_with_its_line(graph: str | None, message: str) -> None:
    def read(_path: str) -> str:
        if graph is None:
            raise FileNotFoundError("no such file")
        return graph

    with pytest.raises(SettingsError) as caught:
        parse_menu(WORKFLOW, "menu.yaml", read)

    assert str(caught.value).startswith(f"MODELS_FILE: {message}")


def test_a_second_default_of_a_kind_is_a_mistake() -> None:
    text = GOOD.replace("provider: openai", "provider: openai\n    default: true")

    assert (
        mistake_in(text) == "MODELS_FILE: menu.yaml:10: models.1.default: there is a default for the kind image already"
    )


@pytest.mark.parametrize(
    "text", ["", "models: []", "- a", "models: {a: 1}", "models:\n  - *nobody", "a: [", "\tb: c", "? [a]\n: b"]
)
def test_what_is_no_menu_is_told_with_a_line(text: str) -> None:
    assert mistake_in(text).startswith("MODELS_FILE: menu.yaml:")


def test_an_alias_of_itself_is_told_and_not_followed_for_ever() -> None:
    assert "too deep" in mistake_in("models: &all\n  - options: *all")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^MODELS_FILE: .*/none.yaml: No such file"):
        read_menu(tmp_path / "none.yaml")


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "menu.yaml").write_bytes(b"models: \xff\xfe")

    with pytest.raises(SettingsError, match=r"is not UTF-8$"):
        read_menu(tmp_path / "menu.yaml")


def test_without_keys_the_placeholders_are_what_is_offered() -> None:
    offering = offering_of(Settings())

    assert [(each.id, each.default) for each in offering.menu.infos()] == [
        ("procedural/image", True),
        ("procedural/video", True),
    ]
    assert offering.left_out["gemini/veo-3.1"] == ("GEMINI_API_KEY",)


def test_a_key_brings_its_models_which_are_asked_for_by_default() -> None:
    menu = offering_of(Settings.from_environment({"OPENAI_API_KEY": "sk-1"})).menu

    assert [each.id for each in menu.infos() if each.default] == ["openai/gpt-image-2", "procedural/video"]
    # A fallback whose provider has no key is not tried.
    assert [each.id for each in menu.chain("openai/gpt-image-2")] == ["openai/gpt-image-2"]


def test_fallbacks_are_tried_in_order_and_without_their_own() -> None:
    menu = read_menu(None)

    assert [each.id for each in menu.chain("openai/gpt-image-2")] == ["openai/gpt-image-2", "gemini/gemini-3-pro-image"]
    assert menu.chain("nobody/knows") == []


def test_a_menu_of_which_nothing_can_be_used_keeps_the_service_from_starting(tmp_path: Path) -> None:
    file = tmp_path / "menu.yaml"
    file.write_text("models:\n  - {id: g/x, kind: image, provider: gemini}\n")

    with pytest.raises(SettingsError, match=r"no model's provider can be used: set one of GEMINI_API_KEY"):
        offering_of(Settings(models_file=file))


def test_the_shipped_menu_says_of_the_renderer_what_it_can_do() -> None:
    shipped = {entry.id: entry for entry in read_menu(None).models}

    assert shipped["procedural/image"].options == shipped["procedural/video"].options == OPTIONS_SCHEMA


def test_the_schemas_of_the_shipped_menu_are_schemas() -> None:
    read_menu(None).check_schemas()


def test_every_provider_of_the_menu_says_what_it_needs() -> None:
    named = {name for entry in read_menu(None).models for name in [entry.provider]}

    assert named <= set(NEEDS)
    assert all(hasattr(Settings(), name) for needs in NEEDS.values() for name in needs)
    assert isinstance(read_menu(None), Menu)
