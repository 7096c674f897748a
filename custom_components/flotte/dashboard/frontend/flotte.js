// Entry point: a dashboard and a car card for Home Assistant, without a build step.
import { FlotteCar } from "./car.js";
import { FlotteEditor } from "./editor.js";
import { FlotteDashboard } from "./strategy.js";
import { word } from "./words.js";

// Home Assistant replaces the registry of elements while it boots, and loses what was defined.
await customElements.whenDefined("home-assistant");

if (!customElements.get("flotte-car")) {
  customElements.define("flotte-editor", FlotteEditor);
  customElements.define("flotte-car", FlotteCar);
  customElements.define("ll-strategy-dashboard-flotte", FlotteDashboard);
  (window.customStrategies ||= []).push({
    type: "flotte",
    strategyType: "dashboard",
    name: "Flotte",
    get description() {
      return word(document.documentElement, "about_dashboard");
    },
  });
  (window.customCards ||= []).push({
    type: "flotte-car",
    name: "Flotte",
    get description() {
      return word(document.documentElement, "about_card");
    },
    preview: true,
    getEntitySuggestion: (hass, entityId) => {
      const entry = hass.entities[entityId];
      const fits = entry?.platform === "flotte" && entry.translation_key === "battery_level";
      return fits ? { config: { type: "custom:flotte-car", device: entry.device_id } } : null;
    },
  });
}
