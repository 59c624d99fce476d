// Two shapes side by side, as torch compares them: from the right, and a dimension that is missing or 1 is repeated.

import { element } from "./controls.js";

// {shape} of the result, or {error} in torch's words.
export function broadcast(a, b) {
  const shape = [];
  for (let back = 1; back <= Math.max(a.length, b.length); back++) {
    const [m, n] = [a.at(-back), b.at(-back)].map((size) => size ?? 1);
    if (m !== n && m !== 1 && n !== 1) {
      const place = Math.max(a.length, b.length) - back;
      const error = `The size of tensor a (${m}) must match the size of tensor b (${n}) at non-singleton dimension ${place}`;
      return { error };
    }
    shape.unshift(m === 1 ? n : m);
  }
  return { shape };
}

// Where the number at `index` of the result comes from in a tensor of this shape: its place in memory.
export function source(index, shape) {
  let place = 0;
  const offset = index.length - shape.length;
  shape.forEach((size, k) => (place = place * size + (size === 1 ? 0 : index[offset + k])));
  return place;
}

// "3, 1" -> [3, 1]; null where it is no shape.
export function parseShape(text) {
  const words = text.replace(/[()[\]]/g, "").split(",").map((word) => word.trim()).filter(Boolean);
  const sizes = words.map(Number);
  return sizes.every((size) => Number.isInteger(size) && size >= 1 && size <= 1000) && sizes.length <= 6 ? sizes : null;
}

const written = (shape) => `(${shape.join(", ")})`;

// The dimensions one above the other, aligned at the right.
function alignment(a, b, { shape, error }) {
  const length = Math.max(a.length, b.length);
  const pad = (sizes) => [...Array(length - sizes.length).fill(null), ...sizes];
  const [top, bottom] = [pad(a), pad(b)];
  const clash = (k) => ![1, null, bottom[k]].includes(top[k]) && ![1, null].includes(bottom[k]);
  const cell = (own, other, k) => {
    const stretched = (own === null || own === 1) && other !== null && other !== 1;
    const text = own === null ? "none" : String(own);
    const td = element("td", { class: clash(k) ? "clash" : stretched ? "stretched" : "" }, text);
    if (stretched && !clash(k)) td.append(` \u2192 ${other}`);
    return td;
  };
  const line = (name, cells) => element("tr", {}, element("th", { scope: "row" }, name), ...cells);
  const last = error ? top.map((_, k) => element("td", {}, clash(k) ? "clash" : "")) : shape.map((size) => element("td", {}, String(size)));
  return element("table", { class: "instrument-table" },
    element("caption", {}, "Dimensions, aligned at the right; an arrow where one is repeated"),
    element("tbody", {}, line("a", top.map((own, k) => cell(own, bottom[k], k))), line("b", bottom.map((own, k) => cell(own, top[k], k))), line("a + b", last)));
}

// The result as numbers: a counts 10, 20, 30, ... and b counts 1, 2, 3, ..., so that you see where each came from.
function numbers(a, b, shape) {
  const full = [...Array(Math.max(0, 2 - shape.length)).fill(1), ...shape];
  const [rows, columns] = full;
  const at = (i, j) => (shape.length === 2 ? [i, j] : shape.length === 1 ? [j] : []);
  const cell = (i, j) => element("td", {}, String(10 * (source(at(i, j), a) + 1) + source(at(i, j), b) + 1));
  const body = Array.from({ length: rows }, (_, i) => element("tr", {}, ...Array.from({ length: columns }, (_, j) => cell(i, j))));
  return element("table", { class: "instrument-table" }, element("caption", {}, "a + b, with 10, 20, 30, \u2026 in a and 1, 2, 3, \u2026 in b"), element("tbody", {}, ...body));
}

export function mount(host) {
  const fields = [["a", "3, 1"], ["b", "4"]].map(([name, value]) => [name, element("input", { type: "text", id: `broadcast-${name}`, value, size: 12, inputmode: "text", autocomplete: "off" })]);
  const said = element("p", { role: "status" });
  const tables = element("div", { class: "instrument-row" });
  const show = () => {
    const shapes = fields.map(([, input]) => parseShape(input.value));
    tables.replaceChildren();
    if (shapes.includes(null)) return void (said.textContent = "A shape is up to six whole numbers from 1 to 1000, with commas between them: 3, 1");
    const [a, b] = shapes;
    const result = broadcast(a, b);
    said.textContent = result.error ?? `${written(a)} and ${written(b)} give ${written(result.shape)}.`;
    tables.append(alignment(a, b, result));
    if (result.shape?.length <= 2 && Math.max(...result.shape, 1) <= 8) tables.append(numbers(a, b, result.shape));
  };
  for (const [, input] of fields) input.addEventListener("input", show);
  const row = fields.map(([name, input]) => element("div", {}, element("label", { for: input.id }, `Shape of ${name}`), input));
  host.replaceChildren(element("p", { class: "play-title" }, "Try it: which shapes go together?"), element("div", { class: "play-own" }, ...row), said, tables);
  show();
}
