# Answers to the tasks of lesson 5, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
names = ("0.weight", "0.bias", "2.weight", "2.bias")

# %% 1 right
names = [f"{place}.{kind}" for place in (0, 2) for kind in ("weight", "bias")]

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
