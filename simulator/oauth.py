"""The authorization server: the consent page, and the token endpoint.

Parameters, errors and their texts: Tesla, "Third-party tokens" and "Partner tokens", copies of
August 2026. Where Tesla documents nothing, RFC 6749 applies.
"""

import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple, override
from urllib.parse import urlencode, urlsplit, urlunsplit

from aiohttp import web
from multidict import MultiMapping

from simulator import pages
from simulator.accounts import (
    ALWAYS_GRANTED,
    PARTNER_SCOPES,
    SCOPES,
    Application,
    User,
)
from simulator.cloud import Call, Cloud, Handler, Refusal
from simulator.tokens import CODE_SECONDS, Code, TokenError

FORM = "application/x-www-form-urlencoded"


class OAuthError(Refusal):
    """An error of the authorization server, with its own kind of body."""

    @override
    def response(self, txid: str) -> web.Response:
        """The answer with this error."""
        return web.json_response(
            {
                "error": self.error,
                "error_description": self.description,
                "referenceID": txid,
            },
            status=self.status,
        )


@dataclass(frozen=True)
class Request:
    """A checked request to authorize."""

    application: Application
    redirect: str
    state: str
    scopes: frozenset[str]
    """The scopes that the application requests."""
    nonce: str | None
    asks_for_missing: bool
    """Whether the user is asked for scopes that an earlier login left out."""
    requires_all: bool
    """Whether the user can only continue by granting everything."""

    def back(self, **query: str) -> web.Response:
        """Send the browser back to the application."""
        parts = urlsplit(self.redirect)
        both = "&".join(filter(None, (parts.query, urlencode({**query, "state": self.state}))))
        return web.Response(
            status=302, headers={"Location": urlunsplit(parts._replace(query=both))}
        )


def _checked(cloud: Cloud, query: MultiMapping[str]) -> Request:
    """Check the browser's request; raises OAuthError where the browser must not be sent back."""
    application = cloud.accounts.applications.get(query.get("client_id", ""))
    if application is None:
        raise OAuthError(400, "client_not_found", "The client_id is not known here")
    redirect = query.get("redirect_uri", "")
    if not application.may_redirect_to(redirect):
        raise OAuthError(400, "invalid_redirect_url", "The redirect_uri is not registered")
    if query.get("response_type") != "code":
        raise OAuthError(400, "unsupported_response_type", "response_type must be code")
    state = query.get("state", "")
    if not state:
        raise OAuthError(400, "invalid_request", "state is required")
    scopes = frozenset(query.get("scope", "").split())
    if not scopes:
        raise OAuthError(400, "invalid_request", "scope is required")
    if unknown := scopes - SCOPES - {"email", "profile"}:
        raise OAuthError(400, "invalid_scope", f"unknown scopes: {' '.join(sorted(unknown))}")
    if missing := scopes - application.scopes - {"email", "profile"}:
        raise OAuthError(
            400, "invalid_scope", f"not enabled for the application: {' '.join(sorted(missing))}"
        )
    return Request(
        application=application,
        redirect=redirect,
        state=state,
        scopes=scopes & SCOPES,
        nonce=query.get("nonce"),
        asks_for_missing=query.get("prompt_missing_scopes") == "true",
        requires_all=query.get("require_requested_scopes") == "true",
    )


async def authorize(cloud: Cloud, call: Call) -> web.Response:
    """Show the page, or apply the choice made on it.

    A script can continue immediately with `simulator_allow=<user>` (and `simulator_scopes=<scopes
    that the user leaves ticked>`) or `simulator_deny=1` in the query or in a form.
    """
    asked = _checked(cloud, call.request.query)
    choice = await _choice(cloud, call.request)
    if choice.denied:
        return asked.back(error="access_denied", error_description="User denied access")
    if not choice.user:
        return pages.respond(
            pages.authorize(
                call.request.path_qs,
                application=asked.application.name,
                users=list(cloud.accounts.users.values()),
                scopes=sorted(asked.scopes - ALWAYS_GRANTED),
                requires_all=asked.requires_all,
            )
        )
    user = cloud.accounts.users.get(choice.user)
    if user is None:
        raise OAuthError(400, "invalid_request", f"there is no user {choice.user}")
    return _agreed(cloud, asked, user, choice.ticked)


class Choice(NamedTuple):
    """A choice on the page, or by a script."""

    user: str
    denied: bool
    ticked: frozenset[str] | None
    """Scopes that stayed ticked; None for all."""


async def _choice(cloud: Cloud, request: web.Request) -> Choice:
    if request.method == "GET":
        query = request.query
        return Choice(
            query.get("simulator_allow", cloud.auto_allow or ""),
            "simulator_deny" in query,
            _listed(query.get("simulator_scopes")),
        )
    form = await request.post()
    # The page names each ticked box; a browser does not send the others.
    boxes = "ticks" in form
    return Choice(
        str(form.get("simulator_allow", "")),
        "simulator_deny" in form,
        frozenset(str(scope) for scope in form.getall("scope", ()))
        if boxes
        else _listed(form.get("simulator_scopes")),
    )


def _listed(scopes: object) -> frozenset[str] | None:
    return None if scopes is None else frozenset(str(scopes).split())


def _agreed(
    cloud: Cloud, asked: Request, user: User, ticked: frozenset[str] | None
) -> web.Response:
    """Grant the ticked scopes in the user's name (None: all).

    An earlier consent is only widened when the application requests the missing scopes. Source:
    Tesla, "Third-party tokens": additions need a new round with prompt_missing_scopes.
    """
    offered = asked.scopes
    key = user.name, asked.application.client_id
    earlier = cloud.accounts.consents.get(key)
    if earlier is not None and not asked.asks_for_missing:
        offered = offered & (earlier | ALWAYS_GRANTED)
    granted = offered if ticked is None else offered & (ticked | ALWAYS_GRANTED)
    if asked.requires_all and granted != asked.scopes:
        raise OAuthError(400, "invalid_request", "all requested scopes must be granted")
    cloud.accounts.consents[key] = granted
    code = cloud.tokens.code(
        Code(asked.application, user, granted, asked.redirect, asked.state, asked.nonce)
    )
    return asked.back(code=code)


async def token(cloud: Cloud, call: Call) -> web.Response:
    """The token endpoint, all three kinds of grant."""
    if call.request.content_type != FORM:
        raise OAuthError(400, "invalid_request", f"the body must be {FORM}")
    form = {key: str(value) for key, value in (await call.request.post()).items()}
    kind = form.get("grant_type", "")
    if kind not in _GRANTS:
        raise OAuthError(400, "unsupported_grant_type", f"grant_type {kind!r} is not supported")
    application = cloud.accounts.applications.get(form.get("client_id", ""))
    secret = form.get("client_secret")
    if application is None or not (
        # Refreshing needs no secret, but if one is sent, it must be right.
        secrets.compare_digest(secret, application.client_secret)
        if secret is not None
        else kind == "refresh_token"
    ):
        raise OAuthError(400, "unauthorized_client", "client id and secret are not recognised")
    body = _GRANTS[kind](cloud, application, form)
    return web.json_response(body, headers={"Cache-Control": "no-store"})


def _authorization_code(
    cloud: Cloud, application: Application, form: dict[str, str]
) -> dict[str, Any]:
    code = cloud.tokens.codes.get(form.get("code", ""))
    if (
        code is None
        or code.used
        or code.application is not application
        or cloud.clock.now() - code.began >= CODE_SECONDS
    ):
        raise OAuthError(400, "invalid_auth_code", "the code is wrong, used or expired")
    if form.get("redirect_uri") != code.redirect:
        raise OAuthError(400, "invalid_redirect_url", "redirect_uri differs from the first step")
    if application.audience_required or "audience" in form:
        _audience(cloud, form)
    return cloud.tokens.exchange(code)


def _refresh_token(cloud: Cloud, application: Application, form: dict[str, str]) -> dict[str, Any]:
    try:
        return cloud.tokens.refresh(form.get("refresh_token", ""), application.client_id)
    except TokenError as problem:
        raise OAuthError(401, str(problem), "The refresh_token is invalid") from problem


def _client_credentials(
    cloud: Cloud, application: Application, form: dict[str, str]
) -> dict[str, Any]:
    audience = _audience(cloud, form)
    scopes = frozenset(form.get("scope", "openid").split())
    if wrong := scopes - PARTNER_SCOPES | (scopes - application.scopes):
        raise OAuthError(400, "invalid_scope", f"not enabled: {' '.join(sorted(wrong))}")
    return cloud.tokens.partner(application, scopes, audience)


def _audience(cloud: Cloud, form: dict[str, str]) -> str:
    """The audience of a form; raises OAuthError unless it is the base URL of a region.

    The error word for a wrong audience is not documented; this one is RFC 6749's.
    """
    audience = form.get("audience", "")
    if audience not in cloud.base_urls.values():
        known = " or ".join(cloud.base_urls.values())
        raise OAuthError(400, "invalid_request", f"audience must be {known}")
    return audience


_GRANTS = {
    "authorization_code": _authorization_code,
    "refresh_token": _refresh_token,
    "client_credentials": _client_credentials,
}


async def metadata(cloud: Cloud, _call: Call) -> web.Response:
    """The OpenID Connect discovery document."""
    base = cloud.auth_url
    return web.json_response(
        {
            "issuer": f"{base}/oauth2/v3/nts",
            "authorization_endpoint": f"{base}/oauth2/v3/authorize",
            "token_endpoint": f"{base}/oauth2/v3/token",
            "userinfo_endpoint": f"{base}/oauth2/v3/userinfo",
            "jwks_uri": f"{base}/oauth2/v3/discovery/thirdparty/keys",
            "response_types_supported": ["code"],
            "grant_types_supported": list(_GRANTS),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": sorted(SCOPES),
        }
    )


async def keys(cloud: Cloud, _call: Call) -> web.Response:
    """The keys that verify the tokens."""
    return web.json_response(cloud.tokens.keys())


async def userinfo(cloud: Cloud, call: Call) -> web.Response:
    """The user of the token."""
    checked = cloud.check_token(call.request, call.base_url)
    if checked.user is None:
        raise OAuthError(401, "login_required", "not the token of a user")
    return web.json_response({"sub": checked.user.subject, "email": checked.user.email})


async def revoke(cloud: Cloud, call: Call) -> web.Response:
    """The page on which a user withdraws the consent, and its button."""
    query = call.request.query
    application = cloud.accounts.applications.get(query.get("revoke_client_id", ""))
    if application is None:
        raise OAuthError(400, "client_not_found", "The client is not known here")
    if call.request.method == "GET":
        return pages.respond(
            pages.revoke(
                call.request.path_qs, application.name, list(cloud.accounts.users.values())
            )
        )
    form = await call.request.post()
    user = cloud.accounts.users.get(str(form.get("user", "")))
    if user is None:
        raise OAuthError(400, "invalid_request", "no such user")
    cloud.tokens.revoke(user, application)
    if back := query.get("back_url"):
        return web.Response(status=302, headers={"Location": back})
    return pages.respond(pages.message("Access withdrawn", f"{application.name} has no access."))


HANDLERS: dict[str, Handler] = {
    "authorize": authorize,
    "token": token,
    "metadata": metadata,
    "keys": keys,
    "userinfo": userinfo,
    "revoke": revoke,
}
