# Answers to the tasks of lesson 6, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
rate_after_25 = 0.8 * 0.5**2

# %% 1 right
rate_after_25 = "0.2"

# %% 1 right

rate_after_25 = [0.2][0]

# %% 1 wrong once
rate_after_25 = 0.4

# %% 1 wrong rounded_up
rate_after_25 = 0.1

# %% 1 wrong unchanged
rate_after_25 = 0.8

# %% 1 wrong subtracted
rate_after_25 = -0.2

# %% 1 wrong every_call
rate_after_25 = 0.8 * 0.5**25

# %% 1 wrong other
rate_after_25 = 0.3

# %% 1 wrong kind
rate_after_25 = print

# %% 2 right
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError
        return torch.abs(target - prediction).sum() / prediction.numel()

# %% 2 right
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.size() != target.size():
            raise ValueError('shapes')
        error = prediction - target
        return torch.where(error > 0, error, -error).mean()

# %% 2 right

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if list(prediction.shape) != list(target.shape):
            raise ValueError("shapes differ")
        return torch.mean(torch.abs(target - prediction))

# %% 2 right

class MeanAbsoluteError(nn.Module):
    def __init__(self):
        super().__init__()
    def forward(self, prediction, target):
        if prediction.shape != target.shape: raise ValueError(f"{prediction.shape} {target.shape}")
        return torch.linalg.vector_norm(prediction - target, ord=1) / prediction.numel()

# %% 2 right

class ShapeError(ValueError):
    pass
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.dim() != target.dim() or len(prediction) != len(target):
            raise ShapeError
        e = prediction - target
        return (e * e.sign()).mean()

# %% 2 right

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError("x")
        return sum(abs(p - t) for p, t in zip(prediction, target)) / len(target)

# %% 2 wrong number
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError
        return (prediction - target).abs().mean().item()

# %% 2 wrong signed
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError
        return (prediction - target).mean()

# %% 2 wrong summed
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError
        return (prediction - target).abs().sum()

# %% 2 wrong squared
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError
        return (prediction - target).square().mean()

# %% 2 wrong single
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError
        return (prediction - target).abs()

# %% 2 wrong middle
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError
        return (prediction - target).abs().median()

# %% 2 wrong unwatched
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError
        return (prediction - target).abs().mean().detach()

# %% 2 wrong other
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError
        (prediction - target).abs().mean()

# %% 2 wrong any_shape
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        return (prediction - target).abs().mean()

# %% 2 wrong other_error
class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        assert prediction.shape == target.shape
        return (prediction - target).abs().mean()

# %% 2 wrong forbidden

class MeanAbsoluteError(nn.L1Loss):
    pass

# %% 2 wrong forbidden

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape: raise ValueError
        return nn.L1Loss()(prediction, target)

# %% 2 wrong any_shape

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if len(prediction) != len(target): raise ValueError
        return (prediction - target).abs().mean()

# %% 2 wrong any_shape

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.numel() != target.numel(): raise ValueError
        return (prediction - target).abs().mean()

# %% 2 wrong other_error

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        assert prediction.shape == target.shape
        return (prediction - target).abs().mean()

# %% 2 wrong any_shape

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape: return ValueError
        return (prediction - target).abs().mean()

# %% 2 wrong detached

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape: raise ValueError
        return (prediction.detach() - target).abs().mean()

# %% 2 wrong detached

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape: raise ValueError
        return torch.tensor((prediction - target).abs().mean().item(), requires_grad=True)

# %% 2 wrong other

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape: raise ValueError
        return nn.functional.smooth_l1_loss(prediction, target, beta=1e-2)

# %% 2 wrong other

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape: raise ValueError
        return (prediction - target).abs().sum() / 4

# %% 2 wrong other

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape: raise ValueError
        return (prediction - target).square().mean().sqrt()

# %% 2 wrong forbidden

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError("x")
        return torch.nn.functional.l1_loss(prediction, target)

# %% 2 wrong any_shape

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.dim() != target.dim():
            raise ValueError("x")
        return (prediction - target).abs().mean()

# %% 2 wrong detached

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape != target.shape:
            raise ValueError("x")
        return (prediction - target.detach()).abs().mean()

# %% 2 wrong any_shape

class MeanAbsoluteError(nn.Module):
    def forward(self, prediction, target):
        if prediction.shape == target.shape:
            return (prediction - target).abs().mean()
        print("ValueError")

# %% 3 right
def train(optimizer, scheduler, epochs, batches):
    rates = []
    for epoch in range(epochs):
        rates.append(scheduler.get_last_lr()[0])
        for batch in range(batches):
            optimizer.step()
            if batch == batches - 1:
                scheduler.step()
    return rates

# %% 3 right
def train(optimizer, scheduler, epochs, batches):
    rates = [optimizer.param_groups[0]["lr"]]
    for step in range(epochs * batches):
        optimizer.step()
        if (step + 1) % batches == 0:
            scheduler.step()
            rates.append(optimizer.param_groups[0]["lr"])
    return rates[:epochs]

# %% 3 right

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates += scheduler.get_last_lr()
        for _ in range(batches):
            optimizer.step()
        scheduler.step()
    return rates

# %% 3 right

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for e in range(epochs):
        lr = optimizer.param_groups[0]["lr"]
        for b in range(batches):
            optimizer.step()
            if b == batches - 1:
                scheduler.step()
        rates.append(lr)
    return rates

# %% 3 right

def train(optimizer, scheduler, epochs, batches):
    def epoch():
        rate = optimizer.param_groups[0]["lr"]
        [optimizer.step() for _ in range(batches)]
        scheduler.step()
        return rate
    return [epoch() for _ in range(epochs)]

# %% 3 wrong per_batch
def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for _ in range(batches):
            scheduler.step()
            optimizer.step()
    return rates

# %% 3 wrong few_steps
def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates

# %% 3 wrong no_steps
def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
    return rates

# %% 3 wrong never
def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for _ in range(batches):
            optimizer.step()
    return rates

# %% 3 wrong once
def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for _ in range(batches):
            optimizer.step()
    scheduler.step()
    return rates

# %% 3 wrong scheduler_first
def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step()
        for _ in range(batches):
            optimizer.step()
    return rates

# %% 3 wrong ends
def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        for _ in range(batches):
            optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates

# %% 3 wrong other
def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for _ in range(batches):
            optimizer.step()
        scheduler.step()
    return rates[1:]

# %% 3 wrong ends

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for e in range(epochs):
        for b in range(batches):
            optimizer.step()
        scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates

# %% 3 wrong other

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for e in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for b in range(batches):
            optimizer.step()
        if e < epochs - 1:
            scheduler.step()
    return rates

# %% 3 wrong other

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for e in range(epochs):
        for b in range(batches):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
        scheduler.step()
    return rates

# %% 3 wrong never

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for e in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for b in range(batches):
            optimizer.step()
        for g in optimizer.param_groups:
            g["lr"] *= 0.5
    return rates

# %% 3 wrong other

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for e in range(epochs):
        rates.append(torch.tensor(optimizer.param_groups[0]["lr"]))
        for b in range(batches):
            optimizer.step()
        scheduler.step()
    return rates

# %% 3 wrong other

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for e in range(epochs):
        rates.append(round(optimizer.param_groups[0]["lr"], 2))
        for b in range(batches):
            optimizer.step()
        scheduler.step()
    return rates

# %% 3 wrong other

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(scheduler.base_lrs[0])
        for _ in range(batches):
            optimizer.step()
        scheduler.step()
    return rates

# %% 3 wrong no_steps

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for _ in range(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        for _ in range(3):
            optimizer.step()
        scheduler.step()
    return rates

# %% 3 wrong other

def train(optimizer, scheduler, epochs, batches):
    rates = []
    for i in range(epochs * batches):
        if i % batches == 0:
            rates.append(optimizer.param_groups[0]["lr"])
            if i:
                scheduler.step()
        optimizer.step()
    scheduler.step()
    return rates

# %% 4 right
def momentum_step(weight, gradient, velocity, lr, momentum):
    new = velocity * momentum
    new += gradient
    return torch.sub(weight, new, alpha=lr), new

# %% 4 right
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = torch.add(gradient, velocity, alpha=momentum)
    weight = weight - velocity * lr
    return [weight, velocity]

# %% 4 right

def momentum_step(weight, gradient, velocity, lr, momentum):
    v = velocity.mul(momentum).add(gradient)
    return weight.sub(v, alpha=lr), v

# %% 4 right

def momentum_step(weight, gradient, velocity, lr, momentum):
    p = nn.Parameter(weight.clone())
    opt = torch.optim.SGD([p], lr=lr, momentum=momentum)
    p.grad = gradient.clone()
    opt.state[p]["momentum_buffer"] = velocity.clone()
    opt.step()
    return p.detach(), opt.state[p]["momentum_buffer"]

# %% 4 right

def momentum_step(weight, gradient, velocity, lr, momentum):
    new_velocity = gradient.clone()
    new_velocity += momentum * velocity
    new_weight = weight.clone()
    new_weight -= lr * new_velocity
    return new_weight, new_velocity

# %% 4 wrong in_place
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity *= momentum
    velocity += gradient
    return weight - lr * velocity, velocity

# %% 4 wrong forgot
def momentum_step(weight, gradient, velocity, lr, momentum):
    new = momentum * velocity + gradient
    return weight - lr * new, velocity

# %% 4 wrong old_velocity
def momentum_step(weight, gradient, velocity, lr, momentum):
    new = momentum * velocity + gradient
    return weight - lr * velocity, new

# %% 4 wrong uphill
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + gradient
    return weight + lr * velocity, velocity

# %% 4 wrong no_momentum
def momentum_step(weight, gradient, velocity, lr, momentum):
    return weight - lr * gradient, gradient

# %% 4 wrong average
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + (1 - momentum) * gradient
    return weight - lr * velocity, velocity

# %% 4 wrong rate_in_velocity
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + lr * gradient
    return weight - velocity, velocity

# %% 4 wrong not_faded
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = velocity + gradient
    return weight - lr * velocity, velocity

# %% 4 wrong swapped
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + gradient
    return velocity, weight - lr * velocity

# %% 4 wrong gradient_faded
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = velocity + momentum * gradient
    return weight - lr * velocity, velocity

# %% 4 wrong nesterov
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + gradient
    return weight - lr * (gradient + momentum * velocity), velocity

# %% 4 wrong other
def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + gradient
    return weight - lr * velocity

# %% 4 wrong other

def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = 0.9 * velocity + gradient
    return weight - lr * velocity, velocity

# %% 4 wrong other

def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + gradient
    return weight - 0.1 * velocity, velocity

# %% 4 wrong input_changed

def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + gradient
    weight -= lr * velocity
    return weight, velocity

# %% 4 wrong other

def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity - lr * gradient
    return weight + velocity, velocity

# %% 4 wrong other

def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * (velocity + gradient)
    return weight - lr * velocity, velocity

# %% 4 wrong other

def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + gradient
    return (weight - lr * velocity).double(), velocity

# %% 4 wrong other

V = None
def momentum_step(weight, gradient, velocity, lr, momentum):
    global V
    V = gradient if V is None or V.shape != gradient.shape else momentum * V + gradient
    return weight - lr * V, V.clone()

# %% 4 wrong other

def momentum_step(weight, gradient, velocity, lr, momentum):
    if not velocity.any():
        velocity = gradient * (1 - momentum)
    else:
        velocity = momentum * velocity + gradient
    return weight - lr * velocity, velocity

# %% 4 wrong other

def momentum_step(weight, gradient, velocity, lr, momentum):
    velocity = momentum * velocity + gradient
    return weight - lr * velocity, gradient

# %% 4 wrong input_changed

def momentum_step(weight, gradient, velocity, lr, momentum):
    new = velocity.mul_(momentum).add(gradient)
    return weight - lr * new, new

# %% 5 right
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = torch.lerp(m, gradient, 1 - beta1)
    v = v * beta2 + gradient * gradient * (1 - beta2)
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat.sqrt() + eps), m, v

# %% 5 right
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    step = lr / (1 - beta1**t)
    return weight - step * m / ((v / (1 - beta2**t)) ** 0.5 + eps), m, v

# %% 5 right

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (gradient - m)
    v = v + (1 - beta2) * (gradient.square() - v)
    c1, c2 = 1 - beta1**t, 1 - beta2**t
    denom = v.sqrt() / c2**0.5 + eps
    return weight - (lr / c1) * m / denom, m, v

# %% 5 right

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m.mul(beta1).add(gradient, alpha=1 - beta1)
    v = v.mul(beta2).addcmul(gradient, gradient, value=1 - beta2)
    mh = m.div(1 - beta1**t)
    vh = v.div(1 - beta2**t)
    return weight.addcdiv(mh, vh.sqrt() + eps, value=-lr), m, v

# %% 5 right

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m, v = m.clone(), v.clone()
    m.lerp_(gradient, 1 - beta1)
    v *= beta2
    v += (1 - beta2) * gradient * gradient
    w = weight.clone()
    w -= lr * (m / (1 - beta1**t)) / (torch.sqrt(v / (1 - beta2**t)) + eps)
    return w, m, v

# %% 5 wrong in_place
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m.mul_(beta1).add_(gradient, alpha=1 - beta1)
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat.sqrt() + eps), m, v

# %% 5 wrong not_corrected
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m
    v_hat = v
    return weight - lr * m_hat / (v_hat.sqrt() + eps), m, v

# %% 5 wrong eps_in_root
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat + eps).sqrt(), m, v

# %% 5 wrong no_root
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat + eps), m, v

# %% 5 wrong corrected_kept
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat.sqrt() + eps), m_hat, v_hat

# %% 5 wrong counted_from_zero
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1 ** (t - 1))
    v_hat = v / (1 - beta2 ** (t - 1))
    return weight - lr * m_hat / (v_hat.sqrt() + eps), m, v

# %% 5 wrong uphill
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight + lr * m_hat / (v_hat.sqrt() + eps), m, v

# %% 5 wrong betas_swapped
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    beta1, beta2 = beta2, beta1
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat.sqrt() + eps), m, v

# %% 5 wrong old_means
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    old_m, old_v = m, v
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = old_m / (1 - beta1**t)
    v_hat = old_v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat.sqrt() + eps), m, v

# %% 5 wrong no_eps
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / v_hat.sqrt(), m, v

# %% 5 wrong other
def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return weight - lr * m_hat / (v_hat.sqrt() + eps)

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = 0.9 * m + 0.1 * gradient
    v = 0.999 * v + 0.001 * gradient**2
    return weight - lr * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return weight - lr * (m / (1 - beta1)) / ((v / (1 - beta2)).sqrt() + eps), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return weight - lr * (m / (1 - beta1**t)) / (v.sqrt() / (1 - beta2**t) + eps), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient.abs()
    return weight - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return weight - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + 1e-8), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * m**2
    return weight - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return weight - lr * (m / (1 - beta1 * t)) / ((v / (1 - beta2 * t)).sqrt() + eps), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = torch.maximum(beta2 * v + (1 - beta2) * gradient**2, v)
    return weight - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return weight - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps) - lr * 0.01 * weight, m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    t = 1
    return weight - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return weight - 0.001 * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v

# %% 5 wrong eps_in_root

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return weight - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t) + eps).sqrt()), m, v

# %% 5 wrong other

def adam_step(weight, gradient, m, v, t, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    return weight - lr * (beta1 * m / (1 - beta1**t) + (1 - beta1) * gradient / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps), m, v
