# %% [markdown]
"""
Tuning, speed and debugging
===========================

**About 60 minutes.** You need lessons 4 and 6. Read the sections in any order.
After this lesson you can

- choose an optimizer, a schedule and a learning rate by measuring;
- write a loop that runs on any device, in mixed precision if you like;
- compile a net, profile it, and look inside it with hooks;
- find the operation that made a NaN;
- make two runs equal.

This lesson is a toolbox. Each section shows a tool that you will meet in real projects,
with a small measurement of what it does on the CPU. A paragraph "On a GPU" says what
changes there.
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
from torchtour.lessons._by_hand import train_by_rule
from torchtour.network import SimpleNet
from torchtour.problems import spiral

torch.set_num_threads(1)  # as in lesson 4: tensors this small

# %% [markdown]
# AdamW
# -----
#
# *Weight decay* pulls the weights towards 0, which helps against overfitting (lesson
# 8). SGD and Adam add decay times weight to the gradient. But Adam then divides by the
# gradient's usual size, and so it divides the decay too. Weights with large gradients
# are hardly decayed, weights with small ones are decayed at full speed. *AdamW* leaves
# the gradient alone and shrinks every weight directly, by learning rate times decay.
# That is why AdamW, not Adam, is the usual choice today.
#
# Take two weights of 2.0. Their gradients change sign in every step, so that they pull
# nowhere. One gets gradients of size 10, the other of size 0.01. Only the decay, 0.1,
# pulls steadily.

# %%


def decayed(optimizer_class, steps):
    """The two weights after so many steps."""
    weights = torch.tensor([2.0, 2.0], requires_grad=True)
    optimizer = optimizer_class([weights], lr=0.01, weight_decay=0.1)
    for step in range(steps):
        weights.grad = torch.tensor([10.0, 0.01]) * (-1) ** step
        optimizer.step()
    return weights.detach()


headline("Two weights of 2.0 with large and with small gradients")
for optimizer_class in (torch.optim.Adam, torch.optim.AdamW):
    for steps in (1, 2, 3, 200):
        large, small = decayed(optimizer_class, steps).tolist()
        print(f"{optimizer_class.__name__:5} {steps:3} steps: {large:.2f} {small:.2f}")

# %% [markdown]
# In the first step of Adam both weights move by the learning rate, with or without
# decay. After 200 steps one weight has lost 3 % and the other 75 %. AdamW has decayed
# both alike, by the factor 1 - 0.01 * 0.1 in each step.

# %% checks

shrunk = 2 * (1 - 0.01 * 0.1) ** 200
torch.testing.assert_close(
    decayed(torch.optim.AdamW, 200), torch.full((2,), shrunk), rtol=0.01, atol=0
)
adam_large, adam_small = decayed(torch.optim.Adam, 200).tolist()
assert adam_large > 1.9
assert adam_small < 0.6
weight, m, v = 2.0, 0.0, 0.0  # the second weight under Adam, by hand
for step in range(200):
    slope = 0.01 * (-1) ** step + 0.1 * weight
    m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
    spread = math.sqrt(v / (1 - 0.999 ** (step + 1)))
    weight -= 0.01 * m / (1 - 0.9 ** (step + 1)) / (spread + 1e-8)
assert math.isclose(adam_small, weight, rel_tol=1e-3)

# %% [markdown]
# Cosine instead of stairs
# ------------------------
#
# StepLR falls in stairs, and you choose their number and height. *Cosine annealing*
# falls smoothly to zero along half a cosine wave (lesson 6), and you choose only the
# number of steps, which you know anyway.

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

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(cosine, color="#0072B2", label="CosineAnnealingLR")
axes.step(range(40), stairs, "--", where="post", color="#D55E00", label="StepLR")
axes.set(title="Learning rate by cosine and by stairs", xlabel="step")
axes.set_ylabel("learning rate")
axes.legend()

# %% checks

for step, rate in enumerate(cosine):
    assert math.isclose(rate, 0.1 * (1 + math.cos(math.pi * step / 40)) / 2)
for step, rate in enumerate(stairs):
    assert math.isclose(rate, 0.1 * 0.1 ** (step // 15))

# %% [markdown]
# Which is better?
# ----------------
#
# A comparison is fair under four conditions. Each side gets its own learning rate. The
# best rate is *bracketed*: rates above and below it were tried and were worse. Each
# result is the mean of several seeds. And you change one thing at a time, so to compare
# optimizers *and* schedules you need a table of two by two.
#
# Take a hard problem, two spirals wound into each other. The validation points choose
# the rate, and the test points give the accuracy.

# %%

generator = torch.Generator().manual_seed(0)
points, labels = spiral(1000, generator)  # [1000, 2], [1000]
val_points, val_labels = spiral(1000, generator)
new_points, new_labels = spiral(2000, generator)


def train(make_optimizer, make_scheduler, seed=0, epochs=40):
    """The net after so many epochs in batches of 200, and its mean loss in each."""
    _ = torch.manual_seed(seed)
    net = SimpleNet(2, 64, 2)
    optimizer = make_optimizer(net.parameters())
    scheduler = make_scheduler(optimizer)
    losses = []
    net.train()
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


def accuracy(net, points=new_points, labels=new_labels):
    net.eval()
    with torch.no_grad():
        return (net(points).argmax(dim=1) == labels).float().mean().item()


optimizers = {
    "SGD": lambda lr: lambda weights: torch.optim.SGD(weights, lr=lr, momentum=0.9),
    "AdamW": lambda lr: lambda weights: torch.optim.AdamW(weights, lr=lr),
}
schedules = {
    "StepLR": lambda optimizer: schedulers.StepLR(optimizer, step_size=15, gamma=0.1),
    "cosine": lambda optimizer: schedulers.CosineAnnealingLR(optimizer, T_max=40),
}
tried_rates = {"SGD": (0.1, 1.0, 10.0), "AdamW": (0.01, 0.1, 1.0)}
runs = {
    (name, schedule, lr, seed): train(make(lr), schedules[schedule], seed)
    for name, make in optimizers.items()
    for schedule in schedules
    for lr in tried_rates[name]
    for seed in range(3)
}


def mean_of_seeds(name, schedule, lr, points, labels):
    nets = [runs[name, schedule, lr, seed][0] for seed in range(3)]
    return sum(accuracy(net, points, labels) for net in nets) / 3


headline("Test accuracy at the best rate, the mean of three seeds")
table = {}
for name, rates_of_it in tried_rates.items():
    for schedule in schedules:
        validated = {
            lr: mean_of_seeds(name, schedule, lr, val_points, val_labels)
            for lr in rates_of_it
        }
        best = max(validated, key=validated.get)
        reached = mean_of_seeds(name, schedule, best, new_points, new_labels)
        table[name, schedule] = best, validated, reached
        print(f"{name:5} {schedule}: best of {rates_of_it}: {best}, ", end="")
        print(f"accuracy {reached:.0%}")
sgd_seeds = [accuracy(runs["SGD", "StepLR", 1.0, seed][0]) for seed in range(3)]
print("SGD and StepLR, seed by seed:", ", ".join(f"{a:.0%}" for a in sgd_seeds))

# %% [markdown]
# Read the table along its sides. From StepLR to the cosine SGD gains three points, and
# AdamW one. From SGD to AdamW, with the cosine, there is next to nothing to gain. So
# here the schedule matters more than the optimizer. And look at the seeds: had you
# compared single runs, luck would have decided.
#
# The check makes the first two epochs once more, with the rules written out.

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
dashes = {"StepLR": "--", "cosine": "-"}
for (name, schedule), (best, _, _) in table.items():
    colour = "#D55E00" if name == "SGD" else "#0072B2"
    for seed in range(3):
        label = f"{name}, {schedule}" if seed == 0 else None
        losses = runs[name, schedule, best, seed][1]
        axes.plot(losses, dashes[schedule], color=colour, label=label, alpha=0.8)
axes.set(title="Training loss at the best rates, three seeds each", xlabel="epoch")
axes.set(ylabel="cross-entropy", ylim=(0, 0.9))
axes.legend(fontsize="small")

# %% checks


def first_losses(rule, lr, decay):
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 64, 2)
    order = [torch.randperm(1000).split(200) for _ in range(2)]
    batches = [(points[i], labels[i]) for epoch in order for i in epoch]
    cosine_of = [lr * (1 + math.cos(math.pi * epoch / 40)) / 2 for epoch in range(2)]
    found = train_by_rule(
        net, batches, [cosine_of[0]] * 5 + [cosine_of[1]] * 5, rule, weight_decay=decay
    )
    return [sum(found[:5]) / 5, sum(found[5:]) / 5]


for name, rule, lr, decay in (("SGD", "sgd", 0.1, 0.0), ("AdamW", "adamw", 0.1, 0.01)):
    seen = runs[name, "cosine", lr, 0][1][:2]
    torch.testing.assert_close(
        first_losses(rule, lr, decay), seen, rtol=1e-4, atol=1e-4
    )

for (name, _), (best, validated, _) in table.items():
    low, middle, high = tried_rates[name]
    assert best == middle  # bracketed
    assert min(validated[low], validated[high]) == sorted(validated.values())[0]
    assert max(validated[low], validated[high]) < validated[middle] - 0.02
gain = {
    name: table[name, "cosine"][2] - table[name, "StepLR"][2] for name in optimizers
}
assert gain["SGD"] > 0.015
assert gain["AdamW"] > 0
assert abs(table["AdamW", "cosine"][2] - table["SGD", "cosine"][2]) < 0.01
assert max(sgd_seeds) - min(sgd_seeds) > 0.04

# %% [markdown]
# A learning rate range test
# --------------------------
#
# Do you have to train a net for each rate? No: raise the rate a little in every step,
# from far too small to far too large, and watch the loss. While the rate is too small,
# nothing happens. Then the loss falls, and at last it explodes.
#
# Two rules turn the curve into a rate, and they give different numbers. One takes the
# rate where the loss falls fastest: Lightning's ``Tuner.lr_find`` and the command
# ``torchtour lr-find`` do that. The other, which fastai made popular, takes a tenth of
# the rate at which the loss is lowest. Both are first guesses.

# %%


def range_test(low=1e-5, high=10.0, steps=100):
    """The rate of each step and the loss before it, smoothed and as it is."""
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 64, 2)
    optimizer = torch.optim.AdamW(net.parameters(), lr=low)
    tried, losses, rough, smooth = [], [], [], None
    net.train()
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
falls = [range_losses[i + 1] - range_losses[i - 1] for i in range(1, lowest)]
steepest = 1 + min(range(len(falls)), key=falls.__getitem__)
suggestions = {
    "where it falls fastest": tried[steepest],
    "a tenth of the lowest": tried[lowest] / 10,
}

headline("Range test of AdamW: 100 steps, rates from 0.00001 to 10")
print(f"lowest loss at a rate of {tried[lowest]:.1f}")
suggested_accuracy = {}
for name, lr in suggestions.items():
    net, _ = train(optimizers["AdamW"](lr), schedules["cosine"])
    suggested_accuracy[name] = accuracy(net)
    print(f"{name}: {lr:.1g}, accuracy {suggested_accuracy[name]:.0%}")

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
axes.plot(tried, range_losses, color="#0072B2", label="smoothed loss")
axes.axvline(tried[lowest], color="#D55E00", linestyle="--", label="lowest")
axes.axvline(tried[lowest] / 10, color="black", linestyle=":", label="a tenth of it")
axes.axvline(tried[steepest], color="#009E73", linestyle="-.", label="steepest")
axes.set(xscale="log", ylim=(0, 2), xlabel="learning rate", ylabel="cross-entropy")
axes.set_title("Learning rate range test: the loss as the rate rises")
axes.legend()

# %% checks

assert math.isclose(tried[0], 1e-5)
assert math.isclose(tried[-1], 10)
assert math.isclose(tried[51] / tried[50], (10 / 1e-5) ** (1 / 99))
for step in (1, 10, 99):  # a mean in which each loss counts 0.8 times the next
    weights = [0.8**step, *(0.2 * 0.8 ** (step - past) for past in range(1, step + 1))]
    mean = sum(w * loss for w, loss in zip(weights, rough_losses, strict=False))
    assert math.isclose(range_losses[step], mean, rel_tol=1e-6)
assert range_losses[lowest] < 0.9 * range_losses[0]
assert range_losses[-1] > 2 * range_losses[lowest]
worst = min(table["AdamW", "cosine"][1].values())
assert min(suggested_accuracy.values()) > worst + 0.05

# %% [markdown]
# One loop for every device
# -------------------------
#
# A loop for any device differs in two places: the net goes to the device once, each
# batch goes there in the loop. The first line below takes a GPU where there is one.
# ``check_available=True`` matters. Without it the function answers what your torch was
# *built* for, and with the usual Linux build that is "cuda" even on a machine without a
# GPU. This lesson then uses the CPU, to show the same on every machine.

# %%

accelerator = torch.accelerator.current_accelerator(check_available=True)
best_device = accelerator or torch.device("cpu")
device = torch.device("cpu")  # instead of best_device


def train_on(device, points, labels, epochs=2):
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 64, 2).to(device)  # first the net ...
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)  # ... then its optimizer
    total = torch.zeros((), device=device)
    net.train()
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
net, mean_loss = train_on(device, points, labels)
print(f"mean loss: {mean_loss:.2f}")
print("devices of the weights:", {str(weight.device) for weight in net.parameters()})

# %% [markdown]
# *On a GPU.* ``loss.item()`` makes the CPU wait for the GPU. In every step that costs
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
    SimpleNet(2, 64, 2).to("meta")(points[:5])
except RuntimeError as error:
    refusal = str(error)
print(refusal)

# %% checks

tensor = torch.ones(3)
assert torch.ones(2).to(best_device).device.type == best_device.type  # it exists
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
# weights, their gradients and the loss stay in ``float32``. You put the forward pass
# and the loss inside it, nothing else.

# %%


def train_mixed(lr, epochs):
    """What ``train`` does with AdamW and a cosine, but in mixed precision."""
    _ = torch.manual_seed(0)
    net = SimpleNet(2, 64, 2)
    optimizer = torch.optim.AdamW(net.parameters(), lr=lr)
    scheduler = schedulers.CosineAnnealingLR(optimizer, T_max=epochs)
    losses = []
    net.train()
    for _ in range(epochs):
        total = 0.0
        for rows in torch.randperm(1000).split(200):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = net(points[rows])
                loss = cross_entropy(logits, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
        scheduler.step()
        losses.append(total / 5)
    dtypes = (logits.dtype, net.fc1.weight.dtype, net.fc1.weight.grad.dtype, loss.dtype)
    return net, losses, dtypes


mixed_net, mixed_losses, dtypes = train_mixed(lr=0.1, epochs=40)
full_net, full_losses = runs["AdamW", "cosine", 0.1, 0]  # the same in float32

headline("Mixed precision")
for name, dtype in zip(("logits", "weight", "gradient", "loss"), dtypes, strict=True):
    print(f"{name:8} {dtype}")
print(f"first epoch: mean loss {mixed_losses[0]:.2f}, in float32 {full_losses[0]:.2f}")
as_accurate = abs(accuracy(mixed_net) - accuracy(full_net)) < 0.03
print(f"after {len(mixed_losses)} epochs: as accurate as in float32: {as_accurate}")

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
# to 256. A weight that gets a thousand tiny steps doesn't move for the same reason.
#
# *On a GPU.* The cheapest step comes first: one line at the start of the program,
# ``torch.set_float32_matmul_precision("high")``, lets matrix products use TF32, a
# ``float32`` with fewer digits. Next, ``torch.autocast("cuda", dtype=torch.bfloat16)``
# is faster there than here. GPUs without bfloat16 use ``float16``. It has little range:
# gradients below 0.00000003 become zero, so ``torch.amp.GradScaler`` multiplies the
# loss by a large number before ``backward`` and divides the gradients before the step.

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

recorded_for = []


def count_graphs(graph, example_inputs):
    recorded_for.append(len(graph.graph.nodes))
    return graph.forward


compiled_net = torch.compile(net, backend=count_graphs)
headline("Graphs recorded after batches of 5, 6, 7 and 8")
counts = []
for size in (5, 6, 7, 8):
    _ = compiled_net(torch.ones(size, 2))
    counts.append(len(recorded_for))
print(counts)

# %% [markdown]
# Where Python needs a number, the graph breaks in two, and each break costs speed. So
# keep ``item()``, ``print`` and questions about values out of the forward pass.
# ``fullgraph=True`` makes a break an error.
#
# A new shape means a new recording, with another wait. After the second shape torch
# records a graph for any size of the batch. Where a training seems to hang now and
# then, look for a last batch that is smaller, or sequences of many lengths.

# %% checks

assert torch.equal(recorded, net(batch))
assert len(graphs) == 3  # one of the net, two of the function
assert counts == [1, 2, 2, 2]
assert torch.compile(with_a_question, backend=look)(-torch.ones(3)).tolist() == [-3] * 3
torch.compiler.reset()
refused = False
try:
    torch.compile(with_a_question, backend=look, fullgraph=True)(torch.ones(3))
except RuntimeError:
    refused = True
assert refused

# %% [markdown]
# A compiler as the backend
# -------------------------
#
# The usual backend, *inductor*, writes C++ (for a GPU: Triton) and needs a compiler.
# The first call takes seconds, so it is for nets that run for minutes.

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
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

calls = {event.key: event.count for event in profiled.key_averages()}
headline("Calls in three steps")
for name in ("forward", "aten::addmm", "aten::relu", "AddmmBackward0"):
    print(f"{name:15} {calls[name]}")

# %% [markdown]
# Two linear layers make six calls of ``addmm``, the matrix product with a bias, in
# three steps, and six of its backward. ``record_function`` adds your own names.
#
# *On a GPU.* Add ``ProfilerActivity.CUDA`` to the activities, and the table has the
# GPU's own times. The GPU works while Python runs on, so a ``time.time()`` around a
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
# then turn it off again.

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
# finite number is 0. ``torch.linalg.norm`` handles this case and gives 0.
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
# input and output. It shows you the inside of a net without a change to its code. This
# one counts dead units: ReLUs that give 0 for every point, and so never learn. Remove
# a hook when you are done.

# %%

_ = torch.manual_seed(0)
net = SimpleNet(2, 10, 2)
with torch.no_grad():
    net.fc1.bias[:3] = -100.0  # three units that are 0 for every point

seen = {}


def count_dead(module, inputs, output):
    seen["dead"] = (output == 0).all(dim=0).sum().item()
    seen["shape"] = list(output.shape)


handle = net.relu.register_forward_hook(count_dead)
_ = net(new_points)
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

hidden = (new_points @ net.fc1.weight.T + net.fc1.bias).clamp(min=0)  # [2000, 10]
assert seen["dead"] == sum(column.max().item() == 0 for column in hidden.T) >= 3
assert seen["shape"] == [2000, 10]
assert weight.grad.tolist() == [1, -1]  # of 2 * 3 and 2 * -4
handle.remove()
weight.grad = None
weight.square().sum().backward()
assert weight.grad.tolist() == [6, -8]
seen.clear()
_ = net(new_points)
assert seen == {}  # removed

# %% [markdown]
# The same run twice
# ------------------
#
# A seed is not enough. Rounding makes a sum depend on its order, and parallel hardware
# adds numbers in the order in which its parts finish.

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
# with NaN, so that you notice a program that reads it.

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
# both. Even then you can expect the same digits only on the same kind of machine, with
# the same versions.

# %% checks

assert (forwards.item(), swapped.item()) == (0, 1)
assert math.fsum(numbers) == 1
assert "deterministic" in refusal
assert not torch.are_deterministic_algorithms_enabled()
twice = [train_on(device, points, labels)[0] for _ in range(2)]
first, second = (trained.state_dict() for trained in twice)
assert all(
    torch.equal(first[name], second[name]) for name in first
)  # seeded, on the CPU

# %% [markdown]
# Challenge: ten epochs
# ---------------------
#
# The spirals took 40 epochs. Suppose that you can pay for ten. With batches of 200,
# AdamW at 0.1 and a cosine over ten epochs, this is what you get:

# %%

short_net, _ = train(
    optimizers["AdamW"](0.1),
    lambda optimizer: schedulers.CosineAnnealingLR(optimizer, T_max=10),
    epochs=10,
)
headline("Challenge: ten epochs, on 2000 new points")
print(f"accuracy: {accuracy(short_net):.0%}")

# %% [markdown]
# Beat it: at least 95 %, as the mean of three seeds, with the same net and ten passes
# over the 1000 points. Choose on the validation points.

# %% checks

assert 0.8 < accuracy(short_net) < 0.9

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - AdamW with a cosine is a good default; bracket its rate, and use several seeds.
# - Net to the device once, batches in the loop; autocast around forward and loss.
# - ``torch.compile`` records a graph for each shape; questions about values break it.
# - Profile before you optimise; hooks show the inside, anomaly detection finds the NaN.
# - Seeds fix the random numbers, deterministic algorithms the order of sums.
#
# Next: your own table. Lightning has most of the tools of this lesson as settings of
# its ``Trainer``.
