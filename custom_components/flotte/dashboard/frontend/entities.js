// Flotte's entities by translation key: ids depend on the language and on the owner.
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

/** Devices of a kind in a fixed order: a new name must not move the open page. */
export function devicesOf(hass, kind) {
  const ids = Object.values(hass.entities)
    .filter((entry) => entry.platform === DOMAIN && KINDS[kind].includes(keyOf(entry)))
    .map((entry) => entry.device_id);
  return Object.values(hass.devices).filter(({ id }) => ids.includes(id));
}

export const isKnown = (state) => !!state && !["unknown", "unavailable"].includes(state.state);

/** Whether the driver sits on the right: as the car reports, else by its VIN. */
export function isRightHandDrive(hass, entities, device) {
  const reported = hass.states[entities["binary_sensor.right_hand_drive"]];
  return isKnown(reported) ? reported.state === "on" : "BDFH".includes(device?.identifiers[0][1][4]);
}
