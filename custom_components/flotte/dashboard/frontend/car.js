// The car card: drawing, battery, actions.
import { DRAWING, STYLE } from "./drawing.js";
import { makeEditor, notify } from "./editor.js";
import { devicesOf, entitiesOf, isKnown, isRightHandDrive, nameOf } from "./entities.js";
import { ownName, timeOf, withWords, word } from "./words.js";

const OPEN = ["on", "open", "opening", "unlocked", "unlocking", "jammed"];

const toggle = (state) => (["off", "unknown"].includes(state) ? "turn_on" : "turn_off");

// Quick actions: entity, icon, service, price of its start, binary sensor and the state it needs.
const ACTIONS = [
  ["lock.doors", "lock", (state) => (state === "locked" ? "unlock" : "lock"), "lock"],
  ["climate.climate", "fan", toggle, "climate"],
  ["switch.charge", "ev-station", toggle, "charge", "charge_cable", "on"],
  ["switch.sentry_mode", "shield-car", toggle, "command"],
  ["button.wake", "alarm", () => "press", "wake", "online", "off"],
];

export class FlotteCar extends HTMLElement {
  _pending = new Set();
  _prices = {};

  setConfig(config) {
    if (!config.device) throw new Error("Choose a car");
    this._config = config;
    this._entities = null;
    if (this._hass) this.hass = this._hass;
  }

  set hass(hass) {
    const old = this._hass;
    this._hass = hass;
    if (old?.language !== hass.language) withWords(hass);
    if (!this._entities || old.entities !== hass.entities || old.devices !== hass.devices)
      this._entities = entitiesOf(hass, this._config.device, true);
    else if (old.localize === hass.localize &&
      Object.values(this._entities).every((id) => old.states[id] === hass.states[id])) return;
    if (!this.shadowRoot) this._draw();
    this._update();
  }

  getCardSize = () => 7;
  getGridOptions = () => ({ columns: 12, rows: "auto", min_columns: 6 });

  static getStubConfig = (hass) => ({ device: devicesOf(hass, "car")[0]?.id });
  static getConfigElement = () =>
    makeEditor((_hass, options) => [
      { name: "device", selector: { select: { options } } },
      { name: "right_hand_drive", selector: { boolean: {} } },
    ]);

  _state = (key) => this._hass.states[this._entities[key]];
  _is = (key, value) => this._state(key)?.state === value;
  _nameOf = (key) =>
    ownName(this._hass, key) || this._hass.formatEntityName(this._state(key), { type: "entity" });

  /** The state of an entity in words, if it is known. */
  _says = (key) => isKnown(this._state(key)) && this._hass.formatEntityState(this._state(key));

  _draw() {
    const root = this.attachShadow({ mode: "open" });
    root.innerHTML = `<style>${STYLE}</style><ha-card><h2 id="name"></h2><p id="presence" class="dim"></p>
      <div class="main">${DRAWING}<div class="side">
        <div id="level"></div><div id="bar" role="img"><i></i><b></b></div>
        <p id="range"></p><p id="charging"></p><p id="warmth" class="dim"></p>
        <p id="closures" role="status"></p><p id="where" class="dim"></p>
      </div></div><div class="actions"></div></ha-card>`;
    const open = (event) => {
      const entityId = this._entities[event.target.closest("[data-key]")?.dataset.key];
      if (!entityId || (event.key && !["Enter", " "].includes(event.key))) return;
      event.preventDefault();
      notify(this, "hass-more-info", { entityId });
    };
    for (const type of ["click", "keydown"]) root.querySelector("svg").addEventListener(type, open);
    this._buttons = ACTIONS.map(([key]) => {
      const button = document.createElement("button");
      button.innerHTML = "<ha-icon></ha-icon><span></span><small></small>";
      button.addEventListener("click", () => this._act(key, button.service));
      root.querySelector(".actions").append(button);
      return button;
    });
  }

  _update() {
    const hass = this._hass;
    const root = this.shadowRoot;
    const find = (id) => root.getElementById(id);
    const join = (...words) => words.filter(Boolean).join(" · ");
    const say = (id, text) => (find(id).textContent = text || "");
    const device = hass.devices[this._config.device];
    const name = nameOf(device);
    const presence = device ? this._presence() : word(hass, "no_car");
    say("name", name);
    say("presence", presence);
    const [open, low] = this._updateParts(root);
    const closures = open.length
      ? word(hass, "open", open.join(", "))
      : !root.querySelector(".unknown") && this._is("binary_sensor.doors_open", "off") && word(hass, "closed");
    const lock = this._says("lock.doors");
    find("closures").classList.toggle("warn", open.length + low.length > 0);
    say("closures", join(lock, ...low, closures));
    root.querySelector("svg").ariaLabel = join(name, presence, find("closures").textContent);
    const isCharging = this._is("binary_sensor.charging", "on");
    root.querySelector("ha-card").className = [
      (!device || this._is("binary_sensor.online", "off")) && "asleep",
      this._is("binary_sensor.charge_cable", "on") && "plugged",
      isCharging && "charging",
      (this._config.right_hand_drive ?? isRightHandDrive(hass, this._entities, device)) && "mirrored",
    ].join(" ");

    const level = parseFloat(this._state("sensor.battery_level")?.state);
    const limit = parseFloat(this._state("number.charge_limit")?.state);
    const limited = limit && word(hass, "limit", this._says("number.charge_limit"));
    const bar = find("bar");
    bar.hidden = isNaN(level);
    bar.classList.toggle("low", level < 20);
    bar.firstChild.style.width = `${level}%`;
    bar.lastChild.style.insetInlineStart = `${limit || -9}%`;
    say("level", this._says("sensor.battery_level"));
    bar.ariaLabel = join(find("level").textContent, limited);
    say("range", join(this._says("sensor.range"), limited));
    const end = this._state("sensor.charge_end");
    say("charging", join(
      this._says("sensor.charging_status"),
      isCharging && this._says("sensor.charger_power"),
      isCharging && isKnown(end) && word(hass, "until", timeOf(hass, end))));
    say("warmth", join(this._says("sensor.inside_temperature"), this._says("climate.climate")));
    say("where", this._says("device_tracker.location"));
    this._updateActions();
  }

  /** Whether the car is reachable, or since when it sleeps. */
  _presence() {
    const seen = this._state("sensor.last_seen");
    const state = this._state("sensor.state") || this._state("binary_sensor.online");
    if (seen?.state === "unknown") return word(this._hass, "not_seen");
    if (state?.state === "asleep" && isKnown(seen))
      return word(this._hass, "asleep_since", timeOf(this._hass, seen));
    return state && this._hass.formatEntityState(state);
  }

  /** Show each part; returns the names of what is open and of low tyres. */
  _updateParts(root) {
    const [open, warnings] = [[], []];
    for (const part of root.querySelectorAll("[data-key]")) {
      const key = part.dataset.key;
      const state = this._state(key);
      const low = ["low", "flat"]
        .map((kind) => `binary_sensor.${kind}_tyre_${part.id.split("pressure_")[1]}`)
        .find((each) => this._is(each, "on"));
      const isOpen = OPEN.includes(state?.state);
      if (low) warnings.push(this._nameOf(low));
      part.classList.toggle("open", isOpen || !!low);
      part.classList.toggle("locked", state?.state === "locked");
      part.classList.toggle("unknown", !!state && !isKnown(state));
      part.classList.toggle("missing", !state);
      if (!state) continue;
      part.role = "button";
      part.tabIndex = 0;
      part.ariaLabel = `${this._nameOf(key)}: ${this._hass.formatEntityState(state)}` +
        (low ? `, ${this._nameOf(low)}` : "");
      if (isOpen && !["doors", "charge_port"].includes(part.id)) open.push(this._nameOf(key));
    }
    return [open, warnings];
  }

  _updateActions() {
    const asked = [this._state("binary_sensor.online")?.state];
    ACTIONS.forEach(([key, icon, service, start, sensor, wanted], index) => {
      const button = this._buttons[index];
      const state = this._state(key)?.state || "unavailable";
      button.hidden = state === "unavailable" || (sensor && !this._is(`binary_sensor.${sensor}`, wanted));
      if (button.hidden) return;
      const name = (button.service = service(state));
      const priced = { turn_off: "command", unlock: "unlock" }[name] || start;
      const price = this._prices[priced];
      asked.push(priced);
      button.disabled = this._pending.has(key) || /^(un)?locking$/.test(state);
      if (service === toggle) button.ariaPressed = name === "turn_off";
      button.firstChild.setAttribute("icon", `mdi:${name === "unlock" ? "lock-open-variant" : icon}`);
      button.children[1].textContent = icon === "fan"
        ? word(this._hass, "climate")
        : this._hass.localize(`ui.card.lock.${name}`) || this._nameOf(key);
      button.lastChild.textContent = price ? this._priceText(price) : "\u00a0";
      button.title = price?.decision === "refused" ? price.explanation : "";
    });
    if (asked.join() === this._asked) return;
    this._asked = asked.join();
    this._quote(asked.slice(1));
  }

  _priceText({ cost, currency, decision }) {
    if (decision === "refused") return word(this._hass, "not_now");
    const format = { style: "currency", currency, maximumFractionDigits: 3 };
    const price = cost.toLocaleString(this._hass.locale.language, format);
    return cost ? word(this._hass, "up_to", price) : price;
  }

  /** Ask Flotte for prices; nothing is sent to Tesla. */
  async _quote(actions) {
    const { device } = this._config;
    for (const action of new Set(actions)) {
      const answer = await this._hass.callWS({
        type: "call_service", domain: "flotte", service: "price_of",
        service_data: { device_id: [device], action }, return_response: true,
      }).catch(() => null);
      this._prices[action] = answer?.response.prices[device];
    }
    this._updateActions();
  }

  async _act(key, service) {
    if (this._pending.has(key)) return; // Never send a command twice.
    this._pending.add(key);
    this._updateActions();
    const target = { entity_id: this._entities[key] };
    // If it fails, Home Assistant shows the reason.
    await this._hass.callService(key.split(".")[0], service, target).catch(() => {});
    this._pending.delete(key);
    this._asked = null; // The price may have changed.
    this._updateActions();
  }
}
