"""Run the simulator: `python -m simulator`; prints one line of JSON when it is ready."""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from simulator.app import Simulator


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=0, help='port of the region "eu", 0 for any')
    parser.add_argument("--na-port", type=int, default=0, help='port of the region "na"')
    parser.add_argument("--seed", type=int, default=1, help="seed of the cars' randomness")
    parser.add_argument("--ready-file", type=Path, help="write the line of JSON there as well")
    parser.add_argument(
        "--auto-allow",
        nargs="?",
        const="owner-1",
        metavar="USER",
        help="grant everything in the name of this user without showing a page",
    )
    parser.add_argument(
        "--domain",
        action="append",
        default=[],
        metavar="DOMAIN=URL",
        help="where a domain is really served, for fetching the public key",
    )
    parser.add_argument("--no-rate-limits", action="store_true", help="never answer 429")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    simulator = Simulator(
        host=arguments.host,
        port=arguments.port,
        na_port=arguments.na_port,
        seed=arguments.seed,
        auto_allow=arguments.auto_allow,
        domains=dict(pair.split("=", 1) for pair in arguments.domain),
        rate_limits=not arguments.no_rate_limits,
        streaming=True,
    )
    async with simulator:
        line = json.dumps(
            {
                "eu_url": simulator.eu_url,
                "na_url": simulator.na_url,
                "auth_url": simulator.auth_url,
                "control_url": f"{simulator.eu_url}/simulator",
                "telemetry_client_ca": f"{simulator.eu_url}/simulator/telemetry/client_ca.pem",
                "clients": {
                    application.client_id: application.client_secret
                    for application in simulator.accounts.applications.values()
                },
                "users": list(simulator.accounts.users),
                "vins": list(simulator.world.cars),
                "sites": list(simulator.world.sites),
            }
        )
        if arguments.ready_file:
            _write_whole(arguments.ready_file, line)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
        await ended.wait()


def _write_whole(path: Path, line: str) -> None:
    """Write a file atomically, so that no reader sees half of it."""
    beside = path.with_name(path.name + ".new")
    beside.write_text(line + "\n", encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    asyncio.run(_run(_arguments()))
