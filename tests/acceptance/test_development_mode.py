"""Development: without configured auth the service keeps to this machine, and signs its own page in."""

import stat
from pathlib import Path

import pytest

from app.cli import main
from app.main import check_combination
from schema.settings import SettingsError
from tests.acceptance.client import SECRET, Client
from tests.acceptance.expectations import assert_problem
from tests.acceptance.process import process
from tests.acceptance.service import Service, in_process, settings_of


async def session_of(client: Client, **headers: str) -> tuple[int, str]:
    answer = await client.post("/studio/session", **headers)
    return answer.status, answer.json.get("code", "")


async def test_the_services_own_page_is_signed_in(tmp_path: Path) -> None:
    async with in_process(tmp_path, auth_secret=None) as service:
        answer = await service.nobody.post("/studio/session", Origin=service.origin)
        page = Client(service.session, service.base, "dev", answer.json["token"])

        assert answer.status == 201
        assert set(answer.json) == {"token", "userId", "expiresAt"}
        assert answer.json["userId"] == "dev"
        assert (await page.picture())["path"].startswith("media/dev/")


async def test_only_the_page_itself_on_this_machine_is_signed_in(tmp_path: Path) -> None:
    async with in_process(tmp_path, auth_secret=None) as service:
        nobody, port = service.nobody, service.origin.rpartition(":")[2]
        own = service.origin

        assert await session_of(nobody) == (403, "forbidden")
        for origin in ("null", "http://evil.example", f"{own}.evil.example", own.replace("http:", "https:"), f"{own}/"):
            assert await session_of(nobody, Origin=origin) == (403, "forbidden"), origin
        for host in (
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "0.0.0.0",
            "[::2]",
        ):
            headers = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}"}
            assert await session_of(nobody, **headers) == (403, "forbidden"), host
        for host in ("localhost", "127.0.0.1", "studio.localhost", "[::1]"):
            headers = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}"}
            assert (await session_of(nobody, **headers))[0] == 201, host


async def test_there_is_no_development_session_where_auth_is_configured(service: Service) -> None:
    assert_problem(await service.nobody.post("/studio/session", Origin=service.origin), 404, "not_found")


async def test_the_api_wants_a_token_in_development_too(tmp_path: Path) -> None:
    async with in_process(tmp_path, auth_secret=None) as service:
        assert_problem(await service.nobody.get("/jobs"), 401, "unauthenticated")


async def test_secrets_that_are_made_once_are_for_this_user_alone(tmp_path: Path) -> None:
    async with in_process(tmp_path, auth_secret=None):
        secrets = {name: (tmp_path / name).read_text() for name in ("auth-secret", "storage-secret")}
        modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in secrets}

    assert modes == {"auth-secret": 0o600, "storage-secret": 0o600}
    assert all(len(secret) >= 43 for secret in secrets.values())
    async with in_process(tmp_path, auth_secret=None):
        assert {name: (tmp_path / name).read_text() for name in secrets} == secrets


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_an_address_that_others_can_reach_needs_auth(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError, match=r"^AUTH_SECRET: "):
        check_combination(settings_of(tmp_path, host=host, auth_secret=None))


def test_a_start_without_auth_for_everybody_ends_with_status_2_and_the_settings_name(tmp_path: Path) -> None:
    with process(tmp_path, host="0.0.0.0", auth_secret=None) as started:
        status = started.wait()

    assert status == 2
    assert "".join(started.lines).startswith("AUTH_SECRET: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("AUTH_SECRET", "short"),
        ("AUTH_SECRET", f"{SECRET},short"),
        ("AUTH_SECRET", ","),
        ("AUTH_JWKS_URL", "http://issuer.example/keys"),
        ("AUTH_JWKS_URL", "https://user:password@issuer.example/keys"),
        ("AUTH_JWKS_URL", "https://issuer.example:port/keys"),
        ("AUTH_JWKS_URL", "file:///etc/keys"),
        ("LOG_LEVEL", "loud"),
        ("PUBLIC_URL", "example.org"),
        ("CORS_ORIGINS", "*"),
        ("WORKER_THREADS", "0"),
        ("BASE_PATH", "/a b"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(
    capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    status = main([], {name: value})

    assert status == 2
    assert capsys.readouterr().err.startswith(f"{name}: ")


def test_a_wrong_secret_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    main([], {"AUTH_SECRET": "too-short-to-be-one"})

    assert "too-short-to-be-one" not in capsys.readouterr().err


def test_a_taken_port_is_said_in_one_line(tmp_path: Path, origin: str) -> None:
    with process(tmp_path, port=origin.rpartition(":")[2]) as started:
        status = started.wait()

    assert status == 1
    assert len(started.lines) == 1
    assert "PORT" in started.lines[0]
