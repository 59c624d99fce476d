// The page of the playground: it fills the elements with data-play="..." of playground.md.

import { CHALLENGES, Progress } from "./challenges.js";
import { line } from "./command.js";
import { button, choice, decades, download, element, onRepaint, slider } from "./controls.js";
import { curves, Picture, reachOf } from "./drawing.js";
import { opened } from "./opened.js";
import { Player, SPEEDS } from "./player.js";
import { chosen, csv, decode, encode, MOST, REACH } from "./points.js";
import { DEFAULTS, fromAddress, PROBLEMS, toAddress } from "./settings.js";
import { weightTable } from "./table.js";
import { number, picture as inWords, progress as inFigures } from "./words.js";

const part = (name) => document.querySelector(`[data-play="${name}"]`);
const each = (values, say = String) => values.map((value) => [value, say(value)]);
const MARKS = [
  ["training, class 0", '<circle cx="8" cy="8" r="5" fill="var(--play-class-0)"/>'],
  ["training, class 1", '<path d="M8 2l6 11H2z" fill="var(--play-class-1)"/>'],
  ["validation, class 0", '<circle cx="8" cy="8" r="5" fill="none" stroke="var(--play-class-0)" stroke-width="2"/>'],
  ["validation, class 1", '<path d="M8 2l6 11H2z" fill="none" stroke="var(--play-class-1)" stroke-width="2"/>'],
  ["boundary: both classes equally likely", '<path d="M1 8h14" stroke="var(--play-ink)" stroke-width="2.5"/>'],
  ["hinge line of a hidden unit", '<path d="M1 8h14" stroke="var(--play-muted)" stroke-width="1.5" stroke-dasharray="4 3"/>'],
  ["in the next batch", '<circle cx="8" cy="8" r="6.5" fill="none" stroke="var(--play-ink)" stroke-width="1.5"/>'],
];

class Page {
  constructor({ total, units: [fewest, most], train, seeds }) {
    Object.assign(this, { total, most, net: null, shown: 0, listed: 0 });
    this.progress = new Progress();
    this.player = new Player((event) => this.listen(event));
    this.controls = {
      problem: choice("Problem", [...each(PROBLEMS), ["own", "your own points"]], (value) => this.change({ problem: value })),
      noise: slider("Noise", Array.from({ length: 21 }, (_, k) => k / 20), (value) => this.change({ noise: value }), (value) => value.toFixed(2)),
      train: choice("Training share", each(train, (n) => `${(100 * n) / total} %`), (value) => this.change({ train: value })),
      seed: choice("Seed", each(seeds), (value) => this.change({ seed: value })),
      units: slider("Hidden units", Array.from({ length: most - fewest + 1 }, (_, k) => fewest + k), (value) => this.change({ units: value })),
      activation: choice("Activation", [["relu", "ReLU"], ["tanh", "tanh"], ["none", "none"]], (value) => this.change({ activation: value })),
      optimizer: choice("Optimizer", [["sgd", "SGD"], ["adam", "Adam"]], (value) => this.change({ optimizer: value })),
      lr: slider("Learning rate", decades(1e-4, 100, [1, 1.5, 2, 3, 5, 7]), (value) => this.change({ lr: value })),
      momentum: slider("Momentum", [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99], (value) => this.change({ momentum: value })),
      decay: choice("Weight decay", each([0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3]), (value) => this.change({ decay: value })),
      step_size: choice("StepLR: every", each([1, 2, 4, 5, 10, 20, 50, 100, 200], (n) => `${n} epochs`), (value) => this.change({ step_size: value })),
      gamma: choice("StepLR: rate times", [[1, "1 (constant)"], ...each([0.9, 0.5, 0.3, 0.1])], (value) => this.change({ gamma: value })),
      batch: choice("Batch size", [...each([1, 2, 5, 10, 20, 50, 100]), [500, "all points"]], (value) => this.change({ batch: value })),
    };
    this.build();
  }

  build() {
    const group = (legend, names, ...more) =>
      element("fieldset", {}, element("legend", {}, legend), ...names.map((name) => this.controls[name].row), ...more);
    this.canvas = element("canvas", { class: "play-canvas", role: "img", "aria-label": "The plane" });
    this.picture = new Picture(this.canvas);
    this.curves = ["loss", "accuracy"].map((name) => [name, element("canvas", { class: "play-curve", role: "img", "aria-label": `Curves of the ${name}` })]);
    this.readout = element("p", { class: "play-readout" });
    this.words = element("p", { class: "play-words" });
    this.said = element("p", { class: "visually-hidden play-said", role: "status" });
    this.trouble = element("p", { class: "play-problem", role: "alert", hidden: true });
    this.nextStep = element("div", {});
    this.hingesShown = element("input", { type: "checkbox", id: "play-hinges", checked: true, onchange: () => this.draw() });
    this.valShown = element("input", { type: "checkbox", id: "play-val", checked: true, onchange: () => this.draw() });
    const tick = (box, text) => element("label", { for: box.id }, box, ` ${text}`);
    const legend = element("ul", { class: "play-legend" }, ...MARKS.map(([text, mark]) => {
      const row = element("li", {});
      row.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true">${mark}</svg>`;
      row.append(text);
      return row;
    }));
    const file = element("input", { type: "file", accept: ".json,application/json", hidden: true, onchange: () => this.open(file) });
    const figures = this.curves.map(([name, canvas]) => element("div", {}, element("p", { class: "play-title" }, name === "loss" ? "Loss" : "Accuracy"), canvas));
    part("main").replaceChildren(
      this.buttons(),
      this.trouble,
      element("div", { class: "play-grid" },
        element("form", { class: "play-settings", "aria-label": "Settings" },
          group("Data", ["problem", "noise", "train", "seed"]),
          group("Net", ["units", "activation"]),
          group("Training", ["optimizer", "lr", "momentum", "decay", "batch", "step_size", "gamma"]),
        ),
        element("div", { class: "play-middle" }, this.canvas, this.readout, this.ownTools(), legend, element("div", { class: "play-bar" }, tick(this.hingesShown, "hinge lines"), tick(this.valShown, "validation points")), this.words),
        element("div", { class: "play-figures" }, ...figures, element("p", { class: "play-note" }, "Solid: training. Dashed: validation."), this.nextStep),
      ),
      this.said,
    );
    part("main").classList.add("play");
    this.weights = element("div", { class: "play-scroll pst-scrollable-table-container", tabindex: "0", role: "region", "aria-label": "Weights" });
    part("weights").replaceChildren(this.weights);
    this.command = element("pre", { class: "play-line", tabindex: "0" });
    this.honest = element("p", {});
    this.copied = element("span", { role: "status" });
    part("command").replaceChildren(
      this.command,
      element("div", { class: "play-bar" },
        button("Copy the command", () => this.copy()), button("Download points.csv", () => download("points.csv", csv(this.player.points))), this.copied),
      this.honest,
    );
    part("open").replaceChildren(element("div", { class: "play-bar" }, file, button("Open a net", () => file.click())));
    for (const name of ["weights", "command", "open", "challenges"]) part(name).classList.add("play-part");
    part("challenges").replaceChildren(element("ul", { class: "play-challenges" }, ...CHALLENGES.map((one) => this.challenge(one))),
      button("Forget what I solved", () => { this.progress.forget(); this.showChallenges(); }));
    onRepaint(this.canvas, () => { this.picture.repaint(); this.draw(); });
    this.drawByHand();
  }

  buttons() {
    const { player } = this;
    this.toggle = button("Play", () => (player.playing ? player.pause() : player.play()), { class: "play-main" });
    const speed = choice("Speed", Object.entries(SPEEDS), (value) => (player.speed = value));
    speed.show(player.speed);
    return element("div", { class: "play-bar" }, this.toggle, button("One step", () => player.step()), button("One epoch", () => player.epoch()),
      button("Reset", () => player.reset()), speed.row);
  }

  // Own points by mouse, finger or keyboard.
  ownTools() {
    const coordinate = (id) => element("input", { type: "number", id, min: -REACH, max: REACH, step: 0.01, value: 0 });
    const [x1, x2] = ["play-x1", "play-x2"].map(coordinate);
    this.ownClass = element("select", { id: "play-class" }, element("option", { value: 0 }, "class 0"), element("option", { value: 1 }, "class 1"));
    const field = (input, label) => element("div", {}, element("label", { for: input.id }, label), input);
    this.own = element("div", { hidden: true },
      element("p", {}, `Click or drag in the square to add points, or type them: up to ${MOST}. They are kept in the address.`),
      element("div", { class: "play-own" }, field(this.ownClass, "Class"), field(x1, "x1"), field(x2, "x2"),
        button("Add point", () => this.add(Number(x1.value), Number(x2.value))),
        button("Remove last", () => this.replace(this.player.own.slice(0, -1))),
        button("Clear", () => this.replace([]))));
    return this.own;
  }

  drawByHand() {
    let drawn = null;
    const place = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const at = [event.clientX - box.left, event.clientY - box.top].map((pixel) => (2 * REACH * pixel) / box.width - REACH);
      if (drawn && Math.hypot(at[0] - drawn[0], at[1] - drawn[1]) < 0.2) return;
      drawn = at;
      this.add(at[0], -at[1]);
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      if (this.settings.problem !== "own") return;
      this.canvas.setPointerCapture(event.pointerId);
      drawn = null;
      place(event);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (this.canvas.hasPointerCapture(event.pointerId)) place(event);
    });
  }

  add(x1, x2) {
    const inside = [x1, x2].every((x) => Math.abs(x) <= REACH);
    if (!inside || this.player.own.length >= MOST) return this.complain(inside ? `${MOST} points are the most.` : `A point must lie from -${REACH} to ${REACH}.`);
    const point = [Math.round(100 * x1) / 100, Math.round(100 * x2) / 100, Number(this.ownClass.value)];
    this.replace([...this.player.own, point]);
  }

  replace(own) {
    this.player.own = own;
    this.change({});
  }

  // Settings from the address, at the start and when the reader goes back.
  async read() {
    const { settings, wrong } = fromAddress(location.hash);
    this.player.own = decode(new URLSearchParams(location.hash.slice(1)).get("points") ?? "");
    this.net = null;
    await this.begin(settings);
    if (wrong.length) this.complain(`The address has what the playground does not know, and leaves it out: ${wrong.join(", ")}`);
  }

  async change(some) {
    if ("units" in some || "seed" in some || "activation" in some) this.net = null; // the opened net's weights fit no other
    await this.begin({ ...this.settings, ...some });
    history.replaceState(null, "", toAddress(this.settings, encode(this.player.own)));
  }

  async begin(settings) {
    this.settings = settings;
    this.complain("");
    for (const [name, { show }] of Object.entries(this.controls)) show(settings[name]);
    const own = settings.problem === "own";
    this.controls.noise.input.disabled = own;
    this.controls.momentum.input.disabled = settings.optimizer === "adam";
    this.own.hidden = !own;
    this.canvas.classList.toggle("draws", own);
    await this.player.start(settings, this.net?.weights ?? null);
  }

  listen(event) {
    const { training, playing } = this.player;
    this.toggle.textContent = playing ? "Pause" : "Play";
    this.toggle.disabled = !training;
    if (event === "epoch") return this.look();
    if (event === "ready" || !playing || performance.now() - this.listed > 300) this.showChallenges();
    this.draw();
    if (event === "paused" || event === "ready") this.tell(event);
  }

  look() {
    for (const { title } of this.progress.look(this.player.training)) {
      this.progress.save();
      this.said.textContent = `Solved: ${title}`;
    }
  }

  draw() {
    const { training, playing } = this.player;
    if (!training) return this.player.points && this.drawEmpty();
    const reach = this.reach = this.settings.problem === "own" ? REACH : reachOf(training.points);
    const next = playing ? null : training.next();
    this.picture.draw(training, { reach, showHinges: this.hingesShown.checked, showVal: this.valShown.checked, batch: next?.batch });
    this.readout.textContent = inFigures(training);
    const now = performance.now();
    if (playing && now - this.shown < 200) return; // text and curves five times a second
    this.shown = now;
    this.words.textContent = inWords(training, reach);
    for (const [name, canvas] of this.curves) curves(canvas, training.history, name);
    this.foretell(training, next ?? training.next());
  }

  // The step that is about to happen, and the command for what has happened.
  foretell(training, { batch, loss, gradient, change }) {
    const norm = (values) => number(Math.hypot(...values));
    this.nextStep.replaceChildren(element("p", { class: "play-title" }, "The next step"),
      element("p", {}, `A batch of ${batch.length} points, ringed in the picture, with a loss of ${number(loss)}. Learning rate ${training.lr}. `
        + `Length of the gradient ${norm(gradient)}, of the step ${norm(change)}.`));
    this.weights.replaceChildren(weightTable(training.network, change));
    this.command.textContent = line(this.player.settings, training.epochs || 10);
    this.honest.textContent = this.caveat(training.epochs, training.history.at(-1));
  }

  drawEmpty() {
    this.picture.draw({ network: EMPTY, points: this.player.points }, { reach: REACH, showVal: true });
    this.readout.textContent = "No training points yet: draw some in the square.";
  }

  // What has come to rest, in words: for the screen reader and for everybody.
  tell(event) {
    const { training } = this.player;
    if (!training) return;
    this.canvas.setAttribute("aria-label", inWords(training, this.reach));
    for (const [name, canvas] of this.curves) canvas.setAttribute("aria-label", `Curves of the ${name} over ${training.epochs} epochs. ${inFigures(training)}`);
    if (event === "paused") this.said.textContent = inFigures(training);
    if (training.diverged) this.complain("The training has diverged: a weight is no longer a number. Take a smaller learning rate, and reset.");
  }

  caveat(epochs, last) {
    const { problem, activation } = this.settings;
    if (this.net) return "The first weights come from the net that you opened; the command begins with those of the seed.";
    if (activation !== "relu") return "The net of the command has ReLU and nothing else: with another activation, this line trains another net. Choose ReLU to get the same one.";
    if (problem === "own") return "Download points.csv first. TableData splits off its own validation and test rows and scales the columns, so its figures are close to these, not equal.";
    if (!last) return "Nothing is trained yet: the line trains ten epochs.";
    return `After ${epochs} epochs it writes the same row into metrics.csv: training accuracy ${last.train.accuracy.toFixed(4)}, validation accuracy ${last.val.accuracy.toFixed(4)}.`;
  }

  async copy() {
    await navigator.clipboard?.writeText(this.command.textContent).then(() => (this.copied.textContent = "Copied."), () => (this.copied.textContent = "Select the line and copy it."));
  }

  async open(file) {
    try {
      this.net = opened(await file.files[0].text(), this.most);
    } catch (error) {
      return this.complain(error.message);
    } finally {
      file.value = "";
    }
    await this.begin({ ...this.settings, units: this.net.units, activation: "relu" });
    this.said.textContent = `Opened a net of ${this.net.units} hidden units. ${inFigures(this.player.training)}`;
  }

  challenge({ id, title, text, settings }) {
    const note = element("p", { class: "play-note" });
    const mark = element("p", { class: "solved" });
    const begin = button("Set it up", () => { this.net = null; this.change({ ...DEFAULTS, ...settings }); part("main").scrollIntoView(); });
    begin.setAttribute("aria-label", `Set up: ${title}`);
    const item = element("li", {}, element("h3", {}, title), element("p", {}, text), note, mark, begin);
    this.items ??= {};
    this.items[id] = { item, note, mark };
    return item;
  }

  showChallenges() {
    this.listed = performance.now();
    for (const { id } of CHALLENGES) {
      const { solved, note } = this.progress.of(id);
      this.items[id].note.textContent = note ?? "";
      this.items[id].mark.textContent = solved ? "Solved \u2713" : "";
      this.items[id].item.toggleAttribute("data-solved", solved);
    }
  }

  complain(text) {
    this.trouble.textContent = text;
    this.trouble.hidden = text === "";
  }
}

// In place of a net, before there are points: both classes are equally likely everywhere.
const EMPTY = { activation: "none", forward: () => [0, 0] };

const page = new Page(await chosen());
await page.read();
window.addEventListener("hashchange", () => page.read());
part("main").dataset.ready = "yes";
