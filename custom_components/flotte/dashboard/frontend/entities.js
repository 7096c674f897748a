// Lookup of Flotte's entities by translation key: ids depend on the language and on the owner.
const DOMAIN = "flotte";

const keyOf = (entry) => `${entry.entity_id.split(".", 1)[0]}.${entry.translation_key}`;

/** Entity ids of one device by "domain.translation_key". */
export function entitiesOf(hass, deviceId, hidden = false) {
  const found = {};
  for (const entry of Object.values(hass.entities))
    if (entry.platform === DOMAIN && entry.device_id === deviceId && (hidden || !entry.hidden))
      found[keyOf(entry)] = entry.entity_id;
  return found;
}

// One of these entities shows the kind of a device.
const KINDS = {
  car: ["lock.doors", "sensor.battery_level", "climate.climate"],
  site: ["sensor.load_power", "sensor.grid_power", "sensor.solar_power"],
  account: ["sensor.cost_month", "sensor.budget_left"],
};

export const nameOf = (device) => device?.name_by_user || device?.name || "Tesla";

/** Devices of a kind, sorted by name. */
export function devicesOf(hass, kind) {
  const ids = Object.values(hass.entities)
    .filter((entry) => entry.platform === DOMAIN && KINDS[kind].includes(keyOf(entry)))
    .map((entry) => entry.device_id);
  return [...new Set(ids)]
    .map((id) => hass.devices[id])
    .filter(Boolean)
    .sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
}

export const isKnown = (state) => !!state && !["unknown", "unavailable"].includes(state.state);

// Countries that drive on the left.
const LEFT = "AU BN CY FJ GB GG HK IE IM IN JE JM JP KE LK MT MU MY NZ SG TH ZA";

/** Whether the driver sits on the right: as the car reports, else as in the owner's country. */
export function isRightHandDrive(hass, entities) {
  const reported = hass.states[entities["binary_sensor.right_hand_drive"]];
  return isKnown(reported) ? reported.state === "on" : LEFT.split(" ").includes(hass.config.country);
}
