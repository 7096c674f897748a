"""Tokens of the simulated Tesla: JSON web tokens, their rotation and their expiry.

Rules, from Tesla's "Third-party tokens" (copy of August 2026) and announcements:

- An access token is valid for 8 h, a refresh token for 3 months and a single use.
- The most recently used refresh token may be used again for 24 h, for clients that lost the answer.
  The new pair replaces the one before: the lost pair is worthless from then on.
- Anything older answers `login_required`, as do a changed password and a withdrawn consent.
- "Getting a new refresh token invalidates the previous refresh token and its access tokens"
  (announcement of 2024-02-01) contradicts the 24 h above, if taken to the letter. The simulator
  takes the reading under which the documented recovery from a lost answer works: the old access
  tokens become invalid when an access token of the new pair is **first used**. A client that
  stores the new pair before it uses it never notices; one that continues with the old token does.
- Fewer scopes granted by the user show in the next access token; more need a new login.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator.accounts import Accounts, Application, User
from simulator.clock import Clock

ACCESS_TOKEN_SECONDS = 8 * 3600
REFRESH_TOKEN_SECONDS = 90 * 86400
GRACE_SECONDS = 24 * 3600
CODE_SECONDS = 300
"""Tesla only documents "short-lived" and minutes; this value is the simulator's."""


class TokenError(Exception):
    """A token cannot be used; the text is Tesla's `error`."""


@dataclass
class Grant:
    """One login of a user to an application, with all tokens that derive from it."""

    application: Application
    user: User
    scopes: frozenset[str]
    began: float
    password_version: int
    revoked: bool = False
    pairs: int = 0
    """The number of token pairs so far; also the number of the newest one."""
    pair_in_use: int = 0
    """The newest pair whose access token was used; older access tokens are invalid."""
    current: str | None = None
    current_began: float = 0.0
    last_used: str | None = None
    last_used_at: float = 0.0


@dataclass(frozen=True)
class AccessToken:
    """The simulator's record of an access token that it issued."""

    value: str
    application: Application
    user: User | None
    """None for a partner token, which stands for the application itself."""
    scopes: frozenset[str]
    audience: tuple[str, ...]
    expires: float
    grant: Grant | None = None
    pair: int = 0


@dataclass
class Code:
    """An authorization code."""

    application: Application
    user: User
    scopes: frozenset[str]
    redirect: str
    state: str
    nonce: str | None
    began: float = 0.0
    used: bool = False


@dataclass
class Tokens:
    """Issues and checks tokens, in memory."""

    clock: Clock
    accounts: Accounts
    issuer: str = ""
    """Base URL of the authorization server."""
    audience: tuple[str, ...] = ()
    """Base URLs of all regions."""
    codes: dict[str, Code] = field(default_factory=dict)
    _access: dict[str, AccessToken] = field(default_factory=dict)
    _refresh: dict[str, Grant] = field(default_factory=dict)

    def code(self, code: Code) -> str:
        """A new authorization code; the user has agreed to its scopes."""
        value = f"{code.user.ou_code}_{secrets.token_hex(32)}"
        self.codes[value] = replace(code, began=self.clock.now())
        return value

    def exchange(self, code: Code) -> dict[str, Any]:
        """The first pair for a code; the code is used up."""
        code.used = True
        grant = Grant(
            application=code.application,
            user=code.user,
            scopes=code.scopes,
            began=self.clock.now(),
            password_version=code.user.password_version,
        )
        return self._pair(grant, nonce=code.nonce) | {"state": code.state}

    def login(
        self,
        user: User,
        application: Application,
        scopes: frozenset[str],
    ) -> dict[str, Any]:
        """The answer of the token endpoint after a login, without a browser."""
        self.accounts.consents[user.name, application.client_id] = scopes
        return self._pair(
            Grant(
                application=application,
                user=user,
                scopes=scopes,
                began=self.clock.now(),
                password_version=user.password_version,
            )
        )

    def refresh(self, value: str, client_id: str) -> dict[str, Any]:
        """The next pair for a refresh token.

        Raises TokenError("login_required") when the user must log in again.
        """
        grant = self._refresh.get(value)
        now = self.clock.now()
        if (
            grant is None
            or grant.application.client_id != client_id
            or grant.revoked
            or grant.password_version != grant.user.password_version
        ):
            raise TokenError("login_required")
        if value == grant.current:
            if now - grant.current_began >= REFRESH_TOKEN_SECONDS:
                raise TokenError("login_required")
            grant.last_used, grant.last_used_at = value, now
        elif value != grant.last_used or now - grant.last_used_at > GRACE_SECONDS:
            raise TokenError("login_required")
        return self._pair(grant)

    def partner(
        self, application: Application, scopes: frozenset[str], audience: str
    ) -> dict[str, Any]:
        """A token for the application itself (client credentials)."""
        claims = {
            "sub": application.client_id,
            "aud": audience,
            "gty": "client-credentials",
        }
        token = AccessToken(
            value=self._sign(application, scopes, claims),
            application=application,
            user=None,
            scopes=scopes,
            audience=(audience,),
            expires=self.clock.now() + ACCESS_TOKEN_SECONDS,
        )
        self._access[token.value] = token
        return {
            "access_token": token.value,
            "expires_in": ACCESS_TOKEN_SECONDS,
            "token_type": "Bearer",
        }

    def known(self, value: str) -> AccessToken | None:
        """The access token, whether or not it can still be used."""
        return self._access.get(value)

    def check(self, value: str) -> AccessToken:
        """The access token, if it is valid now; its older siblings become invalid.

        Raises TokenError with Tesla's text otherwise.
        """
        token = self._access.get(value)
        if token is None:
            raise TokenError("invalid bearer token")
        if self.clock.now() >= token.expires:
            raise TokenError("token expired (401)")
        grant = token.grant
        if grant is not None:
            if grant.revoked or token.pair < grant.pair_in_use:
                raise TokenError("invalid bearer token")
            grant.pair_in_use = token.pair
        return token

    def revoke(self, user: User, application: Application) -> None:
        """Withdraw the user's consent, and with it the user's tokens of the application."""
        self.accounts.consents.pop((user.name, application.client_id), None)
        for grant in self._refresh.values():
            if grant.user is user and grant.application is application:
                grant.revoked = True

    def clear(self) -> None:
        """Forget all tokens and codes."""
        self.codes.clear()
        self._access.clear()
        self._refresh.clear()

    def keys(self) -> dict[str, Any]:
        """The key set that verifies the tokens."""
        return {"keys": [_public_key()]}

    def _pair(self, grant: Grant, *, nonce: str | None = None) -> dict[str, Any]:
        now = self.clock.now()
        user, application = grant.user, grant.application
        consent = self.accounts.consents.get((user.name, application.client_id), frozenset())
        scopes = grant.scopes & (consent | {"openid", "offline_access"})
        grant.pairs += 1
        claims = {
            "sub": user.subject,
            "aud": [*self.audience, f"{self.issuer}/oauth2/v3/userinfo"],
            "amr": ["pwd", "mfa", "otp"],
            "auth_time": int(grant.began),
            "ou_code": user.ou_code,
            "locale": "en-GB",
        }
        token = AccessToken(
            value=self._sign(application, scopes, claims),
            application=application,
            user=user,
            scopes=scopes,
            audience=self.audience,
            expires=now + ACCESS_TOKEN_SECONDS,
            grant=grant,
            pair=grant.pairs,
        )
        self._access[token.value] = token
        answer: dict[str, Any] = {
            "access_token": token.value,
            "expires_in": ACCESS_TOKEN_SECONDS,
            "token_type": "Bearer",
        }
        if "offline_access" in scopes:
            refresh = f"{user.ou_code}_{secrets.token_hex(32)}"
            grant.current, grant.current_began = refresh, now
            self._refresh[refresh] = grant
            answer["refresh_token"] = refresh
        if "openid" in scopes:
            answer["id_token"] = jwt.encode(
                {
                    "iss": f"{self.issuer}/oauth2/v3/nts",
                    "aud": application.client_id,
                    "sub": user.subject,
                    "iat": int(now),
                    "exp": int(now) + ACCESS_TOKEN_SECONDS,
                    "auth_time": int(grant.began),
                }
                | ({"nonce": nonce} if nonce else {}),
                signing_key(),
                algorithm="RS256",
                headers={"kid": _public_key()["kid"]},
            )
        return answer

    def _sign(
        self, application: Application, scopes: frozenset[str], claims: dict[str, Any]
    ) -> str:
        now = self.clock.now()
        return jwt.encode(
            {
                "iss": f"{self.issuer}/oauth2/v3/nts",
                "azp": application.client_id,
                "scp": sorted(scopes),
                "iat": int(now),
                "exp": int(now) + ACCESS_TOKEN_SECONDS,
                # Otherwise two tokens of the same second would be identical.
                "jti": str(uuid4()),
            }
            | claims,
            signing_key(),
            algorithm="RS256",
            headers={"kid": _public_key()["kid"]},
        )


@cache
def signing_key() -> rsa.RSAPrivateKey:
    """The key that signs tokens; one per process, because making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _public_key() -> dict[str, Any]:
    numbers = signing_key().public_key().public_numbers()
    modulus = numbers.n.to_bytes(256, "big")
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": str(UUID(bytes=hashlib.sha256(modulus).digest()[:16])),
        "n": base64.urlsafe_b64encode(modulus).rstrip(b"=").decode(),
        "e": base64.urlsafe_b64encode(numbers.e.to_bytes(3, "big")).rstrip(b"=").decode(),
    }
