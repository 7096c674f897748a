"""Logging in to Tesla through Flotte's config flow, step by step as an owner does."""

from dataclasses import dataclass
from typing import Any

from yarl import URL

from demo.home_assistant import HomeAssistant
from demo.processes import DemoError, wait_until
from demo.tesla import CLIENT_ID, CLIENT_SECRET, DOMAIN, OWNER, Tesla

FLOWS = "config/config_entries/flow"
MAX_STEPS = 20
"""The number of steps after which a flow is given up."""


@dataclass(frozen=True)
class Account:
    """The config entry that the flow created."""

    entry_id: str
    title: str
    steps: tuple[str, ...]
    """The steps that were shown, in order."""


async def log_in(home_assistant: HomeAssistant, tesla: Tesla) -> Account:
    """Add the owner's Tesla account. Raises DemoError if the flow fails."""
    await home_assistant.call(
        "application_credentials/create",
        domain="flotte",
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
    )
    # Tesla fetches the public key from the owner's domain; this gives the simulator its address.
    await tesla.order("domains", {DOMAIN: home_assistant.url})
    step = await home_assistant.post(FLOWS, {"handler": "flotte"})
    shown = []
    for _ in range(MAX_STEPS):
        shown.append(str(step.get("step_id") or step["type"]))
        match step["type"]:
            case "create_entry":
                entry = step["result"]
                if entry["state"] != "loaded":
                    raise DemoError(f"the entry is {entry['state']}: {entry.get('reason')}")
                return Account(entry["entry_id"], step["title"], tuple(shown))
            case "abort":
                raise DemoError(f"the config flow ended: {step['reason']}")
            case "external":
                # The owner's click at Tesla: allow everything that is requested.
                await home_assistant.visit(str(URL(step["url"]) % {"simulator_allow": OWNER}))
                step = await _next(home_assistant, step, {})
            case "progress":
                step = await _progressed(home_assistant, step)
            case "form":
                if step["errors"]:
                    raise DemoError(f"the step {step['step_id']} says: {step['errors']}")
                step = await _next(home_assistant, step, _answers(step))
            case _:
                step = await _next(home_assistant, step, {})
    raise DemoError(f"the config flow does not end: {', '.join(shown)}")


async def _next(home_assistant: HomeAssistant, step: dict[str, Any], answers: object) -> Any:  # noqa: ANN401  # JSON
    return await home_assistant.post(f"{FLOWS}/{step['flow_id']}", answers)


async def _progressed(home_assistant: HomeAssistant, step: dict[str, Any]) -> Any:  # noqa: ANN401  # JSON
    """Wait until a step that takes time shows another one."""

    async def look() -> Any:  # noqa: ANN401  # JSON
        now = await home_assistant.ask(f"{FLOWS}/{step['flow_id']}")
        return now if now["type"] != "progress" else None

    return await wait_until(f"the step {step['step_id']}", look, seconds=60)


ANSWERS: dict[str, object] = {
    "public_domain": DOMAIN,
    # One of the cars is not paired yet; that can be done at any time.
    "finish_unpaired": True,
}
"""The owner's input by field; all other fields keep their default."""


def _answers(step: dict[str, Any]) -> dict[str, object]:
    names = {field["name"] for field in step["data_schema"] or ()}
    return {name: answer for name, answer in ANSWERS.items() if name in names}
