// The training loop of `torchtour fit`, one step at a time, with the figures that it writes into metrics.csv.

import { Network } from "./network.js";
import { nextRate, OPTIMIZERS } from "./optimizers.js";
import { permutation } from "./random.js";

export class Training {
  // settings: units, activation, optimizer, lr, momentum, decay, step_size, gamma, batch, seed.
  // points: {train, val}, each {features [n, 2], labels [n]}; weights: the net's first ones.
  constructor(settings, points, weights) {
    Object.assign(this, { settings, points });
    this.network = new Network(2, settings.units, 2, settings.activation, weights);
    this.optimizer = new OPTIMIZERS[settings.optimizer](weights.length, settings);
    this.gradient = new Float64Array(weights.length);
    this.lr = settings.lr;
    this.steps = 0;
    this.epochs = 0; // that have ended
    this.history = []; // a row for each: epoch, train and val {loss, accuracy}, lr
    this.start();
    this.first = { train: this.network.evaluate(points.train), val: this.network.evaluate(points.val) };
  }

  get size() {
    return this.points.train.labels.length;
  }

  get batchSize() {
    return Math.min(this.settings.batch || this.size, this.size);
  }

  get stepsPerEpoch() {
    return Math.ceil(this.size / this.batchSize);
  }

  // An epoch: its order, a pure function of (seed, epoch), and empty sums.
  start() {
    this.order =
      this.batchSize < this.size
        ? permutation(this.size, this.settings.seed, this.epochs)
        : Int32Array.from({ length: this.size }, (_, k) => k);
    this.place = 0;
    this.lossSum = 0;
    this.correct = 0;
  }

  // The points of the next step.
  batch() {
    return this.order.subarray(this.place, this.place + this.batchSize);
  }

  // One step of the optimizer; the last of an epoch ends it. Returns the batch's loss, taken before the step.
  step() {
    const batch = this.batch();
    const { loss, correct } = this.network.backward(this.points.train, batch, this.gradient);
    this.optimizer.step(this.network.weights, this.gradient, this.lr);
    this.lossSum += loss * batch.length;
    this.correct += correct;
    this.place += batch.length;
    this.steps += 1;
    if (this.place >= this.size) this.end();
    return loss;
  }

  // Validation, a row of the history, the schedule, the next epoch's order.
  end() {
    const train = { loss: this.lossSum / this.size, accuracy: this.correct / this.size };
    const val = this.network.evaluate(this.points.val);
    this.history.push({ epoch: this.epochs, train, val, lr: this.lr });
    this.epochs += 1;
    this.lr = nextRate(this.lr, this.epochs, this.settings.step_size, this.settings.gamma);
    this.start();
  }

  epoch() {
    const wanted = this.epochs + 1;
    while (this.epochs < wanted) this.step();
    return this.history.at(-1);
  }

  // The step that is about to happen, without taking it: its batch, loss, gradient and the change of each weight.
  next() {
    const batch = this.batch();
    const gradient = new Float64Array(this.gradient.length);
    const { loss } = this.network.backward(this.points.train, batch, gradient);
    const after = this.network.weights.slice();
    this.optimizer.copy().step(after, gradient, this.lr);
    const change = after.map((weight, k) => weight - this.network.weights[k]);
    return { batch, loss, gradient, change };
  }

  get diverged() {
    return this.network.weights.some((weight) => !Number.isFinite(weight));
  }
}
