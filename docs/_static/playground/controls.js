// Parts of a form, each with its label: plain elements that a keyboard and a screen reader know.

let count = 0;

// element("p", {class: "note", hidden: true}, "text", child)
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function button(text, act, attributes = {}) {
  return element("button", { type: "button", ...attributes, onclick: act }, text);
}

// {row, show(value)}: a list to choose from. options: [[value, text], ...]; change(value) is called with the chosen one.
export function choice(label, options, change) {
  const id = `play-control-${++count}`;
  const select = element("select", { id }, ...options.map(([value, text]) => element("option", { value }, text)));
  select.addEventListener("change", () => change(options.find(([value]) => String(value) === select.value)[0]));
  const row = element("div", { class: "play-control" }, element("label", { for: id }, label), select);
  return { row, input: select, show: (value) => (select.value = String(value)) };
}

// {row, show(value)}: a slider over a list of values; each is said as `say(value)`.
export function slider(label, values, change, say = String) {
  const id = `play-control-${++count}`;
  const input = element("input", { id, type: "range", min: 0, max: values.length - 1, step: 1 });
  const output = element("span", { class: "play-value", "aria-hidden": "true" }); // said by aria-valuetext
  const tell = (value) => {
    output.textContent = say(value);
    input.setAttribute("aria-valuetext", say(value));
  };
  input.addEventListener("input", () => {
    tell(values[input.value]);
    change(values[input.value]);
  });
  const row = element("div", { class: "play-control" }, element("label", { for: id }, label, " "), output, input);
  const show = (value) => {
    const off = values.map((one) => Math.abs(one - value));
    input.value = off.indexOf(Math.min(...off)); // an address may have a value between two
    tell(value);
  };
  return { row, input, show };
}

// Numbers with these first digits in each decade from low to high, both included.
export function decades(low, high, digits) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1e-9; power++)
    for (const digit of digits) {
      const value = Number(`${digit}e${power}`);
      if (value >= low && value <= high) found.push(value);
    }
  return found;
}

export const steady = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Call back when the theme or the size of an element changes: its picture must be painted anew.
export function onRepaint(watched, act) {
  new MutationObserver(act).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", act);
  new ResizeObserver(act).observe(watched);
}

// Offer a text as a file.
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
