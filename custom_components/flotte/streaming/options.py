"""The owner's options about the stream."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..const import (
    CERTIFICATE_FILES,
    CERTIFICATE_OWN,
    CONF_CERTIFICATE,
    CONF_CERTIFICATE_FILE,
    CONF_HOSTNAME,
    CONF_KEY_FILE,
    CONF_LISTEN_PORT,
    CONF_OVERRIDES,
    CONF_PORT,
    CONF_PROFILE,
    CONF_STREAM,
    CONF_TOPIC_BASE,
    DEFAULT_STREAM_PORT,
    LOGGER,
    STREAM_OFF,
)
from ..tesla import signals
from ..tesla.telemetry.profiles import FieldRule, Profile


@dataclass(frozen=True)
class Settings:
    """The options about the stream."""

    source: str = STREAM_OFF
    hostname: str = ""
    port: int = DEFAULT_STREAM_PORT
    listen_port: int = DEFAULT_STREAM_PORT
    certificate_file: str = ""
    key_file: str = ""
    profile: Profile = Profile.TUNED
    overrides: Mapping[str, FieldRule] = field(default_factory=dict)
    topic_base: str = ""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Settings:
        """The settings of an entry, with the defaults of a new installation."""
        has_files = options.get(CONF_CERTIFICATE, CERTIFICATE_OWN) == CERTIFICATE_FILES
        port = int(options.get(CONF_PORT, DEFAULT_STREAM_PORT))
        return cls(
            source=options.get(CONF_STREAM, STREAM_OFF),
            hostname=options.get(CONF_HOSTNAME, ""),
            port=port,
            listen_port=int(options.get(CONF_LISTEN_PORT) or port),
            certificate_file=options.get(CONF_CERTIFICATE_FILE, "") if has_files else "",
            key_file=options.get(CONF_KEY_FILE, "") if has_files else "",
            profile=Profile(options.get(CONF_PROFILE, Profile.TUNED)),
            overrides=usable_overrides(options.get(CONF_OVERRIDES)),
            topic_base=options.get(CONF_TOPIC_BASE, ""),
        )

    @property
    def is_on(self) -> bool:
        """Whether vehicles are to stream."""
        return self.source != STREAM_OFF

    def has_same_source(self, other: Settings) -> bool:
        """Whether the streams arrive in the same place; the requested fields may differ."""
        return self == replace(other, profile=self.profile, overrides=self.overrides)

    @property
    def address(self) -> str:
        """Address at which the vehicles connect, `host:port`."""
        return f"{self.hostname}:{self.port}"


def read_overrides(entered: object) -> dict[str, FieldRule]:
    """The owner's own rules: `{Soc: {interval: 60, delta: 0.5}}`, or `{Soc: 60}`.

    Raises:
        ValueError: with the name of the field that is unknown, or whose rule cannot be read.
    """
    if entered in (None, "", {}):
        return {}
    if not isinstance(entered, Mapping):
        raise ValueError(str(entered)[:40])  # noqa: TRY004  # what was entered
    return {name: _read_rule(name, value) for name, value in entered.items()}


def usable_overrides(stored: object) -> dict[str, FieldRule]:
    """The stored rules of the owner, without unreadable ones, as of fields of another version.

    `read_overrides` checks input; stored rules must never keep a vehicle from streaming.
    """
    rules: dict[str, FieldRule] = {}
    for name, value in stored.items() if isinstance(stored, Mapping) else ():
        try:
            rules[name] = _read_rule(name, value)
        except ValueError:
            LOGGER.warning("Ignoring an unreadable rule for the field %s", str(name)[:40])
    return rules


def _read_rule(name: object, value: object) -> FieldRule:
    """One rule. Raises ValueError with the field's name."""
    rule: Mapping[Any, Any] = value if isinstance(value, Mapping) else {"interval": value}
    if name not in signals.SIGNALS_BY_FIELD or set(rule) - {"interval", "delta", "resend"}:
        raise ValueError(str(name)[:40])
    try:
        delta, resend = rule.get("delta"), rule.get("resend")
        return FieldRule(
            int(rule["interval"]),
            None if delta is None else float(delta),
            None if resend is None else int(resend),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(str(name)[:40]) from error
