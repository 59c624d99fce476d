# %%
# torchtour exercises: autograd

if __name__ == "__main__":
    from torchtour.command.check import check_itself

    check_itself()

import torch

# %% [markdown]
# Task 1: Backward twice

# %%
# The derivative of x^3 is 3x^2, here 12, and the second backward adds another 12.
grad_after_two = 24.0

# %% [markdown]
# Task 2: Half watched

# %%
# The detached x counts as the number 3: the derivative of 3 * x + x is 4.
grad_half_watched = 4.0

# %% [markdown]
# Task 3: The slope of any function

# %%


def slope(function, at):
    x = torch.tensor(float(at), requires_grad=True)  # whole numbers have no gradient
    function(x).backward()
    return x.grad.item()


# %% [markdown]
# Task 4: The descent that never arrives

# %%


def descend(start, steps, lr=0.1):
    x = torch.tensor(start, requires_grad=True)
    path = []
    for _ in range(steps):
        loss = (x - 3) ** 2
        loss.backward()
        with torch.no_grad():
            x -= lr * x.grad
        x.grad.zero_()  # this line was missing: backward adds to x.grad
        path.append(x.item())
    return path


# %% [markdown]
# Task 5: One step for a line

# %%


def line_step(w, b, x, y, lr):
    loss = (w * x + b - y).square().mean()
    dw, db = torch.autograd.grad(loss, (w, b))  # leaves nothing in w.grad
    with torch.no_grad():
        return w - lr * dw, b - lr * db


# %% [markdown]
# Task 6: Your own autograd

# %%


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
            self.grad += other.data * result.grad
            other.grad += self.data * result.grad

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
