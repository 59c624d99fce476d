# Answers to the tasks of lesson 15, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
n_found = 2 + 1

# %% 1 right
n_found = "3"

# %% 1 right
n_found = torch.tensor(3)

# %% 1 wrong with_list
n_found = 7

# %% 1 wrong with_scale
n_found = 4

# %% 1 wrong everything
n_found = 8

# %% 1 wrong numbers
n_found = 11

# %% 1 wrong layer_as_one
n_found = 2

# %% 1 wrong other
n_found = 6

# %% 2 right
def accumulate(net, features, labels, size):
    net.zero_grad()
    for start in range(0, len(labels), size):
        logits = net(features[start : start + size])
        loss = cross_entropy(logits, labels[start : start + size], reduction="sum")
        (loss / len(labels)).backward()

# %% 2 right
def accumulate(net, features, labels, size):
    for weight in net.parameters():
        weight.grad = None
    for rows in torch.arange(len(labels)).split(size):
        loss = cross_entropy(net(features[rows]), labels[rows])
        loss.backward(torch.tensor(len(rows) / len(labels)))

# %% 2 right
def accumulate(net, features, labels, size):
    net.zero_grad(set_to_none=False)
    total = 0.0
    for x, y in zip(features.split(size), labels.split(size)):
        total = total + cross_entropy(net(x), y) * len(y)
    (total / len(labels)).backward()

# %% 2 wrong not_weighted
def accumulate(net, features, labels, size):
    net.zero_grad()
    for x, y in zip(features.split(size), labels.split(size), strict=True):
        cross_entropy(net(x), y).backward()

# %% 2 wrong all_alike
def accumulate(net, features, labels, size):
    net.zero_grad()
    parts = [*zip(features.split(size), labels.split(size), strict=True)]
    for x, y in parts:
        (cross_entropy(net(x), y) / len(parts)).backward()

# %% 2 wrong not_zeroed
def accumulate(net, features, labels, size):
    for x, y in zip(features.split(size), labels.split(size), strict=True):
        (cross_entropy(net(x), y) * len(y) / len(labels)).backward()

# %% 2 wrong zeroed_each_time
def accumulate(net, features, labels, size):
    for x, y in zip(features.split(size), labels.split(size), strict=True):
        net.zero_grad()
        (cross_entropy(net(x), y) * len(y) / len(labels)).backward()

# %% 2 wrong summed
def accumulate(net, features, labels, size):
    net.zero_grad()
    for x, y in zip(features.split(size), labels.split(size), strict=True):
        cross_entropy(net(x), y, reduction="sum").backward()

# %% 2 wrong last_missing
def accumulate(net, features, labels, size):
    net.zero_grad()
    for start in range(0, len(labels) - size + 1, size):
        y = labels[start : start + size]
        (cross_entropy(net(features[start : start + size]), y) * len(y) / len(labels)).backward()

# %% 2 wrong at_once
def accumulate(net, features, labels, size):
    net.zero_grad()
    cross_entropy(net(features), labels).backward()

# %% 2 wrong other
def accumulate(net, features, labels, size):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    optimizer.zero_grad()
    for x, y in zip(features.split(size), labels.split(size)):
        (cross_entropy(net(x), y) * len(y) / len(labels)).backward()
    optimizer.step()

# %% 3 right
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 3 * x.square() * gradient

# %% 3 right
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(x):
        return x**3

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 3 * ctx.saved_tensors[0] ** 2

# %% 3 right
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.pow(3)

    @staticmethod
    def backward(ctx, gradient):
        x = ctx.saved_tensors[0]
        return torch.mul(gradient, x * x) * 3

# %% 3 wrong slope_saved
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(3 * x.square())
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]

# %% 3 wrong no_chain
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 3 * x**2

# %% 3 wrong no_factor
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * x**2

# %% 3 wrong wrong_power
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * 3 * x

# %% 3 wrong second_first
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * 6 * x

# %% 3 wrong slope_saved
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * 3 * x.detach() ** 2

# %% 3 wrong other
class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3
    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient.detach() * 3 * x**2

# %% 3 wrong other
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(6 * x)
        return 3 * x**2
    @staticmethod
    def backward(ctx, gradient):
        return gradient * ctx.saved_tensors[0]

class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3
    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * Square.apply(x)

# %% 4 right
def quantised(x, step, limit):
    low = x.clamp(min=-limit, max=limit)
    return low - low.detach() + (low.detach() / step).round() * step

# %% 4 right
def quantised(x, step, limit):
    class Round(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return ((x / step).round() * step).clamp(-limit, limit)

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return gradient * (x.abs() <= limit)

    return Round.apply(x)

# %% 4 right
def quantised(x, step, limit):
    target = (torch.round(x.detach() / step) * step).clamp(-limit, limit)
    inside = (x.detach().abs() <= limit).to(x.dtype)
    return target + inside * (x - x.detach())

# %% 4 wrong no_gradient
def quantised(x, step, limit):
    return (x.clamp(-limit, limit) / step).round() * step

# %% 4 wrong passes_beyond
def quantised(x, step, limit):
    return x + ((x.clamp(-limit, limit) / step).round() * step - x).detach()

# %% 4 wrong not_cut
def quantised(x, step, limit):
    return x + ((x / step).round() * step - x).detach()

# %% 4 wrong not_rounded
def quantised(x, step, limit):
    return x.clamp(-limit, limit)

# %% 4 wrong whole_numbers
def quantised(x, step, limit):
    cut = x.clamp(-limit, limit)
    return cut + (cut.round() - cut).detach()

# %% 4 wrong in_steps
def quantised(x, step, limit):
    cut = x.clamp(-limit, limit) / step
    return cut + (cut.round() - cut).detach()

# %% 4 wrong downwards
def quantised(x, step, limit):
    cut = x.clamp(-limit, limit)
    return cut + ((cut / step).floor() * step - cut).detach()

# %% 4 wrong one_side
def quantised(x, step, limit):
    cut = x.clamp(max=limit)
    return cut + ((cut / step).round() * step - cut).detach()
