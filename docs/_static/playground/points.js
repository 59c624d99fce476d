// Points {features [n, 2], labels [n]}: torch's, as the build has written them, or the reader's own.

const memory = new Map();

// A module of data/, read once.
async function stored(name) {
  if (!memory.has(name)) memory.set(name, import(`./data/${name}.js`).then((module) => module.default));
  return memory.get(name);
}

export async function chosen() {
  return stored("chosen");
}

function floats(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

// Noise moves the points in float32, as torch does.
function noisy({ features, normal, labels }, noise) {
  const [plain, moves] = [floats(features), floats(normal)];
  const moved = noise > 0 ? plain.map((x, k) => x + Math.fround(Math.fround(noise) * moves[k])) : plain;
  return { features: Float64Array.from(moved), labels: Uint8Array.from(labels, Number) };
}

// The points of `torchtour fit --data.problem ... --data.noise ... --data.n_train ... --data.seed ...`.
export async function load({ problem, noise, train, seed }) {
  const sets = (await stored(`${problem}-${seed}`))[train];
  return { train: noisy(sets.train, noise), val: noisy(sets.val, noise) };
}

// The first weights of SimpleNet(2, units, 2) after torch.manual_seed(seed).
export async function firstWeights({ units, seed }) {
  return Float64Array.from(floats((await stored(`weights-${seed}`))[units]));
}
