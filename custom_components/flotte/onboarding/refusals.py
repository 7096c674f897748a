"""Texts of the setup flow for Tesla's refusals and failures."""

from typing import Final

from ..tesla.api.oauth import INVALID_SCOPE, LOGIN_REASONS, TEMPORARY
from ..tesla.errors import (
    AccountLocked,
    AccountSuspended,
    AnswerLost,
    BadRequest,
    InvalidAnswer,
    LegallyBlocked,
    LoginRequired,
    NotRegistered,
    PaymentRequired,
    PublicKeyNotFetched,
    RateLimited,
    TeslaError,
    Unreachable,
    WrongRegion,
)

# In these tables, the first row whose class fits counts.
type _Texts = tuple[tuple[type[TeslaError], str], ...]

_SHARED: Final[_Texts] = (
    (LegallyBlocked, "legally_blocked"),
    (AccountLocked, "account_locked"),
    (PaymentRequired, "payment_required"),
    (AccountSuspended, "account_suspended"),
    (RateLimited, "rate_limited"),
    (Unreachable, "cannot_connect"),
)
_ERRORS: Final[_Texts] = (
    *_SHARED,
    (AnswerLost, "cannot_connect"),
    (PublicKeyNotFetched, "public_key_not_fetched"),
    (NotRegistered, "domain_not_allowed"),
    (WrongRegion, "wrong_region"),
    (LoginRequired, "credentials_refused"),
    (BadRequest, "domain_not_allowed"),
)
_ABORTS: Final[_Texts] = (
    *_SHARED,
    (LoginRequired, "oauth_unauthorized"),
    (AnswerLost, "oauth_timeout"),
    (InvalidAnswer, "oauth_error"),
)


def error_of_form(error: TeslaError) -> str:
    """Key of the text below `config.error`; the owner can try again on the same page."""
    if error.translation_key == INVALID_SCOPE:
        return INVALID_SCOPE
    for kind, key in _ERRORS:
        if isinstance(error, kind):
            return key
    return "tesla_unavailable" if error.is_temporary else "refused_by_tesla"


def detail_of(error: TeslaError) -> str:
    """Tesla's own words, for the middle of a sentence."""
    return error.detail.rstrip(".") or type(error).__name__


def reason_of_token_error(error: TeslaError) -> str:
    """Key of the text below `config.abort` for a code that Tesla did not exchange for tokens."""
    if isinstance(error, LoginRequired) and error.reason is not None:
        return error.reason
    for kind, reason in _ABORTS:
        if isinstance(error, kind):
            return reason
    return "oauth_failed"


def reason_of_login_page(error: str) -> str:
    """Key of the text below `config.abort` for the error that Tesla's login page ended with.

    Source: RFC 6749 section 4.1.2.1.
    """
    if error == "access_denied":
        return "user_rejected_authorize"
    if error in TEMPORARY:
        return "oauth_failed"
    return LOGIN_REASONS.get(error, "authorize_refused")
