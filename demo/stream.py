"""Setup of the direct stream through the options flow, as an owner does it."""

from typing import Any

from demo.account import Account
from demo.entities import Entities
from demo.home_assistant import HomeAssistant
from demo.processes import DemoError, wait_until
from demo.tesla import AURORA, DOMAIN
from simulator.ports import free_port

FLOWS = "config/config_entries/options/flow"

ANSWERS: tuple[dict[str, object], ...] = (
    {"next_step_id": "stream"},
    {"stream": "direct", "stream_profile": "tuned"},
)
CHECKED: dict[str, object] = {"next_step_id": "finish"}
"""The end of the last page, which shows what already works."""


async def start_streaming(home_assistant: HomeAssistant, account: Account) -> int:
    """Choose the direct stream at a free port; returns the port. Raises DemoError."""
    port = free_port()
    address = {"stream_hostname": f"home.{DOMAIN}", "stream_port": port}
    step: dict[str, Any] = await home_assistant.post(FLOWS, {"handler": account.entry_id})
    for answers in (*ANSWERS, address, CHECKED):
        if step.get("errors"):
            raise DemoError(f"the options' step {step['step_id']} says: {step['errors']}")
        step = await home_assistant.post(f"{FLOWS}/{step['flow_id']}", answers)
    if step["type"] != "create_entry":
        raise DemoError(f"the options flow ended with {step}")

    async def added() -> bool | None:
        entities = await Entities.read(home_assistant)
        return bool(entities.find(AURORA, "binary_sensor", "streaming")) or None

    # The options apply without a reload; their entities appear once Tesla said who can stream.
    await wait_until("the entities of the stream", added, seconds=30)
    return port
