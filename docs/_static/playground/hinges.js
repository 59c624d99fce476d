// The curve of a net with one input and one output, unit by unit: each hidden unit with ReLU may bend it once.

import { choice, element, onRepaint, slider } from "./controls.js";
import { fit, palette } from "./drawing.js";
import { Network } from "./network.js";
import { curveWeights } from "./points.js";

const REACH = 3;
export const SIZE = 20; // units of the lesson's net

// The net with its first `units` hidden units and their weights; the others are left out.
export function first(units, weights, activation) {
  const whole = new Network(1, SIZE, 1, activation, weights).tensors();
  const kept = ["fc1.weight", "fc1.bias", "fc2.weight"].flatMap((name) => [...whole[name].subarray(0, units)]);
  return new Network(1, units, 1, activation, [...kept, ...whole["fc2.bias"]]);
}

// Where a unit's hinge lies on the x axis.
export function hingePlaces(network) {
  const { "fc1.weight": slopes, "fc1.bias": biases } = network.tensors();
  return Array.from(slopes, (slope, h) => -biases[h] / slope);
}

export const output = (network, x) => network.forward([x], 0)[0];

function draw(canvas, network) {
  const colours = palette(canvas);
  const { context, width, height } = fit(canvas, canvas.clientHeight);
  if (width === 0) return;
  const places = Array.from({ length: 301 }, (_, k) => -REACH + k / 50);
  const values = places.map((x) => output(network, x));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = 0.1 * (high - low) || 1;
  const across = (x) => 12 + ((x + REACH) / (2 * REACH)) * (width - 24);
  const up = (y) => 12 + (1 - (y - low + margin) / (high - low + 2 * margin)) * (height - 40);
  context.strokeStyle = colours.muted;
  context.lineWidth = 1;
  context.setLineDash([4, 4]);
  const shown = network.activation === "none" ? [] : hingePlaces(network).filter((x) => Math.abs(x) <= REACH);
  for (const x of shown) {
    context.beginPath();
    context.moveTo(across(x), 8);
    context.lineTo(across(x), height - 24);
    context.stroke();
  }
  context.setLineDash([]);
  context.strokeStyle = context.fillStyle = colours.classes[0];
  context.lineWidth = 2.5;
  context.beginPath();
  places.forEach((x, k) => context.lineTo(across(x), up(values[k])));
  context.stroke();
  context.fillStyle = colours.classes[1];
  for (const x of shown) {
    context.beginPath();
    context.arc(across(x), up(output(network, x)), 4, 0, 2 * Math.PI);
    context.fill();
  }
  context.fillStyle = colours.ink;
  context.font = "12px system-ui, sans-serif";
  context.textAlign = "left";
  context.fillText("input \u22123", 12, height - 6);
  context.textAlign = "right";
  context.fillText("input 3", width - 12, height - 6);
}

export async function mount(host) {
  const weights = await curveWeights();
  const canvas = element("canvas", { class: "instrument-plot", role: "img" });
  const said = element("p", { role: "status" });
  let [units, activation] = [3, "relu"];
  let network;
  const show = () => {
    network = first(units, weights, activation);
    const bends = hingePlaces(network).filter((x) => Math.abs(x) <= REACH).length;
    const words = activation === "none" ? "Without ReLU the output is a straight line, however many units there are."
      : `${bends} of ${units} hinges lie between \u22123 and 3; outside them the line bends no more.`;
    said.textContent = `${units} hidden ${units === 1 ? "unit" : "units"}. ${words}`;
    canvas.setAttribute("aria-label", `Output of the net over its input. ${said.textContent}`);
    draw(canvas, network);
  };
  const control = slider("Hidden units", Array.from({ length: SIZE }, (_, k) => k + 1), (value) => { units = value; show(); });
  const middle = choice("Between the layers", [["relu", "ReLU"], ["none", "nothing"]], (value) => { activation = value; show(); });
  host.replaceChildren(element("p", { class: "play-title" }, "Try it: add units, and watch the hinges"), control.row, middle.row, canvas, said);
  control.show(units);
  show();
  onRepaint(canvas, () => draw(canvas, network));
}
