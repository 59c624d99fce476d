# Answers to the tasks of lesson 5, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
names = ("0.weight", "0.bias", "2.weight", "2.bias")

# %% 1 right
names = [f"{place}.{kind}" for place in (0, 2) for kind in ("weight", "bias")]

# %% 1 right

names = "['0.weight', '0.bias', '2.weight', '2.bias']"

# %% 1 wrong counted_on
names = ["0.weight", "0.bias", "1.weight", "1.bias"]

# %% 1 wrong from_one
names = ["1.weight", "1.bias", "3.weight", "3.bias"]

# %% 1 wrong no_bias
names = ["0.weight", "2.weight"]

# %% 1 wrong simple_net
names = ["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]

# %% 1 wrong with_relu
names = ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"]

# %% 1 wrong other
names = 4

# %% 2 right
def save(net, path):
    with open(path, "wb") as file:
        torch.save(net.state_dict(), file)

# %% 2 right
def save(net, path):
    weights = {name: weight.detach().clone() for name, weight in net.named_parameters()}
    torch.save(weights, path)

# %% 2 right

def save(net, path):
    torch.save(dict(net.state_dict()), path)

# %% 2 right

import copy
def save(net, path):
    weights = copy.deepcopy(net.state_dict())
    torch.save(weights, str(path))

# %% 2 right

import io
def save(net, path):
    buffer = io.BytesIO()
    torch.save({k: v.cpu() for k, v in net.state_dict().items()}, buffer)
    with open(path, "wb") as f:
        f.write(buffer.getvalue())

# %% 2 wrong no_file
import os

def save(net, path):
    torch.save(net.state_dict(), path)
    os.remove(path)

# %% 2 wrong elsewhere
def save(net, path):
    torch.save(net.state_dict(), path + ".pt")

# %% 2 wrong whole_net
def save(net, path):
    torch.save(net, path)

# %% 2 wrong no_names
def save(net, path):
    torch.save([weight.detach() for weight in net.parameters()], path)

# %% 2 wrong wrapped
def save(net, path):
    torch.save({"state_dict": net.state_dict()}, path)

# %% 2 wrong other_names
def save(net, path):
    torch.save({name: weight for name, weight in net.state_dict().items() if "weight" in name}, path)

# %% 2 wrong other
def save(net, path):
    with open(path, "w") as file:
        file.write(str(net.state_dict()))

# %% 2 wrong other

def save(net, path):
    torch.save({k: v.half() for k, v in net.state_dict().items()}, path)

# %% 2 wrong other

def save(net, path):
    torch.save({k: v.double() for k, v in net.state_dict().items()}, path)

# %% 2 wrong other

import pickle
def save(net, path):
    with open(path, "wb") as f:
        pickle.dump(net.state_dict(), f)

# %% 2 wrong other

def save(net, path):
    torch.save({k: torch.zeros_like(v) for k, v in net.state_dict().items()}, path)

# %% 2 wrong other_names

def save(net, path):
    torch.save({k.replace("0.", "fc1."): v for k, v in net.state_dict().items()}, path)

# %% 2 wrong whole_net

def save(net, path):
    net.eval()
    torch.save(net, path)

# %% 2 wrong no_names

def save(net, path):
    torch.save(list(net.state_dict().items()), path)

# %% 2 wrong wrapped

def save(net, path):
    torch.save({"weights": list(net.parameters())}, path)

# %% 2 wrong other

def save(net, path):
    torch.save(net.state_dict().__repr__(), path)

# %% 2 wrong other_names

def save(net, path):
    state = net.state_dict()
    state.pop(next(iter(state)))
    torch.save(state, path)

# %% 2 wrong other
def save(net, path):
    net.eval()
    torch.save(net.state_dict(), path)

# %% 3 right
def load(net, path):
    with open(path, "rb") as file:
        weights = torch.load(file)  # weights_only is the default
    net.load_state_dict(weights)
    net.train(False)
    return net

# %% 3 right
def load(net, path):
    result = net.eval()
    result.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"), strict=True)
    return result

# %% 3 right

def load(net, path):
    state = torch.load(path, map_location="cpu", weights_only=True)
    missing = set(net.state_dict()) ^ set(state)
    if missing:
        raise KeyError(missing)
    net.load_state_dict(state)
    for m in net.modules():
        m.training = False
    return net

# %% 3 right

def load(net, path):
    net.eval()
    with torch.no_grad():
        net.load_state_dict(torch.load(path, weights_only=True))
    return net

# %% 3 right

def load(net, path):
    weights = torch.load(path, weights_only=True, mmap=True)
    net.load_state_dict(weights, assign=False)
    return net.train(False)

# %% 3 wrong trusting
def load(net, path):
    net.load_state_dict(torch.load(path, weights_only=False))
    return net.eval()

# %% 3 wrong weights_only
def load(net, path):
    return torch.load(path, weights_only=True)

# %% 3 wrong report
def load(net, path):
    net.eval()
    return net.load_state_dict(torch.load(path, weights_only=True))

# %% 3 wrong not_put_in
def load(net, path):
    torch.load(path, weights_only=True)
    return net.eval()

# %% 3 wrong training_mode
def load(net, path):
    net.load_state_dict(torch.load(path, weights_only=True))
    return net

# %% 3 wrong not_strict
def load(net, path):
    net.load_state_dict(torch.load(path, weights_only=True), strict=False)
    return net.eval()

# %% 3 wrong path_itself
def load(net, path):
    net.load_state_dict(path)
    return net.eval()

# %% 3 wrong other
def load(net, path):
    net.load_state_dict(torch.load(path, weights_only=True))
    net.eval()

# %% 3 wrong training_mode

def load(net, path):
    net.load_state_dict(torch.load(path, weights_only=True))
    net.training = False
    return net

# %% 3 wrong trusting

import pickle
def load(net, path):
    try:
        state = torch.load(path, weights_only=True)
    except Exception:
        state = torch.load(path, weights_only=False)
    net.load_state_dict(state)
    return net.eval()

# %% 3 wrong not_strict

def load(net, path):
    state = torch.load(path, weights_only=True)
    own = net.state_dict()
    own.update({k: v for k, v in state.items() if k in own})
    net.load_state_dict(own)
    return net.eval()

# %% 3 wrong not_put_in

import copy
def load(net, path):
    other = copy.deepcopy(net)
    other.load_state_dict(torch.load(path, weights_only=True))
    return other.eval()

# %% 3 wrong weights_only

def load(net, path):
    net.load_state_dict(torch.load(path, weights_only=True))
    net.eval()
    return net.state_dict()

# %% 3 wrong not_strict

def load(net, path):
    state = torch.load(path, weights_only=True)
    for p, w in zip(net.parameters(), state.values()):
        p.data.copy_(w)
    return net.eval()

# %% 3 wrong other

def load(net, path):
    net.load_state_dict(torch.load(path, weights_only=True))
    net.eval()
    net.requires_grad_(False)
    return net

# %% 3 wrong not_strict

def load(net, path):
    try:
        net.load_state_dict(torch.load(path, weights_only=True))
    except RuntimeError:
        print("bad file")
    return net.eval()

# %% 3 wrong not_strict

def load(net, path):
    state = torch.load(path, weights_only=True)
    try:
        net.load_state_dict(state)
    except RuntimeError:
        net.load_state_dict(state, strict=False)
    return net.eval()

# %% 3 wrong training_mode

def load(net, path):
    net.load_state_dict(torch.load(path, weights_only=True))
    for child in net.children():
        child.eval()
    return net

# %% 3 wrong trusting

def load(net, path):
    torch.serialization.add_safe_globals([])
    state = torch.load(path, weights_only=False, map_location="cpu")
    net.load_state_dict(state)
    return net.eval()

# %% 3 wrong error
def load(net, path):
    state = torch.load(path, weights_only=True)
    weights = dict(net.named_parameters())
    if state.keys() != weights.keys():
        raise KeyError("other names")
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(state[name])
    return net.eval()

# %% 3 wrong error
def load(net, path):
    state = torch.load(path, weights_only=True)
    if set(state) != set(net.state_dict()):
        raise KeyError("other names")
    with torch.no_grad():
        for weight, stored in zip(net.state_dict().values(), state.values()):
            weight.copy_(stored)
    return net.eval()

# %% 4 right
import copy

def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
    return best

# %% 4 right
import copy

def best_weights(net, train_one_epoch, loss_of, epochs):
    tries = []
    for _ in range(epochs):
        train_one_epoch(net)
        tries.append((loss_of(net), copy.deepcopy(net)))
    return min(tries, key=lambda pair: pair[0])[1].state_dict()

# %% 4 right

def best_weights(net, train_one_epoch, loss_of, epochs):
    history = {}
    for _ in range(epochs):
        train_one_epoch(net)
        history[loss_of(net)] = {k: v.detach().clone() for k, v in net.state_dict().items()}
    return history[min(history)]

# %% 4 right

import io
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, buffer = None, None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if lowest is None or loss < lowest:
            lowest, buffer = loss, io.BytesIO()
            torch.save(net.state_dict(), buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)

# %% 4 right

from copy import deepcopy
def best_weights(net, train_one_epoch, loss_of, epochs):
    best = None
    lowest = float("inf")
    for epoch in range(epochs):
        train_one_epoch(net)
        if (loss := loss_of(net)) < lowest:
            lowest = loss
            best = deepcopy(net).state_dict()
    net.load_state_dict(best)
    return best

# %% 4 wrong shared
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, net.state_dict().copy()
    return best

# %% 4 wrong net
import copy

def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net)
    return best

# %% 4 wrong stopped
import copy

def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss >= lowest:
            break
        lowest, best = loss, copy.deepcopy(net.state_dict())
    return best

# %% 4 wrong before
import copy

def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        weights = copy.deepcopy(net.state_dict())
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, weights
    return best

# %% 4 wrong highest
import copy

def best_weights(net, train_one_epoch, loss_of, epochs):
    highest, best = -float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss > highest:
            highest, best = loss, copy.deepcopy(net.state_dict())
    return best

# %% 4 wrong last
import copy

def best_weights(net, train_one_epoch, loss_of, epochs):
    for _ in range(epochs):
        train_one_epoch(net)
    return copy.deepcopy(net.state_dict())

# %% 4 wrong untrained
import copy

def best_weights(net, train_one_epoch, loss_of, epochs):
    best = copy.deepcopy(net.state_dict())
    for _ in range(epochs):
        train_one_epoch(net)
    return best

# %% 4 wrong other
def best_weights(net, train_one_epoch, loss_of, epochs):
    for _ in range(epochs):
        train_one_epoch(net)

# %% 4 wrong other

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = 100.0, None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
    return best

# %% 4 wrong last

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    previous, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < previous:
            best = copy.deepcopy(net.state_dict())
        previous = loss
    return best

# %% 4 wrong shared

def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, {k: v.detach() for k, v in net.state_dict().items()}
    return best

# %% 4 wrong stopped

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(5):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
    return best

# %% 4 wrong other

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = abs(loss_of(net))
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
    return best

# %% 4 wrong other

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    best = copy.deepcopy(net.state_dict())
    lowest = loss_of(net)
    for _ in range(epochs):
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
        train_one_epoch(net)
    return best

# %% 4 wrong other

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
    return list(best.values())

# %% 4 wrong other

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
    return best, lowest

# %% 4 wrong other

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        loss = loss_of(net)
        train_one_epoch(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
    return best

# %% 4 wrong error

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs + 1):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
    return best

# %% 4 wrong shared

import copy
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.copy(net).state_dict()
    return best

# %% 4 wrong other
def best_weights(net, train_one_epoch, loss_of, epochs):
    lowest, best = float("inf"), None
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, {name: weight.detach().clone() for name, weight in net.named_parameters()}
    return best

# %% 4 wrong other
def best_weights(net, train_one_epoch, loss_of, epochs):
    import copy
    lowest, best = loss_of(net), copy.deepcopy(net.state_dict())
    for _ in range(epochs):
        train_one_epoch(net)
        loss = loss_of(net)
        if loss < lowest:
            lowest, best = loss, copy.deepcopy(net.state_dict())
    return best

# %% 5 right
def save_run(path, net, optimizer, epochs_done):
    torch.save((net.state_dict(), optimizer.state_dict(), epochs_done), path)


def resume_run(path, net, optimizer):
    weights, state, epochs = torch.load(path)
    optimizer.load_state_dict(state)
    net.load_state_dict(weights)
    return epochs

# %% 5 right
def save_run(path, net, optimizer, epochs_done):
    torch.save({"w": net.state_dict(), "o": optimizer.state_dict(), "e": torch.tensor(epochs_done)}, path)


def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    for thing, key in ((net, "w"), (optimizer, "o")):
        thing.load_state_dict(run[key])
    return int(run["e"])

# %% 5 right

def save_run(path, net, optimizer, epochs_done):
    torch.save([epochs_done, net.state_dict(), optimizer.state_dict()], path)
def resume_run(path, net, optimizer):
    epochs_done, weights, state = torch.load(path, weights_only=True)
    net.load_state_dict(weights); optimizer.load_state_dict(state)
    net.train()
    return epochs_done

# %% 5 right

def save_run(path, net, optimizer, epochs_done):
    torch.save(dict(model=net.state_dict(), optim=optimizer.state_dict(), epoch=epochs_done), path)
def resume_run(path, net, optimizer):
    checkpoint = torch.load(path, map_location="cpu")
    for key, target in {"model": net, "optim": optimizer}.items():
        target.load_state_dict(checkpoint.pop(key))
    return checkpoint["epoch"]

# %% 5 right

import copy
def save_run(path, net, optimizer, epochs_done):
    state = copy.deepcopy({"net": net.state_dict(), "optimizer": optimizer.state_dict()})
    state["n"] = int(epochs_done)
    with open(path, "wb") as f:
        torch.save(state, f)
def resume_run(path, net, optimizer):
    with open(path, "rb") as f:
        state = torch.load(f, weights_only=True)
    net.load_state_dict(state["net"])
    optimizer.load_state_dict(state["optimizer"])
    return state["n"]

# %% 5 wrong objects
def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer, "epochs": epochs_done}, path)


def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=False)
    net.load_state_dict(run["net"])
    return run["epochs"]

# %% 5 wrong trusting
def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs_done}, path)


def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=False)
    net.load_state_dict(run["net"])
    optimizer.load_state_dict(run["optimizer"])
    return run["epochs"]

# %% 5 wrong net_not_loaded
def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs_done}, path)


def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    optimizer.load_state_dict(run["optimizer"])
    return run["epochs"]

# %% 5 wrong miscounted
def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs_done}, path)


def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    net.load_state_dict(run["net"])
    optimizer.load_state_dict(run["optimizer"])
    return run["epochs"] + 1

# %% 5 wrong no_momentum
def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "epochs": epochs_done}, path)


def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    net.load_state_dict(run["net"])
    return run["epochs"]

# %% 5 wrong other
def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, path)


def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    net.load_state_dict(run["net"])
    optimizer.load_state_dict(run["optimizer"])

# %% 5 wrong missing
def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, path)

# %% 5 wrong net_not_loaded

def save_run(path, net, optimizer, epochs_done):
    weights = dict(net.named_parameters())
    torch.save({"net": {k: v.detach() for k, v in weights.items()}, "optimizer": optimizer.state_dict(), "epochs": epochs_done}, path)
def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    net.load_state_dict(run["net"], strict=False)
    optimizer.load_state_dict(run["optimizer"])
    return run["epochs"]

# %% 5 wrong no_momentum

def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs_done}, path)
def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    net.load_state_dict(run["net"])
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    optimizer.load_state_dict(run["optimizer"])
    return run["epochs"]

# %% 5 wrong other

def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()["state"], "epochs": epochs_done}, path)
def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    net.load_state_dict(run["net"])
    s = optimizer.state_dict(); s["state"] = run["optimizer"]
    optimizer.load_state_dict(s)
    return run["epochs"]

# %% 5 wrong other

def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs_done}, path)
def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    net.load_state_dict(run["net"])
    optimizer.load_state_dict(run["optimizer"])
    net.eval()
    return run["epochs"]

# %% 5 wrong other

def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs_done}, path)
def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    net.load_state_dict(run["net"])
    optimizer.load_state_dict(run["optimizer"])
    return run

# %% 5 wrong miscounted

def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": 4}, path)
def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    net.load_state_dict(run["net"])
    optimizer.load_state_dict(run["optimizer"])
    return run["epochs"]

# %% 5 wrong net_not_loaded

def save_run(path, net, optimizer, epochs_done):
    torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict(), "epochs": epochs_done}, path)
def resume_run(path, net, optimizer):
    run = torch.load(path, weights_only=True)
    optimizer.load_state_dict(run["optimizer"])
    for p, w in zip(net.parameters(), run["net"].values()):
        p.data = torch.zeros_like(p)
    return run["epochs"]
