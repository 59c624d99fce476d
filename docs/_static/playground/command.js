// "Train this in torch": the command that trains what is on the screen.

// The name of the run, so that the reader finds its folder.
const FOLDER = "playground";

// Flags of `torchtour fit`, as [name, value]. `epochs`: how many have ended, or are wanted.
export function flags(settings, epochs) {
  const { problem, noise, train, seed, units, optimizer, lr, momentum, decay, step_size, gamma, batch, total, size } = settings;
  const data =
    problem === "own"
      ? [["data", "TableData"], ["model", "TableNet"], ["data.val_fraction", "0.2"], ["data.path", "points.csv"], ["data.label", "label"], ["data.drop", "[set]"]]
      : [["data.problem", problem], ["data.noise", noise], ["data.n_train", train], ["data.n_val", total - train]];
  return [
    ...data,
    ["data.batch_size", Math.min(batch, size)],
    ["data.seed", seed],
    ["seed_everything", seed],
    ["model.hidden_size", units],
    ["model.optimizer", optimizer],
    ["model.lr", lr],
    ["model.momentum", optimizer === "adam" ? 0 : momentum],
    ["model.weight_decay", decay],
    ["model.step_size", step_size],
    ["model.gamma", gamma],
    ["trainer.max_epochs", Math.max(epochs, 1)],
    ["run.name", FOLDER],
  ];
}

export function line(settings, epochs) {
  return ["torchtour fit", ...flags(settings, epochs).map(([name, value]) => `--${name} ${value}`)].join(" ");
}
