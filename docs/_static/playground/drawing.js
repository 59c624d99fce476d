// Numbers in, pictures on a canvas out. Colours come from the page's style sheet, so that light and dark differ there alone.

const SIDE = 72; // cells along each side of the shading

// The style sheet's colours for an element: one for each class, their shades, paper and ink.
export function palette(element) {
  const style = getComputedStyle(element);
  const read = (name) => style.getPropertyValue(`--play-${name}`).trim();
  return { classes: [read("class-0"), read("class-1")], shades: [read("shade-0"), read("shade-1")],
    paper: read("paper"), ink: read("ink"), muted: read("muted") };
}

const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));

// 256 colours from the shade of class 0 through paper to that of class 1, as 32-bit pixels.
function ramp({ shades, paper }) {
  const [low, middle, high] = [shades[0], paper, shades[1]].map(rgb);
  const bytes = new Uint8ClampedArray(4 * 256);
  for (let k = 0; k < 256; k++) {
    const [from, to, part] = k < 128 ? [low, middle, k / 127.5] : [middle, high, k / 127.5 - 1];
    for (let c = 0; c < 3; c++) bytes[4 * k + c] = from[c] + part * (to[c] - from[c]);
    bytes[4 * k + 3] = 255;
  }
  return new Uint32Array(bytes.buffer);
}

// How much larger the score of class 1 is, on a grid [side, side] over the square from -reach to reach, top row first.
export function field(network, reach, side = SIDE) {
  const values = new Float64Array(side * side);
  const point = new Float64Array(2);
  for (let row = 0, k = 0; row < side; row++) {
    point[1] = reach - (2 * reach * row) / (side - 1);
    for (let column = 0; column < side; column++, k++) {
      point[0] = (2 * reach * column) / (side - 1) - reach;
      const logits = network.forward(point, 0);
      values[k] = logits[1] - logits[0];
    }
  }
  return values;
}

// Marching squares: the segments [x1, y1, x2, y2], in cells, along which a grid is 0.
export function contour(values, side) {
  const segments = [];
  const cross = (a, b) => values[a] / (values[a] - values[b]); // where between two corners
  for (let row = 0; row + 1 < side; row++)
    for (let column = 0; column + 1 < side; column++) {
      const k = row * side + column;
      const [nw, ne, sw, se] = [k, k + 1, k + side, k + side + 1];
      const up = (corner) => values[corner] > 0;
      const cuts = [];
      if (up(nw) !== up(ne)) cuts.push(column + cross(nw, ne), row);
      if (up(ne) !== up(se)) cuts.push(column + 1, row + cross(ne, se));
      if (up(sw) !== up(se)) cuts.push(column + cross(sw, se), row + 1);
      if (up(nw) !== up(sw)) cuts.push(column, row + cross(nw, sw));
      for (let c = 0; c + 3 < cuts.length; c += 4) segments.push(cuts.slice(c, c + 4));
    }
  return segments;
}

// The ends [x1, x2, x1, x2] of the line w1 x1 + w2 x2 + b = 0 inside the square, or null where it does not cross it.
export function hinge(w1, w2, b, reach) {
  const ends = [];
  const add = (x1, x2) => {
    const inside = Math.abs(x1) <= reach * (1 + 1e-9) && Math.abs(x2) <= reach * (1 + 1e-9);
    if (inside && !ends.some(([y1, y2]) => Math.hypot(x1 - y1, x2 - y2) < 1e-6 * reach)) ends.push([x1, x2]);
  };
  for (const edge of [-reach, reach]) {
    if (w2 !== 0) add(edge, -(b + w1 * edge) / w2);
    if (w1 !== 0) add(-(b + w2 * edge) / w1, edge);
  }
  return ends.length < 2 ? null : [...ends[0], ...ends[1]];
}

// The hinges of a net of two inputs, null for those outside the square.
export function hinges(network, reach) {
  const { hidden, weights, bounds } = network;
  return Array.from({ length: hidden }, (_, h) => hinge(weights[2 * h], weights[2 * h + 1], weights[bounds[1] + h], reach));
}

// A canvas as large as its box, in the screen's own pixels; the context counts in CSS pixels.
export function fit(canvas, height) {
  const width = canvas.clientWidth;
  const tall = height ?? width;
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * scale), Math.round(tall * scale)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, tall);
  return { context, width, height: tall };
}

// The square from -reach to reach that shows all points, with a margin.
export function reachOf({ train, val }) {
  let most = 1;
  for (const { features } of [train, val]) for (const x of features) most = Math.max(most, Math.abs(x));
  return Math.min(1.05 * most, 8); // a noisy stray may lie outside
}

// Class 0 is a disc, class 1 a triangle; training points are filled, validation points hollow.
function mark(context, x, y, label, size, colours, hollow) {
  context.beginPath();
  if (label === 0) context.arc(x, y, size, 0, 2 * Math.PI);
  else {
    context.moveTo(x, y - 1.25 * size);
    context.lineTo(x + 1.15 * size, y + 0.85 * size);
    context.lineTo(x - 1.15 * size, y + 0.85 * size);
    context.closePath();
  }
  context.fillStyle = hollow ? colours.paper : colours.classes[label];
  context.strokeStyle = hollow ? colours.classes[label] : colours.paper;
  context.lineWidth = hollow ? 1.25 : 0.75;
  context.fill();
  context.stroke();
}

// The picture of a net in the plane: shading, boundary, hinges, points. Points are drawn once and kept, for they stay.
export class Picture {
  constructor(canvas) {
    this.canvas = canvas;
    this.shade = document.createElement("canvas");
    this.shade.width = this.shade.height = SIDE;
    this.kept = document.createElement("canvas");
    this.repaint();
  }

  // After a change of the theme, the size or the points.
  repaint() {
    this.colours = palette(this.canvas);
    this.ramp = ramp(this.colours);
    this.key = null;
  }

  draw(training, { reach, showHinges = true, showVal = true, batch = null } = {}) {
    const { context, width } = fit(this.canvas);
    if (width === 0) return; // not laid out yet
    Object.assign(this, { reach, width });
    const values = field(training.network, reach);
    this.#shade(context, values);
    this.#boundary(context, values);
    if (showHinges && training.network.activation !== "none") this.#hinges(context, training.network);
    this.#points(context, training.points, showVal);
    if (batch) this.#rings(context, training.points.train.features, batch);
    this.#axes(context);
  }

  at(x1, x2) {
    const { reach, width } = this;
    return [((x1 + reach) / (2 * reach)) * width, ((reach - x2) / (2 * reach)) * width];
  }

  #shade(context, values) {
    const brush = this.shade.getContext("2d");
    const image = brush.createImageData(SIDE, SIDE);
    const pixels = new Uint32Array(image.data.buffer);
    for (let k = 0; k < values.length; k++) {
      const probability = 1 / (1 + Math.exp(-values[k])); // softmax of two scores
      pixels[k] = this.ramp[Number.isNaN(probability) ? 128 : Math.round(255 * probability)];
    }
    brush.putImageData(image, 0, 0);
    const cell = this.width / (SIDE - 1); // the middle of an outer cell lies on the edge
    context.imageSmoothingEnabled = true;
    context.drawImage(this.shade, -cell / 2, -cell / 2, this.width + cell, this.width + cell);
  }

  #boundary(context, values) {
    const cell = this.width / (SIDE - 1);
    context.beginPath();
    for (const [x1, y1, x2, y2] of contour(values, SIDE)) {
      context.moveTo(x1 * cell, y1 * cell);
      context.lineTo(x2 * cell, y2 * cell);
    }
    context.strokeStyle = this.colours.ink;
    context.lineWidth = 2;
    context.stroke();
  }

  #hinges(context, network) {
    context.save();
    context.setLineDash([5, 4]);
    context.strokeStyle = this.colours.muted;
    context.lineWidth = 1;
    context.beginPath();
    for (const ends of hinges(network, this.reach)) {
      if (!ends) continue;
      context.moveTo(...this.at(ends[0], ends[1]));
      context.lineTo(...this.at(ends[2], ends[3]));
    }
    context.stroke();
    context.restore();
  }

  #points(context, points, showVal) {
    const key = [this.width, this.reach, showVal, this.canvas.width, points];
    if (!this.key || key.some((value, k) => value !== this.key[k])) {
      this.key = key;
      [this.kept.width, this.kept.height] = [this.canvas.width, this.canvas.height];
      const brush = this.kept.getContext("2d");
      const scale = this.canvas.width / this.width;
      brush.scale(scale, scale);
      for (const [{ features, labels }, hollow] of [[points.val, true], [points.train, false]]) {
        if (hollow && !showVal) continue;
        const size = this.width < 300 ? 2.4 : hollow ? 2.8 : 3.6;
        labels.forEach((label, i) => {
          mark(brush, ...this.at(features[2 * i], features[2 * i + 1]), label, size, this.colours, hollow);
        });
      }
    }
    context.drawImage(this.kept, 0, 0, this.width, this.width);
  }

  #axes(context) {
    context.font = "12px system-ui, sans-serif";
    context.fillStyle = context.strokeStyle = this.colours.ink;
    context.lineWidth = 1;
    for (let tick = Math.ceil(-this.reach); tick <= this.reach; tick++) {
      const [x, y] = this.at(tick, tick);
      const [low, left] = [this.width, 0];
      context.beginPath();
      context.moveTo(x, low);
      context.lineTo(x, low - 5);
      context.moveTo(left, y);
      context.lineTo(left + 5, y);
      context.stroke();
      if (x > 20 && x < this.width - 30) context.fillText(String(tick), x - 3, low - 8);
      if (y > 20 && y < this.width - 20) context.fillText(String(tick), left + 8, y + 4);
    }
    context.fillText("x1", this.width - 18, this.width - 8);
    context.fillText("x2", 8, 14);
  }

  #rings(context, features, batch) {
    context.strokeStyle = this.colours.ink;
    context.lineWidth = 1.5;
    for (const i of batch) {
      context.beginPath();
      context.arc(...this.at(features[2 * i], features[2 * i + 1]), 7, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

// Curves of a history by epoch: training solid, validation dashed. `name`: loss or accuracy.
export function curves(canvas, history, name) {
  const colours = palette(canvas);
  const { context, width, height } = fit(canvas, canvas.clientHeight);
  const [left, right, top, bottom] = [42, 6, 8, 18];
  const rows = history.length > 400 ? history.filter((_, k) => k % Math.ceil(history.length / 400) === 0) : history;
  const all = rows.flatMap((row) => [row.train[name], row.val[name]]).filter(Number.isFinite);
  const most = name === "accuracy" ? 1 : nice(Math.max(0.1, ...all));
  const least = name === "accuracy" ? Math.min(0.5, Math.floor(10 * Math.min(...all, 0.5)) / 10) : 0;
  const last = Math.max(1, history.at(-1)?.epoch ?? 1);
  const x = (epoch) => left + (epoch / last) * (width - left - right);
  const y = (value) => top + (1 - (value - least) / (most - least)) * (height - top - bottom);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = context.strokeStyle = colours.muted;
  context.lineWidth = 0.5;
  for (const value of [least, (least + most) / 2, most]) {
    context.beginPath();
    context.moveTo(left, y(value));
    context.lineTo(width - right, y(value));
    context.stroke();
    context.textAlign = "right";
    context.fillText(name === "accuracy" ? `${Math.round(100 * value)} %` : String(+value.toPrecision(2)), left - 4, y(value) + 4);
  }
  context.fillText(`epoch ${last}`, width - right, height - 4);
  ["train", "val"].forEach((split, k) => {
    context.save();
    context.setLineDash(k ? [5, 3] : []);
    context.strokeStyle = colours.classes[k];
    context.lineWidth = 1.75;
    context.beginPath();
    for (const row of rows) if (Number.isFinite(row[split][name])) context.lineTo(x(row.epoch), y(row[split][name]));
    context.stroke();
    context.restore();
  });
}

// The next of 0.1, 0.2, 0.5, 1, 2, ... that is not below a value.
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].find((step) => step * power >= value);
}
