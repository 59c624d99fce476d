// torch.optim's SGD, Adam and StepLR, in torch's order of operations. Weights and gradients are flat arrays.

export class SGD {
  constructor(size, { momentum = 0, decay = 0 } = {}) {
    Object.assign(this, { momentum, decay });
    this.velocity = new Float64Array(size);
  }

  step(weights, gradient, lr) {
    const { velocity, momentum, decay } = this;
    for (let k = 0; k < weights.length; k++) {
      velocity[k] = momentum * velocity[k] + gradient[k] + decay * weights[k];
      weights[k] -= lr * velocity[k];
    }
  }

  copy() {
    return Object.assign(new SGD(0, this), { velocity: this.velocity.slice() });
  }
}

export class Adam {
  constructor(size, { decay = 0, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 } = {}) {
    Object.assign(this, { decay, beta1, beta2, eps });
    this.mean = new Float64Array(size); // of the gradients,
    this.square = new Float64Array(size); // and of their squares
    this.steps = 0;
  }

  step(weights, gradient, lr) {
    const { mean, square, decay, beta1, beta2, eps } = this;
    this.steps += 1;
    const size = lr / (1 - beta1 ** this.steps);
    const root = Math.sqrt(1 - beta2 ** this.steps);
    for (let k = 0; k < weights.length; k++) {
      const slope = gradient[k] + decay * weights[k];
      mean[k] += (slope - mean[k]) * (1 - beta1);
      square[k] = square[k] * beta2 + (1 - beta2) * slope * slope;
      weights[k] -= (size * mean[k]) / (Math.sqrt(square[k]) / root + eps);
    }
  }

  copy() {
    const { mean, square, steps } = this;
    return Object.assign(new Adam(0, this), { mean: mean.slice(), square: square.slice(), steps });
  }
}

export const OPTIMIZERS = { sgd: SGD, adam: Adam };

// StepLR: the rate of the next epoch, when `epochs` have ended.
export function nextRate(lr, epochs, stepSize, gamma) {
  return epochs % stepSize === 0 ? lr * gamma : lr;
}
