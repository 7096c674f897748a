"""The import table: which module may import which. Change it on purpose or not at all.

Every file of the integration belongs to a part: itself, or the package of the Tesla side that it
lies in (`tesla.signing`, `tesla.commands`). A part may import what its row names: other parts of
ours, packages of others, and those modules of Python that reach outside or tell the time. The rest
of Python is free for all.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

from custom_components.flotte import PLATFORMS as FLOTTE_PLATFORMS

ROOT = Path(__file__).parents[1]
FLOTTE = ROOT / "custom_components" / "flotte"
PACKAGE = "custom_components.flotte"

NEEDS_PERMISSION = {
    "asyncio",
    "multiprocessing",
    "socket",
    "ssl",
    "subprocess",
    "threading",
    "time",
}
"""Python's modules with input and output, or with a clock."""

PYTHONS_TIME = "Python's time"
"""Permission for Python's module of that name; `time` is a platform."""

COMPUTED = "a computed name"
"""Stands for a module that `async_import_module` imports by a name that is not in the source."""

HOME_ASSISTANT = {"homeassistant"}
TABLES = {"tesla.commands", "tesla.signals", "tesla.state"}
PLATFORM = (
    HOME_ASSISTANT
    | TABLES
    | {"account.data", "charging.entity", "const", "coordinator", "entity", "pending"}
)
"""Permissions of every platform; each member is imported by at least one of them."""

MAY_IMPORT: dict[str, set[str]] = {
    # The Tesla side: no Home Assistant. What is pure needs no network and no clock.
    "tesla": set(),
    "tesla.api": set(),
    "tesla.spending": set(),
    "tesla.vehicle": set(),
    "tesla.privacy": set(),
    "tesla.errors": {"tesla.privacy"},
    "tesla.clock": set(),
    "tesla.key_status": set(),
    "tesla.listeners": set(),
    "tesla.reading_json": set(),
    "tesla.state": {"tesla.clock", "tesla.reading_json", "tesla.units"},
    "tesla.units": set(),
    "tesla.hosts": set(),
    "tesla.signals": {
        "tesla.energy",
        "tesla.reading_json",
        "tesla.state",
        "tesla.clock",
        "tesla.units",
    },
    "tesla.spending.tariff": set(),
    "tesla.spending.caller": set(),
    "tesla.spending.ledger": {"tesla.spending.caller", "tesla.spending.tariff"},
    "tesla.spending.modes": set(),
    "tesla.spending.suspension": {"tesla.spending.ledger"},
    "tesla.spending.policy": {
        "tesla.spending.caller",
        "tesla.spending.modes",
        "tesla.spending.tariff",
    },
    "tesla.spending.holds": {
        "tesla.spending.caller",
        "tesla.spending.ledger",
        "tesla.spending.tariff",
    },
    "tesla.spending.shares": {
        "tesla.listeners",
        "tesla.reading_json",
        "tesla.spending.ledger_check",
    },
    "tesla.spending.meter": {
        "tesla.clock",
        "tesla.errors",
        "tesla.listeners",
        "tesla.spending.caller",
        "tesla.spending.holds",
        "tesla.spending.ledger",
        "tesla.spending.shares",
        "tesla.spending.suspension",
        "tesla.spending.tariff",
    },
    "tesla.spending.endpoints": {"tesla.spending.tariff"},
    "tesla.spending.ledger_check": {
        "tesla.reading_json",
        "tesla.spending.ledger",
        "tesla.spending.tariff",
    },
    "tesla.spending.decision": {
        "tesla.errors",
        "tesla.spending.caller",
        "tesla.spending.modes",
        "tesla.spending.tariff",
    },
    "tesla.spending.gate": {
        "tesla.spending.holds",
        "tesla.errors",
        "tesla.spending.meter",
        "tesla.clock",
        "tesla.listeners",
        "tesla.spending.caller",
        "tesla.spending.ledger",
        "tesla.spending.modes",
        "tesla.spending.policy",
        "tesla.spending.tariff",
        "tesla.spending.decision",
    },
    "tesla.spending.projection": {"tesla.spending.ledger", "tesla.spending.tariff"},
    "tesla.signing": {"cryptography", "google", "tesla_protocol"},
    "tesla.commands": {
        "tesla.energy",
        "tesla.errors",
        "tesla.signals",
        "tesla.signing",
        "tesla.state",
        "google",
        "tesla_protocol",
    },
    "tesla.nearby": {"tesla.reading_json", "tesla.signals", "tesla.state"},
    "tesla.capacity": {"tesla.reading_json", "tesla.state"},
    "tesla.release_notes": {"tesla.reading_json"},
    "tesla.parked": {"tesla.reading_json", "tesla.state"},
    "tesla.schedule_times": {"tesla.commands", "tesla.schedules"},
    "tesla.schedules": {
        "tesla.reading_json",
        "tesla.commands",
        "tesla.signals",
        "tesla.state",
    },
    "tesla.charging.supercharging": {"tesla.reading_json"},
    "tesla.charging.month": {
        "tesla.charging.bills",
        "tesla.charging.supercharging",
        "tesla.clock",
        "tesla.reading_json",
    },
    "tesla.charging.bills": {
        "tesla.api.charging",
        "tesla.api.fleet",
        "tesla.charging.supercharging",
        "tesla.clock",
        "tesla.errors",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.spending.gate",
        "tesla.spending.holds",
        "tesla.spending.decision",
    },
    "tesla.telemetry": {
        "Python's time",
        "aiohttp",
        "asyncio",
        "cryptography",
        "google",
        "socket",
        "ssl",
        "tesla.clock",
        "tesla.privacy",
        "tesla.reading_json",
        "tesla.signals",
        "tesla.state",
        "tesla_protocol",
    },
    "tesla.api.login": {"tesla.errors", PYTHONS_TIME},
    "tesla.api.answers": {"tesla.errors", "aiohttp"},
    "tesla.api.oauth": {
        "tesla.reading_json",
        "tesla.api.answers",
        "tesla.errors",
        "tesla.privacy",
        "aiohttp",
    },
    "tesla.api.partner": {"tesla.api.oauth", "tesla.hosts", "aiohttp"},
    "tesla.api.rate_limits": {"tesla.errors", "tesla.spending.tariff", PYTHONS_TIME},
    "tesla.api.sending": {
        "tesla.api.answers",
        "tesla.clock",
        "tesla.errors",
        "tesla.privacy",
        "tesla.spending.caller",
        "tesla.spending.ledger",
        "tesla.spending.meter",
        "tesla.spending.tariff",
        "aiohttp",
        "asyncio",
    },
    "tesla.api.transport": {
        "tesla.reading_json",
        "tesla.api.answers",
        "tesla.api.login",
        "tesla.api.rate_limits",
        "tesla.api.sending",
        "tesla.errors",
        "tesla.hosts",
        "tesla.privacy",
    },
    "tesla.api.sites": {"tesla.errors", "tesla.spending.caller", "tesla.spending.endpoints"},
    "tesla.api.charging": {
        "tesla.api.sending",
        "tesla.errors",
        "tesla.reading_json",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
    },
    "tesla.api.fleet": {
        "tesla.api.charging",
        "tesla.api.login",
        "tesla.api.sending",
        "tesla.api.sites",
        "tesla.api.transport",
        "tesla.clock",
        "tesla.errors",
        "tesla.hosts",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.spending.meter",
        "aiohttp",
        "asyncio",
    },
    "tesla.api.confirmation": {"tesla.reading_json", "tesla.privacy"},
    "tesla.vehicle.solar": {
        "asyncio",
        "tesla.commands",
        "tesla.errors",
        "tesla.signals",
        "tesla.spending.caller",
        "tesla.spending.tariff",
        "tesla.state",
        "tesla.vehicle.admission",
        "tesla.vehicle.context",
        "tesla.vehicle.execution",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.outcome",
        "tesla.vehicle.presence",
        "tesla.vehicle.waking",
    },
    "tesla.vehicle.notes": {
        "asyncio",
        "tesla.errors",
        "tesla.release_notes",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.vehicle.admission",
        "tesla.vehicle.context",
        "tesla.vehicle.outcome",
    },
    "tesla.vehicle.context": {
        "tesla.api.fleet",
        "tesla.spending.gate",
    },
    "tesla.vehicle.deferral": {
        "tesla.commands",
        "tesla.signals",
        "tesla.signing",
        "tesla.spending.caller",
        "tesla.state",
    },
    "tesla.vehicle.outcome": {
        "tesla.commands",
        "tesla.signing",
        "tesla.state",
    },
    "tesla.vehicle.waits": {
        "asyncio",
        PYTHONS_TIME,
    },
    "tesla.vehicle.alerts": {"tesla.state", "tesla.telemetry"},
    "tesla.vehicle.consequences": {
        "tesla.signals",
        "tesla.state",
    },
    "tesla.vehicle.persistence": {
        "tesla.errors",
    },
    "tesla.vehicle.poll_plan": {
        "tesla.clock",
        "tesla.signals",
        "tesla.state",
    },
    "tesla.vehicle.turns": {
        "asyncio",
        "tesla.commands",
        "tesla.errors",
        "tesla.signing",
        "tesla.spending.caller",
        "tesla.vehicle.outcome",
    },
    "tesla.vehicle.channel": {
        "tesla.api.confirmation",
        "tesla.commands",
        "tesla.errors",
        "tesla.key_status",
        "tesla.signing",
        "tesla.spending.caller",
        "tesla.vehicle.context",
        "tesla.vehicle.outcome",
        "tesla.vehicle.waits",
    },
    "tesla.vehicle.wake_record": {
        "tesla.state",
        "tesla.vehicle.waits",
    },
    "tesla.vehicle.intents": {
        "tesla.commands",
        "tesla.listeners",
        "tesla.signals",
        "tesla.state",
    },
    "tesla.vehicle.knowledge": {
        "asyncio",
        "tesla.clock",
        "tesla.commands",
        "tesla.listeners",
        "tesla.signals",
        "tesla.signing",
        "tesla.state",
        "tesla.vehicle.consequences",
        "tesla.vehicle.context",
        "tesla.vehicle.intents",
        "tesla.vehicle.outcome",
        "tesla.vehicle.poll_plan",
        "tesla.vehicle.waits",
    },
    "tesla.vehicle.presence": {
        "tesla.clock",
        "tesla.listeners",
        "tesla.signals",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.spending.tariff",
        "tesla.state",
        "tesla.vehicle.consequences",
        "tesla.vehicle.context",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.poll_plan",
    },
    "tesla.vehicle.redundancy": {
        "tesla.commands",
        "tesla.errors",
        "tesla.signing",
        "tesla.spending.caller",
        "tesla.vehicle.consequences",
        "tesla.vehicle.deferral",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.outcome",
        "tesla.vehicle.presence",
        "tesla.vehicle.waits",
    },
    "tesla.vehicle.low_current": {
        "tesla.clock",
        "tesla.commands",
        "tesla.errors",
        "tesla.signals",
        "tesla.spending.caller",
        "tesla.spending.tariff",
        "tesla.state",
        "tesla.vehicle.admission",
        "tesla.vehicle.context",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.polling",
        "tesla.vehicle.presence",
    },
    "tesla.vehicle.unknown_commands": {
        "tesla.commands",
        "tesla.errors",
        "tesla.signals",
        "tesla.signing",
        "tesla.vehicle.knowledge",
    },
    "tesla.vehicle.admission": {
        "tesla.commands",
        "tesla.errors",
        "tesla.spending.caller",
        "tesla.spending.holds",
        "tesla.spending.tariff",
        "tesla.vehicle.channel",
        "tesla.vehicle.context",
        "tesla.vehicle.deferral",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.outcome",
        "tesla.vehicle.presence",
        "tesla.vehicle.waits",
        "tesla.vehicle.wake_record",
        "tesla.spending.decision",
    },
    "tesla.vehicle.deferred_commands": {
        "asyncio",
        "tesla.commands",
        "tesla.errors",
        "tesla.listeners",
        "tesla.signals",
        "tesla.spending.caller",
        "tesla.vehicle.context",
        "tesla.vehicle.deferral",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.outcome",
        "tesla.vehicle.persistence",
        "tesla.vehicle.presence",
        "tesla.vehicle.turns",
        "tesla.state",
        "tesla.spending.decision",
    },
    "tesla.vehicle.polling": {
        "tesla.commands",
        "tesla.errors",
        "tesla.signals",
        "tesla.signing",
        "tesla.spending.caller",
        "tesla.spending.tariff",
        "tesla.state",
        "tesla.vehicle.admission",
        "tesla.vehicle.channel",
        "tesla.vehicle.context",
        "tesla.vehicle.deferral",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.outcome",
        "tesla.vehicle.persistence",
        "tesla.vehicle.poll_plan",
        "tesla.vehicle.presence",
    },
    "tesla.vehicle.waking": {
        "asyncio",
        "tesla.commands",
        "tesla.errors",
        "tesla.spending.caller",
        "tesla.vehicle.admission",
        "tesla.vehicle.context",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.outcome",
        "tesla.vehicle.persistence",
        "tesla.vehicle.presence",
        "tesla.vehicle.waits",
        "tesla.vehicle.wake_record",
        "tesla.spending.decision",
    },
    "tesla.vehicle.verification": {
        "tesla.commands",
        "tesla.errors",
        "tesla.spending.caller",
        "tesla.spending.tariff",
        "tesla.vehicle.admission",
        "tesla.vehicle.context",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.outcome",
        "tesla.vehicle.polling",
        "tesla.vehicle.waits",
    },
    "tesla.vehicle.execution": {
        "asyncio",
        "tesla.commands",
        "tesla.errors",
        "tesla.listeners",
        "tesla.spending.caller",
        "tesla.spending.decision",
        "tesla.spending.holds",
        "tesla.spending.tariff",
        "tesla.state",
        "tesla.vehicle.admission",
        "tesla.vehicle.channel",
        "tesla.vehicle.context",
        "tesla.vehicle.deferred_commands",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.low_current",
        "tesla.vehicle.outcome",
        "tesla.vehicle.persistence",
        "tesla.vehicle.polling",
        "tesla.vehicle.presence",
        "tesla.vehicle.redundancy",
        "tesla.vehicle.turns",
        "tesla.vehicle.unknown_commands",
        "tesla.vehicle.verification",
        "tesla.vehicle.waking",
    },
    "tesla.vehicle.vehicle": {
        "tesla.api.fleet",
        "tesla.charging",
        "tesla.clock",
        "tesla.commands",
        "tesla.errors",
        "tesla.signals",
        "tesla.signing",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.spending.gate",
        "tesla.spending.tariff",
        "tesla.state",
        "tesla.vehicle.admission",
        "tesla.vehicle.alerts",
        "tesla.vehicle.channel",
        "tesla.vehicle.context",
        "tesla.vehicle.execution",
        "tesla.vehicle.knowledge",
        "tesla.vehicle.notes",
        "tesla.vehicle.outcome",
        "tesla.vehicle.persistence",
        "tesla.vehicle.polling",
        "tesla.vehicle.presence",
        "tesla.vehicle.solar",
        "tesla.vehicle.waits",
        "tesla.vehicle.wake_record",
        "tesla.vehicle.waking",
    },
    "tesla.vehicle.continuity": {
        "tesla.signals",
        "tesla.state",
        "tesla.telemetry",
        "tesla.vehicle.vehicle",
    },
    "tesla.vehicle.gaps": {
        "tesla.signals",
        "tesla.state",
        "tesla.vehicle.consequences",
        "tesla.vehicle.vehicle",
    },
    "tesla.vehicle.stream": {
        "tesla.listeners",
        "tesla.signals",
        "tesla.spending.meter",
        "tesla.state",
        "tesla.telemetry",
        "tesla.vehicle.continuity",
        "tesla.vehicle.gaps",
        "tesla.vehicle.vehicle",
    },
    "tesla.charging": {"tesla.reading_json", "tesla.spending.modes", "tesla.state"},
    "tesla.charging.schedule_collisions": {
        "tesla.charging",
        "tesla.schedule_times",
        "tesla.schedules",
    },
    "tesla.charging.schedule_plan": {
        "tesla.charging",
        "tesla.commands",
        "tesla.schedules",
        "tesla.signals",
    },
    "tesla.energy": {"tesla.errors", "tesla.reading_json"},
    "tesla.site": {
        "tesla.api.fleet",
        "tesla.spending.decision",
        "tesla.commands",
        "tesla.api.confirmation",
        "tesla.errors",
        "tesla.spending.gate",
        "tesla.vehicle.poll_plan",
        "tesla.signals",
        "tesla.state",
        "tesla.vehicle.outcome",
        "tesla.listeners",
        "asyncio",
        "tesla.clock",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.energy",
        "tesla.reading_json",
    },
    # The Home Assistant side.
    "statistics": set(),
    "statistics.sums": set(),
    "statistics.store": HOME_ASSISTANT
    | {"asyncio", "const", "sqlalchemy", "statistics.sums", "tesla.energy"},
    "statistics.site_days": HOME_ASSISTANT
    | {
        "account.zones",
        "tesla.energy",
        "tesla.errors",
        "tesla.reading_json",
        "tesla.signals",
        "tesla.site",
        "tesla.spending.caller",
        "tesla.state",
    },
    "statistics.history_import": HOME_ASSISTANT
    | {
        "const",
        "coordinator",
        "statistics.site_days",
        "statistics.store",
        "tesla.energy",
        "tesla.errors",
        "tesla.listeners",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
    },
    "account.first_look": HOME_ASSISTANT
    | {
        "account.data",
        "account.issues",
        "asyncio",
        "const",
        "coordinator",
        "tesla.errors",
        "tesla.spending.caller",
        "tesla.spending.tariff",
        "tesla.state",
        "tesla.vehicle.vehicle",
        "texts",
    },
    "account.titles": HOME_ASSISTANT
    | {
        "account.data",
        "account.names",
        "const",
    },
    "account.address": HOME_ASSISTANT | {"account.hosts", "texts", "yarl"},
    "account": set(),
    "onboarding.login": HOME_ASSISTANT
    | {
        "account.address",
        "account.data",
        "account.tokens",
        "application_credentials",
        "const",
        "onboarding.refusals",
        "tesla.privacy",
        "voluptuous",
    },
    "onboarding.refusals": {
        "tesla.api.oauth",
        "tesla.errors",
    },
    "onboarding.last": HOME_ASSISTANT
    | {
        "account.first_look",
        "account.products",
        "account.titles",
        "const",
        "onboarding.login",
        "spending.account_ledger",
        "tesla.api.fleet",
        "tesla.errors",
        "texts",
        "voluptuous",
    },
    "flows.stream_check": HOME_ASSISTANT
    | {
        "account.names",
        "const",
        "flows.forms",
        "streaming.checks",
        "streaming.reports",
        "tesla.errors",
        "tesla.telemetry",
        "texts",
    },
    "flows": set(),
    "onboarding": set(),
    "services": HOME_ASSISTANT
    | {
        "const",
        "services.dispatch",
        "services.energy",
        "services.sites",
        "services.spending",
        "services.superchargers",
        "services.vehicle",
    },
    "services.action": HOME_ASSISTANT
    | {
        "services.devices",
        "voluptuous",
    },
    "services.devices": HOME_ASSISTANT
    | {
        "account.data",
        "automations.subjects",
        "automations.targets",
        "const",
        "coordinator",
        "voluptuous",
    },
    "services.period": HOME_ASSISTANT | {"const", "voluptuous"},
    "services.sites": HOME_ASSISTANT
    | {
        "account.rights",
        "account.zones",
        "coordinator",
        "errors",
        "services.action",
        "services.devices",
        "services.period",
        "spending.callers",
        "tesla.commands",
        "tesla.energy",
        "tesla.errors",
        "tesla.site",
        "tesla.spending.caller",
        "voluptuous",
    },
    "services.files": HOME_ASSISTANT | {"const"},
    "services.superchargers": HOME_ASSISTANT
    | {
        "account.data",
        "account.rights",
        "const",
        "errors",
        "services.action",
        "services.devices",
        "services.files",
        "services.period",
        "spending.callers",
        "tesla.charging.bills",
        "tesla.charging.supercharging",
        "tesla.errors",
        "tesla.privacy",
        "voluptuous",
    },
    "services.energy": HOME_ASSISTANT
    | {
        "account.data",
        "const",
        "coordinator",
        "services.action",
        "services.devices",
        "spending.callers",
        "statistics.history_import",
        "statistics.store",
        "voluptuous",
    },
    "spending.prices": HOME_ASSISTANT
    | {
        "coordinator",
        "spending.decisions",
        "spending.report",
        "tesla.commands",
        "tesla.spending.caller",
        "tesla.spending.decision",
        "tesla.spending.tariff",
        "texts",
    },
    "spending": set(),
    "streaming.checks": {"streaming.subscription", "tesla.telemetry"},
    "streaming": set(),
    "account.supercharging": HOME_ASSISTANT
    | {
        "const",
        "tesla.charging.bills",
        "tesla.charging.month",
        "tesla.errors",
        "tesla.listeners",
        "tesla.signals",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.state",
        "tesla.vehicle.vehicle",
    },
    "account.charging": HOME_ASSISTANT
    | {
        "const",
        "coordinator",
        "tesla.charging",
        "tesla.listeners",
        "tesla.reading_json",
        "tesla.signals",
        "tesla.state",
    },
    "schedule_ids": HOME_ASSISTANT
    | {
        "const",
    },
    "charging": set(),
    "charging.departures": HOME_ASSISTANT | {"asyncio", "charging.settings", "const"},
    "charging.forecast": HOME_ASSISTANT
    | {"asyncio", "const", "tesla.charging", "tesla.listeners", "tesla.reading_json"},
    "charging.price_entities": HOME_ASSISTANT | {"account.charging", "charging.price_slots"},
    "charging.price_fetching": HOME_ASSISTANT
    | {
        "asyncio",
        "charging.price_services",
        "charging.price_slots",
        "charging.unused_prices",
        "tesla.listeners",
    },
    "charging.planning": {
        "charging.forecast",
        "charging.prices",
        "charging.settings",
        "const",
        "coordinator",
        "tesla.capacity",
        "tesla.charging",
        "tesla.reading_json",
        "tesla.signals",
        "tesla.state",
    },
    "charging.prices": HOME_ASSISTANT
    | {
        "account.charging",
        "charging.preferences",
        "charging.price_entities",
        "charging.price_fetching",
        "charging.price_services",
        "charging.price_slots",
        "charging.site_prices",
        "charging.surcharge",
        "charging.unused_prices",
        "const",
        "tesla.listeners",
        "tesla.reading_json",
        "tesla.signals",
        "tesla.site",
    },
    "charging.surcharge": {"charging.price_slots"},
    "charging.unused_prices": {"const"},
    "charging.site_prices": {
        "charging.price_slots",
        "charging.unused_prices",
        "tesla.energy",
        "tesla.signals",
        "tesla.site",
        "tesla.state",
    },
    "charging.price_slots": {"tesla.reading_json"},
    "charging.price_services": HOME_ASSISTANT
    | {
        "asyncio",
        "charging.price_slots",
        "charging.unused_prices",
        "const",
        "tesla.reading_json",
    },
    "charging.entity": HOME_ASSISTANT
    | {"account.data", "charging.controller", "const", "coordinator", "entity"},
    "charging.decisions": HOME_ASSISTANT
    | {
        "charging.controller",
        "charging.sentences",
        "const",
        "coordinator",
        "spending.decisions",
        "tesla.charging",
        "tesla.listeners",
    },
    "charging.sentences": HOME_ASSISTANT | {"errors", "tesla.charging", "tesla.errors", "texts"},
    "charging.schedule_takeover": HOME_ASSISTANT
    | {
        "account.issues",
        "const",
        "coordinator",
        "tesla.charging",
        "tesla.charging.schedule_collisions",
        "tesla.commands",
        "tesla.errors",
        "tesla.listeners",
        "tesla.reading_json",
        "tesla.schedules",
        "tesla.signals",
        "tesla.state",
        "tesla.vehicle.outcome",
    },
    "charging.planned_schedules": HOME_ASSISTANT
    | {
        "account.charging",
        "asyncio",
        "charging.schedule_takeover",
        "const",
        "coordinator",
        "schedule_ids",
        "tesla.charging",
        "tesla.charging.schedule_plan",
        "tesla.commands",
        "tesla.errors",
        "tesla.listeners",
        "tesla.reading_json",
        "tesla.schedules",
        "tesla.signals",
        "tesla.vehicle.outcome",
    },
    "charging.controller": HOME_ASSISTANT
    | {
        "charging.departures",
        "charging.inputs",
        "charging.observed",
        "charging.person_watch",
        "charging.plan_keeping",
        "charging.sending",
        "charging.settings",
        "coordinator",
        "tesla.charging",
        "tesla.listeners",
    },
    "dashboard": set(),
    "dashboard.serving": HOME_ASSISTANT | {"const"},
    "charging.home": HOME_ASSISTANT
    | {
        "charging.controller",
        "charging.departures",
        "charging.inputs",
        "charging.issues",
        "charging.sentences",
        "charging.surroundings",
        "const",
        "coordinator",
        "tesla.charging",
        "tesla.listeners",
    },
    "charging.inputs": HOME_ASSISTANT
    | {
        "charging.planning",
        "charging.settings",
        "tesla.charging",
        "tesla.spending.gate",
        "tesla.spending.tariff",
    },
    "charging.observed": HOME_ASSISTANT
    | {
        "account.charging",
        "charging.inputs",
        "charging.issues",
        "const",
        "coordinator",
        "tesla.charging",
        "tesla.listeners",
        "tesla.reading_json",
        "tesla.signals",
        "tesla.state",
        "tesla.vehicle.knowledge",
    },
    "charging.sending": HOME_ASSISTANT
    | {
        "coordinator",
        "tesla.charging",
        "tesla.commands",
        "tesla.errors",
        "tesla.reading_json",
        "tesla.signals",
        "tesla.spending.caller",
        "tesla.spending.tariff",
        "tesla.vehicle.outcome",
    },
    "charging.surroundings": HOME_ASSISTANT
    | {
        "charging.forecast",
        "charging.inputs",
        "charging.meter",
        "charging.meter_source",
        "charging.planning",
        "charging.preferences",
        "charging.prices",
        "const",
        "coordinator",
        "tesla.charging",
        "tesla.listeners",
        "tesla.reading_json",
    },
    "charging.plan_keeping": HOME_ASSISTANT
    | {
        "charging.departures",
        "charging.inputs",
        "charging.planned_schedules",
        "charging.planning",
        "charging.settings",
        "coordinator",
        "tesla.charging",
    },
    "charging.person_watch": HOME_ASSISTANT
    | {
        "tesla.charging",
        "tesla.commands",
        "tesla.spending.caller",
        "tesla.vehicle.vehicle",
    },
    "charging.settings": {"tesla.charging", "tesla.reading_json"},
    "charging.preferences": HOME_ASSISTANT | {"tesla.listeners", "tesla.reading_json"},
    "charging.gauges": HOME_ASSISTANT
    | {"coordinator", "tesla.listeners", "tesla.reading_json", "tesla.signals", "tesla.state"},
    "charging.meter_source": HOME_ASSISTANT
    | {
        "charging.gauges",
        "charging.preferences",
        "const",
        "coordinator",
        "tesla.reading_json",
        "tesla.signals",
        "tesla.state",
    },
    "charging.issues": HOME_ASSISTANT
    | {"account.issues", "charging.meter", "tesla.charging", "tesla.clock"},
    "charging.meter": HOME_ASSISTANT
    | {
        "charging.gauges",
        "charging.meter_source",
        "charging.preferences",
        "coordinator",
        "tesla.clock",
        "tesla.listeners",
        "tesla.signals",
        "tesla.state",
    },
    "account.data": HOME_ASSISTANT
    | {
        "account.charging",
        "account.storage",
        "account.supercharging",
        "charging.controller",
        "const",
        "coordinator",
        "spending.account_ledger",
        "statistics.history_import",
        "streaming.manager",
        "tesla.api.fleet",
        "tesla.charging.bills",
        "tesla.signals",
    },
    "account.setup": HOME_ASSISTANT
    | {
        "account.api",
        "account.charging",
        "account.claims",
        "account.data",
        "account.devices",
        "account.entry_store",
        "account.key",
        "account.login",
        "account.names",
        "account.products",
        "account.supercharging",
        "account.tokens",
        "asyncio",
        "charging.controller",
        "const",
        "coordinator",
        "errors",
        "spending.account_ledger",
        "spending.rules",
        "statistics.history_import",
        "streaming.manager",
        "tesla.api.fleet",
        "tesla.charging.bills",
        "tesla.errors",
        "tesla.signals",
        "tesla.signing",
        "tesla.site",
        "tesla.spending.caller",
        "tesla.vehicle.outcome",
        "tesla.vehicle.vehicle",
    },
    "account.entry_store": HOME_ASSISTANT
    | {
        "account.data",
        "account.issues",
        "account.storage",
        "charging.settings",
        "const",
        "tesla.errors",
    },
    "account.discovery": HOME_ASSISTANT
    | {
        "account.data",
        "account.first_look",
        "account.products",
        "const",
        "tesla.errors",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
    },
    "account.products": {
        "account.names",
        "const",
    },
    "account.api": HOME_ASSISTANT
    | {
        "account.hosts",
        "spending.account_ledger",
        "tesla.api.fleet",
        "tesla.api.transport",
    },
    "account.options": HOME_ASSISTANT
    | {
        "account.data",
        "charging.home",
        "const",
        "spending.account_ledger",
        "spending.rules",
        "streaming.options",
        "tesla.signals",
    },
    "account.rights": HOME_ASSISTANT | {"const"},
    "account.claims": HOME_ASSISTANT | {"const"},
    "spending.budget_issue": HOME_ASSISTANT
    | {
        "account.issues",
        "tesla.spending.gate",
        "tesla.spending.ledger",
        "tesla.spending.modes",
        "tesla.spending.tariff",
    },
    "spending.callers": HOME_ASSISTANT
    | {
        "const",
        "tesla.spending.caller",
    },
    "const": set(),
    "account.hosts": HOME_ASSISTANT | {"const", "tesla.hosts", "voluptuous", "yarl"},
    "account.issues": HOME_ASSISTANT | {"const", "texts"},
    "account.key": HOME_ASSISTANT | {"const", "tesla.signing", "aiohttp", "asyncio"},
    "account.names": HOME_ASSISTANT | {"const"},
    "account.zones": HOME_ASSISTANT | {"tesla.signals", "tesla.site"},
    "account.devices": HOME_ASSISTANT
    | {"account.names", "coordinator", "tesla.signals", "tesla.state"},
    "account.pairing": HOME_ASSISTANT
    | {
        "account.hosts",
        "account.issues",
        "account.names",
        "account.products",
        "const",
        "tesla.api.fleet",
        "tesla.clock",
        "tesla.key_status",
        "tesla.listeners",
        "tesla.spending.caller",
        "tesla.vehicle.stream",
        "tesla.vehicle.vehicle",
    },
    "spending.issues": HOME_ASSISTANT
    | {
        "account.issues",
        "account.storage",
        "const",
        "spending.budget_issue",
        "tesla.spending.gate",
        "tesla.spending.ledger",
    },
    "spending.ledger_file": HOME_ASSISTANT
    | {
        "account.storage",
        "const",
        "tesla.spending.ledger",
        "tesla.spending.ledger_check",
        "tesla.spending.meter",
        "tesla.spending.tariff",
    },
    "spending.account_ledger": HOME_ASSISTANT
    | {
        "account.storage",
        "asyncio",
        "const",
        "spending.issues",
        "spending.ledger_file",
        "tesla.errors",
        "tesla.listeners",
        "tesla.spending.endpoints",
        "tesla.spending.gate",
        "tesla.spending.ledger",
        "tesla.spending.meter",
        "tesla.spending.modes",
        "tesla.spending.policy",
        "tesla.spending.projection",
        "tesla.spending.tariff",
    },
    "account.storage": HOME_ASSISTANT
    | {
        "account.issues",
        "const",
    },
    "account.refusals": HOME_ASSISTANT
    | {
        "tesla.commands",
        "tesla.errors",
        "tesla.listeners",
        "texts",
    },
    "account.stream_watch": HOME_ASSISTANT
    | {
        "const",
        "tesla.listeners",
        "tesla.vehicle.poll_plan",
        "tesla.vehicle.vehicle",
    },
    "account.tokens": HOME_ASSISTANT | {"tesla.errors", "asyncio", "jwt", PYTHONS_TIME, "const"},
    "application_credentials": HOME_ASSISTANT
    | {
        "account.address",
        "account.hosts",
        "aiohttp",
        "const",
        "multidict",
        "tesla.api.oauth",
        "tesla.errors",
        "tesla.hosts",
        "yarl",
    },
    "account.leaving": HOME_ASSISTANT
    | {
        "account.api",
        "account.data",
        "account.entry_store",
        "account.issues",
        "account.names",
        "account.tokens",
        "const",
        "spending.account_ledger",
        "spending.rules",
        "streaming.issues",
        "streaming.requests",
        "streaming.subscription",
        "tesla.errors",
    },
    "account.login": HOME_ASSISTANT
    | {
        "account.issues",
        "const",
        "tesla.api.fleet",
        "tesla.api.login",
        "tesla.errors",
        "tesla.spending.caller",
    },
    "calendar.rates": HOME_ASSISTANT
    | {
        "account.zones",
        "const",
        "coordinator",
        "entity",
        "tesla.energy",
        "tesla.signals",
        "tesla.state",
    },
    "coordinator": HOME_ASSISTANT
    | {
        PYTHONS_TIME,
        "account.names",
        "account.pairing",
        "account.refusals",
        "account.stream_watch",
        "account.zones",
        "const",
        "errors",
        "spending.callers",
        "tesla.clock",
        "tesla.commands",
        "tesla.errors",
        "tesla.listeners",
        "tesla.signals",
        "tesla.site",
        "tesla.spending.caller",
        "tesla.spending.meter",
        "tesla.state",
        "tesla.vehicle.deferral",
        "tesla.vehicle.deferred_commands",
        "tesla.vehicle.poll_plan",
        "tesla.vehicle.stream",
        "tesla.vehicle.vehicle",
    },
    "streaming.certificates": HOME_ASSISTANT
    | {"account.storage", "const", "tesla.telemetry", "asyncio", "certifi"},
    "streaming.client_cas": HOME_ASSISTANT
    | {
        "account.hosts",
        "account.storage",
        "const",
        "streaming.certificates",
        "tesla.telemetry",
        "aiohttp",
    },
    "errors": HOME_ASSISTANT | {"const", "tesla.errors"},
    "streaming.receiver": HOME_ASSISTANT
    | {
        "const",
        "account.hosts",
        "streaming.certificates",
        "streaming.client_cas",
        "streaming.issues",
        "tesla.vehicle.stream",
        "tesla.telemetry",
        "asyncio",
    },
    "streaming.mqtt": HOME_ASSISTANT
    | {
        "const",
        "tesla.signals",
        "tesla.vehicle.stream",
        "tesla.telemetry",
    },
    "streaming.requests": HOME_ASSISTANT
    | {
        "tesla.spending.holds",
        "const",
        "tesla.api.fleet",
        "tesla.errors",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.spending.gate",
        "tesla.telemetry",
        "tesla.spending.decision",
    },
    "streaming.planning": HOME_ASSISTANT
    | {
        "coordinator",
        "equipment",
        "streaming.options",
        "streaming.subscription",
        "tesla.errors",
        "tesla.signals",
        "tesla.spending.caller",
        "tesla.spending.meter",
        "tesla.spending.modes",
        "tesla.state",
        "tesla.telemetry",
        "tesla.vehicle.vehicle",
    },
    "streaming.refusals": HOME_ASSISTANT
    | {"streaming.issues", "streaming.planning", "streaming.subscription"},
    "streaming.configuring": HOME_ASSISTANT
    | {
        "asyncio",
        "const",
        "streaming.issues",
        "streaming.options",
        "streaming.planning",
        "streaming.receiver",
        "streaming.refusals",
        "streaming.requests",
        "streaming.subscription",
        "tesla.api.fleet",
        "tesla.clock",
        "tesla.errors",
        "tesla.signing",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.telemetry",
        "errors",
    },
    "streaming.watching": HOME_ASSISTANT
    | {
        "const",
        "streaming.issues",
        "streaming.planning",
        "streaming.receiver",
        "streaming.requests",
        "streaming.subscription",
        "tesla.api.fleet",
        "tesla.clock",
        "tesla.errors",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.telemetry",
    },
    "streaming.reports": HOME_ASSISTANT
    | {
        "account.address",
        "account.hosts",
        "asyncio",
        "const",
        "streaming.checks",
        "streaming.planning",
        "streaming.receiver",
        "streaming.requests",
        "streaming.subscription",
        "tesla.api.fleet",
        "tesla.spending.caller",
        "tesla.spending.endpoints",
        "tesla.spending.tariff",
        "tesla.telemetry",
    },
    "streaming.broker": HOME_ASSISTANT
    | {
        "account.issues",
        "const",
        "streaming.mqtt",
        "tesla.vehicle.stream",
    },
    "streaming.source": HOME_ASSISTANT
    | {
        "const",
        "streaming.broker",
        "streaming.options",
        "streaming.receiver",
        "tesla.spending.meter",
        "tesla.vehicle.stream",
    },
    "streaming.retiring": HOME_ASSISTANT | {"streaming.configuring", "streaming.subscription"},
    "streaming.manager": HOME_ASSISTANT
    | {
        "asyncio",
        "const",
        "coordinator",
        "streaming.configuring",
        "streaming.issues",
        "streaming.options",
        "streaming.planning",
        "streaming.refusals",
        "streaming.reports",
        "streaming.retiring",
        "streaming.source",
        "streaming.subscription",
        "streaming.watching",
        "tesla.api.fleet",
        "tesla.clock",
        "tesla.listeners",
        "tesla.signing",
    },
    "streaming.options": {"const", "tesla.signals", "tesla.telemetry"},
    "streaming.issues": HOME_ASSISTANT
    | {
        "account.issues",
        "const",
        "streaming.certificates",
        "tesla.telemetry",
    },
    "streaming.subscription": {
        "coordinator",
        "streaming.issues",
        "tesla.privacy",
        "tesla.reading_json",
        "tesla.signals",
        "tesla.telemetry",
    },
    "flows.forms": HOME_ASSISTANT
    | {
        "texts",
        "voluptuous",
    },
    "flows.rules": HOME_ASSISTANT
    | {
        "flows.forms",
        "spending.rules",
        "tesla.spending.policy",
        "tesla.spending.tariff",
        "voluptuous",
    },
    "flows.spending": HOME_ASSISTANT
    | {"flows.forms", "flows.rules", "tesla.spending.policy", "tesla.spending.tariff"},
    "flows.wakes": HOME_ASSISTANT
    | {
        "flows.forms",
        "flows.rules",
        "spending.callers",
        "tesla.spending.caller",
        "tesla.spending.policy",
    },
    "flows.tariff": HOME_ASSISTANT
    | {"const", "flows.forms", "tesla.spending.endpoints", "tesla.spending.tariff", "voluptuous"},
    "flows.stream": HOME_ASSISTANT
    | {
        "account.names",
        "const",
        "flows.forms",
        "flows.stream_check",
        "streaming.certificates",
        "streaming.checks",
        "streaming.options",
        "tesla.telemetry",
        "texts",
        "voluptuous",
    },
    "onboarding.pairing": HOME_ASSISTANT
    | {
        "voluptuous",
    },
    "flows.charging": HOME_ASSISTANT | {"account.charging", "const", "flows.forms", "voluptuous"},
    "flows.charging_at_home": HOME_ASSISTANT
    | {
        "charging.gauges",
        "charging.meter_source",
        "charging.price_services",
        "const",
        "flows.charging",
        "flows.forms",
        "voluptuous",
    },
    "flows.vehicles": HOME_ASSISTANT | {"const", "flows.forms", "voluptuous"},
    "flows.options": HOME_ASSISTANT
    | {
        "const",
        "flows.charging",
        "flows.charging_at_home",
        "flows.spending",
        "flows.stream",
        "flows.tariff",
        "flows.vehicles",
        "flows.voice",
        "flows.wakes",
    },
    "services.vehicle": HOME_ASSISTANT
    | {
        "const",
        "services.devices",
        "services.schedules",
        "tesla.commands",
        "tesla.schedules",
        "tesla.signals",
        "tesla.state",
        "voluptuous",
    },
    "services.schedules": HOME_ASSISTANT
    | {
        "tesla.commands",
        "tesla.schedules",
        "voluptuous",
    },
    "services.dispatch": HOME_ASSISTANT
    | {
        "account.rights",
        "asyncio",
        "const",
        "coordinator",
        "errors",
        "schedule_ids",
        "services.devices",
        "services.schedules",
        "services.vehicle",
        "tesla.commands",
        "tesla.errors",
        "tesla.nearby",
        "tesla.signals",
    },
    "services.spending": HOME_ASSISTANT
    | {
        "account.data",
        "account.rights",
        "const",
        "coordinator",
        "services.action",
        "services.devices",
        "spending.account_ledger",
        "spending.callers",
        "spending.prices",
        "spending.report",
        "tesla.spending.ledger",
        "tesla.spending.tariff",
        "tesla.vehicle.deferral",
        "texts",
        "voluptuous",
    },
    "repairs": HOME_ASSISTANT
    | {
        "account.address",
        "account.data",
        "account.pairing",
        "charging.schedule_takeover",
        "const",
        "coordinator",
        "flows.forms",
        "onboarding.pairing",
        "spending.account_ledger",
        "spending.issues",
        "tesla.api.fleet",
        "tesla.errors",
        "tesla.key_status",
        "tesla.spending.ledger",
        "tesla.spending.tariff",
        "texts",
        "voluptuous",
    },
    "entity": HOME_ASSISTANT
    | {
        "account.data",
        "account.rights",
        "const",
        "coordinator",
        "equipment",
        "spending.rules",
        "tesla.commands",
        "tesla.state",
    },
    "pending": HOME_ASSISTANT
    | {"coordinator", "entity", "tesla.state", "tesla.vehicle.deferred_commands"},
    "equipment": HOME_ASSISTANT | {"coordinator", "tesla.signals", "tesla.state"},
    "spending.rules": HOME_ASSISTANT
    | {
        "account.data",
        "account.issues",
        "const",
        "spending.account_ledger",
        "tesla.spending.endpoints",
        "tesla.spending.policy",
        "tesla.spending.tariff",
    },
    "spending.report": HOME_ASSISTANT
    | {
        "account.data",
        "const",
        "spending.account_ledger",
        "texts",
        "tesla.spending.ledger",
        "tesla.spending.tariff",
    },
    "texts": HOME_ASSISTANT | {"const"},
    "spending.decisions": HOME_ASSISTANT
    | {
        "account.data",
        "const",
        "tesla.listeners",
        "tesla.spending.caller",
        "tesla.spending.decision",
        "texts",
    },
    "logbook": HOME_ASSISTANT | {"charging.decisions", "const", "spending.decisions"},
    "config_flow": HOME_ASSISTANT
    | {
        "account.address",
        "account.api",
        "account.data",
        "account.hosts",
        "account.key",
        "account.leaving",
        "account.login",
        "account.pairing",
        "account.titles",
        "account.tokens",
        "const",
        "flows.options",
        "onboarding.last",
        "onboarding.pairing",
        "onboarding.refusals",
        "spending.account_ledger",
        "tesla.api.fleet",
        "tesla.api.partner",
        "tesla.errors",
        "texts",
        "voluptuous",
        "yarl",
    },
    "system_health": HOME_ASSISTANT
    | {
        "account.data",
        "account.hosts",
        "const",
        "streaming.options",
        "streaming.receiver",
        "tesla.signals",
    },
    "llm": HOME_ASSISTANT
    | {
        "account.charging",
        "account.data",
        "charging.sentences",
        "const",
        "coordinator",
        "spending.callers",
        "spending.prices",
        "spending.report",
        "tesla.charging",
        "tesla.signals",
        "tesla.spending.ledger",
        "tesla.state",
        "tesla.units",
        "texts",
        "voluptuous",
    },
    "voice.sentences": HOME_ASSISTANT
    | {
        "account.data",
        "asyncio",
        "const",
        "coordinator",
        "voice.acting",
        "voice.acts",
        "voice.answers",
        "voice.consent",
        "voice.grammar",
        "voice.grammar_de",
        "voice.grammar_en",
        "voice.number_words",
        "voice.spoken_names",
        "voice.wording",
    },
    "voice.grammar": set(),
    "voice.grammar_en": {"voice.acts_en", "voice.grammar", "voice.questions_en"},
    "voice.number_words": set(),
    "voice.spoken_names": HOME_ASSISTANT
    | {
        "account.names",
        "const",
        "coordinator",
        "voice.grammar",
        "voice.number_words",
    },
    "voice.answers": HOME_ASSISTANT
    | {
        "account.data",
        "charging.sentences",
        "coordinator",
        "tesla.signals",
        "tesla.state",
        "voice.wording",
    },
    "voice.wording": HOME_ASSISTANT
    | {
        "voice.vocabulary",
        "voice.wording_de",
        "voice.wording_en",
    },
    "voice.wording_en": HOME_ASSISTANT
    | {
        "voice.vocabulary",
    },
    "voice.wording_de": HOME_ASSISTANT
    | {
        "voice.vocabulary",
    },
    "voice": set(),
    "voice.acts_de": {"voice.grammar"},
    "voice.questions_de": {"voice.grammar"},
    "voice.grammar_de": {"voice.acts_de", "voice.grammar", "voice.questions_de"},
    "voice.acts_en": {"voice.grammar"},
    "voice.questions_en": {"voice.grammar"},
    "voice.acts": HOME_ASSISTANT
    | {
        "const",
        "tesla.charging",
        "tesla.commands",
        "tesla.signals",
        "tesla.state",
        "voice.number_words",
        "voice.wording",
    },
    "voice.acting": HOME_ASSISTANT
    | {
        "account.data",
        "account.rights",
        "asyncio",
        "const",
        "coordinator",
        "errors",
        "tesla.errors",
        "texts",
        "voice.acts",
        "voice.answers",
        "voice.consent",
        "voice.wording",
    },
    "voice.consent": HOME_ASSISTANT
    | {
        "account.rights",
        "const",
        "coordinator",
        "voice.acts",
        "voice.number_words",
    },
    "flows.voice": HOME_ASSISTANT
    | {
        "const",
        "flows.forms",
        "voice.consent",
        "voluptuous",
    },
    "voice.vocabulary": set(),
    # Triggers and conditions of devices.
    "automations": set(),
    "automations.subjects": HOME_ASSISTANT
    | {
        "account.data",
        "const",
        "coordinator",
    },
    "automations.facts": HOME_ASSISTANT
    | {
        "const",
        "coordinator",
        "tesla.signals",
        "tesla.state",
    },
    "automations.watching": HOME_ASSISTANT
    | {
        "account.data",
        "automations.facts",
        "automations.subjects",
        "coordinator",
        "tesla.listeners",
    },
    "automations.table": HOME_ASSISTANT
    | {
        "automations.facts",
        "automations.subjects",
        "automations.watching",
        "coordinator",
        "tesla.commands",
        "tesla.errors",
        "tesla.signals",
        "tesla.telemetry",
    },
    "automations.conditions": HOME_ASSISTANT
    | {
        "account.charging",
        "automations.subjects",
        "automations.table",
        "coordinator",
        "tesla.signals",
        "tesla.state",
    },
    "automations.targets": HOME_ASSISTANT
    | {
        "automations.subjects",
        "const",
    },
    "device_trigger": HOME_ASSISTANT
    | {
        "automations.subjects",
        "automations.table",
        "automations.watching",
        "const",
        "voluptuous",
    },
    "device_condition": HOME_ASSISTANT
    | {
        "automations.conditions",
        "automations.subjects",
        "const",
        "voluptuous",
    },
    "trigger": HOME_ASSISTANT
    | {
        "automations.table",
        "automations.targets",
        "automations.watching",
        "voluptuous",
    },
    "diagnostics": HOME_ASSISTANT
    | {
        "account.data",
        "const",
        "tesla.signals",
        "tesla.state",
        "account.tokens",
        "jwt",
        "tesla.spending.ledger",
    },
    "flotte": HOME_ASSISTANT
    | {
        "account.claims",
        "account.data",
        "account.discovery",
        "account.entry_store",
        "account.first_look",
        "account.hosts",
        "account.leaving",
        "account.options",
        "account.setup",
        "account.titles",
        "charging.home",
        "const",
        "dashboard.serving",
        "services",
        "spending.callers",
        "voice.sentences",
    },
    # Platforms: a table and a class each.
    "binary_sensor": PLATFORM,
    "button": PLATFORM,
    # A price depends on the time as well as on signals.
    "calendar": HOME_ASSISTANT
    | {
        "account.data",
        "asyncio",
        "calendar.rates",
        "const",
        "coordinator",
        "entity",
        "schedule_ids",
        "tesla.clock",
        "tesla.commands",
        "tesla.energy",
        "tesla.errors",
        "tesla.reading_json",
        "tesla.schedule_times",
        "tesla.schedules",
        "tesla.signals",
        "tesla.state",
    },
    "climate": PLATFORM,
    "cover": PLATFORM,
    "device_tracker": PLATFORM,
    # Alerts and decisions are no signals: they happen.
    "event": HOME_ASSISTANT
    | {
        "account.charging",
        "account.data",
        "charging.controller",
        "charging.decisions",
        "charging.entity",
        "coordinator",
        "entity",
        "spending.decisions",
        "tesla.charging",
        "tesla.energy",
        "tesla.signals",
        "tesla.telemetry",
    },
    "lock": PLATFORM,
    "media_player": PLATFORM,
    # The settings of charging at home have their ranges.
    "number": PLATFORM | {"charging.controller", "charging.settings"},
    # The modes of spending and of charging at home are no signals of a car.
    "select": PLATFORM
    | {
        "charging.settings",
        "tesla.charging",
        "tesla.spending.modes",
    },
    "sensor": PLATFORM
    | {
        "account.charging",
        "charging.controller",
        "charging.decisions",
        "charging.sentences",
        "account.supercharging",
        "tesla.clock",
        "tesla.charging.month",
        "tesla.charging.supercharging",
        "account.devices",
        "account.names",
        "sensor.account",
        "calendar.rates",
        "statistics.history_import",
        "statistics.site_days",
        "statistics.store",
        "tesla.charging",
        "tesla.capacity",
        "tesla.parked",
        "tesla.reading_json",
        "tesla.units",
    },
    # Of the account there are no signals.
    "sensor.account": HOME_ASSISTANT
    | {
        "entity",
        "spending.account_ledger",
        "spending.decisions",
        "tesla.spending.caller",
        "tesla.spending.ledger",
        "tesla.spending.modes",
        "tesla.spending.projection",
        "tesla.spending.tariff",
    },
    "switch": PLATFORM,
    "time": PLATFORM,
    "update": PLATFORM,
}

PLATFORMS = {str(platform) for platform in FLOTTE_PLATFORMS}

NOT_FOR = {
    "simulator": {"custom_components", "demo", "homeassistant", "tests"},
    "tests/tesla": {"homeassistant", "pytest_homeassistant_custom_component"},
    "custom_components": {"benchmarks", "demo", "importlib", "simulator", "tests"},
}
"""By folder: what no file in it may import."""


def modules() -> dict[str, Path]:
    """The files of the integration by their module name below the package, `flotte` for itself."""
    return {
        ".".join(path.relative_to(FLOTTE).with_suffix("").parts)
        .removesuffix("__init__")
        .rstrip(".")
        or "flotte": path
        for path in sorted(FLOTTE.rglob("*.py"))
    }


def part_of(module: str) -> str:
    """The part that a module below the package belongs to: the longest row that begins it."""
    name = module
    while name and name not in MAY_IMPORT:
        name = name.rpartition(".")[0]
    return name


def imported(source: str, package: str, known: Iterable[str] = ()) -> Iterator[str]:
    """Full names of the modules that a source imports, wherever in it; `known` are modules.

    Among them those that Home Assistant's `async_import_module` imports later, by their names.

    Args:
        source: Python.
        package: Of the module, for relative imports.
        known: Full names of modules, to tell `from package import module` from other names.
    """
    known = set(known)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                parent = ".".join(parts[: len(parts) - node.level + 1])
                base = f"{parent}.{base}" if base else parent
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in known else base
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            match node.args:
                case [_, ast.Constant(value=str(name))]:
                    yield name
                case _:
                    yield COMPUTED


def wanted(module: str, source: str, *, is_package: bool = False) -> set[str]:
    """The imports of one of our modules that need a permission: our parts, and packages."""
    name = PACKAGE if module == "flotte" else f"{PACKAGE}.{module}"
    package = name if is_package or module == "flotte" else name.rpartition(".")[0]
    known = {PACKAGE, *(f"{PACKAGE}.{each}" for each in modules())}
    found = set()
    for target in imported(source, package, known):
        if target == PACKAGE or target.startswith(f"{PACKAGE}."):
            part = part_of(target.removeprefix(PACKAGE).removeprefix(".") or "flotte")
            if part != part_of(module):
                found.add(part or target)
            continue
        top = target.partition(".")[0]
        if top not in sys.stdlib_module_names or top in NEEDS_PERMISSION:
            found.add(PYTHONS_TIME if top == "time" else top)
    return found


def forbidden(module: str, source: str, *, is_package: bool = False) -> set[str]:
    """The imports of one of our modules that its row does not permit."""
    return wanted(module, source, is_package=is_package) - MAY_IMPORT.get(part_of(module), set())


def imports_by_part() -> dict[str, set[str]]:
    """The imports of each part's files that need a permission."""
    found: dict[str, set[str]] = {}
    for module, path in modules().items():
        source = path.read_text(encoding="utf-8")
        names = wanted(module, source, is_package=path.stem == "__init__")
        found.setdefault(part_of(module), set()).update(names)
    return found


def unused(table: dict[str, set[str]], found: dict[str, set[str]]) -> dict[str, set[str]]:
    """Permissions that no file makes use of, by part; those of `PLATFORM` count for all platforms.

    Args:
        table: What each part may import.
        found: What the files of each part do import.
    """
    by_any_platform = set().union(*(found.get(each, set()) for each in PLATFORMS)) & PLATFORM
    idle = {
        part: allowed - found.get(part, set()) - (by_any_platform if part in PLATFORMS else set())
        for part, allowed in table.items()
    }
    return {part: names for part, names in idle.items() if names}


def nested_imports(source: str) -> list[int]:
    """Lines of imports inside functions: in a coroutine they would block Home Assistant's loop."""
    return sorted(
        inner.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    )


def hand_made_errors(source: str) -> list[int]:
    """Lines that make an error of Home Assistant from one of the library's.

    That is where one is caught, or given to a function.
    """
    tree = ast.parse(source)
    library, foreign = set[str](), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.asname or alias.name for alias in node.names}
            if node.module.endswith("tesla.errors"):
                library |= names
            elif node.module.startswith("homeassistant."):
                foreign |= names

    def concerns_the_library(node: ast.AST) -> bool:
        if isinstance(node, ast.ExceptHandler):
            about = [node.type]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            about = [argument.annotation for argument in node.args.args]
        else:
            return False
        named = {
            inner.id
            for each in about
            if each is not None
            for inner in ast.walk(each)
            if isinstance(inner, ast.Name)
        }
        return bool(named & library)

    return sorted(
        {
            call.lineno
            for node in ast.walk(tree)
            if concerns_the_library(node)
            for call in ast.walk(node)
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in foreign
            and any(keyword.arg == "translation_key" for keyword in call.keywords)
        }
    )


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(("module", "path"), modules().items(), ids=modules())
def test_a_module_imports_only_what_its_row_permits(module: str, path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert forbidden(module, source, is_package=path.stem == "__init__") == set()


@pytest.mark.parametrize("path", sources("custom_components"), ids=_id)
def test_imports_are_at_the_top(path: Path) -> None:
    assert nested_imports(path.read_text(encoding="utf-8")) == []


def test_only_one_file_raises_and_clears_issues() -> None:
    users = [
        _id(path)
        for path in sources("custom_components")
        if re.search(r"async_(create|delete)_issue\b", path.read_text(encoding="utf-8"))
    ]
    assert users == ["custom_components/flotte/account/issues.py"]


@pytest.mark.parametrize("path", sources("custom_components"), ids=_id)
def test_only_one_file_maps_the_librarys_errors(path: Path) -> None:
    assert hand_made_errors(path.read_text(encoding="utf-8")) == [], "use `errors.py`"


@pytest.mark.parametrize(
    ("path", "never"),
    [(path, never) for folder, never in NOT_FOR.items() for path in sources(folder)],
    ids=[_id(path) for folder in NOT_FOR for path in sources(folder)],
)
def test_forbidden_imports_of_folders(path: Path, never: set[str]) -> None:
    package = ".".join(path.relative_to(ROOT).parent.parts)
    tops = {name.partition(".")[0] for name in imported(path.read_text("utf-8"), package)}
    assert not tops & never


def test_every_module_has_a_row_and_every_row_a_module() -> None:
    assert {part_of(module) for module in modules()} - {""} == set(MAY_IMPORT)
    assert all(part_of(module) for module in modules())


def test_the_rows_name_only_existing_modules() -> None:
    for part, allowed in MAY_IMPORT.items():
        ours = {name for name in allowed if name in MAY_IMPORT}
        foreign = allowed - ours
        assert part not in allowed
        assert not {name for name in foreign if name.startswith("tesla.")}, part


def test_the_tesla_side_never_imports_home_assistant() -> None:
    """The table itself keeps the rules that the design draws."""
    for part, allowed in MAY_IMPORT.items():
        if part == "tesla" or part.startswith("tesla."):
            assert not allowed & (HOME_ASSISTANT | {"voluptuous"}), part
            ours = {name for name in allowed if name in MAY_IMPORT}
            assert all(name.startswith("tesla.") for name in ours), part


def test_nothing_imports_a_platform() -> None:
    for part, allowed in MAY_IMPORT.items():
        assert not allowed & PLATFORMS, part


@pytest.mark.parametrize(
    "platform", sorted(PLATFORMS - {"calendar", "event", "number", "select", "sensor"})
)
def test_a_platform_knows_entity_coordinator_and_the_tables(platform: str) -> None:
    assert MAY_IMPORT[platform] == PLATFORM


@pytest.mark.parametrize(
    "part",
    [
        "tesla.errors",
        "tesla.state",
        "tesla.signals",
        "tesla.energy",
        "tesla.vehicle.poll_plan",
        "tesla.hosts",
        "tesla.spending.meter",
        "tesla.spending.endpoints",
        "tesla.spending.gate",
        "tesla.spending.projection",
        "tesla.signing",
        "tesla.commands",
        "tesla.schedules",
        "tesla.parked",
        "tesla.capacity",
        "tesla.release_notes",
    ],
)
def test_pure_parts(part: str) -> None:
    assert not MAY_IMPORT[part] & (NEEDS_PERMISSION | {"aiohttp"})


def test_no_permission_is_unused() -> None:
    idle = unused(MAY_IMPORT, imports_by_part())
    assert idle == {}, "delete these names from their rows: nothing there imports them"


def test_there_are_no_circles() -> None:
    graph = {part: found & set(MAY_IMPORT) for part, found in imports_by_part().items()}
    tuple(TopologicalSorter(graph).static_order())


def _arguments(source: str) -> set[str]:
    """Names of the arguments of all functions: in tests those are fixtures."""
    return {
        argument.arg
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    }


HASS_FIXTURES = {"hass", "hass_at_tesla"}
"""Others that start one are caught while tests run: `tests/tesla/conftest.py` looks."""


@pytest.mark.parametrize("path", sources("tests/tesla"), ids=_id)
def test_tests_of_the_tesla_side_need_no_home_assistant(path: Path) -> None:
    assert not _arguments(path.read_text(encoding="utf-8")) & HASS_FIXTURES


# --- The check itself: it must not let these pass ------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("tesla.state", "import homeassistant", {"homeassistant"}),
        ("tesla.state", "import homeassistant.core as core", {"homeassistant"}),
        ("tesla.state", "from homeassistant.core import callback", {"homeassistant"}),
        ("tesla.state", "def f():\n    import homeassistant.core", {"homeassistant"}),
        ("tesla.state", "if 1:\n    from .signals import SPEED", {"tesla.signals"}),
        ("tesla.signals", "from . import api", {"tesla.api"}),
        ("tesla.signals", "from .api.fleet import FleetApi", {"tesla.api.fleet"}),
        ("tesla.signals", "from .api import fleet, oauth", {"tesla.api.fleet", "tesla.api.oauth"}),
        ("tesla.signals", "import custom_components.flotte.tesla.api", {"tesla.api"}),
        ("tesla.signals", "from custom_components.flotte.tesla import api", {"tesla.api"}),
        ("tesla.signals", "from ..const import DOMAIN", {"const"}),
        ("tesla.signals", "from .. import const", {"const"}),
        ("tesla.signals", "from .. import CONFIG_SCHEMA", {"flotte"}),
        ("tesla.spending.meter", "import asyncio", {"asyncio"}),
        ("tesla.spending.meter", "from time import time", {PYTHONS_TIME}),
        ("tesla.spending.meter", "import aiohttp", {"aiohttp"}),
        (
            "tesla.signing.session",
            "from ..vehicle.vehicle import Vehicle",
            {"tesla.vehicle.vehicle"},
        ),
        ("tesla.signing.session", "import time", {PYTHONS_TIME}),
        ("tesla.commands.media", "from ..api.fleet import FleetApi", {"tesla.api.fleet"}),
        ("tesla.api.fleet", "from ..vehicle.vehicle import Vehicle", {"tesla.vehicle.vehicle"}),
        ("lock", "from .spending.account_ledger import AccountLedger", {"spending.account_ledger"}),
        ("lock", "from .tesla.vehicle.vehicle import Vehicle", {"tesla.vehicle.vehicle"}),
        ("lock", "from . import sensor", {"sensor"}),
        ("coordinator", "from .sensor import SENSORS", {"sensor"}),
        ("const", "import jwt", {"jwt"}),
        ("const", f"async_import_module(hass, '{PACKAGE}.lock')", {"lock"}),
        ("const", "importlib.async_import_module(hass, f'{__package__}.lock')", {COMPUTED}),
        ("const", "import_module('lock')", {COMPUTED}),
        ("brand_new", "from .const import DOMAIN", {"const"}),
    ],
)
def test_the_check_finds_forbidden_imports(module: str, source: str, found: set[str]) -> None:
    assert forbidden(module, source) == found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("tesla.signals", "from . import state\nfrom .state import KEEP\nimport re, json.decoder"),
        ("tesla.signing.session", "from . import metadata\nfrom .keys import ClientKey"),
        ("tesla.signing.session", "from google.protobuf.message import DecodeError"),
        ("tesla.commands.media", "from .command import Command\nfrom ..errors import Refused"),
        ("lock", "from .tesla import commands, signals\nfrom .tesla.commands import Command"),
        ("flotte", "from . import const\nfrom .account.setup import async_set_up_account"),
    ],
)
def test_the_check_accepts_permitted_imports(module: str, source: str) -> None:
    assert forbidden(module, source) == set()


def test_a_package_resolves_its_own_relative_imports() -> None:
    source = "from .keys import ClientKey\nfrom ..spending.meter import Meter"
    assert forbidden("tesla.signing", source, is_package=True) == {"tesla.spending.meter"}


def test_the_check_sees_an_unused_permission() -> None:
    table = {"const": {"jwt"}, "lock": PLATFORM | {"yarl"}, "cover": PLATFORM}
    found = {"const": set[str](), "lock": PLATFORM - {"entity"}, "cover": {"entity"}}
    assert unused(table, found) == {"const": {"jwt"}, "lock": {"yarl"}}
    found["cover"] = set()
    assert unused(table, found)["cover"] == {"entity"}


def test_every_platform_of_the_package_is_in_the_table() -> None:
    assert "media_player" in PLATFORMS
    assert set(MAY_IMPORT) >= PLATFORMS


def test_the_check_sees_nested_imports() -> None:
    assert nested_imports("import a\nasync def f():\n    import b\n") == [3]
    assert nested_imports("class A:\n    def f(self):\n        from b import c\n") == [3]
    assert nested_imports("import a\nif a:\n    import b\n") == []


_MAKES: Final = """
from homeassistant.exceptions import HomeAssistantError as Error, UnknownImplementationError
from .tesla.errors import Refused, TeslaError
"""


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("try: f()\nexcept TeslaError as e:\n  raise Error(translation_key=e.key) from e", [7]),
        ("try: f()\nexcept (OSError, Refused):\n  raise Error(translation_key='no')", [7]),
        ("def failed(e: Refused | None):\n  return Error(translation_key=e.key)", [6]),
        ("try: f()\nexcept UnknownImplementationError:\n  raise Error(translation_key='no')", []),
        ("try: f()\nexcept TeslaError as e:\n  raise as_home_assistant(e) from e", []),
        ("def check():\n  raise Error(translation_key='too_many')", []),
    ],
)
def test_the_check_sees_errors_made_by_hand(source: str, lines: list[int]) -> None:
    assert hand_made_errors(f"{_MAKES}\n{source}") == lines


def test_the_check_sees_fixtures() -> None:
    assert "hass" in _arguments("async def test_it(hass, *, tesla): ...")
    assert _arguments("def f(a, /, b, *, c): ...") == {"a", "b", "c"}
