// The graph that autograd keeps, and its way back: one node a step, from the result to the leaves.

import { button, choice, element } from "./controls.js";

// A number with its notes: from which numbers it was made, and how fast it grows with each of them.
export class Value {
  constructor(data, name, kind = "leaf", inputs = [], slopes = []) {
    Object.assign(this, { data, name, kind, inputs, slopes, grad: 0 });
  }
}

export const times = (a, b, name) => new Value(a.data * b.data, name, "MulBackward0", [a, b], [b.data, a.data]);
export const plus = (a, b, name) => new Value(a.data + b.data, name, "AddBackward0", [a, b], [1, 1]);
export const minus = (a, number, name) => new Value(a.data - number, name, "SubBackward0", [a], [1]);
export const power = (a, n, name) => new Value(a.data ** n, name, "PowBackward0", [a], [n * a.data ** (n - 1)]);

// All values behind a result, each after those that it was made from.
export function topological(result, seen = []) {
  if (seen.includes(result)) return seen;
  for (const input of result.inputs) topological(input, seen);
  seen.push(result);
  return seen;
}

// Backward, node by node: functions, each of which hands a gradient on to the inputs of a node, where it is added,
// and returns what it did in words.
export function backward(result) {
  const nodes = topological(result).reverse().filter((node) => node.inputs.length);
  const start = () => {
    result.grad = 1;
    return `Backward starts: ${result.name} grows with itself at the rate 1.`;
  };
  return [start, ...nodes.map((node) => () => {
    const handed = node.inputs.map((input, k) => {
      input.grad += node.grad * node.slopes[k];
      return `${node.grad} \u00d7 ${node.slopes[k]} to ${input.name}`;
    });
    return `${node.kind} hands back ${handed.join(" and ")}.`;
  })];
}

export const EXAMPLES = {
  "z = x**2 + y**3": () => {
    const [x, y] = [new Value(2, "x"), new Value(3, "y")];
    return plus(power(x, 2, "x**2"), power(y, 3, "y**3"), "z");
  },
  "loss = (x - 3)**2": () => power(minus(new Value(1, "x"), 3, "x - 3"), 2, "loss"),
  "z = x * x + x": () => {
    const x = new Value(2, "x");
    return plus(times(x, x, "x * x"), x, "z");
  },
};

const [WIDE, HIGH, ROW] = [150, 62, 104];

// Boxes with the result on top and the leaves below; lines where a gradient walks.
function svg(result, done) {
  const nodes = topological(result);
  const depth = new Map();
  for (const node of nodes) depth.set(node, node.inputs.length ? 1 + Math.max(...node.inputs.map((input) => depth.get(input))) : 0);
  const deepest = depth.get(result);
  const rows = Array.from({ length: deepest + 1 }, (_, row) => nodes.filter((node) => depth.get(node) === row));
  const place = new Map();
  rows.forEach((row, level) => row.forEach((node, k) => place.set(node, [((k + 0.5) * 340) / row.length, 36 + ROW * (deepest - level)])));
  const make = (tag, attributes, text = "") => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.textContent = text;
    return made;
  };
  const picture = make("svg", { viewBox: `0 0 340 ${ROW * deepest + 72}`, class: "instrument-graph", role: "img",
    "aria-label": nodes.map((node) => `${node.name} = ${node.data}, ${node.kind}, grad ${node.grad}`).join("; ") });
  for (const node of nodes)
    node.inputs.forEach((input, k) => {
      const [[x1, y1], [x2, y2]] = [place.get(node), place.get(input)];
      const aside = node.inputs.length > 1 && node.inputs[0] === node.inputs[1] ? 16 * k - 8 : 0; // used twice: two lines
      picture.append(make("line", { x1: x1 + aside, y1: y1 + HIGH / 2, x2: x2 + aside, y2: y2 - HIGH / 2, class: done.has(node) ? "walked" : "" }));
    });
  for (const node of nodes) {
    const [x, y] = place.get(node);
    const box = make("g", { class: done.has(node) ? "walked" : "" });
    box.append(make("rect", { x: x - WIDE / 2, y: y - HIGH / 2, width: WIDE, height: HIGH, rx: 6 }));
    [`${node.name} = ${node.data}`, node.kind, `grad ${node.grad}`].forEach((text, k) =>
      box.append(make("text", { x, y: y - 13 + 18 * k, "text-anchor": "middle", class: k === 1 ? "kind" : "" }, text)));
    picture.append(box);
  }
  return picture;
}

export function mount(host) {
  const said = element("p", { role: "status" });
  const frame = element("div", {});
  let result, steps, taken;
  const done = new Set();
  const paint = () => frame.replaceChildren(svg(result, done));
  function begin(name) {
    result = EXAMPLES[name]();
    steps = backward(result);
    taken = 0;
    done.clear();
    said.textContent = "Forward is done: each box has its value. No gradient is known yet.";
    next.disabled = false;
    paint();
  }
  const next = button("Backward, one node", () => {
    const walked = topological(result).reverse().filter((node) => node.inputs.length)[taken - 1];
    said.textContent = steps[taken++]();
    if (walked) done.add(walked);
    next.disabled = taken === steps.length;
    if (next.disabled) said.textContent += " Done. torch keeps grad in the leaves and drops the others.";
    paint();
  });
  const again = button("Start again", () => begin(chosen.input.value));
  const chosen = choice("Result", Object.keys(EXAMPLES).map((name) => [name, name]), begin);
  host.replaceChildren(element("p", { class: "play-title" }, "Try it: backward, node by node"), chosen.row, element("div", { class: "play-bar" }, next, again), said, frame);
  begin(Object.keys(EXAMPLES)[0]);
}
