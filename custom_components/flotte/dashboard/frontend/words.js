// Words that no entity has, in English (for all other languages too) and German.
const WORDS = {
  about_card: "Your car from above|Dein Auto von oben",
  about_dashboard: "Your cars, your home and what Tesla bills|Deine Autos, dein Haus und was Tesla berechnet",
  asleep_since: "Asleep since {}|Schläft seit {}",
  car: "Car|Auto",
  device: "Car|Auto",
  cars: "Cars|Autos",
  charging: "Charging|Laden",
  climate: "Climate|Klima",
  closed: "all closed|alles zu",
  front_left: "Front left|Vorne links",
  front_right: "Front right|Vorne rechts",
  home: "Home energy|Energie im Haus",
  not_now: "not now|gerade nicht",
  limit: "Limit {}|Limit {}",
  not_seen: "Not seen yet|Noch nicht gesehen",
  open: "Open: {}|Offen: {}",
  place: "Outside|Außen",
  rear_left: "Rear left|Hinten links",
  rear_right: "Rear right|Hinten rechts",
  right_hand_drive: "Right-hand drive|Rechtslenker",
  sections: "Sections|Abschnitte",
  software: "Software|Software",
  spending: "Spending|Ausgaben",
  sun: "Charging from the sun|Laden mit Sonne",
  tyres: "Tyres|Reifen",
  until: "until {}|bis {}",
  up_to: "up to {}|bis {}",
};

/** The language of the user, or of the page while the user is not known. */
export const languageOf = (hass) => hass.locale?.language || hass.lang || "en";

/** A word in the user's language, with a value in its braces. */
export const word = (hass, key, value) =>
  WORDS[key].split("|")[languageOf(hass).startsWith("de") ? 1 : 0].replace("{}", value);

/** Flotte's name of an entity, if the user's language differs from Home Assistant's. */
export const ownName = (hass, key) =>
  hass.language !== hass.config.language && hass.localize(`component.flotte.entity.${key}.name`);

/** A time of day in the user's format and zone, with its day unless it is today. */
export function timeOf(hass, state) {
  const { time_format, time_zone } = hass.locale;
  const moment = new Date(state.state);
  const options = { hour: "numeric", minute: "2-digit" };
  if (time_format > 0) options.hour12 = time_format === "12";
  if (time_zone === "server") options.timeZone = hass.config.time_zone;
  if (moment.toDateString() !== new Date().toDateString())
    Object.assign(options, { day: "numeric", month: "short" });
  return new Intl.DateTimeFormat(languageOf(hass), options).format(moment);
}
