"""Names that several parts of the integration share."""

import logging
from datetime import timedelta
from typing import Final

DOMAIN: Final = "flotte"
LOGGER: Final = logging.getLogger(__package__)

CONF_SIMULATOR: Final = "simulator"
CONF_BASE_URL: Final = "base_url"
CONF_PUBLIC_DOMAIN: Final = "public_domain"
CONF_MONTHLY_LIMIT: Final = "monthly_limit"
CONF_SPENDING_MODE: Final = "spending_mode"
CONF_CURRENCY: Final = "currency"
CONF_DISCOUNT: Final = "discount"
CONF_UNITS: Final = "units"
TARIFF_OPTIONS: Final = (CONF_CURRENCY, CONF_DISCOUNT, CONF_UNITS)
"""The options that the tariff consists of; see `spending.rules`."""
CONF_ENDPOINT_CATEGORIES: Final = "endpoint_categories"
"""The option that gives endpoints another category; see `spending.rules`."""

CONF_TRUNK_MOTORS: Final = "trunk_motors"
"""The option that lists the VINs of vehicles whose owner added a motor to the trunk."""

CONF_NEW_CAPACITIES: Final = "new_capacities"
"""The option with the capacity of each vehicle's battery when it was new, in kWh by VIN."""

# Sentences about cars; see `voice`.
CONF_VOICE_QUESTIONS: Final = "voice_questions"
"""Whether sentences are understood at all, and questions answered."""
CONF_VOICE_ACTS: Final = "voice_acts"
"""Whether voice may control vehicles."""
CONF_VOICE_UNLOCK: Final = "voice_unlock"
"""Whether voice may also unlock, open and start vehicles, with the owner's code."""
CONF_VOICE_PHRASE: Final = "voice_phrase"
"""The owner's code, which has to be part of these sentences. It is never logged."""

# What charging costs; see `account.charging`.
CONF_PRICE_ENTITY: Final = "charging_price_entity"
CONF_PRICE: Final = "charging_price"
CONF_PRICE_ELSEWHERE: Final = "charging_price_elsewhere"
CONF_FEED_IN_PRICE: Final = "feed_in_price"
CONF_PRICE_SERVICE: Final = "charging_price_service"
CONF_GRID_POWER: Final = "grid_power_entity"
CONF_BATTERY_POWER: Final = "battery_power_entity"
CONF_HOME_BATTERY_FIRST: Final = "home_battery_first"
CONF_READY_DAYS: Final = "ready_days"
CONF_READY_CALENDAR: Final = "ready_calendar"

# The stream. Vehicles connect to the port; if a router forwards it to a different one, Flotte
# listens on the listening port.
CONF_STREAM: Final = "stream"
CONF_HOSTNAME: Final = "stream_hostname"
CONF_PORT: Final = "stream_port"
CONF_LISTEN_PORT: Final = "stream_listen_port"
CONF_CERTIFICATE: Final = "stream_certificate"
CONF_CERTIFICATE_FILE: Final = "stream_certificate_file"
CONF_KEY_FILE: Final = "stream_key_file"
CONF_PROFILE: Final = "stream_profile"
CONF_OVERRIDES: Final = "stream_overrides"
CONF_TOPIC_BASE: Final = "mqtt_topic_base"
STREAM_OFF: Final = "off"
STREAM_DIRECT: Final = "direct"
STREAM_MQTT: Final = "mqtt"
CERTIFICATE_OWN: Final = "own"
CERTIFICATE_FILES: Final = "files"
DEFAULT_STREAM_PORT: Final = 4443
"""Not 443, which is often in use by Home Assistant or a proxy."""

PUBLIC_KEY_PATH: Final = "/.well-known/appspecific/com.tesla.3p.public-key.pem"
"""Where Tesla looks for an application's public key. Source: Tesla's developer guide (2026-08)."""

DEVELOPER_PORTAL: Final = "https://developer.tesla.com/dashboard"
"""Where the owner changes the application."""

# Tesla's scopes. Source: Tesla's authentication overview (2026-08).
SCOPE_VEHICLE_DATA: Final = "vehicle_device_data"
SCOPE_VEHICLE_LOCATION: Final = "vehicle_location"
SCOPE_VEHICLE_COMMANDS: Final = "vehicle_cmds"
SCOPE_CHARGING_COMMANDS: Final = "vehicle_charging_cmds"
SCOPE_ENERGY_DATA: Final = "energy_device_data"
SCOPE_ENERGY_COMMANDS: Final = "energy_cmds"
SCOPE_OFFLINE: Final = "offline_access"
SCOPES: Final = (
    "openid",
    SCOPE_OFFLINE,
    SCOPE_VEHICLE_DATA,
    SCOPE_VEHICLE_LOCATION,
    SCOPE_VEHICLE_COMMANDS,
    SCOPE_CHARGING_COMMANDS,
    SCOPE_ENERGY_DATA,
    SCOPE_ENERGY_COMMANDS,
)
VEHICLE_SCOPES: Final = frozenset(
    {SCOPE_VEHICLE_DATA, SCOPE_VEHICLE_LOCATION, SCOPE_VEHICLE_COMMANDS, SCOPE_CHARGING_COMMANDS}
)
ENERGY_SCOPES: Final = frozenset({SCOPE_ENERGY_DATA, SCOPE_ENERGY_COMMANDS})
NEEDED_SCOPES: Final = frozenset({SCOPE_OFFLINE, SCOPE_VEHICLE_DATA, SCOPE_VEHICLE_COMMANDS})
"""Without these, Flotte can do nothing for a vehicle; the others are optional."""
NEEDED_ENERGY_SCOPES: Final = frozenset({SCOPE_OFFLINE, SCOPE_ENERGY_DATA})
"""The scopes needed from owners without a vehicle, who grant no vehicle scopes."""

SUSPENDED_INTERVAL: Final = timedelta(minutes=15)
"""Pause in polling after Tesla refused even a free request because the account is suspended;
TeslaMate uses the same."""
UNREACHABLE_GRACE: Final = timedelta(minutes=15)
"""How long polling may fail before entities become unavailable."""
SAVE_DELAY_SECONDS: Final = 30
"""How long changed readings wait for others before they are written to disk."""
LEDGER_DELAY_SECONDS: Final = 10
"""How long cheap bookings wait to be written; wakes and commands are written at once."""
SHORT_DELAY_SECONDS: Final = 1
"""How long streamed signals wait to be reported when the budget is nearly used up."""
FREE_DELAY_SECONDS: Final = 900
"""How long free bookings, which come every minute, wait to be written."""
REWRITE_SECONDS: Final = 300
"""Time between attempts to write a file after a failure."""
REVIEW_INTERVAL: Final = timedelta(hours=1)
"""Time between projections of the month's cost."""
FLEET_INTERVAL: Final = timedelta(hours=6)
"""Time between checks for a new vehicle or site in the account; they are free."""
PAIRING_INTERVAL: Final = timedelta(minutes=10)
"""Time between checks whether an unpaired vehicle has been paired; they are free."""
