# Answers to the tasks of lesson 4, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
loss_of_ignorance = "1.39"

# %% 1 right
import math

loss_of_ignorance = round(-math.log(1 / 4), 2)

# %% 1 wrong probability
loss_of_ignorance = 0.25

# %% 1 wrong zero
loss_of_ignorance = 0

# %% 1 wrong two_classes
loss_of_ignorance = 0.69

# %% 1 wrong ten
loss_of_ignorance = 2.30

# %% 1 wrong negative
loss_of_ignorance = -1.39

# %% 1 wrong summed
loss_of_ignorance = 13.86

# %% 1 wrong base_two
loss_of_ignorance = 2

# %% 1 wrong other
loss_of_ignorance = 4

# %% 2 right
w_after_two = 0.8 * 0.8

# %% 2 right
w_after_two = "0.64"

# %% 2 wrong one_step
w_after_two = 0.8

# %% 2 wrong same_gradient
w_after_two = 0.6

# %% 2 wrong not_zeroed
w_after_two = 0.44

# %% 2 wrong uphill
w_after_two = 1.44

# %% 2 wrong half
w_after_two = 0.81

# %% 2 wrong loss
w_after_two = 0.41

# %% 3 right
def train(net, features, labels, epochs, lr):
    losses, optimizer, criterion = [], torch.optim.SGD(net.parameters(), lr), nn.CrossEntropyLoss()
    for epoch in range(epochs):
        loss = criterion(net(features), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
    return losses

# %% 3 right
def train(net, features, labels, epochs, lr):
    losses = []
    for epoch in range(epochs):
        net.zero_grad()
        loss = cross_entropy(net(features), labels)
        loss.backward()
        with torch.no_grad():
            for weight in net.parameters():
                weight -= lr * weight.grad
        losses.append(loss.item())
    return losses

# %% 3 wrong no_backward
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong no_step
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    return losses

# %% 3 wrong step_first
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        optimizer.step()
        loss.backward()
        losses.append(loss.item())
    return losses

# %% 3 wrong zeroed_too_soon
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong no_zero
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong stale
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
    return losses

# %% 3 wrong softmax
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features).softmax(dim=1), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong own_rate
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong tensors
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss)
    return losses

# %% 3 wrong late_loss
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(cross_entropy(net(features), labels).item())
    return losses

# %% 3 wrong float_labels
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

# %% 3 wrong order
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    for _ in range(epochs):
        loss = cross_entropy(labels, net(features))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

# %% 3 wrong other
def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for _ in range(1, epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses

# %% 4 right
def loss_of(net, features, labels):
    return torch.nn.functional.nll_loss(net(features).log_softmax(dim=1), labels)

# %% 4 right
def loss_of(net, features, labels):
    probabilities = net(features).softmax(dim=1)
    return -probabilities[torch.arange(len(labels)), labels].log().mean()

# %% 4 right
def loss_of(net, features, labels):
    return nn.CrossEntropyLoss()(net(features), torch.nn.functional.one_hot(labels).float())

# %% 4 wrong softmax
def loss_of(net, features, labels):
    logits = net(features)
    return cross_entropy(torch.softmax(logits, dim=-1), labels)

# %% 4 wrong of_samples
def loss_of(net, features, labels):
    return torch.nn.functional.nll_loss(net(features).log_softmax(dim=0), labels)

# %% 4 wrong no_log
def loss_of(net, features, labels):
    return torch.nn.functional.nll_loss(net(features).softmax(dim=1), labels)

# %% 4 wrong no_softmax
def loss_of(net, features, labels):
    return torch.nn.functional.nll_loss(net(features), labels)

# %% 4 wrong summed
def loss_of(net, features, labels):
    return cross_entropy(net(features), labels, reduction="sum")

# %% 4 wrong single
def loss_of(net, features, labels):
    return cross_entropy(net(features), labels, reduction="none")

# %% 4 wrong sigmoid
def loss_of(net, features, labels):
    return cross_entropy(net(features).sigmoid(), labels)

# %% 4 wrong unwatched
def loss_of(net, features, labels):
    with torch.no_grad():
        return cross_entropy(net(features), labels)

# %% 4 wrong classes
def loss_of(net, features, labels):
    return cross_entropy(net(features).argmax(dim=1), labels)

# %% 4 wrong other
def loss_of(net, features, labels):
    return cross_entropy(net(features), labels) * 2

# %% 5 right
def accuracy(net, features, labels):
    answers = net(features).argmax(1)
    return (answers == labels).sum().item() / len(labels)

# %% 5 right
def accuracy(net, features, labels):
    right = 0
    for scores, label in zip(net(features).tolist(), labels.tolist()):
        right += scores.index(max(scores)) == label
    return right / len(labels)

# %% 5 right
def accuracy(net, features, labels):
    return net(features).max(dim=1).indices.eq(labels).double().mean().item()

# %% 5 wrong tensor
def accuracy(net, features, labels):
    return (net(features).argmax(dim=1) == labels).float().mean()

# %% 5 wrong counted
def accuracy(net, features, labels):
    return (net(features).argmax(dim=1) == labels).sum().item()

# %% 5 wrong percent
def accuracy(net, features, labels):
    return 100 * (net(features).argmax(dim=1) == labels).float().mean().item()

# %% 5 wrong wrong_ones
def accuracy(net, features, labels):
    return (net(features).argmax(dim=1) != labels).float().mean().item()

# %% 5 wrong cut
def accuracy(net, features, labels):
    return (net(features).argmax(dim=1) == labels).sum().item() // len(labels)

# %% 5 wrong of_classes
def accuracy(net, features, labels):
    logits = net(features)
    return (logits.argmax(dim=1) == labels).sum().item() / logits.shape[1]

# %% 5 wrong highest
def accuracy(net, features, labels):
    return net(features).max(dim=1).values.mean().item()

# %% 5 wrong mean_class
def accuracy(net, features, labels):
    return net(features).argmax(dim=1).float().mean().item()

# %% 5 wrong boolean
def accuracy(net, features, labels):
    return (net(features).argmax(dim=1) == labels).mean().item()

# %% 5 wrong along
def accuracy(net, features, labels):
    return (net(features).argmax(dim=0) == labels).float().mean().item()

# %% 5 wrong other
def accuracy(net, features, labels):
    print((net(features).argmax(dim=1) == labels).float().mean().item())

# %% 6 right
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    best, lowest = None, float("inf")
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        here = loss(net, held_out_points)
        if here < lowest:
            best, lowest = lr, here
    return best

# %% 6 right
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    def try_out(lr):
        net = new_net()
        train(net, lr, train_points)
        print(lr, loss(net, train_points))
        return loss(net, held_out_points)

    return min(rates, key=try_out)

# %% 6 wrong not_all
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        loss(net, held_out_points)
        return lr

# %% 6 wrong one_net
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    losses, net = {}, new_net()
    for lr in rates:
        train(net, lr, train_points)
        losses[lr] = loss(net, held_out_points)
    return min(losses, key=losses.get)

# %% 6 wrong trained_on_held_out
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    losses = {}
    for lr in rates:
        net = new_net()
        train(net, lr, held_out_points)
        losses[lr] = loss(net, held_out_points)
    return min(losses, key=losses.get)

# %% 6 wrong train_loss
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    losses = {}
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        losses[lr] = loss(net, train_points)
    return min(losses, key=losses.get)

# %% 6 wrong net
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    nets = [new_net() for _ in rates]
    for net, lr in zip(nets, rates):
        train(net, lr, train_points)
    return min(nets, key=lambda net: loss(net, held_out_points))

# %% 6 wrong the_loss
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    losses = []
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        losses.append(loss(net, held_out_points))
    return min(losses)

# %% 6 wrong highest
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    losses = {}
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        losses[lr] = loss(net, held_out_points)
    return max(losses, key=losses.get)

# %% 6 wrong place
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    losses = []
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        losses.append(loss(net, held_out_points))
    return losses.index(min(losses))

# %% 6 wrong table
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    losses = {}
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        losses[lr] = loss(net, held_out_points)
    return losses

# %% 6 wrong other
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    return rates[1]
