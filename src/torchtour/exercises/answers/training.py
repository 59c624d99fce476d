# Answers to the tasks of lesson 4, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
loss_of_ignorance = "1.39"

# %% 1 right
import math

loss_of_ignorance = round(-math.log(1 / 4), 2)

# %% 1 right

loss_of_ignorance = 1.39

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

# %% 1 wrong unrounded
import math

loss_of_ignorance = math.log(4)

# %% 2 right
w_after_two = 0.8 * 0.8

# %% 2 right
w_after_two = "0.64"

# %% 2 right

w_after_two = torch.tensor(0.64)

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

# %% 3 right

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    def epoch():
        optimizer.zero_grad(set_to_none=False)
        loss = nn.functional.nll_loss(net(features).log_softmax(1), labels)
        loss.backward()
        optimizer.step()
        return float(loss.detach())
    return [epoch() for _ in range(epochs)]

# %% 3 right

def train(net, features, labels, epochs, lr):
    net.train()
    optimizer = torch.optim.SGD(net.parameters(), lr)
    history = []
    for epoch in range(epochs):
        optimizer.zero_grad()
        output = net(features)
        loss = nn.CrossEntropyLoss()(output, labels)
        history.append(loss.detach().cpu().numpy().item())
        loss.backward()
        optimizer.step()
    return history

# %% 3 right

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0)
    losses = [0.0] * epochs
    for i in range(epochs):
        def closure():
            optimizer.zero_grad()
            loss = cross_entropy(net(features), labels)
            loss.backward()
            return loss
        losses[i] = optimizer.step(closure).item()
    return losses

# %% 3 right

def train(net, features, labels, epochs, lr):
    losses = []
    params = list(net.parameters())
    for _ in range(epochs):
        loss = cross_entropy(net(features), labels)
        grads = torch.autograd.grad(loss, params)
        for p, g in zip(params, grads):
            p.data.sub_(lr * g)
        losses.append(loss.item())
    return losses

# %% 3 right

def train(net, features, labels, epochs, lr):
    criterion = nn.NLLLoss()
    optimizer = torch.optim.SGD([{"params": net.parameters()}], lr=lr)
    losses = []
    for epoch in range(1, epochs + 1):
        loss = criterion(torch.log_softmax(net(features), dim=-1), labels)
        losses.append(loss.tolist())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
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

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses, total = [], 0.0
    for i in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        total += loss.item()
        losses.append(total / (i + 1))
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for i in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item() if i == 0 else cross_entropy(net(features), labels).item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for i in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(round(loss.item(), 3))
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    losses = []
    for i in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9)
    losses = []
    for i in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for i in range(epochs):
        for x, y in zip(features, labels):
            loss = cross_entropy(net(x[None]), y[None])
            optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    for i in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
    return [loss.item()] * epochs

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for i in range(epochs):
        loss = cross_entropy(net(features), labels, reduction="sum")
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item() / len(labels))
    return losses

# %% 3 wrong stale

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    loss = cross_entropy(net(features), labels)
    for i in range(epochs):
        optimizer.zero_grad(); loss.backward(retain_graph=True); 
        with torch.no_grad():
            losses.append(cross_entropy(net(features), labels).item())
        optimizer.step()
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, weight_decay=1e-3)
    losses = []
    for i in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong no_backward

import copy
def train(net, features, labels, epochs, lr):
    net = copy.deepcopy(net)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for i in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    features = (features - features.mean(0)) / features.std(0)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for i in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong late_loss

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(cross_entropy(net(features), labels).item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(min([loss.item()] + losses))
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.9)
    losses = []
    for epoch in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward(); optimizer.step(); scheduler.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(list(net.parameters())[:2], lr=lr)
    losses = []
    for epoch in range(epochs):
        loss = cross_entropy(net(features), labels)
        net.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        order = torch.randperm(len(features))[:-1]
        loss = cross_entropy(net(features[order]), labels[order])
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        loss = cross_entropy(net(features), labels)
        optimizer.zero_grad(); loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 0.3)
        optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong no_zero

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        optimizer = torch.optim.SGD(net.parameters(), lr=lr)
        loss = cross_entropy(net(features), labels)
        loss.backward(); optimizer.step()
        losses.append(loss.item())
    return losses

# %% 3 wrong other

def train(net, features, labels, epochs, lr):
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        loss = nn.functional.mse_loss(net(features), nn.functional.one_hot(labels, net(features).shape[1]).float())
        optimizer.zero_grad(); loss.backward(); optimizer.step()
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

# %% 4 right

def loss_of(net, features, labels):
    return nn.CrossEntropyLoss()(net(features), labels)

# %% 4 right

def loss_of(net, features, labels):
    log_p = net(features).log_softmax(dim=1)
    return -log_p[range(len(labels)), labels].mean()

# %% 4 right

def loss_of(net, features, labels):
    p = net(features).softmax(dim=1)
    return torch.nn.functional.nll_loss(p.log(), labels)

# %% 4 right

def loss_of(net, features, labels):
    return cross_entropy(net(features).log_softmax(dim=1), labels)

# %% 4 right

def loss_of(net, features, labels):
    logits = net(features)
    one_hot = nn.functional.one_hot(labels, logits.shape[1]).float()
    return cross_entropy(logits, one_hot)

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

# %% 4 wrong unwatched

def loss_of(net, features, labels):
    return cross_entropy(net(features).detach(), labels)

# %% 4 wrong other

def loss_of(net, features, labels):
    return cross_entropy(net(features), labels).item()

# %% 4 wrong other

def loss_of(net, features, labels):
    return cross_entropy(net(features), labels, label_smoothing=0.1)

# %% 4 wrong other

def loss_of(net, features, labels):
    return cross_entropy(net(features).softmax(dim=1).clamp(min=1e-6).log(), labels)

# %% 4 wrong detached

def loss_of(net, features, labels):
    with torch.no_grad():
        logits = net(features)
    logits.requires_grad_()
    return cross_entropy(logits, labels)

# %% 4 wrong other

def loss_of(net, features, labels):
    return cross_entropy(features, labels)

# %% 4 wrong input_changed

def loss_of(net, features, labels):
    loss = cross_entropy(net(features), labels)
    loss.backward()
    return loss

# %% 4 wrong other

def loss_of(net, features, labels):
    p = net(features).softmax(dim=1)
    return (p - nn.functional.one_hot(labels, p.shape[1])).square().mean()

# %% 4 wrong other

def loss_of(net, features, labels):
    return cross_entropy(net(features), labels) + 0 * cross_entropy(net(features).softmax(1), labels) + 0.01

# %% 4 wrong other

def loss_of(net, features, labels):
    return cross_entropy(net(features) / 10, labels)

# %% 4 wrong other

def loss_of(net, features, labels):
    return cross_entropy(net(features), labels).double()

# %% 4 wrong other

def loss_of(net, features, labels):
    return cross_entropy(net(features).log(), labels).nan_to_num()

# %% 4 wrong other

def loss_of(net, features, labels):
    return cross_entropy(net(features), labels, weight=torch.bincount(labels).float())

# %% 4 wrong unwatched

@torch.no_grad()
def loss_of(net, features, labels):
    return cross_entropy(net(features), labels)

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

# %% 5 right

def accuracy(net, features, labels):
    net.eval()
    with torch.inference_mode():
        return (net(features).argmax(1) == labels).double().mean().item()

# %% 5 right

def accuracy(net, features, labels):
    return sum(int(a == b) for a, b in zip(net(features).argmax(dim=1), labels)) / labels.numel()

# %% 5 right

def accuracy(net, features, labels):
    answers = net(features).argmax(dim=1)
    return torch.count_nonzero(answers == labels).item() / answers.shape[0]

# %% 5 right

def accuracy(net, features, labels):
    return 1 - float((net(features).argmax(dim=1) != labels).float().mean())

# %% 5 right

def accuracy(net, features, labels):
    correct = 0
    with torch.no_grad():
        for x, y in zip(features, labels):
            correct += int(net(x.unsqueeze(0)).argmax(1).item() == y.item())
    return correct / len(features)

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

# %% 5 wrong other

def accuracy(net, features, labels):
    return (features.argmax(dim=1) == labels).float().mean().item()

# %% 5 wrong tensor

def accuracy(net, features, labels):
    return (net(features).argmax(dim=1) == labels).float().mean()

# %% 5 wrong other

def accuracy(net, features, labels):
    return round((net(features).argmax(dim=1) == labels).float().mean().item(), 2)

# %% 5 wrong other

def accuracy(net, features, labels):
    return (net(features).argmax(dim=1) == labels).sum().item() / 5

# %% 5 wrong other

def accuracy(net, features, labels):
    return (net(features).argmin(dim=1) == labels).float().mean().item()

# %% 5 wrong other

def accuracy(net, features, labels):
    return (net(features).round().argmax(dim=1) == labels).float().mean().item()

# %% 5 wrong cut

def accuracy(net, features, labels):
    return float((net(features).argmax(dim=1) == labels).all())

# %% 5 wrong other

def accuracy(net, features, labels):
    return (net(features).softmax(1).gather(1, labels[:, None])).mean().item()

# %% 5 wrong other

def accuracy(net, features, labels):
    logits = net(features)
    return ((logits.softmax(1) > 0.5).float().argmax(1) == labels).float().mean().item()

# %% 5 wrong percent

def accuracy(net, features, labels):
    return (net(features).argmax(dim=1) == labels).float().mean().item() * 100

# %% 5 wrong other

def accuracy(net, features, labels):
    answers = net(features).argmax(dim=1)
    return len(set(answers.tolist()) & set(labels.tolist())) / len(set(labels.tolist()))

# %% 5 wrong other

def accuracy(net, features, labels):
    answers = net(features).argmax(dim=1)
    return sum((answers[labels == c] == c).float().mean() for c in labels.unique()).item() / len(labels.unique())

# %% 5 wrong other

def accuracy(net, features, labels):
    answers = net(features).topk(2, dim=1).indices
    return (answers == labels[:, None]).any(dim=1).float().mean().item()

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

# %% 6 right

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    best, lowest = None, float("inf")
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        value = loss(net, held_out_points)
        if value < lowest:
            best, lowest = lr, value
    return best

# %% 6 right

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    def score(lr):
        net = new_net()
        train(net, lr, train_points)
        return loss(net, held_out_points)
    return min(rates, key=score)

# %% 6 right

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    nets = [new_net() for _ in rates]
    for net, lr in zip(nets, rates):
        train(net, lr, train_points)
    values = torch.tensor([loss(net, held_out_points) for net in nets])
    return rates[values.argmin().item()]

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

# %% 6 wrong other

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    def score(lr):
        net = new_net()
        value = loss(net, held_out_points)
        train(net, lr, train_points)
        return value
    return min(rates, key=score)

# %% 6 wrong other

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    return 0.1

# %% 6 wrong other

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    previous = float("inf")
    best = rates[0]
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        value = loss(net, held_out_points)
        if value < previous:
            best = lr
        previous = value
    return best

# %% 6 wrong one_net

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    def score(lr):
        net = new_net()
        train(net, lr, train_points)
        train(net, lr, held_out_points)
        return loss(net, held_out_points)
    return min(rates, key=score)

# %% 6 wrong other

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    def score(lr):
        net = new_net()
        train(net, lr, train_points)
        return abs(loss(net, held_out_points) - loss(net, train_points))
    return min(rates, key=score)

# %% 6 wrong highest

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    def score(lr):
        net = new_net()
        train(net, lr, train_points)
        return loss(net, held_out_points)
    return sorted(rates, key=score)[-1]

# %% 6 wrong one_net

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    net = new_net()
    def score(lr):
        train(net, lr, train_points)
        return loss(net, held_out_points)
    return min(rates, key=score)

# %% 6 wrong not_all

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    def score(lr):
        net = new_net()
        train(net, rates[0], train_points)
        return loss(net, held_out_points)
    return min(rates, key=score)

# %% 6 wrong trained_on_held_out

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    def score(lr):
        net = new_net()
        train(net, lr, held_out_points)
        return loss(net, train_points)
    return min(rates, key=score)

# %% 6 wrong other

def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    rates.sort()
    def score(lr):
        net = new_net()
        train(net, lr, train_points)
        return loss(net, held_out_points)
    return min(rates, key=score)

# %% 6 wrong other
def best_rate(rates, train_points, held_out_points, new_net, train, loss):
    lowest, best = 10.0, None
    for lr in rates:
        net = new_net()
        train(net, lr, train_points)
        value = loss(net, held_out_points)
        if value < lowest:
            lowest, best = value, lr
    return best
