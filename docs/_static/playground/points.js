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

// The reader's own points, a list of [x1, x2, label] with two decimals. In the address: 150,-20,1;33,5,0 (hundredths).
export function encode(own) {
  return own.map(([x1, x2, label]) => [Math.round(100 * x1), Math.round(100 * x2), label].join(",")).join(";");
}

// The points in an address; those that are not numbers in the square are left out.
export function decode(text) {
  const rows = text.split(";").map((row) => row.split(",").map(Number));
  const fits = ([x1, x2, label], size) =>
    size === 3 && Math.abs(x1) <= 100 * REACH && Math.abs(x2) <= 100 * REACH && (label === 0 || label === 1);
  return rows.filter((row) => fits(row, row.length)).slice(0, MOST).map(([x1, x2, label]) => [x1 / 100, x2 / 100, label]);
}

export const REACH = 3; // own points lie in the square from -3 to 3
export const MOST = 500;

// Own points in two sets: of each class, every few points one is for validation, as the training share has it.
export function split(own, share) {
  const sets = { train: [], val: [] };
  const seen = [0, 0];
  for (const point of own) {
    const k = seen[point[2]]++;
    sets[Math.floor((k + 1) * (1 - share)) > Math.floor(k * (1 - share)) ? "val" : "train"].push(point);
  }
  const pack = (rows) => ({
    features: Float64Array.from(rows.flatMap(([x1, x2]) => [Math.fround(x1), Math.fround(x2)])),
    labels: Uint8Array.from(rows, (row) => row[2]),
  });
  return { train: pack(sets.train), val: pack(sets.val) };
}

// The points as a table: x1, x2, label and which set they are in. Float32 numbers, written so that they come back exactly.
export function csv({ train, val }) {
  const rows = [["train", train], ["val", val]].flatMap(([name, { features, labels }]) =>
    Array.from(labels, (label, i) => `${features[2 * i]},${features[2 * i + 1]},${label},${name}`),
  );
  return ["x1,x2,label,set", ...rows, ""].join("\n");
}

// SimpleNet(1, 20, 1) of lesson 3's picture.
export async function curveWeights() {
  return Float64Array.from(floats((await stored("curve")).weights));
}
