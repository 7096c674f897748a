// The car from above, drawn by us: front at the top, charge port at the rear left.
const TYRES = { front_left: [43, 64], front_right: [148, 64], rear_left: [43, 234], rear_right: [148, 234] };

/** A part that shows an entity. */
const part = (key, inner, kind = "") =>
  `<g id="${key.split(".")[1]}" data-key="${key}" class="${kind}">${inner}</g>`;

/** Doors and windows of one side, with the x of its hinges and the direction to the middle. */
const side = (who, x, inwards) =>
  Object.entries({ front: 116, rear: 178 }).map(([row, y]) =>
    part(`binary_sensor.door_${who}_${row}`,
      `<path class="hit" d="M${x - 14 * inwards} ${y}h${18 * inwards}v56h${-18 * inwards}Z"/>` +
      `<path class="leaf" style="transform-origin:${x}px ${y}px;--turn:${52 * inwards}deg" ` +
      `d="M${x} ${y}v58h${7 * inwards}q${2 * inwards}-29 0-58Z"/>`) +
    part(`binary_sensor.window_${who}_${row}`,
      `<path class="line" d="M${x + 13 * inwards} ${y + 6}v44"/>`)).join("");

export const DRAWING = `<svg viewBox="8 8 184 322" role="group">
${Object.entries(TYRES).map(([wheel, [x, y]]) =>
  part(`sensor.pressure_${wheel}`, `<rect x="${x}" y="${y}" width="9" height="36" rx="3"/>`)).join("")}
<path class="body" d="M100 16C71 16 57 26 53 56 50 78 49 98 49 122V232C49 264 52 286 61 298 69 306 84 309 100 309
S131 306 139 298C148 286 151 264 151 232V122C151 98 150 78 147 56 143 26 129 16 100 16Z"/>
${part("cover.frunk", '<path d="M60 66C65 38 78 28 100 28S135 38 140 66L137 96C122 87 78 87 63 96Z"/>', "panel")}
${part("cover.trunk", '<path d="M66 246C84 253 116 253 134 246L138 286C127 300 73 300 62 286Z"/>', "panel")}
<path class="glass" d="M64 104C78 93 122 93 136 104L130 136C118 128 82 128 70 136ZM71 142C84 135 116 135 129 142V226C116 233 84 233 71 226Z"/>
${part("cover.sunroof", '<path d="M76 146H124V164H76Z"/>', "panel")}
${part("cover.tonneau", '<path d="M66 228Q100 236 134 228V243Q100 252 66 243Z"/>', "panel")}
<g class="seats"><path class="line" d="M81 148a6 6 0 1 1 12 0 6 6 0 1 1-12 0h12m-6 0v6"/>${side("driver", 49, 1)}${side("passenger", 151, -1)}</g>
<path id="cable" d="M54 262C26 262 38 296 14 326"/>
${part("cover.charge_port", '<circle class="hit" cx="54" cy="262" r="13"/><circle cx="54" cy="262" r="5"/>')}
${part("lock.doors", '<circle class="hit" cx="100" cy="188" r="20"/><path d="M93 185v-5a7 7 0 0 1 14 0v5"/><rect x="89" y="184" width="22" height="17" rx="3"/>')}
</svg>`;

export const STYLE = `
ha-card { height: 100%; box-sizing: border-box; padding: 16px }
h2, p { margin: 0 }
h2 { font-size: 20px; font-weight: 500 }
p:empty, [hidden] { display: none !important }
.main { display: flex; flex-wrap: wrap; gap: 12px; place-items: center }
svg { height: 300px; min-width: 130px; max-width: 50%; overflow: visible; fill: none; stroke-linecap: round; --color: var(--secondary-text-color) }
.asleep svg { opacity: .5 }
svg * { transition: transform .4s }
.body { fill: var(--secondary-background-color) }
.glass { fill: var(--primary-text-color); opacity: .14 }
.body, .panel path, .leaf, .line { stroke: var(--color) }
.line { stroke-width: 2.5 }
.panel path { fill: transparent }
.leaf { fill: var(--card-background-color) }
rect { fill: var(--color) }
.open { --color: var(--warning-color) }
.open .leaf { fill: var(--color); transform: rotate(var(--turn)) }
.open .line { stroke-width: 5; stroke-dasharray: 1 9 }
.panel.open path { fill: var(--color); fill-opacity: .5; stroke-width: 3 }
#charge_port { fill: var(--disabled-color) }
#charge_port.open { fill: var(--info-color) }
.charging #charge_port { fill: var(--success-color) }
#cable { stroke: var(--info-color); stroke-width: 4; visibility: hidden }
.plugged #cable { visibility: visible }
.charging #cable { stroke: var(--success-color) }
#doors { stroke: var(--color); stroke-width: 3 }
#doors.locked { --color: var(--success-color) }
#doors.open path { transform: translate(0, -3px) rotate(-20deg); transform-origin: 93px 185px }
.unknown, .missing { opacity: .3 }
.panel.missing, #doors.missing { display: none }
.hit { fill: transparent; stroke: none }
[role=button] { cursor: pointer }
[role=button]:focus-visible, button:focus-visible { outline: 3px solid var(--primary-color) }
.mirrored .seats { transform: scaleX(-1); transform-origin: 100px }
.side { flex: 1 120px; display: grid; gap: 6px; overflow-wrap: anywhere }
#level { font-size: 34px; font-weight: 500 }
#bar { height: 10px; border-radius: 5px; background: var(--divider-color); position: relative; overflow: hidden }
#bar * { position: absolute; inset-block: 0 }
#bar i { inset-inline-start: 0; background: var(--success-color) }
#bar.low i { background: var(--warning-color) }
#bar b { width: 2px; background: var(--primary-text-color) }
.dim { color: var(--secondary-text-color) }
.warn { text-decoration: underline 2px var(--warning-color) }
.actions { display: grid; grid-template-columns: repeat(auto-fit, minmax(70px, 1fr)); gap: 8px; margin-top: 12px }
button { font: inherit; color: inherit; background: var(--secondary-background-color); border: 0; border-radius: 12px;
  padding: 10px 2px; display: grid; gap: 2px; place-items: start center; cursor: pointer }
button[disabled] { opacity: .5; cursor: progress }
[aria-pressed=true] ha-icon { color: var(--primary-color) }
small { font-size: 12px }
@media (prefers-reduced-motion) { svg * { transition: none } }
`;
