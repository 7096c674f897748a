// Editor of dashboard and card.
import { devicesOf, nameOf } from "./entities.js";
import { word } from "./words.js";

export const notify = (element, type, detail) =>
  element.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));

export class FlotteEditor extends HTMLElement {
  setConfig(config) {
    this._config = config;
    this._show();
  }

  set hass(hass) {
    this._hass = hass;
    this._show();
  }

  _show() {
    const [hass, data] = [this._hass, this._config];
    if (!hass || !data) return;
    if (!this._form) {
      this._form = document.createElement("ha-form");
      this._form.computeLabel = ({ name }) => word(this._hass, name);
      this._form.addEventListener("value-changed", (event) => {
        event.stopPropagation();
        notify(this, "config-changed", { config: event.detail.value });
      });
      this.append(this._form);
    }
    const cars = devicesOf(hass, "car").map((car) => ({ value: car.id, label: nameOf(car) }));
    const schema = this.describe(hass, cars);
    const all = Object.fromEntries(schema.map((row) => [row.name, row.all]));
    Object.assign(this._form, { hass, data: { ...all, ...data }, schema });
  }
}

/** Make an editor; `describe` returns the rows of its form for a list of cars to choose from. */
export const makeEditor = (describe) =>
  Object.assign(document.createElement("flotte-editor"), { describe });
