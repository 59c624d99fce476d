// A training that plays: settings in, steps over time, and a listener that draws what it is told has changed.

import { chosen, firstWeights, load, split } from "./points.js";
import { Training } from "./training.js";

export const SPEEDS = { "1": "1 epoch a second", "10": "10 epochs a second", "100": "100 epochs a second", fastest: "as fast as it can" };
const BUDGET = 24; // milliseconds of a frame for training at most; drawing comes on top

export class Player {
  // listener(event): "ready" after a new start, "epoch" when one has ended, "moved" after steps, "paused", "played".
  constructor(listener) {
    Object.assign(this, { listener, speed: "10", playing: false, owed: 0, training: null, own: [], version: 0 });
  }

  // Begin anew with these settings, and with other first weights where an opened net brings them.
  async start(settings, weights = null) {
    const version = ++this.version; // a later call may overtake this one while it waits
    const { total } = await chosen();
    const points = settings.problem === "own" ? split(this.own, settings.train / total) : await load(settings);
    const first = weights ?? (await firstWeights(settings));
    if (version !== this.version) return;
    this.points = points;
    this.first = first;
    this.settings = { ...settings, total, size: points.train.labels.length };
    this.reset();
  }

  reset() {
    this.pause();
    this.owed = 0;
    this.training = this.points.train.labels.length ? new Training(this.settings, this.points, this.first) : null;
    this.listener("ready");
  }

  play() {
    if (this.playing || !this.training) return;
    this.playing = true;
    this.last = performance.now();
    this.listener("played");
    requestAnimationFrame((now) => this.#frame(now));
  }

  pause() {
    if (!this.playing) return;
    this.playing = false;
    this.listener("paused");
  }

  step() {
    this.#alone(1);
  }

  epoch() {
    this.#alone(Infinity);
  }

  // Up to so many steps, at most to the end of the epoch.
  #alone(most) {
    this.pause();
    if (!this.training) return;
    for (let k = 0; k < most; k++) if (this.#step()) break;
    this.listener("moved");
    this.listener("paused");
  }

  // One step; true where it has ended the epoch.
  #step() {
    this.training.step();
    const ended = this.training.place === 0;
    if (ended) this.listener("epoch");
    return ended;
  }

  #frame(now) {
    if (!this.playing) return;
    const { training } = this;
    const began = performance.now();
    const perSecond = Number(this.speed) * training.stepsPerEpoch; // NaN: as fast as it can
    const due = this.owed + (perSecond * Math.max(0, now - this.last)) / 1000;
    this.owed = this.speed === "fastest" ? Infinity : Math.min(due, perSecond);
    this.last = now;
    while (this.owed >= 1 && this.playing && performance.now() - began < BUDGET && !training.diverged) {
      this.#step();
      this.owed -= 1;
    }
    this.listener("moved");
    if (training.diverged) this.pause();
    else requestAnimationFrame((next) => this.#frame(next));
  }
}
