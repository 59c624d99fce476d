// Challenges that know when they are solved. Each looks at the training after every epoch and answers
// {solved, note}: whether this training solves it, and in words how far it is. `memory` is the challenge's own, kept in the browser.

import { percent } from "./words.js";

const GUESSING = Math.log(2); // the loss of a net that answers one half for every point

const row = (training) => training.history.at(-1);
const plain = ({ settings }, problem, train) => settings.problem === problem && settings.noise === 0 && (!train || settings.train === train);

export const CHALLENGES = [
  {
    id: "spiral",
    title: "The spiral, with few units",
    text: "Reach 95 % on the validation points of the spiral, with no noise. How few hidden units are enough?",
    settings: { problem: "spiral", train: 400, units: 20, optimizer: "adam", lr: 0.02 },
    look(training, memory) {
      if (!plain(training, "spiral")) return null;
      const { units } = training.settings;
      const { accuracy } = row(training).val;
      if (accuracy >= 0.95) memory.fewest = Math.min(units, memory.fewest ?? Infinity);
      const best = memory.fewest ? ` Your fewest so far: ${memory.fewest}.` : "";
      return { solved: accuracy >= 0.95, note: `${percent(accuracy)} with ${units} units.${best}` };
    },
  },
  {
    id: "xor",
    title: "xor with two units",
    text: "Two hidden units have two hinge lines, and xor has four corners. Reach 85 % on the validation points all the same.",
    settings: { problem: "xor", units: 2, optimizer: "adam", lr: 0.02, seed: 2 },
    look(training) {
      if (!plain(training, "xor") || training.settings.units !== 2) return null;
      const { accuracy } = row(training).val;
      const hint = accuracy >= 0.85 ? "" : " The first weights decide much: try another seed, or another activation.";
      return { solved: accuracy >= 0.85, note: `${percent(accuracy)} with 2 units.${hint}` };
    },
  },
  {
    id: "rate",
    title: "The rate at which line diverges",
    text:
      "Take SGD without momentum. Find a learning rate at which line still learns (validation loss below 0.3 after ten epochs), and one, at most " +
      "twice as large, at which it diverges (a loss above that of guessing, 0.693).",
    settings: { problem: "line", momentum: 0, lr: 0.1 },
    look(training, memory) {
      const { settings, epochs, diverged } = training;
      if (!plain(training, "line") || settings.optimizer !== "sgd" || settings.momentum !== 0) return null;
      if (epochs < 10 && !diverged) return { solved: false, note: `${epochs} of 10 epochs.` };
      const loss = training.history[9]?.val.loss ?? Infinity;
      if (loss < 0.3) memory.learns = Math.max(settings.lr, memory.learns ?? 0);
      else if (!(loss <= GUESSING)) memory.diverges = Math.min(settings.lr, memory.diverges ?? Infinity);
      const { learns, diverges } = memory;
      const note = [learns && `It learns at ${learns}.`, diverges && `It diverges at ${diverges}.`].filter(Boolean).join(" ");
      return { solved: learns !== undefined && diverges <= 2 * learns, note: note || "Neither yet: wait, or change the rate." };
    },
  },
  {
    id: "overfit",
    title: "Overfit, then cure",
    text:
      "Twenty noisy points of line. First overfit: every training point correct, and a validation loss above 1, worse than guessing. " +
      "Then cure it with the same points: a validation loss below 0.45 after at least 50 epochs.",
    settings: { problem: "line", noise: 0.5, train: 20, units: 50, optimizer: "adam", lr: 0.02, batch: 5 },
    look(training, memory) {
      const { settings, epochs } = training;
      if (settings.problem !== "line" || settings.noise !== 0.5 || settings.train !== 20) return null;
      const { train, val } = row(training);
      if (train.accuracy === 1 && val.loss > 1) memory.overfitted = settings.seed;
      const ready = memory.overfitted === settings.seed;
      const solved = ready && epochs >= 50 && val.loss < 0.45;
      const note = ready ? "Overfitted. Now the cure: fewer units, or weight decay, and start again." : "Not overfitted yet: more units, more epochs.";
      return { solved, note: `${note} Validation loss ${val.loss.toFixed(3)}.` };
    },
  },
];

// What has been solved, kept in this browser where it allows that.
export class Progress {
  constructor(key = "torchtour-challenges") {
    this.key = key;
    try {
      this.kept = JSON.parse(localStorage.getItem(key)) ?? {};
    } catch {
      this.kept = {};
    }
  }

  of(id) {
    return (this.kept[id] ??= { memory: {}, solved: false });
  }

  save() {
    try {
      localStorage.setItem(this.key, JSON.stringify(this.kept));
    } catch {
      // Then they are forgotten with the page.
    }
  }

  forget() {
    this.kept = {};
    this.save();
  }

  // Look at a training; returns the challenges that it has just solved.
  look(training) {
    const fresh = [];
    for (const challenge of CHALLENGES) {
      const state = this.of(challenge.id);
      const answer = challenge.look(training, state.memory);
      if (!answer) continue;
      state.note = answer.note;
      if (answer.solved && !state.solved) fresh.push(challenge);
      state.solved ||= answer.solved;
    }
    return fresh;
  }
}
