# %% [markdown]
"""
Further
=======

**About 50 minutes.** You need lessons 4 and 6. Read the sections in any order.
After this lesson you can

- choose an optimizer, a schedule and a learning rate by measuring;
- write a loop that runs on any device, in mixed precision if you like;
- compile a net, profile it, and look inside it with hooks;
- find the operation that made a NaN;
- make two runs equal.

This lesson is a toolbox. Each section is a tool that you will meet in real projects,
with a small measurement that shows what it does, on the CPU. A paragraph "On a GPU"
says what changes there.
"""

# %%

import math
import os
import warnings

import matplotlib.pyplot as plt
import torch
from torch.nn.functional import cross_entropy
from torch.profiler import ProfilerActivity, profile, record_function

from torchtour.lessons import headline
from torchtour.network import SimpleNet
from torchtour.problems import spiral

torch.set_num_threads(1)  # sharing tensors this small costs more than it saves

# %% [markdown]
# AdamW
# -----
#
# Lesson 8 added weight decay to the gradient. Adam divides the gradient by its usual
# size, and so divides the decay away as well. *AdamW* leaves the gradient alone and
# shrinks the weight directly, by learning rate times decay. That is why it, and not
# Adam, is the usual choice today.
#
# One weight, 2.0, with the gradient 0.3. The first step of Adam is as long as the
# learning rate, 0.1, whatever the gradient is.

# %%


def first_step(optimizer_class, weight_decay):
    weight = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    optimizer = optimizer_class([weight], lr=0.1, weight_decay=weight_decay)
    (0.3 * weight).backward()
    optimizer.step()
    return weight.item()


headline("One step from 2.0, without and with weight decay 0.5")
for optimizer_class in (torch.optim.Adam, torch.optim.AdamW):
    steps = [first_step(optimizer_class, decay) for decay in (0.0, 0.5)]
    print(f"{optimizer_class.__name__:5} {steps[0]:.4f} {steps[1]:.4f}")

# %% [markdown]
# Adam takes no notice of the decay. AdamW first shrinks 2.0 by 0.1 * 0.5 of itself, to
# 1.9, and then makes its step.

# %% checks

assert math.isclose(first_step(torch.optim.Adam, 0.0), 2.0 - 0.1, abs_tol=1e-8)
assert math.isclose(first_step(torch.optim.Adam, 0.5), 2.0 - 0.1, abs_tol=1e-8)
by_hand = 2.0 * (1 - 0.1 * 0.5) - 0.1 * 0.3 / (0.3 + 1e-8)
assert math.isclose(first_step(torch.optim.AdamW, 0.5), by_hand, abs_tol=1e-12)

# %% [markdown]
# Cosine instead of stairs
# ------------------------
#
# StepLR falls in stairs, and you choose their number and height. *Cosine annealing*
# falls smoothly to zero along half a cosine wave, and you choose only the number of
# steps, which you know anyway.

# %%


def rates(make_scheduler, steps=40):
    """The learning rate of each step, starting from 0.1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    scheduler = make_scheduler(optimizer)
    used = []
    for _ in range(steps):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return used


schedulers = torch.optim.lr_scheduler
cosine = rates(lambda optimizer: schedulers.CosineAnnealingLR(optimizer, T_max=40))
stairs = rates(lambda optimizer: schedulers.StepLR(optimizer, step_size=15, gamma=0.1))

headline("Learning rate of the steps 1, 11, 21, 31 and 40")
for name, used in {"cosine": cosine, "stairs": stairs}.items():
    print(name, " ".join(f"{used[step]:.4f}" for step in (0, 10, 20, 30, 39)))

# %% checks

for step, rate in enumerate(cosine):
    assert math.isclose(rate, 0.1 * (1 + math.cos(math.pi * step / 40)) / 2)
for step, rate in enumerate(stairs):
    assert math.isclose(rate, 0.1 * 0.1 ** (step // 15))

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(cosine, color="#0072B2", label="CosineAnnealingLR")
axes.step(range(40), stairs, "--", where="post", color="#D55E00", label="StepLR")
axes.set(title="Learning rate by cosine and by stairs", xlabel="step")
axes.set_ylabel("learning rate")
axes.legend()

# %% [markdown]
# Which is better?
# ----------------
#
# The only fair comparison gives each side its own learning rate. Take a hard problem,
# two spirals wound into each other, and train the same net with both pairs at three
# rates. (``float64``, so that you see the same digits.)

# %%

generator = torch.Generator().manual_seed(0)
points, labels = spiral(1000, generator)  # [1000, 2], [1000]
new_points, new_labels = spiral(2000, generator)
points, new_points = points.double(), new_points.double()


def train(make_optimizer, make_scheduler, epochs=40):
    """The net after so many epochs in batches of 200, and its mean loss in each."""
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 64, 2).double()
    optimizer = make_optimizer(net.parameters())
    scheduler = make_scheduler(optimizer)
    losses = []
    for _ in range(epochs):
        total = 0.0
        for batch in torch.randperm(1000).split(200):
            loss = cross_entropy(net(points[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()  # once an epoch, as both are set up below
        losses.append(total / 5)
    return net, losses


def accuracy(net):
    """On the new points."""
    with torch.no_grad():
        return (net(new_points).argmax(dim=1) == new_labels).double().mean().item()


def sgd_and_stairs(lr):
    return train(
        lambda weights: torch.optim.SGD(weights, lr=lr, momentum=0.9),
        lambda optimizer: schedulers.StepLR(optimizer, step_size=15, gamma=0.1),
    )


def adamw_and_cosine(lr):
    return train(
        lambda weights: torch.optim.AdamW(weights, lr=lr),
        lambda optimizer: schedulers.CosineAnnealingLR(optimizer, T_max=40),
    )


headline("Accuracy on new points of the spirals after 40 epochs")
results = {}
for lr in (0.01, 0.1, 1.0):
    results["sgd", lr] = sgd_and_stairs(lr)
    print(f"SGD and StepLR,   rate {lr:4}: {accuracy(results['sgd', lr][0]):4.0%}")
for lr in (0.001, 0.01, 0.1):
    results["adamw", lr] = adamw_and_cosine(lr)
    print(f"AdamW and cosine, rate {lr:5}: {accuracy(results['adamw', lr][0]):4.0%}")

# %% [markdown]
# Each pair does badly at one rate and well at another, and the best rates differ. Both
# at 0.1, they are 12 points apart; each at its own best rate, only 3. A comparison at
# one rate is mostly a comparison of rates.
#
# The check trains once more with each pair at 0.1, and all the rules written out.

# %% checks


def losses_by_hand(pair):
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 64, 2).double()
    parts = list(net.parameters())
    means, squares = ([torch.zeros_like(part) for part in parts] for _ in range(2))
    losses = []
    for epoch in range(40):
        rate = 0.1 * 0.1 ** (epoch // 15)
        if pair == "adamw":
            rate = 0.1 * (1 + math.cos(math.pi * epoch / 40)) / 2
        for batch in torch.randperm(1000).split(200):
            loss = cross_entropy(net(points[batch]), labels[batch])
            slopes = torch.autograd.grad(loss, parts)
            losses.append(loss.item())
            with torch.no_grad():
                for part, m, v, slope in zip(
                    parts, means, squares, slopes, strict=True
                ):
                    if pair == "sgd":
                        part -= rate * m.mul_(0.9).add_(slope)
                        continue
                    m.lerp_(slope, 0.1)
                    v.lerp_(slope**2, 0.001)
                    spread = (v / (1 - 0.999 ** len(losses))).sqrt()
                    part.mul_(1 - rate * 0.01)  # AdamW's own decay
                    part -= rate * m / (1 - 0.9 ** len(losses)) / (spread + 1e-8)
    return torch.tensor(losses).view(40, 5).mean(dim=1)


for pair in ("sgd", "adamw"):
    seen = torch.tensor(results[pair, 0.1][1])
    torch.testing.assert_close(seen, losses_by_hand(pair), rtol=1e-4, atol=1e-5)

by_pair = {
    pair: [accuracy(net) for (name, _), (net, _) in results.items() if name == pair]
    for pair in ("sgd", "adamw")
}
assert all(max(reached) - min(reached) > 0.15 for reached in by_pair.values())
assert max(by_pair["adamw"]) > 0.95
at_one_rate = by_pair["adamw"][2] - by_pair["sgd"][1]  # both at 0.1
assert at_one_rate > 2 * (max(by_pair["adamw"]) - max(by_pair["sgd"]))

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
dashes = dict(zip((0.001, 0.01, 0.1, 1.0), (":", "-.", "-", "--"), strict=True))
for (pair, lr), (_, losses) in results.items():
    colour = "#D55E00" if pair == "sgd" else "#0072B2"
    axes.plot(losses, dashes[lr], color=colour, label=f"{pair}, rate {lr}")
axes.set(title="Training loss of both pairs at three rates", xlabel="epoch")
axes.set(ylabel="cross-entropy", ylim=(0, 0.9))
axes.legend(fontsize="small", ncols=2)

# %% [markdown]
# A learning rate range test
# --------------------------
#
# Do you have to train a net for each rate? No: raise the rate a little in every step,
# from far too small to far too large, and watch the loss. While it is too small,
# nothing happens. Then the loss falls, and at last it explodes. A good first choice is
# a tenth of the rate at which the loss is lowest. Lightning has it as
# ``Tuner.lr_find``.

# %%


def range_test(low=1e-5, high=10.0, steps=100):
    """The rate of each step and the loss before it, smoothed and as it is."""
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 64, 2).double()
    optimizer = torch.optim.AdamW(net.parameters(), lr=low)
    tried, losses, rough, smooth = [], [], [], None
    while len(tried) < steps:
        for batch in torch.randperm(1000).split(100):
            rate = low * (high / low) ** (len(tried) / (steps - 1))
            optimizer.param_groups[0]["lr"] = rate
            loss = cross_entropy(net(points[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            smooth = loss.item() if smooth is None else 0.8 * smooth + 0.2 * loss.item()
            tried.append(rate)
            losses.append(smooth)
            rough.append(loss.item())
    return tried, losses, rough


tried, range_losses, rough_losses = range_test()
lowest = min(range(100), key=range_losses.__getitem__)
suggested = tried[lowest] / 10

headline("Range test of AdamW: 100 steps, rates from 0.00001 to 10")
print(f"lowest loss at a rate of {tried[lowest]:.2f}, so try {suggested:.3f}")
suggested_accuracy = accuracy(adamw_and_cosine(suggested)[0])
print(f"accuracy with that rate: {suggested_accuracy:.0%}")

# %% checks

assert math.isclose(tried[0], 1e-5)
assert math.isclose(tried[-1], 10)
assert math.isclose(tried[51] / tried[50], (10 / 1e-5) ** (1 / 99))
for step in (1, 10, 99):  # a mean in which each loss counts 0.8 times the next
    weights = [0.8**step, *(0.2 * 0.8 ** (step - past) for past in range(1, step + 1))]
    mean = sum(w * loss for w, loss in zip(weights, rough_losses, strict=False))
    assert math.isclose(range_losses[step], mean)
assert range_losses[lowest] < 0.9 * range_losses[0]
assert range_losses[-1] > 2 * range_losses[lowest]
assert suggested_accuracy > min(by_pair["adamw"]) + 0.1

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(tried, range_losses, color="#0072B2", label="smoothed loss")
axes.axvline(tried[lowest], color="#D55E00", linestyle="--", label="lowest")
axes.axvline(suggested, color="black", linestyle=":", label="a tenth of it")
axes.set(xscale="log", ylim=(0, 2), xlabel="learning rate", ylabel="cross-entropy")
axes.set_title("Learning rate range test: the loss as the rate rises")
axes.legend()

# %% [markdown]
# One loop for every device
# -------------------------
#
# A loop for any device differs in two places: the net goes to the device once, each
# batch goes there in the loop. The first line below takes a GPU where there is one.
# This lesson then goes on with the CPU, to show the same on every machine.

# %%

best_device = torch.accelerator.current_accelerator() or torch.device("cpu")
device = torch.device("cpu")  # instead of best_device


def train_on(device, points, labels, epochs=2):
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 64, 2).to(device)  # first the net ...
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)  # ... then its optimizer
    total = torch.zeros((), device=device)
    for _ in range(epochs):
        total.zero_()
        for rows in torch.randperm(1000).split(100):
            batch, answers = points[rows].to(device), labels[rows].to(device)
            loss = cross_entropy(net(batch), answers)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()  # stays on the device
    return net, total.item() / 10  # one number comes back


headline("Two epochs on the CPU")
net, mean_loss = train_on(device, points.float(), labels)
print(f"mean loss: {mean_loss:.2f}")
print("devices of the weights:", {str(weight.device) for weight in net.parameters()})

# %% [markdown]
# *On a GPU.* ``loss.item()`` makes the CPU wait for the GPU; in every step that costs
# time, so the loop adds the losses up on the device.
# ``DataLoader(..., pin_memory=True)`` and ``to(device, non_blocking=True)`` let copying
# and computing overlap. Losses differ from the CPU's in the last digits.
#
# What goes wrong first is a batch left behind. The *meta* device, whose tensors have a
# shape and no numbers, stands in for a GPU here.

# %%

headline("A net on one device, a batch on another")
refusal = ""
try:
    SimpleNet(2, 64, 2).to("meta")(points[:5].float())
except RuntimeError as error:
    refusal = str(error)
print(refusal)

# %% checks

tensor = torch.ones(3)
assert tensor.to(device) is tensor  # already there: nothing is copied
weights = list(net.parameters())
assert all(a is b for a, b in zip(weights, net.to(device).parameters(), strict=True))
assert "meta" in refusal
assert "cpu" in refusal
assert 0 < mean_loss < math.log(2)

# %% [markdown]
# Mixed precision
# ---------------
#
# ``bfloat16`` takes 16 bits: the range of ``float32``, but only 8 bits of precision,
# about two to three decimal digits. Products of large matrices in it are several times
# faster on hardware made for it, and take half the memory.
#
# *Autocast* uses it where that is safe. Linear layers compute in ``bfloat16``. The
# weights, their gradients and the loss stay in ``float32``. You wrap the forward pass
# and the loss, nothing else.

# %%


def train_mixed(lr, epochs):
    """What ``train`` does with AdamW and a cosine, but in mixed precision."""
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 64, 2)
    optimizer = torch.optim.AdamW(net.parameters(), lr=lr)
    scheduler = schedulers.CosineAnnealingLR(optimizer, T_max=epochs)
    features, losses = points.float(), []
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(1000).split(200):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = net(features[rows])
                loss = cross_entropy(logits, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        losses.append(total / 5)
    dtypes = (logits.dtype, net.fc1.weight.dtype, net.fc1.weight.grad.dtype, loss.dtype)
    return net.double(), losses, dtypes


mixed_net, mixed_losses, dtypes = train_mixed(lr=0.1, epochs=40)
full_net, full_losses = results["adamw", 0.1]  # the same training in float64

headline("Mixed precision")
for name, dtype in zip(("logits", "weight", "gradient", "loss"), dtypes, strict=True):
    print(f"{name:8} {dtype}")
print(f"first epoch: mean loss {mixed_losses[0]:.2f}, in float64 {full_losses[0]:.2f}")
as_accurate = abs(accuracy(mixed_net) - accuracy(full_net)) < 0.03
print(f"after {len(mixed_losses)} epochs: as accurate as in float64: {as_accurate}")

# %% [markdown]
# Why not everything in 16 bits? Because small changes vanish. Count to a thousand in
# ``bfloat16``:

# %%

headline("A thousand times plus one")
count = torch.zeros((), dtype=torch.bfloat16)
for _ in range(1000):
    count += 1
print("in bfloat16:", count.item())
print("0.00000001 in float16:", torch.tensor(1e-8).half().item())

# %% [markdown]
# With 8 bits of precision the next number after 256 is 258, so 256 + 1 is rounded back
# to 256. A weight that gets a thousand tiny steps stands still for the same reason.
#
# *On a GPU.* Use ``torch.autocast("cuda", dtype=torch.bfloat16)``; this is where it
# pays. GPUs without bfloat16 take ``float16``. That one has little range: gradients
# below 0.00000003 become zero, so ``torch.amp.GradScaler`` multiplies the loss by a
# large number before ``backward`` and divides the gradients again before the step.

# %% checks

assert dtypes == (torch.bfloat16, torch.float32, torch.float32, torch.float32)
assert math.isclose(mixed_losses[0], full_losses[0], abs_tol=0.002)
assert mixed_losses[0] != full_losses[0]
assert len(mixed_losses) == len(full_losses)
assert as_accurate
assert count == 2**8
assert (
    torch.finfo(torch.bfloat16).eps == 2.0**-7
)  # the gap after 1: seven bits behind the point
assert torch.finfo(torch.bfloat16).max > 0.99 * torch.finfo(torch.float32).max
scaled = (torch.tensor(1e-8) * 2**16).half()  # what GradScaler does
assert math.isclose(scaled.float().item() / 2**16, 1e-8, rel_tol=1e-3)

# %% [markdown]
# torch.compile
# -------------
#
# Python calls torch one operation at a time. ``torch.compile`` first records the
# operations of a function as a *graph*, and then hands the graph to a *backend*, which
# makes faster code of it. A backend is a function too. This one only looks at the graph
# and runs it as it is.

# %%

graphs = []


def look(graph, example_inputs):
    calls = [node.target for node in graph.graph.nodes if node.op.startswith("call")]
    graphs.append([getattr(target, "__name__", target) for target in calls])
    return graph.forward


net = SimpleNet(2, 10, 2)
batch = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
recorded = torch.compile(net, backend=look)(batch)

headline("The graph of SimpleNet")
print(graphs[0])


def with_a_question(x):
    y = x * 2
    if y.sum() > 0:  # Python must know the answer
        return y + 1
    return y - 1


torch.compile(with_a_question, backend=look)(torch.ones(3))
headline("The graphs of a function with an if in the middle")
print(graphs[1], graphs[2])

# %% [markdown]
# Where Python needs a number, the graph breaks in two, and each break costs speed. So
# keep ``item()``, ``print`` and questions about values out of the forward pass.
# ``fullgraph=True`` makes a break an error.

# %% checks

assert torch.equal(recorded, net(batch))
assert len(graphs) == 3  # one of the net, two of the function
assert torch.compile(with_a_question, backend=look)(-torch.ones(3)).tolist() == [-3] * 3
torch.compiler.reset()
refused = False
try:
    torch.compile(with_a_question, backend=look, fullgraph=True)(torch.ones(3))
except RuntimeError:
    refused = True
assert refused

# %% [markdown]
# The usual backend, *inductor*, writes C++ (for a GPU: Triton) and needs a compiler.
# The first call takes seconds, so it pays for nets that run for minutes.

# %%


def roughly_gelu(x):
    return x * torch.sigmoid(1.702 * x)


headline("Compiled by inductor")
try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about torch's own old code
        compiled = torch.compile(roughly_gelu)(batch)
    print("compiled, with the same result")
except RuntimeError:  # of one kind or another
    compiled = roughly_gelu(batch)
    print("skipped: this machine has no working C++ compiler")

# %% checks

torch.testing.assert_close(compiled, roughly_gelu(batch))
expected = [x / (1 + math.exp(-1.702 * x)) for x in batch.flatten().tolist()]
torch.testing.assert_close(roughly_gelu(batch).flatten(), torch.tensor(expected))

# %% [markdown]
# *On a GPU.* The gain is larger: the backend joins small operations into one kernel,
# and ``mode="reduce-overhead"`` replays whole sequences without Python.
#
# The profiler
# ------------
#
# Never guess what is slow. The *profiler* lists every operation with its number of
# calls and its time. Here are the calls of three steps of training. Times differ from
# run to run, so the lesson leaves them out:
# ``print(profiled.key_averages().table(sort_by="cpu_time_total"))`` shows them.

# %%

optimizer = torch.optim.SGD(net.parameters())
os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # no log lines of the profiler itself
with profile(activities=[ProfilerActivity.CPU]) as profiled:
    for _ in range(3):
        with record_function("forward"):
            loss = cross_entropy(net(batch), torch.zeros(5, dtype=torch.long))
        loss.backward()
        optimizer.step()

calls = {event.key: event.count for event in profiled.key_averages()}
headline("Calls in three steps")
for name in ("forward", "aten::addmm", "aten::relu", "AddmmBackward0"):
    print(f"{name:15} {calls[name]}")

# %% [markdown]
# Two linear layers make six calls of ``addmm``, the matrix product with a bias, in
# three steps, and six of its backward. ``record_function`` adds a name of your own.
#
# *On a GPU.* Add ``ProfilerActivity.CUDA`` to the activities, and the table has the
# GPU's own times. The GPU works while Python goes on, so a ``time.time()`` around a
# call measures next to nothing; call ``torch.accelerator.synchronize()`` before you
# read the clock.

# %% checks

assert calls["forward"] == calls["aten::relu"] == 3
assert calls["aten::addmm"] == calls["AddmmBackward0"] == 3 * 2
assert all(event.cpu_time_total > 0 for event in profiled.key_averages())

# %% [markdown]
# Finding a NaN
# -------------
#
# One day the loss is ``nan``, "not a number". Sometimes the forward pass is fine and
# only the gradient is broken. The square root has an infinite slope at 0. The chain
# rule multiplies it by the slope of the square, which is 0 there, and infinity times 0
# is NaN. *Anomaly detection* checks each gradient and names the operation that made the
# first NaN. A warning shows the line of your code. It is slow, so use it to search and
# turn it off again.

# %%

point = torch.zeros(2, requires_grad=True)
distance = point.square().sum().sqrt()
distance.backward()

headline("The distance of the origin from itself")
print("forward: ", distance.item(), "gradient:", point.grad.tolist())

message = ""
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    try:
        with torch.autograd.detect_anomaly():
            point.square().sum().sqrt().backward()
    except RuntimeError as error:
        message = str(error)
print("error:  ", message)
warned = [str(warning.message) for warning in caught]
(traced,) = [text for text in warned if "Traceback of forward call" in text]
print("warning:", traced.split(". ")[0])

# %% [markdown]
# A small number under the root is the usual cure: the slope stays finite, and 0 times a
# finite number is 0. ``torch.linalg.norm`` knows the trouble and gives 0 by itself.
#
# *On a GPU.* The same holds. But other errors there may show up some lines too late;
# ``CUDA_LAUNCH_BLOCKING=1`` makes them show where they happen.

# %% checks

assert all(math.isnan(slope) for slope in point.grad.tolist())
assert message.startswith("Function ")
assert "nan" in message
point.grad = None
(point.square().sum() + 1e-12).sqrt().backward()
assert point.grad.tolist() == [0, 0]
point.grad = None
torch.linalg.norm(point).backward()
assert point.grad.tolist() == [0, 0]

# %% [markdown]
# Hooks: look inside
# ------------------
#
# A *forward hook* is a function that a module calls after each forward pass, with its
# input and output. You see the inside of a net without changing its code. This one
# counts dead units: ReLUs that give 0 for every point, and so never learn. Remove a
# hook when you are done.

# %%

_ = torch.manual_seed(0)
net = SimpleNet(2, 10, 2)
with torch.no_grad():
    net.fc1.bias[:3] = -100.0  # three units that no point can wake

seen = {}


def count_dead(module, inputs, output):
    seen["dead"] = (output == 0).all(dim=0).sum().item()
    seen["shape"] = list(output.shape)


handle = net.relu.register_forward_hook(count_dead)
_ = net(new_points.float())
handle.remove()

headline("What the hook saw")
print("output of the ReLU:", seen["shape"], "dead units:", seen["dead"])

# %% [markdown]
# A tensor can have a hook too. It sees the gradient as it arrives, and may return
# another one to be used instead.

# %%

weight = torch.tensor([3.0, -4.0], requires_grad=True)
handle = weight.register_hook(lambda gradient: gradient.clamp(-1, 1))
weight.square().sum().backward()

headline("A gradient, limited by a hook")
print(weight.grad.tolist())

# %% checks

hidden = (new_points.float() @ net.fc1.weight.T + net.fc1.bias).clamp(
    min=0
)  # [2000, 10]
assert seen["dead"] == sum(column.max().item() == 0 for column in hidden.T) >= 3
assert seen["shape"] == [2000, 10]
assert weight.grad.tolist() == [1, -1]  # of 2 * 3 and 2 * -4
handle.remove()
weight.grad = None
weight.square().sum().backward()
assert weight.grad.tolist() == [6, -8]
seen.clear()
_ = net(new_points.float())
assert seen == {}  # removed

# %% [markdown]
# The same run twice
# ------------------
#
# A seed is not all. Rounding makes a sum depend on its order, and parallel hardware
# adds up in whatever order its parts finish.

# %%

headline("One sum in two orders")
numbers = [1e8, 1.0, -1e8]
forwards, swapped = torch.zeros(()), torch.zeros(())
for number in numbers:
    forwards += number
for number in (numbers[0], numbers[2], numbers[1]):
    swapped += number
print(forwards.item(), swapped.item())

# %% [markdown]
# ``torch.use_deterministic_algorithms(True)`` chooses algorithms that add up in a fixed
# order, and refuses operations that have none. It also fills new, uninitialised memory
# with NaN, so that a program which reads it is found out.

# %%

headline("Deterministic algorithms")
torch.use_deterministic_algorithms(True)
refusal = ""
try:
    torch.zeros(3).put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))  # which wins?
except RuntimeError as error:
    refusal = str(error)
print(refusal.split(",")[0])
print("new memory:", torch.empty(3).tolist())
torch.use_deterministic_algorithms(False)

# %% [markdown]
# *On a GPU* this matters most: some operations add up in any order there unless you
# ask. Matrix products also need the environment variable
# ``CUBLAS_WORKSPACE_CONFIG=:4096:8``. Lightning's ``Trainer(deterministic=True)`` sets
# both. Even then only the same machine with the same versions promises the same digits.

# %% checks

assert (forwards.item(), swapped.item()) == (0, 1)
assert math.fsum(numbers) == 1
assert "deterministic" in refusal
assert not torch.are_deterministic_algorithms_enabled()
runs = [train_on(device, points.float(), labels)[0] for _ in range(2)]
first, second = (run.state_dict() for run in runs)
assert all(
    torch.equal(first[name], second[name]) for name in first
)  # seeded, on the CPU

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - AdamW with a cosine is a good default; find its learning rate by a range test.
# - Net to the device once, batches in the loop; autocast around forward and loss.
# - ``torch.compile`` records a graph; questions about values break it.
# - Profile before you optimise; hooks show the inside, anomaly detection finds the NaN.
# - Seeds fix the random numbers, deterministic algorithms the order of sums.
#
# Next: from this loop to Lightning, which has most of these tools as a setting of its
# ``Trainer``.
