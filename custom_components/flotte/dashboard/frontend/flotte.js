// Entry point: a dashboard and a car card for Home Assistant, without a build step.
import { FlotteCar } from "./car.js";
import { FlotteEditor } from "./editor.js";
import { FlotteDashboard } from "./strategy.js";
import { withWords, word } from "./words.js";

// Home Assistant replaces the registry of elements while it boots, and loses what was defined.
await customElements.whenDefined("home-assistant");

const page = () => document.querySelector("home-assistant")?.hass;
/** Load the words before a dialog asks for a description. */
const prepare = () => (page() ? withWords(page()) : setTimeout(prepare, 500));
const about = (key) => (page() ? word(page(), key) : "");

if (!customElements.get("flotte-car")) {
  prepare();
  customElements.define("flotte-editor", FlotteEditor);
  customElements.define("flotte-car", FlotteCar);
  customElements.define("ll-strategy-dashboard-flotte", FlotteDashboard);
  (window.customStrategies ||= []).push({
    type: "flotte",
    strategyType: "dashboard",
    name: "Flotte",
    get description() {
      return about("about_dashboard");
    },
  });
  (window.customCards ||= []).push({
    type: "flotte-car",
    name: "Flotte",
    get description() {
      return about("about_card");
    },
    preview: true,
    getEntitySuggestion: (hass, entityId) => {
      const entry = hass.entities[entityId];
      if (entry?.platform !== "flotte" || entry.translation_key !== "battery_level") return null;
      return { config: { type: "custom:flotte-car", device: entry.device_id } };
    },
  });
}
