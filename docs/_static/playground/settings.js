// The settings of the playground: what each may be, and how they stand in the address.

export const PROBLEMS = ["line", "circle", "xor", "gauss", "spiral"];

// kind: choice (of values), whole or number (from min to max). What build-time data limits comes from data/chosen.js.
export const SETTINGS = {
  problem: { kind: "choice", values: [...PROBLEMS, "own"], value: "circle" },
  noise: { kind: "number", min: 0, max: 1, value: 0 },
  train: { kind: "choice", values: [20, 50, 100, 250, 400], value: 250 },
  seed: { kind: "choice", values: [0, 1, 2, 3, 4], value: 0 },
  units: { kind: "whole", min: 1, max: 50, value: 10 },
  activation: { kind: "choice", values: ["relu", "tanh", "none"], value: "relu" },
  optimizer: { kind: "choice", values: ["sgd", "adam"], value: "sgd" },
  lr: { kind: "number", min: 1e-4, max: 100, value: 0.1 },
  momentum: { kind: "number", min: 0, max: 0.99, value: 0.9 },
  decay: { kind: "number", min: 0, max: 1, value: 0 },
  step_size: { kind: "whole", min: 1, max: 1000, value: 10 },
  gamma: { kind: "number", min: 0.01, max: 1, value: 1 },
  batch: { kind: "whole", min: 1, max: 500, value: 10 },
};

export const DEFAULTS = Object.fromEntries(Object.entries(SETTINGS).map(([name, { value }]) => [name, value]));

// The value that a text stands for, or undefined where the setting can't have it.
export function parse(name, text) {
  const { kind, values, min, max } = SETTINGS[name];
  if (kind === "choice") return values.find((value) => String(value) === text);
  const value = text.trim() === "" ? NaN : Number(text);
  const fits = value >= min && value <= max && (kind === "number" || Number.isInteger(value));
  return fits ? value : undefined;
}

// "#problem=spiral&units=20" -> {settings, wrong}: unknown names and values are left out and named in `wrong`.
export function fromAddress(hash) {
  const settings = { ...DEFAULTS };
  const wrong = [];
  for (const [name, text] of new URLSearchParams(hash.replace(/^#/, ""))) {
    if (name === "points") continue; // the reader's own, see points.js
    const value = name in SETTINGS ? parse(name, text) : undefined;
    if (value === undefined) wrong.push(`${name}=${text}`);
    else settings[name] = value;
  }
  return { settings, wrong };
}

// What differs from the defaults, as it stands in the address.
export function toAddress(settings, points = "") {
  const changed = Object.keys(SETTINGS).filter((name) => settings[name] !== DEFAULTS[name]);
  const parts = changed.map((name) => `${name}=${settings[name]}`);
  if (settings.problem === "own" && points) parts.push(`points=${points}`);
  return `#${parts.join("&")}`;
}
