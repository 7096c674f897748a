"""Run a benchmark: `scripts/bench NAME` or `python -m benchmarks NAME`."""

import argparse
import asyncio

from benchmarks import cost, flood, ingest, setup, signing, surplus, voice


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    names = parser.add_subparsers(required=True, metavar="NAME")
    name = names.add_parser("signing", help="signed commands", description=signing.__doc__)
    signing.add_options(name)
    name.set_defaults(run=signing.run)
    name = names.add_parser("cost", help="money and freshness", description=cost.__doc__)
    cost.add_options(name)
    name.set_defaults(run=cost.run)
    name = names.add_parser("ingest", help="records of cars", description=ingest.__doc__)
    ingest.add_options(name)
    name.set_defaults(run=ingest.run)
    name = names.add_parser("setup", help="starting with an account", description=setup.__doc__)
    setup.add_options(name)
    name.set_defaults(run=setup.run)
    name = names.add_parser("flood", help="floods of unknown clients", description=flood.__doc__)
    flood.add_options(name)
    name.set_defaults(run=flood.run)
    name = names.add_parser("surplus", help="charging from the sun", description=surplus.__doc__)
    surplus.add_options(name)
    name.set_defaults(run=surplus.run)
    name = names.add_parser("voice", help="sentences about cars", description=voice.__doc__)
    voice.add_options(name)
    name.set_defaults(run=voice.run)
    return parser


if __name__ == "__main__":
    arguments = _parser().parse_args()
    asyncio.run(arguments.run(arguments))
