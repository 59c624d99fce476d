// What the pictures show, in words.

import { hinges } from "./drawing.js";

export const percent = (share) => `${(100 * share).toFixed(1)} %`;

export function number(value) {
  if (!Number.isFinite(value)) return "not a number";
  const size = Math.abs(value);
  return (size !== 0 && (size < 0.001 || size >= 10000) ? value.toExponential(2) : value.toFixed(4)).replace("-", "\u2212");
}

const score = ({ loss, accuracy }, kind) => `${kind}: loss ${number(loss)}, accuracy ${percent(accuracy)}`;

// One line: how far the training is, and its figures.
export function progress(training) {
  const row = training.history.at(-1);
  const { train, val } = row ?? training.first;
  const where = row ? `Epoch ${training.epochs}, step ${training.steps}` : "Before training";
  return `${where}. ${score(train, "Training")}. ${score(val, "Validation")}.`;
}

// What is to be seen in the plane.
export function picture(training, reach) {
  const { network, points } = training;
  if (training.diverged) return "The training has diverged: a weight is no longer a number.";
  let ones = 0;
  const side = 21;
  const point = new Float64Array(2);
  for (let k = 0; k < side * side; k++) {
    point[0] = reach * ((2 * (k % side)) / (side - 1) - 1);
    point[1] = reach * ((2 * Math.floor(k / side)) / (side - 1) - 1);
    const [zero, one] = network.forward(point, 0);
    ones += one > zero ? 1 : 0;
  }
  const n = [points.train, points.val].map(({ labels }) => labels.length);
  const bends = hinges(network, reach).filter(Boolean).length;
  const hinge = network.activation === "none" ? "" : ` ${bends} of ${network.hidden} hinge lines cross it.`;
  return `The plane from \u2212${reach.toFixed(1)} to ${reach.toFixed(1)} with ${n[0]} training and ${n[1]} validation points. `
    + `The net answers class 1 in ${percent(ones / side ** 2)} of it.${hinge}`;
}
