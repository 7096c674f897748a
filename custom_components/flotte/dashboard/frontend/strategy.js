// Dashboard: views of what exists.
import { makeEditor } from "./editor.js";
import { devicesOf, entitiesOf, nameOf } from "./entities.js";
import { ownName, withWords, word } from "./words.js";

const grid_options = { columns: 12 };

// Rows: each makes the card of an entity that exists. "key=word" gives it a short name.
const tile = (key, more = {}, name) => (e, hass) =>
  e[key] && {
    type: "tile", entity: e[key], name: name ? word(hass, name) : ownName(hass, key) || { type: "entity" }, ...more,
  };
const each = (keys, make) => keys.split(" ").map((row) => make(...row.split("=")));
const tiles = (keys) => each(keys, (key, name) => tile(key, {}, name));
const wide = (key, type, style) => tile(key, { grid_options, features: type ? [{ type, style }] : [] });
const slider = (key) => wide(key, "numeric-input", "slider");
/** A card that is only there while its entity has a value. */
const known = (key, card, state_not = ["unknown", "unavailable"]) => (e, hass) =>
  e[key] && { ...card(e, hass), visibility: [{ condition: "state", entity: e[key], state_not }] };
const values = (keys, domain = "sensor") =>
  each(keys, (key, name) => known(`${domain}.${key}`, tile(`${domain}.${key}`, {}, name)));
/** A card of several entities. */
const several = (keys, card) => (e) => {
  const entities = keys.map((key) => e[key]).filter(Boolean);
  return entities.length > 0 && { entities, grid_options, ...card };
};
const graph = (keys, days_to_show, period) =>
  several(keys, { type: "statistics-graph", stat_types: ["mean"], days_to_show, period });

/** A section; nothing if none of its rows makes a card. */
function section(hass, device, heading, rows, icon) {
  const e = entitiesOf(hass, device.id);
  const cards = rows.flat().map((row) => row(e, hass, device)).filter(Boolean);
  if (heading && cards.length) cards.unshift({ type: "heading", heading, icon });
  return cards.length > 0 && { type: "grid", cards };
}

const POWERS = ["solar", "battery", "grid", "load"].map((key) => `sensor.${key}_power`);

// Sections of a car: name, icon, rows.
const CAR = {
  car: ["", [
    (_e, _hass, { id }) => ({ type: "custom:flotte-car", device: id, grid_options: { columns: 12, rows: "auto" } }),
  ]],
  charging: ["ev-station", [
    slider("number.charge_limit"),
    slider("number.charge_current"),
    tile("switch.charge"),
    values("charging_status charge_energy_added=added last_charge_cost"),
    graph(["sensor.battery_level"], 7, "hour"),
  ]],
  climate: ["thermometer", [
    tile("climate.climate", {
      features: [{ type: "target-temperature" }, { type: "climate-preset-modes", style: "icons" }],
      grid_options,
    }, "climate"),
    values("inside_temperature=inside outside_temperature=place"),
    tile("switch.defrost"),
    values("seat_heater_left=front_left seat_heater_right=front_right seat_heater_rear_left=rear_left " +
      "seat_heater_rear_right=rear_right steering_wheel_heater=steering_wheel", "select"),
  ]],
  place: ["map-marker", [
    several(["device_tracker.location", "device_tracker.route"], {
      type: "map",
      default_zoom: 14,
      grid_options: { columns: 12, rows: 4 },
    }),
    values("route_destination route_arrival"),
    each("frunk trunk charge_port windows sunroof tonneau", (key) =>
      tile(`cover.${key}`, { features: [{ type: "cover-open-close" }] })),
    values("odometer"),
  ]],
  tyres: ["car-tire-alert", ["front_left", "front_right", "rear_left", "rear_right"].map((wheel) => {
    const key = `sensor.pressure_${wheel}`;
    return known(key, tile(key, { features: [{ type: "trend-graph" }] }, wheel));
  })],
  software: ["information-outline", [
    wide("update.software_update"),
    values("last_seen"),
    tile("button.refresh", { hide_state: true }),
  ]],
};

const AGAIN = "button.follow_sun_again";
const DECISION = "sensor.charging_decision";
const SUN = [
  wide("select.charging_mode", "select-options"),
  wide(DECISION),
  known(DECISION, (e) => ({
    type: "markdown", content: `{{ state_attr('${e[DECISION]}', 'sentence') }}`, text_only: true, grid_options,
  })),
  values("surplus_for_vehicle=surplus next_planned_charge=next_charge sun_share=sun_share charge_cost=cost " +
    "energy_from_sun=solar_energy energy_from_grid=grid_energy charging_commands_today=commands"),
  tile("binary_sensor.taken_over", {}, "taken_over"),
  known(AGAIN, tile(AGAIN, { hide_state: true }), "unavailable"),
  slider("number.lowest_level"),
  slider("number.ready_level"),
  tiles("time.ready_by select.ready_on number.charging_commands_a_day=allowed"),
];
const HOME = [
  tiles(`${POWERS.join(" ")}=load`),
  wide("sensor.percentage_charged", "bar-gauge"),
  slider("number.backup_reserve"),
  wide("select.operation_mode", "select-options"),
  tile("switch.storm_watch"),
  values("island_status"),
];
const CONNECTOR = values("connector_state connector_power connected_vehicle=car");
const BUDGET = [
  wide("sensor.cost_month", "trend-graph"),
  values("budget_left projected_cost=projected"),
  wide("number.monthly_budget", "numeric-input", "buttons"),
  wide("sensor.spending_mode"),
  wide("sensor.spending_reason"),
  wide("select.spending_mode", "select-options"),
];
const COSTS = [
  values("cost_signal=signals cost_command=commands cost_data=data cost_wake=wakes wakes_today=woken wakes_saved=wakes_saved " +
    "supercharging_cost supercharging_energy"),
  several(["sensor.spending_reason"], { type: "logbook", hours_to_show: 168 }),
];

async function homeSections(hass, site) {
  const energy = await hass.callWS({ type: "energy/get_prefs" }).catch(() => null);
  const flow = () => energy && { type: "energy-distribution", link_dashboard: true, grid_options };
  const parts = Object.values(hass.devices).filter((part) => part.via_device_id === site.id);
  return [
    section(hass, site, nameOf(site), [flow, ...HOME]),
    section(hass, site, "", [graph(POWERS, 1, "5minute")]),
    ...parts.map((part) => section(hass, part, nameOf(part), CONNECTOR)),
  ];
}

const ALL = [...Object.keys(CAR), "sun", "home", "spending"];

/** The chosen ones of `all`; all of them if none is left. */
function chosen(all, choice) {
  const found = all.filter((each) => [choice].flat().includes(each.id ?? each));
  return found.length ? found : all;
}

export class FlotteDashboard extends HTMLElement {
  static registryDependencies = ["entities", "devices"];

  static getCreateSuggestions = () => ({ title: "Tesla", icon: "mdi:car-electric" });
  static getConfigElement = () =>
    makeEditor((hass, cars) => {
      const sections = ALL.map((value) => ({ value, label: word(hass, value) }));
      return Object.entries({ cars, sections }).map(([name, options]) => ({
        name, selector: { select: { multiple: true, mode: "list", options } }, all: options.map((it) => it.value),
      }));
    });

  static async generate({ cars, sections }, bare) {
    const hass = await withWords(bare);
    const wanted = chosen(ALL, sections);
    const shown = chosen(devicesOf(hass, "car"), cars);
    const views = shown.map((device) => ({
      title: nameOf(device), path: device.id, sections: wanted.filter((key) => CAR[key]).map((key) =>
        section(hass, device, key !== "car" && word(hass, key), CAR[key][1], `mdi:${CAR[key][0]}`)),
    }));
    const add = async (key, icon, kind, make) => {
      if (!wanted.includes(key)) return;
      const devices = kind === "car" ? shown : devicesOf(hass, kind);
      const made = await Promise.all(devices.map(make));
      views.push({ title: word(hass, key), path: key, icon, sections: made.flat() });
    };
    const titled = (device, rows) => section(hass, device, nameOf(device), rows);
    await add("sun", "mdi:solar-power-variant", "car", (car) => titled(car, SUN));
    await add("home", "mdi:home-lightning-bolt", "site", (site) => homeSections(hass, site));
    await add("spending", "mdi:cash-multiple", "account", (it) =>
      [titled(it, BUDGET), section(hass, it, word(hass, "spending"), COSTS)]);
    for (const view of views)
      Object.assign(view, { type: "sections", max_columns: 3, sections: view.sections.filter(Boolean) });
    const filled = views.filter((view) => view.sections.length);
    if (!filled.length) filled.push({ cards: [{ type: "markdown", content: word(hass, "no_car") }] });
    return { title: "Tesla", views: filled };
  }
}
