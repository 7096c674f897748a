"""A small integration without a fault, to be broken one rule at a time."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image

type Files = dict[str, str | bytes]

MANIFEST: Mapping[str, Any] = {
    "domain": "example_car",
    "name": "Example",
    "codeowners": ["@someone"],
    "config_flow": True,
    "dependencies": ["application_credentials"],
    "documentation": "https://example.org",
    "integration_type": "hub",
    "iot_class": "cloud_polling",
    "issue_tracker": "https://example.org/issues",
    "requirements": ["something>=1.2.3,<2"],
    "version": "1.0.0",
}

INIT = """
from homeassistant.exceptions import ConfigEntryNotReady
type ExampleConfigEntry = ConfigEntry[int]

async def async_setup(hass, config):
    hass.services.async_register(DOMAIN, "send_home", lambda call: None)

async def async_setup_entry(hass, entry: ExampleConfigEntry):
    if not entry:
        raise ConfigEntryNotReady(translation_key="unreachable")
    async_create_issue(hass, DOMAIN, "a", translation_key="not_paired")
    entry.runtime_data = 1

async def async_unload_entry(hass, entry):
    return True
"""

FLOW = """
class ExampleFlow(ConfigFlow):
    async def async_step_user(self, user_input=None):
        errors = {}
        if user_input:
            errors["base"] = "wrong_host"
            self._abort_if_unique_id_configured()
        return self.async_show_form(
            step_id="user", data_schema=vol.Schema({vol.Required(CONF_HOST): str}), errors=errors
        )

    async def async_step_reauth(self, data):
        return self.async_abort(reason="reauth_done")
"""

SENSOR = """
PARALLEL_UPDATES = 0
ROWS = (
    SensorEntityDescription(key="gear"),
    SensorEntityDescription(key="level", device_class=SensorDeviceClass.BATTERY),
)

class ExampleSensor(SensorEntity):
    _attr_has_entity_name = True
"""

SERVICES = """
send_home:
  target:
    entity:
      domain: sensor
  fields:
    speed:
      required: true
      example: 50
      selector:
        number:
          min: 0
          max: 100
    how:
      filter:
        supported_features:
          - lock.LockEntityFeature.OPEN
      selector:
        select:
          options: [slowly, fast]
          translation_key: how
"""

ENGLISH: Mapping[str, Any] = {
    "config": {
        "step": {
            "user": {
                "title": "Example",
                "data": {"host": "Host"},
                "data_description": {"host": "Where it is"},
            }
        },
        "error": {"wrong_host": "Wrong host"},
        "abort": {"already_configured": "There is one", "reauth_done": "Done"},
    },
    "entity": {"sensor": {"gear": {"name": "Gear", "state": {"park": "P"}}}},
    "exceptions": {"unreachable": {"message": "Cannot reach {host}"}},
    "issues": {"not_paired": {"title": "Not paired", "description": "Pair it"}},
    "selector": {"how": {"options": {"slowly": "Slowly", "fast": "Fast"}}},
    "services": {
        "send_home": {
            "name": "Send home",
            "description": "Sends it home",
            "fields": {
                "speed": {"name": "Speed", "description": "How fast"},
                "how": {"name": "How", "description": "In which way"},
            },
        }
    },
}

ICONS: Mapping[str, Any] = {
    "entity": {
        "sensor": {
            "gear": {"default": "mdi:car", "state": {"park": "mdi:parking"}},
            "level": {
                "default": "mdi:battery",
                "range": {"0": "mdi:battery-10", "90": "mdi:battery"},
            },
        }
    },
    "services": {"send_home": {"service": "mdi:home"}},
}


def picture(
    width: int,
    height: int,
    *,
    margin: int = 0,
    mode: str = "RGBA",
    image_format: str = "PNG",
    icc_profile: bytes | None = None,
) -> bytes:
    """An image with a filled rectangle inside an empty margin (all in pixels)."""
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    image.paste((200, 30, 60, 255), (margin, margin, width - margin, height - margin))
    out = io.BytesIO()
    image.convert(mode).save(out, image_format, icc_profile=icc_profile)
    return out.getvalue()


def changed(base: Mapping[str, Any], path: str, value: object = None) -> str:
    """A mapping as JSON, with one value at a dotted path replaced, added, or (None) left out."""
    content = json.loads(json.dumps(base))
    place = content
    *above, last = path.split(".")
    for key in above:
        place = place.setdefault(key, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return json.dumps(content)


def manifest(path: str, value: object = None) -> Files:
    """The example's manifest with one change, in the order that it has to be in."""
    content = json.loads(changed(MANIFEST, path, value))
    first = {key: content.pop(key) for key in ("domain", "name") if key in content}
    return {"manifest.json": json.dumps(first | dict(sorted(content.items())))}


def english(path: str, value: object = None) -> Files:
    """The example's texts with one change."""
    return {"translations/en.json": changed(ENGLISH, path, value)}


def icons(path: str, value: object = None) -> Files:
    """The example's icons with one change."""
    return {"icons.json": changed(ICONS, path, value)}


def write_integration(folder: Path, changes: Mapping[str, str | bytes | None]) -> Path:
    """Write the example into a folder, with files replaced, added, or (None) left out."""
    files: dict[str, str | bytes | None] = {
        "manifest.json": json.dumps(MANIFEST),
        "__init__.py": INIT,
        "config_flow.py": FLOW,
        "sensor.py": SENSOR,
        "services.yaml": SERVICES,
        "icons.json": json.dumps(ICONS),
        "translations/en.json": json.dumps(ENGLISH),
        "brand/icon.png": picture(256, 256),
        "brand/logo@2x.png": picture(900, 300),
        **changes,
    }
    for name, content in files.items():
        if content is None:
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
    return folder
