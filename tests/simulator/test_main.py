"""`python -m simulator` as a program of its own."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
async def test_serves_until_it_is_ended(
    socket_enabled: None,
    tmp_path: Path,
    end: signal.Signals,
) -> None:
    ready = tmp_path / "ready.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "--port", "0", "--na-port", "0", "--auto-allow"),
        *("--ready-file", str(ready), "--domain", "flotte.example=http://127.0.0.1:1"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = json.loads(await asyncio.wait_for(process.stdout.readline(), 120))
        assert json.loads(ready.read_text()) == line
        assert line["eu_url"] != line["na_url"]
        assert line["auth_url"] == line["eu_url"]
        assert line["clients"]["flotte-demo"] == "flotte-secret"
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{line['control_url']}/domains") as reply:
                assert await reply.json() == {"flotte.example": "http://127.0.0.1:1"}
            query = {
                "response_type": "code",
                "client_id": "flotte-demo",
                "redirect_uri": "http://127.0.0.1:8123/auth/external/callback",
                "scope": "openid",
                "state": "s",
            }
            async with session.get(
                f"{line['auth_url']}/oauth2/v3/authorize", params=query, allow_redirects=False
            ) as reply:
                assert "code=EU_" in reply.headers["Location"]
    finally:
        process.send_signal(end)
        code = await asyncio.wait_for(process.wait(), 120)
    assert code == 0
