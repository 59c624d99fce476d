# %% [markdown]
"""
Saving and loading
==================

**About 45 minutes.** You need ``SimpleNet`` from lesson 3 and the training loop from
lesson 4. After this lesson you can

- save a net and load it again, equal to the last bit;
- say what a checkpoint must hold so that a training can be resumed without a trace;
- read the message of a net that refuses the weights of another;
- load a file from a stranger without running its code;
- do the same with Lightning.

All that a net has learned is in its weights. When the program ends they are gone,
unless you save them.
"""

# %%

import logging
import os
import tempfile
import warnings
from pathlib import Path
from pickle import UnpicklingError

import torch
from lightning import Trainer
from torch.nn.functional import cross_entropy

from torchtour.classifier import Classifier
from torchtour.data import SyntheticData
from torchtour.lessons import headline
from torchtour.network import SimpleNet
from torchtour.runs.checkpoint_file import CheckpointFile

# %% [markdown]
# All files of this lesson go to a temporary folder, which is removed at the end.

# %%

temporary = tempfile.TemporaryDirectory()
folder = Path(temporary.name)
torch.set_num_threads(
    1
)  # for tensors as small as these, sharing the work would cost more than it saves

# %% [markdown]
# What is saved
# -------------
#
# ``state_dict()`` returns the weights of a net by name, as a dictionary of tensors.
# That is what you save: the numbers, not the Python object. The class ``SimpleNet``
# itself stays in your code.

# %%

_ = torch.manual_seed(0)
net = SimpleNet(2, 10, 2)

headline("The state_dict of SimpleNet(2, 10, 2)")
for name, weight in net.state_dict().items():
    print(f"{name:10} {list(weight.shape)}")

# %% [markdown]
# It holds every number that can be learned: 2 * 10 and 10 in the first layer, 10 * 2
# and 2 in the second.

# %% checks

assert (
    sum(weight.numel() for weight in net.state_dict().values())
    == 2 * 10 + 10 + 10 * 2 + 2
)
assert all(
    torch.equal(net.state_dict()[name], weight)
    for name, weight in net.named_parameters()
)

# %% [markdown]
# There and back
# --------------
#
# ``torch.save`` writes the dictionary to a file, ``torch.load`` reads it. To use it,
# build a net of the same shape, which starts with random weights of its own, and let
# ``load_state_dict`` overwrite them. ``eval()`` tells the net that it will now be used,
# not trained. ``weights_only=True`` is explained below: always write it.

# %%

path = folder / "net.pt"
torch.save(net.state_dict(), path)

loaded = SimpleNet(2, 10, 2)
fresh = torch.randn(3, 2)  # three inputs that neither net has seen
same_before = torch.equal(loaded(fresh), net(fresh))
headline("A second net, before and after load_state_dict")
print("outputs equal before:", same_before)
print(loaded.load_state_dict(torch.load(path, weights_only=True)))
_ = loaded.eval()
with torch.no_grad():
    print(loaded(fresh))
    print("outputs equal after:", torch.equal(loaded(fresh), net(fresh)))

# %% [markdown]
# ``torch.equal`` asks for the same bits, not only for numbers that are close. A file
# keeps every bit of a weight.

# %% checks

assert not same_before
assert torch.equal(loaded(fresh), net(fresh))
assert torch.equal(
    net.fc2(net.fc1(fresh).clamp(min=0)), loaded(fresh)
)  # the net's own layers, one by one

# %% [markdown]
# A net of another shape
# ----------------------
#
# Weights fit one shape only. A net with 20 hidden units refuses those of a net with 10,
# and says what does not match. That is why a checkpoint should also keep the settings
# that its net was built with.

# %%

headline("Weights of 10 hidden units for a net of 20")
wider = SimpleNet(2, 20, 2)
refusal = ""
try:
    wider.load_state_dict(torch.load(path, weights_only=True))
except RuntimeError as error:
    refusal = str(error)
print(refusal)

# %% checks

assert (
    refusal.count("size mismatch") == 3
)  # only fc2.bias, one number for each class, has the same shape in both

# %% [markdown]
# Resuming a training
# -------------------
#
# Imagine that the computer stops in the middle of a training. The weights alone do not
# bring you back to where you were. Four more things change while a training runs:
#
# - the *optimizer*. With *momentum* a step does not follow the last gradient alone. It
#   follows a sum of all gradients so far, in which the old ones fade out: 0.9 of the
#   sum, plus the new gradient. The optimizer keeps that sum.
# - the *scheduler*. It lowers the learning rate as the training goes on.
#   ``StepLR(optimizer, step_size=6, gamma=0.5)`` halves it after every six epochs, and
#   has to count them.
# - the random generator, which here shuffles the points anew in each epoch. It stands
#   somewhere in its sequence.
# - the number of epochs that are done.
#
# You need no more than this about momentum and schedulers here. Lesson 6 takes both
# apart.
#
# First the training as it would go without a stop: 20 epochs.

# %%

_ = torch.manual_seed(42)
features = torch.randn(100, 2)  # [point, coordinate]
labels = (features[:, 0] + features[:, 1] > 0).long()  # [point]


def build():
    """A net, its optimizer and its scheduler, new."""
    net = SimpleNet(2, 10, 2)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=6, gamma=0.5)
    return net, optimizer, scheduler


def train(net, optimizer, scheduler, epochs):
    """Train on in batches of 25, shuffled in each epoch."""
    for _ in range(epochs):
        for batch in torch.randperm(100).split(25):
            loss = cross_entropy(net(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()


_ = torch.manual_seed(1)
whole, optimizer, scheduler = build()
train(whole, optimizer, scheduler, epochs=20)

# %% [markdown]
# Now the same again, but it stops after 10 epochs and leaves a *checkpoint*, a file
# with all five.

# %%

_ = torch.manual_seed(1)
net, optimizer, scheduler = build()
train(net, optimizer, scheduler, epochs=10)

checkpoint = {
    "weights": net.state_dict(),
    "optimizer": optimizer.state_dict(),
    "scheduler": scheduler.state_dict(),
    "random_state": torch.get_rng_state(),
    "epoch": 10,
}
torch.save(checkpoint, folder / "checkpoint.pt")

# %% [markdown]
# Later, in a new process, you would build everything anew and load all five. Here you
# also see what happens to whoever forgets one of them.

# %%


def resume(forget: str = "") -> SimpleNet:
    """Train from the checkpoint to epoch 20, but do not load what `forget` names."""
    _ = torch.manual_seed(2)
    net, optimizer, scheduler = build()
    checkpoint = torch.load(folder / "checkpoint.pt", weights_only=True)
    if forget != "weights":
        net.load_state_dict(checkpoint["weights"])
    if forget != "optimizer":
        optimizer.load_state_dict(checkpoint["optimizer"])
    if forget != "scheduler":
        scheduler.load_state_dict(checkpoint["scheduler"])
    if forget != "random_state":
        torch.set_rng_state(checkpoint["random_state"])
    train(
        net,
        optimizer,
        scheduler,
        epochs=20 - (0 if forget == "epoch" else checkpoint["epoch"]),
    )
    return net


headline("20 epochs in one go, and 10 + 10 through a file")
equal = {}
for forget in ("", *checkpoint):
    pairs = zip(whole.parameters(), resume(forget).parameters(), strict=True)
    equal[forget] = all(torch.equal(*pair) for pair in pairs)
    case = f"without {forget}" if forget else "nothing forgotten"
    print(f"all weights equal, {case}: {equal[forget]}")

# %% [markdown]
# With all five, nobody can tell that the training stopped. Without any one of them it
# is another training. It may be as good as the first, but you cannot repeat it, nor
# compare it with others.

# %% checks

assert equal == {"": True} | dict.fromkeys(
    ("weights", "optimizer", "scheduler", "random_state", "epoch"), False
)

# %% [markdown]
# What goes wrong: loading without weights_only
# ---------------------------------------------
#
# Inside, these files use *pickle*, Python's own format for objects. A pickle can name
# any function, to be called while the file is read. So a file that looks like a net
# could delete your documents. The class below makes such a file. It is harmless: all it
# does is make an empty folder called ``it_ran``, in our temporary folder.

# %%

trace = folder / "it_ran"


class Trap:
    def __reduce__(
        self,
    ):  # pickle asks an object with this: what must be called to make you again?
        return os.mkdir, (str(trace),)


torch.save({"fc1.weight": Trap()}, folder / "from_a_stranger.pt")

headline("A file from a stranger, with weights_only=True")
refusal = ""
try:
    torch.load(folder / "from_a_stranger.pt", weights_only=True)
except UnpicklingError as error:
    refusal = str(error).split(".")[0]
print("refused:", refusal)
ran_when_refused = trace.exists()
print("its code ran:", ran_when_refused)

headline("The same file, with weights_only=False")
_ = torch.load(folder / "from_a_stranger.pt", weights_only=False)
print("its code ran:", trace.exists())

# %% [markdown]
# ``weights_only=True`` allows tensors and plain containers, and calls nothing else. It
# is the default since torch 2.6, but a setting of the environment can turn the default
# off, and before 2.10 there were ways around it. So write it, and keep torch up to
# date.

# %% checks

assert refusal == "Weights only load failed"
assert not ran_when_refused
assert trace.is_dir()  # so the trap was real
assert torch.__version__ >= "2.10"  # compared as versions, not as text

# %% [markdown]
# The same with Lightning
# -----------------------
#
# Lightning's ``Trainer`` writes checkpoints too, and puts into them what you put into
# yours. ``Classifier`` is the module of this project that holds a ``SimpleNet``, and
# ``CheckpointFile`` adds a checksum to each file, so that damage to it is noticed when
# it is read. Lightning's messages are silenced as in lesson 4.

# %%

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message=".*does not have many workers")
warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec")

_ = torch.manual_seed(42)
data = SyntheticData(n_train=100, batch_size=25, seed=0)
model = Classifier(hidden_size=5, lr=0.1, momentum=0.9, gamma=1.0)
trainer = Trainer(
    max_epochs=10,
    accelerator="cpu",
    logger=False,
    enable_checkpointing=False,  # not by itself: below you ask for it
    enable_progress_bar=False,
    enable_model_summary=False,
    plugins=[CheckpointFile()],
)
trainer.fit(model, datamodule=data)
trainer.save_checkpoint(folder / "line.ckpt")

headline("A Lightning checkpoint")
checkpoint = torch.load(folder / "line.ckpt", weights_only=True)
print("epoch:", checkpoint["epoch"])
print(
    "weights:", [name for name in checkpoint["state_dict"] if name.startswith("net.")]
)
print(
    "optimizers:",
    len(checkpoint["optimizer_states"]),
    "schedulers:",
    len(checkpoint["lr_schedulers"]),
)
print("hidden_size:", checkpoint["hyper_parameters"]["hidden_size"])

# %% [markdown]
# The settings are in it, so ``load_from_checkpoint`` builds the net in the right shape:
# here 5 hidden units, not the default of 10. To resume a training, you would call
# ``trainer.fit(model, datamodule=data, ckpt_path=...)``.

# %%

reloaded = Classifier.load_from_checkpoint(folder / "line.ckpt", weights_only=True)
_ = reloaded.eval()

headline("Predictions of the reloaded model")
points = torch.tensor([[2.0, 1.0], [-1.0, -1.0], [1.0, -2.0]])
with torch.no_grad():
    logits = reloaded(points)
print("classes:", logits.argmax(dim=1).tolist())
print("outputs equal:", torch.equal(logits, model.eval()(points)))

# %% checks

assert torch.equal(logits, model(points))
assert logits.argmax(dim=1).tolist() == [int(x1 + x2 > 0) for x1, x2 in points.tolist()]
assert len(reloaded.net.fc1.bias) == 5

# %% [markdown]
# ``Classifier`` reads with ``weights_only=True`` whatever you pass. It is written here
# as a habit: other Lightning modules leave it to the default. The command
# ``torchtour fit`` saves such files while it trains, once a second at most and at the
# end. It writes each one whole or not at all, and resumes to the last bit.

# %% checks

temporary.cleanup()
assert not folder.exists()

# %% [markdown]
# Recap
# -----
#
# - Save the ``state_dict``, not the net; build the net anew and load it.
# - Weights fit one shape only: keep the settings of the net with them.
# - To resume you need weights, optimizer, scheduler, random state and epoch.
# - Load with ``weights_only=True``: else a file may run any code.
# - Lightning's checkpoints hold all of this, ``Trainer.fit(ckpt_path=...)`` resumes.
#
# The next lesson takes apart what you used here in passing: losses, optimizers,
# schedulers.
