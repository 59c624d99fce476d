// The weights as numbers, and under each how the next step will change it.

import { element } from "./controls.js";
import { number } from "./words.js";

const signed = (value) => (value > 0 ? "+" : "") + number(value);

export function weightTable(network, change) {
  const { hidden, bounds, weights } = network;
  const cell = (k) =>
    element("td", {}, number(weights[k]), element("span", { class: "play-change" }, signed(change[k])));
  const head = (text, scope = "col") => element("th", { scope }, text);
  const places = (h) => [2 * h, 2 * h + 1, bounds[1] + h, bounds[2] + h, bounds[2] + hidden + h];
  const rows = Array.from({ length: hidden }, (_, h) => element("tr", {}, head(`unit ${h + 1}`, "row"), ...places(h).map(cell)));
  const empty = () => element("td", {}, "");
  const last = element("tr", {}, head("bias of the scores", "row"), empty(), empty(), empty(), cell(bounds[3]), cell(bounds[3] + 1));
  return element(
    "table", {},
    element("caption", {}, "Each weight, and below it the change that the next step makes"),
    element("thead", {}, element("tr", {}, ...["unit", "of x1", "of x2", "bias", "to class 0", "to class 1"].map((text) => head(text)))),
    element("tbody", {}, ...rows, last),
  );
}
