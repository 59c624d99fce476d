// SimpleNet in float64: Linear -> activation -> Linear, its loss and its gradient. The weights are one flat array:
// fc1.weight [hidden, inputs], fc1.bias [hidden], fc2.weight [outputs, hidden], fc2.bias [outputs].

// Each activation, and its slope from what went in (z) and what came out (a).
export const ACTIVATIONS = {
  relu: { value: (z) => (z > 0 ? z : 0), slope: (z) => (z > 0 ? 1 : 0) },
  tanh: { value: Math.tanh, slope: (z, a) => 1 - a * a },
  none: { value: (z) => z, slope: () => 1 },
};

export class Network {
  constructor(inputs, hidden, outputs, activation, weights) {
    Object.assign(this, { inputs, hidden, outputs, activation });
    this.weights = Float64Array.from(weights);
    const sizes = [hidden * inputs, hidden, outputs * hidden, outputs];
    this.bounds = sizes.reduce((bounds, size) => [...bounds, bounds.at(-1) + size], [0]);
    if (this.weights.length !== this.bounds.at(-1)) throw new Error(`${this.weights.length} weights do not fit the net`);
    this.z = new Float64Array(hidden); // of one point: before the activation,
    this.a = new Float64Array(hidden); // after it,
    this.logits = new Float64Array(outputs); // and the scores
  }

  // The four tensors by torch's names, as views of an array laid out like the weights.
  tensors(flat = this.weights) {
    const names = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"];
    return Object.fromEntries(names.map((name, k) => [name, flat.subarray(this.bounds[k], this.bounds[k + 1])]));
  }

  // Point i of features [n, inputs] through the net: fills z, a and logits.
  forward(features, i) {
    const { inputs, hidden, outputs, weights, z, a, logits, bounds } = this;
    const { value } = ACTIVATIONS[this.activation];
    for (let h = 0; h < hidden; h++) {
      let sum = weights[bounds[1] + h];
      for (let k = 0; k < inputs; k++) sum += weights[h * inputs + k] * features[i * inputs + k];
      z[h] = sum;
      a[h] = value(sum);
    }
    for (let o = 0; o < outputs; o++) {
      let sum = weights[bounds[3] + o];
      for (let h = 0; h < hidden; h++) sum += weights[bounds[2] + o * hidden + h] * a[h];
      logits[o] = sum;
    }
    return logits;
  }

  // Cross-entropy of the logits and whether the largest is that of the label; leaves the probabilities in logits.
  score(label) {
    const { logits } = this;
    let best = 0;
    for (let o = 1; o < logits.length; o++) if (logits[o] > logits[best]) best = o;
    const largest = logits[best]; // taken off before exp, which would overflow
    let sum = 0;
    for (const logit of logits) sum += Math.exp(logit - largest);
    const loss = Math.log(sum) + largest - logits[label];
    for (let o = 0; o < logits.length; o++) logits[o] = Math.exp(logits[o] - largest) / sum;
    return { loss, correct: best === label ? 1 : 0 };
  }

  // Mean loss and accuracy over points {features [n, inputs], labels [n]}.
  evaluate({ features, labels }) {
    let loss = 0;
    let correct = 0;
    for (let i = 0; i < labels.length; i++) {
      this.forward(features, i);
      const one = this.score(labels[i]);
      loss += one.loss;
      correct += one.correct;
    }
    return { loss: loss / labels.length, accuracy: correct / labels.length };
  }

  // Mean loss over a batch of indices, how many are correct, and the gradient of that loss into `gradient`.
  backward({ features, labels }, batch, gradient) {
    const { inputs, hidden, outputs, weights, z, a, logits, bounds } = this;
    const { slope } = ACTIVATIONS[this.activation];
    let loss = 0;
    let correct = 0;
    gradient.fill(0);
    for (const i of batch) {
      this.forward(features, i);
      const one = this.score(labels[i]);
      loss += one.loss;
      correct += one.correct;
      for (let o = 0; o < outputs; o++) {
        logits[o] = (logits[o] - (o === labels[i] ? 1 : 0)) / batch.length; // now the gradient at the score
        gradient[bounds[3] + o] += logits[o];
      }
      for (let h = 0; h < hidden; h++) {
        let back = 0;
        for (let o = 0; o < outputs; o++) {
          gradient[bounds[2] + o * hidden + h] += logits[o] * a[h];
          back += logits[o] * weights[bounds[2] + o * hidden + h];
        }
        back *= slope(z[h], a[h]);
        gradient[bounds[1] + h] += back;
        for (let k = 0; k < inputs; k++) gradient[h * inputs + k] += back * features[i * inputs + k];
      }
    }
    return { loss: loss / batch.length, correct };
  }
}
