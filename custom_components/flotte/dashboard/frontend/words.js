// Words that no entity has, and times of day.
/** Load the words in the user's language; returns `hass` with them. */
export const withWords = async (hass) => ({
  ...hass, localize: await hass.loadBackendTranslation("config_panel", "flotte"),
});

/** A word in the user's language, with a value in its braces; empty until the words are loaded. */
export const word = (hass, key, value) =>
  hass.localize(`component.flotte.config_panel.dashboard.${key}`, { value });

/** Flotte's name of an entity, if the user's language is not Home Assistant's. */
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
  return moment.toLocaleString(hass.locale.language, options);
}
