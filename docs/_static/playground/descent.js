// Gradient descent on (x - 3)^2 from x = 1, with the gradient zeroed after each step or not.

import { decades, element, onRepaint, slider } from "./controls.js";
import { fit, palette } from "./drawing.js";
import { number } from "./words.js";

const LOWEST = 3;
const START = 1;
const STEPS = 50;

// x before the first step and after each, as the lesson's loop has it.
export function descend(rate, zeroed, steps = STEPS) {
  let x = START;
  let gradient = 0;
  const path = [x];
  for (let k = 0; k < steps; k++) {
    gradient += 2 * (x - LOWEST); // backward adds
    x -= rate * gradient;
    if (zeroed) gradient = 0;
    path.push(x);
  }
  return path;
}

// What a rate does. Each zeroed step leaves 1 - 2 rate of the distance to the lowest point.
export function verdict(rate, zeroed) {
  if (!zeroed) return rate < 2 ? "swings: each step repeats all earlier ones, and x never comes to rest" : "diverges";
  const left = 1 - 2 * rate;
  if (Math.abs(left) > 1) return "diverges: each step lands further away, on the other side";
  if (Math.abs(left) === 1) return "swings for ever between 1 and 5";
  if (left < 0) return "oscillates: each step lands on the other side, but nearer";
  return left > 0.95 ? "crawls: after 50 steps it is still on its way" : "converges";
}

function draw(canvas, path) {
  const colours = palette(canvas);
  const { context, width, height } = fit(canvas, canvas.clientHeight);
  if (width === 0) return;
  const half = width / 2;
  const clip = (value, low, high) => Math.min(high, Math.max(low, value));
  context.font = "12px system-ui, sans-serif";
  const plot = (points, dash, colour, dots) => {
    context.setLineDash(dash);
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1.75;
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.stroke();
    context.setLineDash([]);
    if (!dots) return;
    for (const [x, y] of points) {
      context.beginPath();
      context.arc(x, y, 3.2, 0, 2 * Math.PI);
      context.fill();
    }
  };
  // Left: the curve and the first steps on it.
  const across = (x) => 10 + ((clip(x, -1.5, 7.5) + 1.5) / 9) * (half - 30);
  const up = (loss) => 14 + (1 - clip(loss, 0, 21) / 21) * (height - 40);
  const curve = Array.from({ length: 91 }, (_, k) => -1.5 + k / 10).map((x) => [across(x), up((x - LOWEST) ** 2)]);
  plot(curve, [], colours.ink, false);
  plot(path.slice(0, 9).map((x) => [across(x), up((x - LOWEST) ** 2)]), [4, 3], colours.classes[0], true);
  // Right: x, step by step.
  const along = (k) => half + 20 + (k / (path.length - 1)) * (half - 34);
  const high = (x) => 14 + (1 - (clip(x, -2, 8) + 2) / 10) * (height - 40);
  plot([[along(0), high(LOWEST)], [along(path.length - 1), high(LOWEST)]], [2, 3], colours.muted, false);
  plot(path.map((x, k) => [along(k), high(x)]), [], colours.classes[1], true);
  context.fillStyle = colours.ink;
  context.fillText("loss over x, 8 steps", 10, height - 6);
  context.fillText(`x over ${path.length - 1} steps`, half + 20, height - 6);
}

export function mount(host) {
  const canvas = element("canvas", { class: "instrument-plot", role: "img" });
  const said = element("p", { role: "status" });
  const zeroing = element("input", { type: "checkbox", id: "descent-zeroing", checked: true, onchange: () => show() });
  let rate = 0.1;
  let path;
  const control = slider("Learning rate", [...decades(0.001, 0.5, [1, 1.5, 2, 3, 5, 7]), 0.6, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.2, 1.5, 2, 2.1], (value) => {
    rate = value;
    show();
  });
  const show = () => {
    path = descend(rate, zeroing.checked);
    said.textContent = `Rate ${rate}${zeroing.checked ? "" : ", not zeroed"}: ${verdict(rate, zeroing.checked)}. After 10 steps x is ${number(path[10])}, after 50 ${number(path[50])}.`;
    canvas.setAttribute("aria-label", `Gradient descent on (x - 3)^2 from x = 1. ${said.textContent}`);
    draw(canvas, path);
  };
  host.replaceChildren(element("p", { class: "play-title" }, "Try it: the learning rate, and zeroing"), control.row,
    element("label", { for: zeroing.id }, zeroing, " set the gradient to zero after each step"), canvas, said);
  control.show(rate);
  show();
  onRepaint(canvas, () => draw(canvas, path));
}
