// The order of an epoch's points: numpy.random.default_rng((seed, epoch)).permutation(n), to the last index.
// SeedSequence mixes the two numbers, PCG64 draws the bits, Fisher and Yates shuffle.

const MASK = (1n << 128n) - 1n;
const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;

function seedSequence(numbers) {
  let constant = 0x43b0d7e5;
  const hash = (value) => {
    value ^= constant;
    constant = Math.imul(constant, 0x931e8875);
    value = Math.imul(value, constant);
    return value ^ (value >>> 16);
  };
  const mix = (x, y) => {
    const value = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) | 0;
    return value ^ (value >>> 16);
  };
  const pool = [0, 1, 2, 3].map((k) => hash(numbers[k] ?? 0)); // numbers: two of 32 bits
  for (let from = 0; from < 4; from++)
    for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mix(pool[to], hash(pool[from]));
  constant = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, k) => {
    let value = pool[k % 4] ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    value = Math.imul(value, constant);
    return BigInt((value ^ (value >>> 16)) >>> 0);
  });
}

// A function that gives the generator's next 32 bits.
function pcg64(numbers) {
  const words = seedSequence(numbers);
  const join = (k) => (words[k + 1] << 96n) | (words[k] << 64n) | (words[k + 3] << 32n) | words[k + 2];
  const increment = ((join(4) << 1n) | 1n) & MASK;
  let state = ((increment + join(0)) * MULTIPLIER + increment) & MASK;
  let high = -1;
  return () => {
    if (high >= 0) {
      const word = high;
      high = -1;
      return word;
    }
    state = (state * MULTIPLIER + increment) & MASK;
    const mixed = BigInt.asUintN(64, (state >> 64n) ^ state);
    const turn = state >> 122n;
    const drawn = BigInt.asUintN(64, (mixed >> turn) | (mixed << (64n - turn)));
    high = Number(drawn >> 32n);
    return Number(drawn & 0xffffffffn);
  };
}

// A fair whole number from 0 to limit, both included: bits are drawn until they are not above it.
function upTo(limit, next) {
  const mask = 2 ** (32 - Math.clz32(limit)) - 1;
  let value;
  do value = next() & mask;
  while (value > limit);
  return value;
}

export function permutation(n, seed, epoch) {
  const order = Int32Array.from({ length: n }, (_, k) => k);
  const next = pcg64([seed, epoch]);
  for (let i = n - 1; i > 0; i--) {
    const j = upTo(i, next);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
