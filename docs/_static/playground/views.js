// One row of memory, and the shapes that can be laid over it: a tensor is a shape, strides and an offset.

import { choice, element } from "./controls.js";

export class View {
  constructor(shape, strides = View.contiguous(shape), offset = 0) {
    Object.assign(this, { shape, strides, offset });
  }

  // The strides of a tensor whose numbers lie one after the other.
  static contiguous(shape) {
    const strides = [];
    shape.reduceRight((step, size) => (strides.unshift(step), step * size), 1);
    return strides;
  }

  get isContiguous() {
    const usual = View.contiguous(this.shape);
    return this.shape.every((size, k) => size === 1 || this.strides[k] === usual[k]);
  }

  // The place in memory of the number at an index.
  place(index) {
    return index.reduce((sum, i, k) => sum + i * this.strides[k], this.offset);
  }

  get T() {
    return new View([...this.shape].reverse(), [...this.strides].reverse(), this.offset);
  }

  // start:stop:step along a dimension.
  slice(dim, start, stop, step = 1) {
    const [shape, strides] = [[...this.shape], [...this.strides]];
    shape[dim] = Math.max(0, Math.ceil((Math.min(stop, shape[dim]) - start) / step));
    strides[dim] *= step;
    return new View(shape, strides, this.offset + start * this.strides[dim]);
  }

  // Whether view(-1) can read it as one row: one step must do for all dimensions.
  get flattens() {
    const kept = this.shape.map((size, k) => [size, this.strides[k]]).filter(([size]) => size !== 1);
    return kept.every(([, step], k) => k + 1 === kept.length || step === kept[k + 1][0] * kept[k + 1][1]);
  }

  // Another shape over the same numbers, for a contiguous tensor.
  view(...shape) {
    return new View(shape, View.contiguous(shape), this.offset);
  }

  // All places in memory, row by row.
  places() {
    let all = [[]];
    for (const size of this.shape) all = all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i]));
    return all.map((index) => this.place(index));
  }
}

const grid = new View([12]).view(3, 4);
export const LAYOUTS = [
  ["numbers", new View([12])],
  ["numbers.view(3, 4)", grid],
  ["numbers.view(4, 3)", grid.view(4, 3)],
  ["numbers.view(3, 4).T", grid.T],
  ["numbers.view(3, 4)[1]", new View([4], [1], 4)],
  ["numbers.view(3, 4)[:, 1:3]", grid.slice(1, 1, 3)],
  ["numbers[::2].view(2, 3)", new View([2, 3], [6, 2])],
];

export function mount(host) {
  const said = element("p", { role: "status" });
  const facts = element("p", {});
  const memory = element("ol", { class: "instrument-memory", "aria-label": "Memory", start: 0 }, ...Array.from({ length: 12 }, (_, k) => element("li", {}, String(k))));
  const tensor = element("div", { class: "play-scroll pst-scrollable-table-container" });

  function point(view, index) {
    const place = view.place(index);
    const sum = index.map((i, k) => `${i} \u00d7 ${view.strides[k]}`).join(" + ");
    const start = view.offset ? `${view.offset} + ` : "";
    said.textContent = `Index (${index.join(", ")}) is place ${start}${sum} = ${place} of the memory.`;
    [...memory.children].forEach((cell, k) => cell.classList.toggle("chosen", k === place));
  }

  function show(name) {
    const view = LAYOUTS.find(([one]) => one === name)[1];
    const [rows, columns] = view.shape.length === 2 ? view.shape : [1, view.shape[0]];
    const used = new Set(view.places());
    [...memory.children].forEach((cell, k) => cell.classList.toggle("used", used.has(k)));
    const cell = (i, j) => {
      const index = view.shape.length === 2 ? [i, j] : [j];
      const act = () => point(view, index);
      return element("td", {}, element("button", { type: "button", onclick: act, onfocus: act, onpointerenter: act, "aria-label": `index ${index.join(", ")}: ${view.place(index)}` }, String(view.place(index))));
    };
    const body = Array.from({ length: rows }, (_, i) => element("tr", {}, ...Array.from({ length: columns }, (_, j) => cell(i, j))));
    tensor.replaceChildren(element("table", { class: "instrument-cells" }, element("caption", {}, name), element("tbody", {}, ...body)));
    facts.textContent = `shape (${view.shape.join(", ")}), strides (${view.strides.join(", ")}), starts at place ${view.offset}; ${view.isContiguous ? "contiguous" : "not contiguous"}. `
      + (view.flattens ? "view(-1) reads it as one row." : "view(-1) refuses to read it as one row; reshape(-1) copies.");
    point(view, view.shape.map(() => 0));
  }

  const chosen = choice("Tensor", LAYOUTS.map(([name]) => [name, name]), show);
  host.replaceChildren(element("p", { class: "play-title" }, "Try it: the memory behind a shape"), chosen.row,
    element("p", {}, "The memory, one row of twelve numbers. Outlined: those that the tensor reads. Filled: the one you point at."), memory, tensor, facts, said);
  chosen.show("numbers.view(3, 4)");
  show("numbers.view(3, 4)");
}
