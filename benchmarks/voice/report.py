"""Runs the sentences in a Home Assistant for each language, and prints the shares."""

import argparse
import json
import logging
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState
from homeassistant.util import dt as dt_util

from benchmarks.bare_home_assistant import NotSetUp, bare, login_entry, set_up
from benchmarks.logged_in import CLIENT_ID, CLIENT_SECRET, PUBLIC_DOMAIN
from benchmarks.voice.conversation import Judged, async_converse_all
from benchmarks.voice.judging import LANGUAGES, Row, Verdict, read_rows
from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.const import (
    CONF_BASE_URL,
    CONF_MONTHLY_LIMIT,
    CONF_PUBLIC_DOMAIN,
    DOMAIN,
)
from simulator import Simulator
from simulator.accounts import Registration
from simulator.ports import free_port
from simulator.world import AURORA

_OWNER = "owner-1"
_BUDGET = 100
"""Enough for all sentences."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--language", nargs="+", choices=LANGUAGES, default=list(LANGUAGES))
    parser.add_argument("--all", action="store_true", help="list every sentence with its answer")


async def run(arguments: argparse.Namespace) -> None:
    """Print the shares, the sentences that are not right, and a line of JSON."""
    right: dict[str, float] = {}
    wrong: dict[str, float] = {}
    number: dict[str, int] = {}
    for language in arguments.language:
        rows = read_rows(language)
        ours, plain = await _judge(language, rows)
        right[language] = _share(ours, Verdict.RIGHT)
        wrong[language] = _share(ours, Verdict.WRONG)
        number[language] = len(rows)
        _print(language, rows, ours, plain, lists_all=arguments.all)
    _say(json.dumps({"right": right, "wrong": wrong, "sentences": number}))


async def _judge(language: str, rows: Sequence[Row]) -> tuple[list[Judged], list[Judged]]:
    """Start a Home Assistant in a language, and judge all sentences in it."""
    for name in ("homeassistant", "aiohttp_fast_zlib", "custom_components.flotte"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with TemporaryDirectory(prefix="flotte-voice-") as folder:
        async with Simulator(rate_limits=False) as tesla:
            for vin in [vin for vin in tesla.world.cars if vin != AURORA]:
                del tesla.world.cars[vin]
            hass = await bare(Path(folder), zone="Europe/Amsterdam")
            hass.config.language = language
            try:
                await set_up(hass, "homeassistant", {})
                await set_up(hass, "http", {"server_host": "127.0.0.1", "server_port": free_port()})
                await set_up(hass, "conversation", {})
                await set_up(hass, "application_credentials", {})
                urls = {"auth": tesla.auth_url, "eu": tesla.eu_url, "na": tesla.na_url}
                await set_up(hass, DOMAIN, {"simulator": urls})
                await async_import_client_credential(
                    hass, DOMAIN, ClientCredential(CLIENT_ID, CLIENT_SECRET, "Simulator")
                )
                key, now = (await async_get_key(hass)).public_bytes, tesla.clock.now()
                tesla.accounts.registrations[CLIENT_ID, "eu"] = Registration(
                    CLIENT_ID, "eu", PUBLIC_DOMAIN, key, now, now
                )
                tesla.cloud.pair_automatically(key)
                entry = login_entry(
                    DOMAIN,
                    version=(1, 1),
                    subject=tesla.accounts.users[_OWNER].subject,
                    token=tesla.login(_OWNER, CLIENT_ID),
                    now=dt_util.utcnow().timestamp(),
                    data={CONF_BASE_URL: tesla.eu_url, CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN},
                    options={CONF_MONTHLY_LIMIT: _BUDGET},
                )
                await hass.config_entries.async_add(entry)
                if entry.state is not ConfigEntryState.LOADED:
                    raise NotSetUp(f"Flotte is {entry.state}: {entry.reason}")
                await hass.async_block_till_done()
                hass.set_state(CoreState.running)
                return await async_converse_all(hass, tesla, entry, language, rows)
            finally:
                await hass.async_stop(force=True)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _share(judged: Sequence[Judged], verdict: Verdict) -> float:
    return round(sum(each.verdict is verdict for each in judged) / max(1, len(judged)), 4)


def _print(
    language: str,
    rows: Sequence[Row],
    ours: Sequence[Judged],
    plain: Sequence[Judged],
    *,
    lists_all: bool,
) -> None:
    _say(f"\n{language}: {len(rows)} sentences, each in two setups")
    for title, judged in (("with Flotte's sentences", ours), ("without", plain)):
        _print_shares(title, judged)
    for verdict in (Verdict.WRONG, Verdict.MISSED):
        _print_list(verdict, [each for each in ours if each.verdict is verdict])
    if lists_all:
        _print_list(Verdict.RIGHT, [each for each in ours if each.verdict is Verdict.RIGHT])


def _print_shares(title: str, judged: Sequence[Judged]) -> None:
    parts = {each.setup.name: [one for one in judged if one.setup is each.setup] for each in judged}
    for name, part in {title: judged, **parts}.items():
        counts = Counter(each.verdict for each in part)
        shares = ", ".join(f"{counts[each] / len(part):.1%} {each}" for each in Verdict)
        _say(f"  {name}: {shares}")


def _print_list(verdict: Verdict, judged: Iterable[Judged]) -> None:
    for each in judged:
        done = ", ".join(f"{name} {dict(more) or ''}" for name, more in each.happened.executions)
        calls = ", ".join(sorted(each.happened.calls))
        _say(
            f"  {verdict} ({each.setup.name}): {each.row.sentence!r} means {each.row.meaning}; "
            f"did: {done or 'nothing'}{'; called ' + calls if calls else ''}; "
            f"said: {each.happened.speech}"
        )
