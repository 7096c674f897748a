"""A plain HTTP client for the tests of the simulator, and a host for an application's key."""

from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator import Simulator

CALLBACK = "http://127.0.0.1:8123/auth/external/callback"
KEY_PATH = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
SECRETS = {"flotte-demo": "flotte-secret", "lenient-demo": "lenient-secret"}


@dataclass(frozen=True)
class Reply:
    """The answer to a request."""

    status: int
    headers: dict[str, str]
    text: str
    json: Any
    """The decoded body, or None if it is not JSON."""

    @property
    def error(self) -> str:
        """Tesla's error word."""
        return str(self.json["error"])

    @property
    def response(self) -> Any:
        """The content of Tesla's envelope."""
        assert self.status == 200, self.text
        return self.json["response"]

    @property
    def query(self) -> dict[str, str]:
        """The query of the address that a redirect leads to."""
        assert self.status == 302, self.text
        found = parse_qs(urlsplit(self.headers["Location"]).query)
        return {name: values[0] for name, values in found.items()}


class Visitor:
    """A client of the simulator, by default at the address of the region "eu"."""

    def __init__(self, simulator: Simulator, session: aiohttp.ClientSession) -> None:
        self.simulator = simulator
        self.session = session

    async def ask(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        base: str | None = None,
        headers: dict[str, str] | None = None,
        **more: Any,
    ) -> Reply:
        """Send one request; redirects are not followed."""
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        async with self.session.request(
            method,
            (base or self.simulator.eu_url) + path,
            headers=headers,
            allow_redirects=False,
            **more,
        ) as response:
            text = await response.text()
            try:
                decoded = await response.json(content_type=None)
            except ValueError:
                decoded = None
            return Reply(response.status, dict(response.headers), text, decoded)

    async def get(self, path: str, **more: Any) -> Reply:
        """GET."""
        return await self.ask("GET", path, **more)

    async def post(self, path: str, **more: Any) -> Reply:
        """POST."""
        return await self.ask("POST", path, **more)

    async def authorize(self, **changes: str | None) -> Reply:
        """Request a code as owner-1, who agrees immediately; None leaves a parameter out."""
        query: dict[str, str | None] = {
            "response_type": "code",
            "client_id": "flotte-demo",
            "redirect_uri": CALLBACK,
            "scope": "openid offline_access vehicle_device_data vehicle_cmds",
            "state": "the-state",
            "simulator_allow": "owner-1",
        }
        query.update(changes)
        return await self.get(
            "/oauth2/v3/authorize",
            params={name: value for name, value in query.items() if value is not None},
        )

    async def token(self, **form: str | None) -> Reply:
        """Call the token endpoint, by default as flotte-demo with its secret."""
        fields: dict[str, str | None] = {
            "client_id": "flotte-demo",
            "client_secret": "flotte-secret",
            **form,
        }
        return await self.post(
            "/oauth2/v3/token",
            data={name: value for name, value in fields.items() if value is not None},
        )

    async def exchange(self, code: str | None, **changes: str | None) -> Reply:
        """Exchange a code as it should be done."""
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "audience": self.simulator.eu_url,
        }
        form.update(changes)
        return await self.token(**form)

    async def refresh(self, refresh_token: str, **changes: str | None) -> Reply:
        """Request the next pair."""
        return await self.token(
            **{"grant_type": "refresh_token", "refresh_token": refresh_token, **changes}
        )

    async def partner(self, client_id: str = "flotte-demo", *, base: str | None = None) -> str:
        """A partner token for the region at `base`."""
        reply = await self.token(
            grant_type="client_credentials",
            client_id=client_id,
            client_secret=SECRETS[client_id],
            audience=base or self.simulator.eu_url,
            scope="openid vehicle_device_data vehicle_cmds",
        )
        return str(reply.json["access_token"])

    async def register(
        self,
        domain: object = "flotte.example",
        *,
        base: str | None = None,
        client_id: str = "flotte-demo",
    ) -> Reply:
        """Register a domain with a partner token of the same region."""
        return await self.post(
            "/api/1/partner_accounts",
            base=base,
            token=await self.partner(client_id, base=base),
            json={"domain": domain},
        )


@dataclass
class KeyHost:
    """A web server that serves a public key, as Home Assistant would."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    status: int = 200
    body: bytes = b""
    url: str = ""
    asked: int = 0

    def __post_init__(self) -> None:
        self.body = self.pem
        self._runner: web.AppRunner | None = None

    @property
    def pem(self) -> bytes:
        """The key as it should be served."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def point(self) -> bytes:
        """The key as an uncompressed point."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    async def _serve(self, _request: web.Request) -> web.Response:
        self.asked += 1
        # Where a redirect would lead: here again, so that following one is seen.
        headers = {"Location": KEY_PATH} if self.status == 302 else None
        return web.Response(body=self.body, status=self.status, headers=headers)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get(KEY_PATH, self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()
