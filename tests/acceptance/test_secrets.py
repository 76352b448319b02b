"""What must be nowhere but where it belongs: no log line has a token, a prompt, a signature or a ticket in it."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.acceptance.client import Answer, Client
from tests.acceptance.malformed import exchange
from tests.acceptance.process import served
from tests.acceptance.uploading import PNG, opened
from tests.unit.actors.processing.samples import sample_of

JSON = {"Content-Type": "application/json"}
PROMPT = "a heron that nobody is to know of"
INSIDE = ("Traceback", "site-packages", 'File \\"', ".py", "sqlite", "sqlalchemy", "SELECT ", "/tmp/")


async def lively(client: Client, nobody: Client) -> tuple[set[str], list[Answer]]:
    """Use everything, rightly and wrongly; the secrets that it took, and the refusals."""
    item = await client.picture(prompt=PROMPT)
    signed = (await nobody.get(item["url"])).headers["Location"]
    ticket = (await client.post("/events/ticket")).json["ticket"]
    async with nobody.stream(f"/events?ticket={ticket}") as stream:
        await stream.until("snapshot")
    upload = await opened(client, PNG, "heron.png")
    await upload.finish(sample_of(PNG))
    session = await opened(client, PNG, "heron.png", resumable=True)
    abandoned = await client.generate(prompt=PROMPT, n=8, width=1024)
    refusals = [
        await client.post("/generate/image", {"prompt": PROMPT * 1000}),
        await client.post("/generate/image", {"prompt": PROMPT, "model": PROMPT}),
        await client.post("/generate/image", {"prompt": PROMPT, "options": {PROMPT: PROMPT}}),
        await client.send("POST", "/generate/image", body=f'{{"prompt": "{PROMPT}"', headers=JSON),
        await nobody.get(f"/events?ticket={ticket}"),
        await nobody.get(f"/jobs?access_token={client.token}"),
        await client.get(f"/jobs?prompt={PROMPT.replace(' ', '+')}"),
        await nobody.get(signed + "0"),
        await nobody.send("PUT", upload.url, body=b"again", headers=upload.headers),
        await nobody.send("PUT", session.url, body=b"x", headers={**session.headers, "Content-Range": "bytes 9-9/9"}),
        await nobody.get("/jobs", Authorization=f"Bearer {client.token}x"),
        await client.get(f"/media/{client.token}/%2e%2e"),
        await client.post(f"/jobs/{abandoned}/cancel", {"prompt": PROMPT}),
    ]
    authorization = client.authorization["Authorization"]
    for line in (f"Authorization: {authorization}\0", f"{authorization}", f"Authorization : {authorization}"):
        await exchange(client, f"GET {urlsplit(signed).path} HTTP/1.1\r\nHost: x\r\n{line}\r\n\r\n".encode())
    await exchange(client, f"GET {signed}\0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await exchange(client, f"GET /events?ticket={ticket}\0 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await client.post(f"/jobs/{abandoned}/cancel")
    await client.ending_of(abandoned)
    assert client.token is not None
    secrets = {PROMPT, ticket, client.token, client.token.rpartition(".")[2], item["url"].rpartition("/")[2]}
    for url in (signed, upload.url, session.url):
        query = parse_qs(urlsplit(url).query)
        secrets |= {query["signature"][0], *query.get("session", [])}
    return secrets, refusals


async def test_no_log_line_has_a_secret_and_no_answer_has_our_inside(tmp_path: Path) -> None:
    async with served(tmp_path, log_level="debug") as (process, service):
        secrets, refusals = await lively(service.client(), service.nobody)
        await asyncio.to_thread(process.end)

    log = "".join(process.lines)
    assert [secret for secret in secrets if secret in log] == []
    assert log.count('"event": "request"') > len(refusals)
    assert [line for line in process.lines if '"level": "error"' in line] == []
    assert all(400 <= answer.status < 500 for answer in refusals), [answer.status for answer in refusals]
    told = [answer.body.decode() for answer in refusals]
    assert [(word, text) for text in told for word in INSIDE if word in text] == []
