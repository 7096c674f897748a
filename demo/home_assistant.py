"""A real Home Assistant: a fresh configuration, its first user, its interface."""

import json
import shutil
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientWebSocketResponse

from demo.processes import DemoError, running
from demo.tesla import Tesla
from simulator.ports import free_port

ROOT = Path(__file__).parents[1]
USER = "demo"
PASSWORD = "demo"  # noqa: S105  # of a Home Assistant that only this machine reaches
START_SECONDS = 180
"""Seconds; the very first start on a slow machine compiles everything that is imported."""


class CallError(DemoError):
    """Home Assistant refused a command; the text is the one that its user reads."""


class HomeAssistant:
    """The running Home Assistant, with the owner logged in."""

    def __init__(
        self,
        url: str,
        session: ClientSession,
        socket: ClientWebSocketResponse,
        tokens: Mapping[str, Any],
    ) -> None:
        self.url = url
        self.tokens = tokens
        """The browser's stored login."""
        self._session = session
        self._socket = socket
        self._number = 0

    async def call(self, command: str, **fields: object) -> Any:  # noqa: ANN401  # JSON
        """Run a command of the WebSocket interface. Raises CallError."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "type": command, **fields})
        while True:
            answer = await self._socket.receive_json()
            if answer.get("id") != self._number or answer["type"] != "result":
                continue
            if not answer["success"]:
                raise CallError(answer["error"]["message"])
            return answer["result"]

    async def act(self, domain: str, service: str, entity_id: str, **data: object) -> None:
        """Call an action on an entity, as its button does. Raises CallError."""
        await self.call(
            "call_service",
            domain=domain,
            service=service,
            service_data=data,
            target={"entity_id": entity_id},
        )

    async def ask_action(self, domain: str, service: str) -> Any:  # noqa: ANN401  # JSON
        """Call an action that answers; returns its response. Raises CallError."""
        result = await self.call(
            "call_service", domain=domain, service=service, return_response=True
        )
        return result["response"]

    async def state(self, entity_id: str) -> str:
        """The state of an entity."""
        return str((await self.ask(f"states/{entity_id}"))["state"])

    async def ask(self, path: str) -> Any:  # noqa: ANN401  # JSON
        """GET a resource of the REST interface."""
        return await self._request("GET", path)

    async def post(self, path: str, body: object) -> Any:  # noqa: ANN401  # JSON
        """POST to the REST interface."""
        return await self._request("POST", path, json=body)

    async def _request(self, method: str, path: str, **options: Any) -> Any:  # noqa: ANN401  # JSON
        headers = {
            "Authorization": f"Bearer {self.tokens['access_token']}",
            # The address of the front end, to which Tesla's login sends the browser back.
            "HA-Frontend-Base": self.url,
        }
        url = f"{self.url}/api/{path}"
        async with self._session.request(method, url, headers=headers, **options) as response:
            text = await response.text()
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise DemoError(f"Home Assistant answers {response.status} to {path}: {text}")
            return json.loads(text)

    async def push(self, webhook: str, body: object) -> None:
        """Send JSON to a webhook, as a device in the house does."""
        async with self._session.post(f"{self.url}/api/webhook/{webhook}", json=body) as response:
            response.raise_for_status()

    async def visit(self, url: str) -> None:
        """Open an address as a browser does, following where it leads. Raises DemoError."""
        async with self._session.get(url) as response:
            if response.status >= HTTPStatus.BAD_REQUEST:
                raise DemoError(f"{response.url} answers {response.status}")


@asynccontextmanager
async def start_home_assistant(
    folder: Path, tesla: Tesla, session: ClientSession
) -> AsyncIterator[HomeAssistant]:
    """Run a new Home Assistant in a folder, with Flotte configured for the simulator."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    write_configuration(folder / "config", port, tesla)
    command = [sys.executable, "-m", "homeassistant", "--config", str(folder / "config")]
    # Requirements are installed with the demonstration; Home Assistant must not install any.
    command += ["--skip-pip"]
    async with running(
        "Home Assistant",
        folder / "home-assistant.log",
        *command,
        modules=ROOT / "demo" / "stand_ins",
    ) as server:

        async def answers() -> bool | None:
            try:
                async with session.get(f"{url}/api/onboarding") as response:
                    return response.status == HTTPStatus.OK or None
            except ClientError:
                return None

        await server.wait_for(answers, seconds=START_SECONDS)
        tokens = await _make_owner(url, session)
        async with session.ws_connect(f"{url}/api/websocket", max_msg_size=0) as socket:
            await socket.receive_json()
            await socket.send_json({"type": "auth", "access_token": tokens["access_token"]})
            greeting = await socket.receive_json()
            if greeting["type"] != "auth_ok":
                raise DemoError(f"Home Assistant does not let us in: {greeting}")
            home_assistant = HomeAssistant(url, session, socket, tokens)

            async def started() -> dict[str, Any] | None:
                now: dict[str, Any] = await home_assistant.call("get_config")
                return now if now["state"] == "RUNNING" else None

            # The interface answers long before every integration is set up.
            running_now = await server.wait_for(started, seconds=START_SECONDS)
            if "flotte" not in running_now["components"]:
                raise DemoError(f"Flotte was not set up:\n{server.lines_with('flotte')}")
            yield home_assistant


async def _make_owner(url: str, session: ClientSession) -> dict[str, Any]:
    """Create the first user and log in; returns the login as the browser stores it."""
    client = f"{url}/"
    person = {"name": "Demo", "username": USER, "password": PASSWORD, "language": "en"}
    async with session.post(
        f"{url}/api/onboarding/users", json={"client_id": client, **person}
    ) as response:
        response.raise_for_status()
        code = (await response.json())["auth_code"]
    async with session.post(
        f"{url}/auth/token",
        data={"grant_type": "authorization_code", "code": code, "client_id": client},
    ) as response:
        response.raise_for_status()
        tokens: dict[str, Any] = await response.json()
    expires = int((time.time() + tokens["expires_in"]) * 1000)
    return {**tokens, "hassUrl": url, "clientId": client, "expires": expires}


METER_WEBHOOK = "house_meter"
METERS = {"solar": "House solar", "grid": "House grid", "battery": "House battery"}
"""Sensors of the house's own meter by its parts: W, + from the grid, + from the battery."""
METER = """\
      - name: {name}
        unique_id: house_{part}
        device_class: power
        state_class: measurement
        unit_of_measurement: W
        state: "{{{{ trigger.json.{part} }}}}"
"""

CONFIGURATION = """\
homeassistant:
  name: Home
  latitude: 52.3731
  longitude: 4.8903
  elevation: 2
  unit_system: metric
  time_zone: Europe/Amsterdam
  country: NL
  currency: EUR
  internal_url: {url}
recorder:
  commit_interval: 1
automation:
config:
conversation:
energy:
frontend:
history:
logbook:
script:
sun:
webhook:
logger:
  default: warning
  logs:
    custom_components.flotte: debug
template:
  - triggers:
      - trigger: webhook
        webhook_id: {webhook}
        allowed_methods: [POST]
        local_only: true
    sensor:
{meters}
flotte:
  simulator:
    auth: {auth}
    eu: {eu}
    na: {na}
"""


def write_configuration(folder: Path, port: int, tesla: Tesla) -> None:
    """Write a fresh configuration folder, replacing an existing one."""
    shutil.rmtree(folder, ignore_errors=True)
    storage = folder / ".storage"
    storage.mkdir(parents=True)
    (folder / "custom_components").symlink_to(ROOT / "custom_components")
    (folder / "configuration.yaml").write_text(
        CONFIGURATION.format(
            url=f"http://127.0.0.1:{port}",
            auth=tesla.auth_url,
            eu=tesla.eu_url,
            na=tesla.na_url,
            webhook=METER_WEBHOOK,
            meters="".join(METER.format(part=part, name=name) for part, name in METERS.items()),
        )
    )
    # `http:` in YAML would only be imported on trial: a dialog over every page, and after five
    # minutes a restart on another port. So its settings are stored where the front end keeps them.
    _store(
        storage,
        "http",
        2,
        2,
        {
            "stable": {
                "server_port": port,
                "server_host": ["127.0.0.1"],
                "cors_allowed_origins": ["https://cast.home-assistant.io"],
                "login_attempts_threshold": -1,
                "ip_ban_enabled": True,
                "ssl_profile": "modern",
                "use_x_frame_options": True,
                "created_at": datetime.now(UTC).isoformat(),
                "error": None,
                "error_message": None,
            },
            "pending": None,
            "yaml_migration_done": True,
        },
    )
    # The other steps of onboarding would set up integrations that need the internet.
    _store(storage, "onboarding", 4, 1, {"done": ["core_config", "analytics", "integration"]})


def _store(storage: Path, key: str, version: int, minor_version: int, data: object) -> None:
    content = {"version": version, "minor_version": minor_version, "key": key, "data": data}
    (storage / key).write_text(json.dumps(content, indent=2))
