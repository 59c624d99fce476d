# %% [markdown]
"""
Under the hood: modules, autograd, compile
==========================================

**About 80 minutes.** You need autograd from lesson 2 and the tools of lesson 9.
After this lesson you can

- write ``nn.Module`` yourself, and say what it finds and what it overlooks;
- give autograd a function of your own, and test its derivatives, the second too;
- train through a step that has no slope;
- trade time for memory: gradient accumulation and checkpointing;
- say why a compiled net compiles again, what low precision costs, and what is slow.

Nothing in PyTorch is magic. You build the parts yourself here, each in a few lines, and
compare with the real ones. The lesson takes about 20 seconds on one core.
"""

# %%

import math
import os
import time
import warnings

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.profiler import ProfilerActivity, profile, record_function
from torch.utils.checkpoint import checkpoint

from torchtour.lessons import headline

torch.set_num_threads(1)  # sharing tensors this small costs more than it saves

# %% [markdown]
# nn.Module in forty lines
# ------------------------
#
# What does ``nn.Module`` do for you? When you write ``self.fc1 = nn.Linear(...)``, it
# notices, and files the layer under its name. ``parameters()``, ``state_dict()``,
# ``train()`` and ``eval()`` then walk through all that is filed. That is nearly all.
#
# ``__setattr__`` is the method that Python calls for ``self.name = value``.

# %%


class Module:
    def __init__(self):
        for name in ("_parameters", "_buffers", "_modules", "_hooks"):
            object.__setattr__(self, name, {})  # past our own __setattr__
        self.training = True

    def __setattr__(self, name, value):
        if isinstance(value, nn.Parameter):
            self._parameters[name] = value
        elif isinstance(value, Module):
            self._modules[name] = value
        elif name in self._buffers:
            self._buffers[name] = value
        object.__setattr__(self, name, value)

    def register_buffer(self, name, tensor):
        self._buffers[name] = tensor
        object.__setattr__(self, name, tensor)

    def named_modules(self, prefix=""):
        yield prefix, self
        for name, module in self._modules.items():
            yield from module.named_modules(prefix + name + ".")

    def named_parameters(self):
        for prefix, module in self.named_modules():
            for name, parameter in module._parameters.items():
                yield prefix + name, parameter

    def state_dict(self):
        return {
            prefix + name: tensor.detach()
            for prefix, module in self.named_modules()
            for name, tensor in (module._parameters | module._buffers).items()
        }

    def load_state_dict(self, state):
        own = self.state_dict()
        if own.keys() != state.keys():
            raise RuntimeError(f"names differ: {sorted(own.keys() ^ state.keys())}")
        for name, tensor in own.items():
            tensor.copy_(state[name])  # a detached tensor shares its memory

    def train(self, mode=True):
        for _, module in self.named_modules():
            module.training = mode
        return self

    def eval(self):
        return self.train(False)

    def register_forward_hook(self, hook):
        self._hooks[hook] = hook

    def __call__(self, *inputs):
        output = self.forward(*inputs)
        for hook in self._hooks:
            hook(self, inputs, output)
        return output


# %% [markdown]
# Now three modules on top of it: a linear layer, a batch norm with its buffers, and a
# net of both. They look like the ones you know.

# %%


class Linear(Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        limit = 1 / math.sqrt(n_in)
        self.weight = nn.Parameter(torch.empty(n_out, n_in).uniform_(-limit, limit))
        self.bias = nn.Parameter(torch.empty(n_out).uniform_(-limit, limit))

    def forward(self, x):
        return x @ self.weight.T + self.bias


class BatchNorm(Module):
    def __init__(self, n):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n))
        self.bias = nn.Parameter(torch.zeros(n))
        self.register_buffer("running_mean", torch.zeros(n))
        self.register_buffer("running_var", torch.ones(n))

    def forward(self, x):
        mean, variance = self.running_mean, self.running_var
        if self.training:
            mean, variance = x.mean(dim=0), x.var(dim=0, correction=0)
            with torch.no_grad():
                self.running_mean.lerp_(mean, 0.1)
                self.running_var.lerp_(x.var(dim=0), 0.1)
        return (x - mean) / (variance + 1e-5).sqrt() * self.weight + self.bias


class Net(Module):
    def __init__(self):
        super().__init__()
        self.fc1 = Linear(4, 16)
        self.norm = BatchNorm(16)
        self.fc2 = Linear(16, 3)

    def forward(self, x):
        return self.fc2(self.norm(self.fc1(x)).relu())


class TorchNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 16)
        self.norm = nn.BatchNorm1d(16)
        self.fc2 = nn.Linear(16, 3)

    def forward(self, x):
        return self.fc2(self.norm(self.fc1(x)).relu())


_ = torch.manual_seed(0)
ours, theirs = Net(), TorchNet()
headline("Our own module")
print("parameters:", [name for name, _ in ours.named_parameters()])
print("and in state_dict:", [name for name in ours.state_dict() if "running" in name])

# %% [markdown]
# Both nets get the same weights and are trained side by side with torch's own
# optimizer. It can't tell them apart.

# %%

weights = {
    name: tensor.clone()
    for name, tensor in theirs.state_dict().items()
    if not name.endswith("num_batches_tracked")  # a counter that we left out
}
ours.load_state_dict(weights)

x, labels = torch.randn(60, 4), torch.randint(3, (60,))
for net in (ours, theirs):
    parameters = [parameter for _, parameter in net.named_parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    for _ in range(20):
        loss = cross_entropy(net(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

seen = []
ours.fc1.register_forward_hook(lambda module, inputs, output: seen.append(output.shape))
difference = (ours.eval()(x) - theirs.eval()(x)).abs().max().item()
headline("After 20 steps")
print("same outputs:", difference < 1e-4, "and the hook saw", list(seen[0]))

# %% checks

assert difference < 1e-4
now = theirs.state_dict()
for name, tensor in ours.state_dict().items():
    torch.testing.assert_close(tensor, now[name], atol=1e-4, rtol=1e-4)
assert now.keys() - ours.state_dict().keys() == {"norm.num_batches_tracked"}
assert not ours.norm.training
assert [name for name, _ in ours.named_parameters()] == [
    name for name, _ in theirs.named_parameters()
]
assert len(seen) == 1

# %% [markdown]
# What goes wrong: what the module can't see
# ------------------------------------------
#
# A module finds what is set on it by name. It does not look into a list, and a plain
# tensor is neither a parameter nor a buffer. ``nn.ModuleList`` and ``register_buffer``
# are made for that.

# %%


class Overlooked(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(4, 4), nn.Linear(4, 3)]
        self.mean = torch.tensor([1.0, 2.0, 3.0, 4.0])


class Noticed(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 3)])
        self.register_buffer("mean", torch.tensor([1.0, 2.0, 3.0, 4.0]))


headline("Parameters, entries of state_dict, dtype of the mean after .double()")
for net in (Overlooked(), Noticed()):
    counts = len(list(net.parameters())), len(net.state_dict())
    print(type(net).__name__, *counts, net.double().mean.dtype)

# %% [markdown]
# The optimizer would train nothing, the file would hold nothing, and ``.to("cuda")``
# would leave the tensors behind. There is no message.

# %% checks

assert len(list(Overlooked().parameters())) == len(Overlooked().state_dict()) == 0
assert len(list(Noticed().parameters())) == 2 * 2
assert Noticed().state_dict().keys() - {"mean"} == {
    f"layers.{i}.{name}" for i in (0, 1) for name in ("weight", "bias")
}

# %% [markdown]
# A function of your own
# ----------------------
#
# Autograd knows the derivative of each of torch's operations. With
# ``torch.autograd.Function`` you add one: ``forward`` computes and saves what
# ``backward`` will need, ``backward`` multiplies the gradient that arrives by the
# derivative.
#
# Here is a reason to. log(1 + exp(x)) overflows for large x, and then its gradient is
# NaN. The derivative is simply the sigmoid of x.

# %%


class Softplus(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0) + (-x.abs()).exp().log1p()  # the same, without overflow

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * torch.sigmoid(x)


headline("The slope of log(1 + exp(x)) at 100")
x = torch.tensor(100.0, requires_grad=True)
naive = torch.autograd.grad((1 + x.exp()).log(), x)[0].item()
own = torch.autograd.grad(Softplus.apply(x), x)[0].item()
print("naive:", naive, "own:", own)

# %% [markdown]
# Is a ``backward`` right? ``gradcheck`` compares it with differences, as you did in
# lesson 2. ``gradgradcheck`` does the same for the second derivative. Both need
# ``float64``: the differences are tiny, and ``float32`` has too few digits for them.
#
# What goes wrong: it is tempting to save the sigmoid in ``forward`` and save time. The
# first derivative stays right. The second is silently wrong, because for autograd the
# saved sigmoid is a constant.

# %%


class SavesTheSlope(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(torch.sigmoid(x))
        return x.clamp(min=0) + (-x.abs()).exp().log1p()

    @staticmethod
    def backward(ctx, gradient):
        (slope,) = ctx.saved_tensors
        return gradient * slope


def passes(check, function):
    """Whether a check of torch finds the derivatives right at five places."""
    places = torch.tensor([-3.0, -1.0, 0.5, 1.0, 4.0], dtype=torch.float64)
    try:
        return check(function.apply, places.requires_grad_())
    except (RuntimeError, AssertionError):
        return False


headline("First and second derivative right?")
for function in (Softplus, SavesTheSlope):
    first = passes(torch.autograd.gradcheck, function)
    second = passes(torch.autograd.gradgradcheck, function)
    print(f"{function.__name__:13} {first!s:5} {second}")

# %% checks

assert math.isnan(naive)
assert own == 1
places = torch.linspace(-5, 5, 11, dtype=torch.float64, requires_grad=True)
(slope,) = torch.autograd.grad(Softplus.apply(places).sum(), places, create_graph=True)
(curve,) = torch.autograd.grad(slope.sum(), places)
sigmoid = 1 / (1 + (-places.detach()).exp())
torch.testing.assert_close(slope.detach(), sigmoid)
torch.testing.assert_close(curve, sigmoid * (1 - sigmoid))
torch.testing.assert_close(Softplus.apply(places), nn.functional.softplus(places))
assert passes(torch.autograd.gradcheck, SavesTheSlope)
assert not passes(torch.autograd.gradgradcheck, SavesTheSlope)

# %% [markdown]
# Through a step without slope
# ----------------------------
#
# Suppose each weight must be a multiple of 0.25, because the chip has no others.
# Rounding is a staircase: its slope is 0 almost everywhere, so no gradient comes
# through, and nothing learns.
#
# The *straight-through estimator* rounds on the way forward, and on the way back acts
# as if it had not. One line does it: x plus a constant, the difference to the rounded
# x.

# %%


def rounded(x):
    return (x * 4).round() / 4


def straight_through(x):
    return x + (rounded(x) - x).detach()


def fit(through, steps=200):
    """Find w with through(w) = target by gradient descent from 0."""
    target = torch.tensor([0.9, -0.3, 0.55])
    w = torch.zeros(3, requires_grad=True)
    for _ in range(steps):
        loss = (through(w) - target).square().sum()
        (gradient,) = torch.autograd.grad(loss, w)
        with torch.no_grad():
            w -= 0.02 * gradient
    return through(w).tolist()


headline("Multiples of 0.25 for 0.9, -0.3 and 0.55")
print("plain rounding:  ", fit(rounded))
print("straight through:", fit(straight_through))

# %% [markdown]
# The gradient is not the true one. The true one is 0, and useless. This one points
# where the weight should go. Nets in 8 bits are trained with it.

# %% checks

assert fit(rounded) == [0, 0, 0]
for value, goal in zip(fit(straight_through), (0.9, -0.3, 0.55), strict=True):
    assert abs(value - goal) <= 0.25  # one of the two neighbours
    assert value * 4 == round(value * 4)
one = torch.tensor(0.6, requires_grad=True)
assert torch.autograd.grad(straight_through(one), one)[0] == 1
assert torch.autograd.grad(rounded(one), one)[0] == 0

# %% [markdown]
# Gradient accumulation
# ---------------------
#
# A batch of 100 does not fit into memory? ``backward`` adds to the gradients, so call
# it for four batches of 25 and step once. The loss is a mean, so each part counts by
# its share of the whole batch.

# %%

_ = torch.manual_seed(0)
net = nn.Sequential(nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 3))
inputs, labels = torch.randn(100, 20), torch.randint(3, (100,))


def gradient_of(parts, weigh=True):
    """The gradient of the first layer after a backward for each part."""
    net.zero_grad()
    for part in parts:
        loss = cross_entropy(net(inputs[part]), labels[part])
        if weigh:
            loss = loss * len(part) / 100
        loss.backward()
    return net[0].weight.grad.clone()


rows = torch.arange(100)
whole = gradient_of([rows])
headline("Length of the gradient, relative to that of the whole batch")
for name, accumulated in {
    "four parts of 25, weighted": gradient_of(rows.split(25)),
    "30, 30, 30 and 10, weighted": gradient_of(rows.split(30)),
    "four parts, weights forgotten": gradient_of(rows.split(25), weigh=False),
}.items():
    print(f"{name:30} {accumulated.norm() / whole.norm():.2f}")

# %% [markdown]
# Forgetting the weights multiplies the learning rate by four. And batch norm is the
# exception: it takes its means over each part, so four parts are not one batch.

# %% checks

for size in (25, 30, 1):
    torch.testing.assert_close(
        gradient_of(rows.split(size)), whole, atol=1e-6, rtol=1e-4
    )
torch.testing.assert_close(
    gradient_of(rows.split(25), weigh=False), 4 * whole, atol=1e-6, rtol=1e-4
)

# %% [markdown]
# Checkpointing
# -------------
#
# (Not the files of lesson 5. The same word for another thing.) ``backward`` needs the
# results of the forward pass, so autograd keeps them all. In deep nets they take far
# more memory than the weights. ``checkpoint(block, x)`` keeps only x, and runs the
# block a second time when ``backward`` gets there: less memory, more time.

# %%

deep = nn.Sequential(
    *(
        nn.Sequential(nn.Linear(64, 256), nn.GELU(), nn.Linear(256, 64))
        for _ in range(8)
    )
)
n_runs = 0


def count_run(module, inputs):
    global n_runs
    n_runs += 1


for block in deep:
    _ = block.register_forward_pre_hook(count_run)  # before each forward pass


def through(x, keep_all):
    """Returns the gradient of the first weight, bytes kept for backward, runs."""
    global n_runs
    n_runs, kept = 0, {}

    def pack(tensor):  # autograd calls it for each tensor that it keeps
        kept[tensor.data_ptr()] = tensor.nbytes
        return tensor

    deep.zero_grad()
    weights = {weight.data_ptr() for weight in deep.parameters()}
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        for block in deep:
            x = block(x) if keep_all else checkpoint(block, x, use_reentrant=False)
        loss = x.square().mean()
    n_bytes = sum(size for place, size in kept.items() if place not in weights)
    loss.backward()
    return deep[0][0].weight.grad.clone(), n_bytes, n_runs


x = torch.randn(500, 64, requires_grad=True)
plain_gradient, plain_bytes, plain_runs = through(x, keep_all=True)
saved_gradient, saved_bytes, saved_runs = through(x, keep_all=False)
headline("Eight blocks")
print("forward runs of a block, without and with:", plain_runs, saved_runs)
print(f"kept for backward: {saved_bytes / plain_bytes:.0%} of what it was")

# %% checks

torch.testing.assert_close(saved_gradient, plain_gradient)
assert (plain_runs, saved_runs) == (8, 16)
assert saved_bytes < 0.3 * plain_bytes
assert saved_bytes >= 500 * 64 * 4
assert plain_bytes > 5 * sum(weight.nbytes for weight in deep.parameters())

# %% [markdown]
# Why a compiled net compiles again
# ---------------------------------
#
# ``torch.compile`` (lesson 9) records a graph for the inputs that it sees, with
# *guards*: conditions under which the graph holds. If one fails, it compiles again, and
# each time costs seconds. The backend here only counts.

# %%

n_compiled = 0


def counting(graph, example_inputs):
    global n_compiled
    n_compiled += 1
    return graph.forward


def compilations(function, *calls):
    """How often it was compiled, after each call."""
    global n_compiled
    torch.compiler.reset()
    n_compiled, after = 0, []
    compiled = torch.compile(function, backend=counting)
    for arguments in calls:
        compiled(*arguments)
        after.append(n_compiled)
    return after


layer = nn.Linear(4, 3)
headline("Compilations after each call")
sizes = [(torch.ones(n, 4),) for n in (5, 5, 6, 7, 8)]
print("batches of 5, 5, 6, 7, 8:", compilations(layer, *sizes))

# %% [markdown]
# The first time a size changes, torch compiles again and leaves that size open from
# then on. ``dynamic=True`` does so at once. That is harmless. This isn't:

# %%


class CountsSteps(nn.Module):
    """A Python number that changes in each call."""

    def __init__(self):
        super().__init__()
        self.step = 0

    def forward(self, x):
        self.step += 1
        return x * self.step


class CountsInABuffer(nn.Module):
    """The same number, in a tensor."""

    def __init__(self):
        super().__init__()
        self.register_buffer("step", torch.zeros(()))

    def forward(self, x):
        self.step += 1
        return x * self.step


calls = [(torch.ones(3),)] * 6
headline("Compilations after each of six calls")
print("a Python number:", compilations(CountsSteps(), *calls))
print("a buffer:       ", compilations(CountsInABuffer(), *calls))

# %% [markdown]
# After eight graphs of one function torch gives up, and runs it without compiling.
# ``TORCH_LOGS=recompiles`` in the environment prints the guard that failed, each time.
#
# How long does it take? With the usual backend, here is the time of seven calls. The
# batch size changes at the fourth call and at the sixth. (Times differ from run to run,
# so they are in a picture and not in print.)

# %%

mlp = nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 10))
batches = [torch.randn(n, 64) for n in (50, 50, 50, 60, 60, 70, 70)]
torch.compiler.reset()
seconds, outputs = [], []
headline("Compiled by inductor")
try:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # about torch's own old code
        compiled = torch.compile(mlp)
        for batch in batches:
            start = time.perf_counter()
            outputs.append(compiled(batch))
            seconds.append(time.perf_counter() - start)
    print("compiled, with the same result")
except RuntimeError:  # of one kind or another
    outputs, seconds = [mlp(batch) for batch in batches], []
    print("skipped: this machine has no working C++ compiler")

# %% checks

assert compilations(layer, *sizes) == [1, 1, 2, 2, 2]
assert compilations(CountsSteps(), *calls) == [1, 2, 3, 4, 5, 6]
assert compilations(CountsInABuffer(), *calls) == [1] * 6
assert torch._dynamo.config.recompile_limit == 8
for batch, output in zip(batches, outputs, strict=True):
    torch.testing.assert_close(output, mlp(batch), atol=1e-5, rtol=1e-4)
if seconds:
    assert seconds[0] > 20 * seconds[2]  # compiling costs more than many calls
    assert seconds[3] > 20 * seconds[4]

# %% plot

figure, axes = plt.subplots(figsize=(6, 3.5), layout="constrained")
if seconds:
    axes.bar(range(1, 8), [1000 * s for s in seconds], color="#0072B2")
axes.set(title="Time of seven calls of a compiled net", xlabel="call", yscale="log")
axes.set_ylabel("milliseconds")

# %% [markdown]
# Fewer bits: TF32 and bfloat16
# -----------------------------
#
# A ``float32`` has 8 bits for its size and 23 for its digits. *bfloat16* keeps the 8
# and cuts the digits to 7. *TF32* has 10, and exists only inside the matrix units of
# NVIDIA's GPUs. You can make both from a ``float32`` by rounding its last bits away, on
# any machine.

# %%


def with_digits(x, n_bits):
    """Round float32 to n_bits digits after the leading one, ties to even."""
    bits, cut = x.view(torch.int32), 23 - n_bits
    half = (1 << (cut - 1)) - 1 + ((bits >> cut) & 1)
    return ((bits + half) >> cut << cut).view(torch.float32)


_ = torch.manual_seed(0)
a, b = torch.randn(200, 500), torch.randn(500, 200)
exact = a.double() @ b.double()
headline("Typical error of a matrix product, relative to its size")
errors = {}
for name, n_bits in {"TF32": 10, "bfloat16": 7}.items():
    product = with_digits(a, n_bits).double() @ with_digits(b, n_bits).double()
    errors[name] = ((product - exact).std() / exact.std()).item()
errors["float32"] = ((a @ b - exact).std() / exact.std()).item()
for name, error in sorted(errors.items(), key=lambda item: item[1]):
    print(f"{name:8} below {10.0 ** math.ceil(math.log10(error)):g}")

# %% [markdown]
# *On a GPU.* ``torch.set_float32_matmul_precision("high")`` allows TF32 for products of
# ``float32`` matrices, in one line. For bfloat16 use autocast (lesson 9). Weights, sums
# and losses stay in ``float32``.

# %% checks

numbers = torch.cat([a.flatten(), torch.tensor([1.0, 257.0, 1e-30, 1e30])])
assert torch.equal(with_digits(numbers, 7), numbers.bfloat16().float())
tf32 = with_digits(numbers, 10)
assert ((tf32 / numbers - 1).abs() <= 2.0**-11).all()
assert errors["float32"] < 1e-5 < errors["TF32"] < errors["bfloat16"]
assert 4 < errors["bfloat16"] / errors["TF32"] < 16  # three bits: a factor of 8

# %% [markdown]
# Find the bottleneck, then fix it
# --------------------------------
#
# This training is slow. Where? Guess first. Then let the profiler (lesson 9) say which
# of four named parts takes the most time.

# %%


def noisy_copy(batch):
    """Each picture with its own random brightness, picture by picture."""
    result = torch.empty_like(batch)
    for i in range(len(batch)):
        result[i] = (batch[i] * torch.rand(1).item()).clamp(0, 1)
    return result


def noisy_copy_at_once(batch):
    """The same for the whole batch."""
    return (batch * torch.rand(len(batch), 1)).clamp(0, 1)


def train(change, steps=20):
    """Returns the weights, and the share of the time in each named part."""
    _ = torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    pictures, answers = torch.rand(500, 64), torch.randint(10, (500,))
    net.train()
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        for _ in range(steps):
            with record_function("augment"):
                batch = change(pictures)
            with record_function("forward"):
                loss = cross_entropy(net(batch), answers)
            with record_function("backward"):
                optimizer.zero_grad()
                loss.backward()
            with record_function("step"):
                optimizer.step()
    parts = ("augment", "forward", "backward", "step")
    events = {event.key: event.cpu_time_total for event in profiled.key_averages()}
    total = sum(events[part] for part in parts)
    return net[0].weight, {part: events[part] / total for part in parts}


os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # no log lines of the profiler itself
slow_weight, slow_shares = train(noisy_copy)
fast_weight, fast_shares = train(noisy_copy_at_once)

headline("The largest part")
print("before:", max(slow_shares, key=slow_shares.get))
print("more than half of the time:", slow_shares["augment"] > 0.5)
print("after, more than half:     ", fast_shares["augment"] > 0.5)

# %% [markdown]
# The net was never the problem. Five hundred small calls from Python were, and each
# ``item()`` on top. Two rules: make one call for the whole batch, and measure before
# and after, with the same result.

# %% checks

assert slow_shares["augment"] > 0.5 > fast_shares["augment"]
_ = torch.manual_seed(0)
one_by_one = noisy_copy(torch.ones(50, 64))
_ = torch.manual_seed(0)
torch.testing.assert_close(noisy_copy_at_once(torch.ones(50, 64)), one_by_one)
torch.testing.assert_close(fast_weight, slow_weight, atol=1e-4, rtol=1e-3)

# %% [markdown]
# Challenge: twice as fast
# ------------------------
#
# Write a training script for the conv net of lesson 11 that takes half the time on your
# machine and reaches the same test accuracy, as the mean of three seeds. Keep a table:
# what you changed, the time before and after, and at least two changes that did
# nothing.

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - A module files what you set on it by name; lists and plain tensors it overlooks.
# - Test your own ``backward`` with gradcheck, and gradgradcheck if it is used twice.
# - Straight-through: round forwards, pass the gradient backwards.
# - Accumulate to make batches larger, checkpoint to keep less, at the price of time.
# - Changing Python numbers recompile; profile before you optimise.
#
# This was the last lesson. You have built by hand what you use every day.
