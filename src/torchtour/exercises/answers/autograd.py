# Answers to the tasks of lesson 2, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
grad_after_two = 24

# %% 1 right
grad_after_two = "24.0"

# %% 1 right
grad_after_two = torch.tensor(24.0)

# %% 1 wrong overwritten
grad_after_two = 12.0

# %% 1 wrong cube
grad_after_two = 8

# %% 1 wrong squared
grad_after_two = 144

# %% 1 wrong second
grad_after_two = 36

# %% 1 wrong other
grad_after_two = "None"

# %% 1 wrong syntax
grad_after_two = (24.0

# %% 2 right
grad_half_watched = 4

# %% 2 right
grad_half_watched = 3 + 1

# %% 2 right

grad_half_watched = torch.tensor(4.0)

# %% 2 wrong watched
grad_half_watched = 7.0

# %% 2 wrong first_only
grad_half_watched = 3.0

# %% 2 wrong cut_off
grad_half_watched = 1.0

# %% 2 wrong y_itself
grad_half_watched = 12.0

# %% 2 wrong other

grad_half_watched = 9.0

# %% 3 right
def slope(function, at):
    return torch.autograd.functional.jacobian(function, torch.tensor(float(at))).item()

# %% 3 right
def slope(function, at):
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (d,) = torch.autograd.grad(function(x), x)
    return float(d)

# %% 3 right
def slope(function, at):
    x = torch.tensor([float(at)]).requires_grad_()
    function(x).sum().backward()
    return x.grad[0].item()

# %% 3 right

def slope(function, at):
    return torch.func.grad(function)(torch.tensor(float(at))).item()

# %% 3 right

def slope(function, at):
    x = torch.tensor(at * 1.0, requires_grad=True)
    y = function(x)
    y.backward()
    return float(x.grad)

# %% 3 right

def slope(function, at):
    x = torch.tensor(at).float()
    x.requires_grad = True
    return torch.autograd.grad(function(x), [x])[0].item()

# %% 3 right

def slope(function, at):
    x = torch.tensor([float(at)], requires_grad=True)
    y = function(x)
    return torch.autograd.grad(y, x, torch.ones_like(y))[0].item()

# %% 3 right

def slope(function, at):
    with torch.enable_grad():
        x = torch.full((), float(at), dtype=torch.float64, requires_grad=True)
        function(x).backward()
    return x.grad.numpy().item()

# %% 3 wrong value
def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)
    z = function(x)
    z.backward()
    return z.item()

# %% 3 wrong power
def slope(function, at):
    return 3.0 * at**2

# %% 3 wrong tensor
def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)
    function(x).backward()
    return x.grad

# %% 3 wrong difference
def slope(function, at):
    x = torch.tensor(float(at), dtype=torch.float64)
    return ((function(x + 1e-3) - function(x - 1e-3)) / 2e-3).item()

# %% 3 wrong not_watched
def slope(function, at):
    x = torch.tensor(float(at))
    function(x).backward()
    return x.grad.item()

# %% 3 wrong whole_number
def slope(function, at):
    x = torch.tensor(at, requires_grad=True)
    function(x).backward()
    return x.grad.item()

# %% 3 wrong other
def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)
    function(x).backward()
    x.grad.item()

# %% 3 wrong missing
def steepness(function, at):
    return 10.0

# %% 3 wrong kind
slope = 10.0

# %% 3 wrong error
def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)
    function(x).backwards()
    return x.grad.item()

# %% 3 wrong difference

def slope(function, at, h=1e-6):
    x = torch.tensor(at, dtype=torch.float64)
    return ((function(x + h) - function(x)) / h).item()

# %% 3 wrong other

def slope(function, at):
    x = torch.tensor(5.0, requires_grad=True)
    function(x).backward()
    return x.grad.item()

# %% 3 wrong other

def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)
    function(x).backward()
    return round(x.grad.item(), 2)

# %% 3 wrong other

def slope(function, at):
    x = torch.tensor(float(int(at)), requires_grad=True)
    function(x).backward()
    return x.grad.item()

# %% 3 wrong other

def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)
    function(x).backward()
    function(x).backward()
    return x.grad.item()

# %% 3 wrong other

def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)
    function(x).backward()
    return abs(x.grad.item())

# %% 3 wrong other

X = torch.tensor(0.0, requires_grad=True)
def slope(function, at):
    with torch.no_grad():
        X.fill_(float(at))
    function(X).backward()
    return X.grad.item()

# %% 3 wrong difference

import numpy as np
def slope(function, at):
    eps = 1e-5
    x = torch.tensor(float(at), dtype=torch.float64)
    return float((-function(x + 2 * eps) + 8 * function(x + eps) - 8 * function(x - eps) + function(x - 2 * eps)) / (12 * eps))

# %% 3 wrong other

def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)
    function(x).backward()
    return int(x.grad)

# %% 3 wrong other

def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)
    y = function(x)
    y.backward()
    return (y / x).item()

# %% 4 right
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        x.grad = None
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        path.append(x.item())
    return path

# %% 4 right
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.SGD([x], lr=lr)
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        ((x - 3) ** 2).backward()
        optimizer.step()
        path.append(x.item())
    return path

# %% 4 right
def descend(start, steps, lr=0.1):
    x, path = start, []
    for _ in range(steps):
        x = torch.tensor(x, requires_grad=True)
        ((x - 3) ** 2).backward()
        x = (x - lr * x.grad).item()
        path.append(x)
    return path

# %% 4 right

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        (grad,) = torch.autograd.grad((x - 3) ** 2, x)
        x = (x - lr * grad).detach().requires_grad_()
        path.append(float(x))
    return path

# %% 4 right

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        x.data = x.data - lr * x.grad
        x.grad = None
        path.append(x.item())
    return path

# %% 4 right

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        if x.grad is not None:
            x.grad.zero_()
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x.sub_(x.grad, alpha=lr)
        path.append(x.tolist())
    return path

# %% 4 right

def descend(start, steps, lr=0.1):
    path = []
    x = start
    for _ in range(steps):
        x = x - lr * 2 * (x - 3)
        path.append(x)
    return path

# %% 4 right

def descend(start, steps, lr=0.1):
    x = torch.nn.Parameter(torch.tensor(float(start)))
    opt = torch.optim.SGD([x], lr=lr)
    def step():
        opt.zero_grad()
        (x - 3).pow(2).backward()
        opt.step()
        return x.item()
    return [step() for _ in range(steps)]

# %% 4 wrong not_zeroed
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        path.append(x.item())
    x.grad.zero_()
    return path

# %% 4 wrong uphill
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x += lr * x.grad
            x.grad.zero_()
        path.append(x.item())
    return path

# %% 4 wrong still
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        x.grad.zero_()
        with torch.no_grad():
            x -= lr * x.grad
        path.append(x.item())
    return path

# %% 4 wrong late
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        path.append(x.item())
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()
    return path

# %% 4 wrong start
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = [x.item()]
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()
        path.append(x.item())
    return path

# %% 4 wrong no_leaf
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x = x - lr * x.grad
        path.append(x.item())
    return path

# %% 4 wrong in_place
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        x -= lr * x.grad
        x.grad.zero_()
        path.append(x.item())
    return path

# %% 4 wrong none
def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        x.grad.zero_()
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        path.append(x.item())
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x -= 0.1 * x.grad
        x.grad.zero_()
        path.append(x.item())
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()
        path.append(x)
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()
        path.append(round(x.item(), 3))
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for i in range(steps):
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x -= lr * x.grad / (i + 1)
        path.append(x.item())
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(1.0, requires_grad=True)
    path = []
    for _ in range(steps):
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()
        path.append(x.item())
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x -= lr * x.grad.sign()
        x.grad.zero_()
        path.append(x.item())
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(6):
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()
        path.append(x.item())
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        ((x - 3) ** 2).backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()
        path.append(x.item())
    return torch.tensor(path)

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    lr = 0.1
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
            x.grad = None
        path.append(x.item())
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad *= 0.5
        path.append(x.item())
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=lr)
    path = []
    for _ in range(steps):
        optimizer.zero_grad()
        ((x - 3) ** 2).backward()
        optimizer.step()
        path.append(x.item())
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()
        path.append(x.item())
        if abs(x.item() - 3) < 0.5:
            break
    return path

# %% 4 wrong other

def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()
        path.append(loss.item())
    return path

# %% 4 wrong other
def descend(start, steps, lr=0.1):
    """The value of x after each step, as a list of ``steps`` numbers."""
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad = None
        path.append(x.item())
        if abs(x.item() - 3) < 1e-3:
            break
    return path

# %% 5 right
def line_step(w, b, x, y, lr):
    loss = torch.nn.functional.mse_loss(w * x + b, y)
    loss.backward()
    with torch.no_grad():
        result = w - lr * w.grad, b - lr * b.grad
    w.grad = b.grad = None
    return result

# %% 5 right
def line_step(w, b, x, y, lr):
    w, b = w.detach(), b.detach()
    error = w * x + b - y
    return [w - lr * 2 * (error * x).mean(), b - lr * 2 * error.mean()]

# %% 5 right

def line_step(w, b, x, y, lr):
    loss = torch.mean((w * x + b - y) ** 2)
    grads = torch.autograd.grad(loss, [w, b])
    return tuple((p - lr * g).detach() for p, g in zip((w, b), grads))

# %% 5 right

def line_step(w, b, x, y, lr):
    w2 = w.clone().detach().requires_grad_(True)
    b2 = b.clone().detach().requires_grad_(True)
    ((w2 * x + b2 - y) ** 2).mean().backward()
    with torch.no_grad():
        w2 -= lr * w2.grad
        b2 -= lr * b2.grad
    return w2.detach(), b2.detach()

# %% 5 right

def line_step(w, b, x, y, lr):
    new_w, new_b = (p.detach().clone().requires_grad_() for p in (w, b))
    opt = torch.optim.SGD([new_w, new_b], lr=lr)
    torch.nn.functional.mse_loss(new_w * x + new_b, y).backward()
    opt.step()
    return new_w.detach(), new_b.detach()

# %% 5 right

def line_step(w, b, x, y, lr):
    with torch.no_grad():
        r = w * x + b - y
        n = len(x)
        return w - lr * 2 / n * (r * x).sum(), b - lr * 2 / n * r.sum()

# %% 5 right

def line_step(w, b, x, y, lr):
    f = lambda w, b: ((w * x + b - y) ** 2).mean()
    gw, gb = torch.func.grad(f, argnums=(0, 1))(w.detach(), b.detach())
    return w.detach() - lr * gw, b.detach() - lr * gb

# %% 5 wrong uphill
def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    return (w + lr * dw).detach(), (b + lr * db).detach()

# %% 5 wrong summed
def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().sum(), (w, b))
    return (w - lr * dw).detach(), (b - lr * db).detach()

# %% 5 wrong one_after_the_other
def line_step(w, b, x, y, lr):
    (dw,) = torch.autograd.grad((w * x + b - y).square().mean(), w)
    w = w.detach() - lr * dw
    (db,) = torch.autograd.grad((w * x + b - y).square().mean(), b)
    return w, b.detach() - lr * db

# %% 5 wrong swapped
def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    return (b - lr * db).detach(), (w - lr * dw).detach()

# %% 5 wrong gradients
def line_step(w, b, x, y, lr):
    return torch.autograd.grad((w * x + b - y).square().mean(), (w, b))

# %% 5 wrong changed
def line_step(w, b, x, y, lr):
    (w * x + b - y).square().mean().backward()
    with torch.no_grad():
        w -= lr * w.grad
        b -= lr * b.grad
    return w.detach(), b.detach()

# %% 5 wrong watched
def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    return w - lr * dw, b - lr * db

# %% 5 wrong leftover
def line_step(w, b, x, y, lr):
    (w * x + b - y).square().mean().backward()
    with torch.no_grad():
        return w - lr * w.grad, b - lr * b.grad

# %% 5 wrong other
def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    return (w - lr * dw).item()

# %% 5 wrong other

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    with torch.no_grad():
        return w - 0.1 * dw, b - 0.1 * db

# %% 5 wrong other

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).abs().mean(), (w, b))
    with torch.no_grad():
        return w - lr * dw, b - lr * db

# %% 5 wrong other

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean() / 2, (w, b))
    with torch.no_grad():
        return w - lr * dw, b - lr * db

# %% 5 wrong other

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    with torch.no_grad():
        return (w - lr * dw).item(), (b - lr * db).item()

# %% 5 wrong other

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    with torch.no_grad():
        return w - lr * dw, b

# %% 5 wrong watched

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    return (w - lr * dw).detach().requires_grad_(), (b - lr * db).detach().requires_grad_()

# %% 5 wrong changed

def line_step(w, b, x, y, lr):
    w.requires_grad_(False); b.requires_grad_(False)
    e = w * x + b - y
    return w - lr * 2 * (e * x).mean(), b - lr * 2 * e.mean()

# %% 5 wrong other

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    with torch.no_grad():
        return (w - lr * dw).double(), (b - lr * db).double()

# %% 5 wrong changed

def line_step(w, b, x, y, lr):
    loss = ((w * x + b - y) ** 2).mean()
    loss.backward()
    w.data -= lr * w.grad
    b.data -= lr * b.grad
    return w, b

# %% 5 wrong other

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    return (w.detach() - lr * dw / len(x), b.detach() - lr * db / len(x))

# %% 5 wrong other

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x - y).square().mean() + (w * x + b - y).sum() * 0, (w, b))
    return (w.detach() - lr * dw, b.detach() - lr * db)

# %% 5 wrong other

def line_step(w, b, x, y, lr):
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    return torch.stack([w.detach() - lr * dw, b.detach() - lr * db]).unsqueeze(1).unbind()

# %% 5 wrong input_changed

def line_step(w, b, x, y, lr):
    x -= x.mean()
    dw, db = torch.autograd.grad((w * x + b - y).square().mean(), (w, b))
    return (w.detach() - lr * dw, b.detach() - lr * db)

# %% 6 right
def product(self, other):
    result = Value(self.data * other.data, (self, other))

    def pass_on():
        self.grad = self.grad + result.grad * other.data
        other.grad = other.grad + result.grad * self.data

    result.pass_on = pass_on
    return result

Value.__mul__ = product

# %% 6 right
def product(self, other):
    result = Value(self.data * other.data, (self, other))

    def pass_on():
        for one, factor in ((self, other.data), (other, self.data)):
            one.grad += factor * result.grad

    result.pass_on = pass_on
    return result

Value.__mul__ = product

# %% 6 right

class Value:
    def __init__(self, data, made_of=()):
        self.data, self.made_of = data, made_of
        self.grad = 0.0
        self.pass_on = lambda: None

    def __add__(self, other):
        result = Value(self.data + other.data, (self, other))
        def pass_on():
            self.grad += result.grad
            other.grad += result.grad
        result.pass_on = pass_on
        return result

    def __mul__(self, other):
        result = Value(self.data * other.data, (self, other))
        def pass_on():
            self.grad = self.grad + other.data * result.grad
            other.grad = other.grad + self.data * result.grad
        result.pass_on = pass_on
        return result

    def backward(self):
        order, seen = [], set()
        def visit(v):
            if id(v) not in seen:
                seen.add(id(v))
                [visit(e) for e in v.made_of]
                order.append(v)
        visit(self)
        self.grad = 1.0
        for v in order[::-1]:
            v.pass_on()

# %% 6 wrong own_data
def product(self, other):
    result = Value(self.data * other.data, (self, other))

    def pass_on():
        self.grad += self.data * result.grad
        other.grad += other.data * result.grad

    result.pass_on = pass_on
    return result

Value.__mul__ = product

# %% 6 wrong as_sum
def product(self, other):
    result = Value(self.data * other.data, (self, other))

    def pass_on():
        self.grad += result.grad
        other.grad += result.grad

    result.pass_on = pass_on
    return result

Value.__mul__ = product

# %% 6 wrong chain
def product(self, other):
    result = Value(self.data * other.data, (self, other))

    def pass_on():
        self.grad += other.data
        other.grad += self.data

    result.pass_on = pass_on
    return result

Value.__mul__ = product

# %% 6 wrong overwritten
def product(self, other):
    result = Value(self.data * other.data, (self, other))

    def pass_on():
        self.grad = other.data * result.grad
        other.grad = self.data * result.grad

    result.pass_on = pass_on
    return result

Value.__mul__ = product

# %% 6 wrong exit
raise SystemExit

# %% 6 wrong other

def product(self, other):
    result = Value(self.data * other.data, (self, other))
    def pass_on():
        self.grad += other.data * result.grad
    result.pass_on = pass_on
    return result
Value.__mul__ = product

# %% 6 wrong overwritten

def product(self, other):
    result = Value(self.data * other.data, (self, other))
    def pass_on():
        self.grad += other.data * result.grad
        other.grad = self.data * result.grad
    result.pass_on = pass_on
    return result
Value.__mul__ = product

# %% 6 wrong other

def product(self, other):
    result = Value(self.data * other.data, (self, other))
    def pass_on():
        self.grad += result.data * result.grad
        other.grad += result.data * result.grad
    result.pass_on = pass_on
    return result
Value.__mul__ = product

# %% 6 wrong other

def product(self, other):
    result = Value(self.data * other.data, (self, other))
    def pass_on():
        self.grad += other.data * self.grad
        other.grad += self.data * other.grad
    result.pass_on = pass_on
    return result
Value.__mul__ = product

# %% 6 wrong other

def product(self, other):
    result = Value(self.data * other.data, (self, other))
    def pass_on():
        self.grad += other.data * result.grad
        other.grad += self.data * result.grad
        result.grad = 0.0
    pass_on()
    return result
Value.__mul__ = product

# %% 6 wrong other

def product(self, other):
    result = Value(self.data * other.data)
    def pass_on():
        self.grad += other.data * result.grad
        other.grad += self.data * result.grad
    result.pass_on = pass_on
    return result
Value.__mul__ = product

# %% 6 wrong other

def product(self, other):
    result = Value(self.data * other.data, (self, other))
    def pass_on():
        if self is other:
            self.grad += 2 * self.data
        else:
            self.grad += other.data * result.grad
            other.grad += self.data * result.grad
    result.pass_on = pass_on
    return result
Value.__mul__ = product

# %% 6 wrong other

def product(self, other):
    result = Value(self.data * other.data, (self, other))
    def pass_on():
        self.grad += abs(other.data) * result.grad
        other.grad += abs(self.data) * result.grad
    result.pass_on = pass_on
    return result
Value.__mul__ = product

# %% 6 wrong other

def product(self, other):
    result = Value(self.data + other.data, (self, other))
    def pass_on():
        self.grad += other.data * result.grad
        other.grad += self.data * result.grad
    result.pass_on = pass_on
    return result
Value.__mul__ = product

# %% 6 wrong error
class Value:
    def __init__(self, data, made_of=()):
        self.data, self.made_of = data, made_of
        self.grad = 0.0
        self.pass_on = lambda: None
    def __add__(self, other):
        result = Value(self.data + other.data, (self, other))
        def pass_on():
            self.grad += result.grad
            other.grad += result.grad
        result.pass_on = pass_on
        return result
    def __mul__(self, other):
        result = Value(self.data * other.data, (self, other))
        def pass_on():
            self.grad += result.grad * result.data / self.data
            other.grad += result.grad * result.data / other.data
        result.pass_on = pass_on
        return result
    def backward(self):
        order = []
        def visit(value):
            if value not in order:
                for earlier in value.made_of:
                    visit(earlier)
                order.append(value)
        visit(self)
        self.grad = 1.0
        for value in reversed(order):
            value.pass_on()
