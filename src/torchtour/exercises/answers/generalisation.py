# Answers to the tasks of lesson 8, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
after_dropout = {0.0, 4.0}

# %% 1 right
after_dropout = "[0.0, 4.0]"

# %% 1 right

after_dropout = torch.tensor([0.0, 4.0])

# %% 1 wrong not_scaled
after_dropout = [0, 1]

# %% 1 wrong doubled
after_dropout = [0, 2]

# %% 1 wrong by_p
after_dropout = [0, 4 / 3]

# %% 1 wrong eval_mode
after_dropout = [1]

# %% 1 wrong no_zero
after_dropout = [4]

# %% 1 wrong other
after_dropout = [0, 0.25]

# %% 2 right
def measured(net, features, labels):
    training = net.training
    try:
        with torch.inference_mode():
            right = net.eval()(features).argmax(1) == labels
        return right.double().mean().item()
    finally:
        net.train(training)

# %% 2 right
def measured(net, features, labels):
    mode = net.training
    net.train(False)
    with torch.no_grad():
        right = (net(features).argmax(dim=1) == labels).sum().item()
    if mode:
        net.train()
    return right / len(labels)

# %% 2 right

def measured(net, features, labels):
    modes = [(m, m.training) for m in net.modules()]
    net.eval()
    with torch.no_grad():
        share = (net(features).argmax(dim=1) == labels).float().mean().item()
    for m, mode in modes:
        m.training = mode
    return share

# %% 2 right

def measured(net, features, labels):
    was = net.training
    net.train(mode=False)
    with torch.no_grad():
        logits = net(features)
    result = torch.mean((torch.argmax(logits, dim=1) == labels).float())
    if was: net.train()
    else: net.eval()
    return float(result)

# %% 2 right

import copy
def measured(net, features, labels):
    probe = copy.deepcopy(net).eval()
    with torch.no_grad():
        return (probe(features).argmax(dim=1) == labels).float().mean().item()

# %% 2 right

@torch.no_grad()
def measured(net, features, labels):
    mode = net.training
    net.eval()
    logits = net(features)
    net.train(mode)
    return logits.argmax(-1).eq(labels).sum().item() / labels.size(0)

# %% 2 wrong still_training
def measured(net, features, labels):
    net.train()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.eval()
    return (answers == labels).float().mean().item()

# %% 2 wrong not_set_back
def measured(net, features, labels):
    net.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    return (answers == labels).float().mean().item()

# %% 2 wrong always_training
def measured(net, features, labels):
    net.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.train()
    return (answers == labels).float().mean().item()

# %% 2 wrong watched
def measured(net, features, labels):
    mode = net.training
    net.eval()
    answers = net(features).argmax(dim=1)
    net.train(mode)
    return (answers == labels).float().mean().item()

# %% 2 wrong layers_left
def measured(net, features, labels):
    was = net.training
    net.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.training = was
    return (answers == labels).float().mean().item()

# %% 2 wrong counted
def measured(net, features, labels):
    mode = net.training
    net.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.train(mode)
    return (answers == labels).sum().item()

# %% 2 wrong other
def measured(net, features, labels):
    mode = net.training
    net.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.train(mode)

# %% 2 wrong layers_left

def measured(net, features, labels):
    was = net.training
    net.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.training = was
    return (answers == labels).float().mean().item()

# %% 2 wrong still_training

def measured(net, features, labels):
    net.training = False
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.training = True
    return (answers == labels).float().mean().item()

# %% 2 wrong still_training

def measured(net, features, labels):
    torch.manual_seed(0)
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    return (answers == labels).float().mean().item()

# %% 2 wrong still_training

def measured(net, features, labels):
    for m in net.modules():
        if isinstance(m, nn.Dropout):
            m.p = 0.0
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    return (answers == labels).float().mean().item()

# %% 2 wrong still_training

def measured(net, features, labels):
    with torch.no_grad():
        answers = torch.stack([net(features) for _ in range(200)]).mean(0).argmax(dim=1)
    return (answers == labels).float().mean().item()

# %% 2 wrong other

def measured(net, features, labels):
    was = net.training
    net.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.train(was)
    return (answers == labels).float().mean()

# %% 2 wrong layers_left

def measured(net, features, labels):
    was = net.training
    for child in net.children():
        child.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    return (answers == labels).float().mean().item()

# %% 2 wrong grad_mode

def measured(net, features, labels):
    was = net.training
    net.eval()
    torch.set_grad_enabled(False)
    answers = net(features).argmax(dim=1)
    net.train(was)
    return (answers == labels).float().mean().item()

# %% 2 wrong not_set_back

def measured(net, features, labels):
    mode = net.training
    net.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.train(not mode)
    return (answers == labels).float().mean().item()

# %% 2 wrong other

def measured(net, features, labels):
    mode = net.training
    net.eval()
    with torch.no_grad():
        answers = net(features[: len(features) // 2]).argmax(dim=1)
    net.train(mode)
    return (answers == labels[: len(features) // 2]).float().mean().item()

# %% 2 wrong still_training

def measured(net, features, labels):
    mode = net.training
    net.train()
    net(features)
    net.eval()
    with torch.no_grad():
        answers = net(features).argmax(dim=1)
    net.train(mode)
    return (answers == labels).float().mean().item()

# %% 3 right
def stop_epoch(losses, patience):
    best = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch + 1
    return len(losses)

# %% 3 right
def stop_epoch(losses, patience):
    lowest = [min(losses[: i + 1]) for i in range(len(losses))]
    for i in range(patience, len(losses)):
        if lowest[i] == lowest[i - patience]:
            return i + 1
    return len(losses)

# %% 3 right

def stop_epoch(losses, patience):
    best_epoch = 1
    for epoch in range(1, len(losses) + 1):
        if losses[epoch - 1] < losses[best_epoch - 1]:
            best_epoch = epoch
        if epoch - best_epoch >= patience:
            return epoch
    return len(losses)

# %% 3 right

def stop_epoch(losses, patience):
    import itertools
    lows = list(itertools.accumulate(losses, min))
    waited = 0
    for i in range(1, len(losses)):
        waited = 0 if lows[i] < lows[i - 1] else waited + 1
        if waited >= patience:
            return i + 1
    return len(losses)

# %% 3 right

def stop_epoch(losses, patience):
    lowest, bad, epoch = losses[0], 0, 1
    while epoch < len(losses) and bad < patience:
        if losses[epoch] < lowest:
            lowest, bad = losses[epoch], 0
        else:
            bad += 1
        epoch += 1
    return epoch

# %% 3 right

def stop_epoch(losses, patience):
    for n in range(1, len(losses) + 1):
        seen = losses[:n]
        if n - 1 - seen.index(min(seen)) >= patience:
            return n
    return len(losses)

# %% 3 wrong counted_from_zero
def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses)

# %% 3 wrong best_epoch
def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return losses.index(lowest) + 1
    return len(losses)

# %% 3 wrong best_of_all
def stop_epoch(losses, patience):
    return losses.index(min(losses)) + 1

# %% 3 wrong too_late
def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if waited == patience:
            return epoch
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
    return len(losses)

# %% 3 wrong the_loss
def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return loss
    return len(losses)

# %% 3 wrong equal_counts
def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss <= lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses)

# %% 3 wrong no_end
def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    print(lowest)

# %% 3 wrong other
def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == 1:
            return epoch
    return len(losses)

# %% 3 wrong last_epoch
def stop_epoch(losses, patience):
    before, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        waited = 0 if loss < before else waited + 1
        if waited == patience:
            return epoch
        before = loss
    return len(losses)

# %% 3 wrong not_in_a_row
def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest = loss
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses)

# %% 3 wrong other

def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == 3:
            return epoch
    return len(losses)

# %% 3 wrong other

def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest - 1e-3:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited > patience:
            return epoch
    return len(losses)

# %% 3 wrong other

def stop_epoch(losses, patience):
    lowest, waited = 1.0, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses)

# %% 3 wrong other

def stop_epoch(losses, patience):
    return min(losses.index(min(losses)) + 1 + patience, len(losses))

# %% 3 wrong other

def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            break
    return epoch - patience

# %% 3 wrong other

def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest = loss
            waited = 0
        elif loss > lowest:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses)

# %% 3 wrong input_changed

def stop_epoch(losses, patience):
    lowest, waited = losses.pop(0), 0
    for epoch, loss in enumerate(losses, start=2):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses) + 1

# %% 3 wrong no_end

def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return None

# %% 3 wrong other

def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 1
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses)

# %% 3 wrong other

def stop_epoch(losses, patience):
    for n in range(1, len(losses) + 1):
        seen = losses[:n]
        if n - seen.index(min(seen)) >= patience:
            return n
    return len(losses)

# %% 3 wrong other

def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, 0
        else:
            waited += 1
        if waited == patience:
            return epoch
    return epoch + 1

# %% 3 wrong other

def stop_epoch(losses, patience):
    lowest, waited = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, waited = loss, max(0, waited - 1)
        else:
            waited += 1
        if waited == patience:
            return epoch
    return len(losses)

# %% 3 wrong equal_counts

def stop_epoch(losses, patience):
    for epoch in range(patience, len(losses)):
        if min(losses[epoch - patience + 1 : epoch + 1]) > losses[epoch - patience]:
            return epoch + 1
    return len(losses)

# %% 3 wrong other
def stop_epoch(losses, patience):
    lowest, stale = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest - 1e-3:
            lowest, stale = loss, 0
        else:
            stale += 1
            if stale == patience:
                return epoch
    return len(losses)

# %% 3 wrong other
def stop_epoch(losses, patience):
    lowest, stale = 1000, 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < lowest:
            lowest, stale = loss, 0
        else:
            stale += 1
        if stale == patience:
            return epoch
    return len(losses)

# %% 4 right
def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return [g * (max_norm / norm).clamp(max=1) for g in gradients]

# %% 4 right
def clipped(gradients, max_norm):
    norm = torch.stack([g.norm() for g in gradients]).norm()
    if norm <= max_norm:
        return [g.clone() for g in gradients]
    return [g / norm * max_norm for g in gradients]

# %% 4 right

def clipped(gradients, max_norm):
    norm = torch.norm(torch.stack([g.norm() for g in gradients]))
    scale = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
    return [g * scale for g in gradients]

# %% 4 right

def clipped(gradients, max_norm):
    norm = torch.cat([g.reshape(-1) for g in gradients]).norm()
    if norm > max_norm:
        return [g * max_norm / norm for g in gradients]
    return list(gradients)

# %% 4 right

def clipped(gradients, max_norm):
    total = 0.0
    for g in gradients:
        total += (g ** 2).sum().item()
    length = total ** 0.5
    factor = max_norm / length if length > max_norm else 1
    return [factor * g for g in gradients]

# %% 4 right

def clipped(gradients, max_norm):
    norm = nn.utils.get_total_norm(gradients)
    return [g.clone() if norm <= max_norm else g.div(norm).mul(max_norm) for g in gradients]

# %% 4 right

def clipped(gradients, max_norm):
    flat = torch.nn.utils.parameters_to_vector(gradients)
    factor = (max_norm / flat.norm().clamp(min=1e-12)).clamp(max=1.0)
    return [torch.mul(g, factor) for g in gradients]

# %% 4 right

import math
def clipped(gradients, max_norm):
    norm = math.sqrt(sum(float(x) ** 2 for g in gradients for x in g.flatten()))
    return [g * min(1.0, max_norm / max(norm, 1e-12)) for g in gradients]

# %% 4 wrong in_place
def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    for g in gradients:
        g.mul_(min(1, max_norm / norm))
    return gradients

# %% 4 wrong unchanged
def clipped(gradients, max_norm):
    longest = max(g.abs().max() for g in gradients)
    if longest > 2 * max_norm:
        return [g / longest for g in gradients]
    return gradients

# %% 4 wrong one_by_one
def clipped(gradients, max_norm):
    return [g * min(1, max_norm / g.norm()) for g in gradients]

# %% 4 wrong by_value
def clipped(gradients, max_norm):
    return [g.clamp(-max_norm, max_norm) for g in gradients]

# %% 4 wrong no_root
def clipped(gradients, max_norm):
    square = sum(g.square().sum() for g in gradients)
    return [g * min(1, max_norm / square) for g in gradients]

# %% 4 wrong length_one
def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return [g / norm for g in gradients]

# %% 4 wrong divided_only
def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    if norm > max_norm:
        return [g / max_norm for g in gradients]
    return gradients

# %% 4 wrong multiplied
def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return [g * norm / max_norm for g in gradients]

# %% 4 wrong summed
def clipped(gradients, max_norm):
    norm = sum(g.abs().sum() for g in gradients)
    return [g * min(1, max_norm / norm) for g in gradients]

# %% 4 wrong longest
def clipped(gradients, max_norm):
    norm = max(g.norm() for g in gradients)
    return [g * min(1, max_norm / norm) for g in gradients]

# %% 4 wrong stretched
def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return [g * max_norm / norm for g in gradients]

# %% 4 wrong other
def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return norm.clamp(max=max_norm)

# %% 4 wrong zero
def clipped(gradients, max_norm):
    norm = sum(gradient.square().sum() for gradient in gradients).sqrt()
    return [gradient / norm * norm.clamp(max=max_norm) for gradient in gradients]

# %% 4 wrong zero
def clipped(gradients, max_norm):
    norm = sum(gradient.square().sum() for gradient in gradients).sqrt().item()
    return [gradient * min(1.0, max_norm / norm) for gradient in gradients]

# %% 4 wrong forbidden

def clipped(gradients, max_norm):
    params = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for p, g in zip(params, gradients):
        p.grad = g.clone()
    nn.utils.clip_grad_norm_(params, max_norm)
    return [p.grad for p in params]

# %% 4 wrong forbidden

from torch.nn.utils import clip_grad_norm_ as clip
def clipped(gradients, max_norm):
    params = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for p, g in zip(params, gradients):
        p.grad = g.clone()
    clip(params, max_norm)
    return [p.grad for p in params]

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = max(g.abs().max() for g in gradients)
    return [g * min(1.0, max_norm / norm.item()) if norm > 0 else g for g in gradients]

# %% 4 wrong in_place

def clipped(gradients, max_norm):
    norm = sum(g.square().sum() for g in gradients).sqrt()
    if norm > max_norm:
        for g in gradients:
            g.mul_(max_norm / norm)
    return gradients

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = sum(g.square().mean() for g in gradients).sqrt()
    return [g * (max_norm / norm) if norm > max_norm else g for g in gradients]

# %% 4 wrong length_one

def clipped(gradients, max_norm):
    norm = sum(g.square().sum() for g in gradients).sqrt()
    return [(g * (1.0 / norm) if norm > 1.0 else g) for g in gradients]

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = sum(g.norm() for g in gradients)
    return [(g * (max_norm / norm) if norm > max_norm else g) for g in gradients]

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = sum(g.double().square().sum() for g in gradients).sqrt()
    return [g.double() * (max_norm / norm) if norm > max_norm else g.double() for g in gradients]

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = sum(g.square().sum() for g in gradients).sqrt()
    return torch.cat([(g * (max_norm / norm) if norm > max_norm else g).flatten() for g in gradients])

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return [torch.where(g.abs() > max_norm, g / norm * max_norm, g) for g in gradients]

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return tuple(g * max_norm / norm if norm > max_norm else g for g in gradients)[:-1]

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return [g * (max_norm / norm) ** 2 if norm > max_norm else g for g in gradients]

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return [(g * max_norm / norm).flatten() if norm > max_norm else g for g in gradients]

# %% 4 wrong other

def clipped(gradients, max_norm):
    norm = gradients[0].norm()
    return [g * max_norm / norm if norm > max_norm else g for g in gradients]

# %% 5 right
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    layer.bias.data.zero_()
    return layer

# %% 5 right
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(n_outputs, n_inputs) * (2 / n_inputs) ** 0.5)
        layer.bias.zero_()
    return layer

# %% 5 right

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    layer.bias.data.fill_(0)
    return layer

# %% 5 right

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(n_outputs, n_inputs) * (2 / n_inputs) ** 0.5)
        layer.bias.zero_()
    return layer

# %% 5 right

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    layer.weight = nn.Parameter(torch.normal(0.0, (2 / n_inputs) ** 0.5, size=(n_outputs, n_inputs)))
    layer.bias = nn.Parameter(torch.zeros(n_outputs))
    return layer

# %% 5 right

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    layer.weight.data.normal_(0, (2 / n_inputs) ** 0.5)
    nn.init.constant_(layer.bias, 0.0)
    return layer

# %% 5 right

def kaiming_layer(n_inputs, n_outputs):
    layer = torch.nn.utils.skip_init(nn.Linear, n_inputs, n_outputs)
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong sizes_swapped
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_outputs, n_inputs)
    nn.init.normal_(layer.weight, std=(2 / n_inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong biases
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=(2 / n_inputs) ** 0.5)
    nn.init.normal_(layer.bias, std=0.1)
    return layer

# %% 5 wrong by_outputs
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=(2 / n_outputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong variance
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=2 / n_inputs)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong no_factor
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=(1 / n_inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong both_sizes
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.xavier_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong standard
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=1)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong default
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    layer.weight.requires_grad_()
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong shifted
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, 0.1, (2 / n_inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong uniform
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong watched
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    layer.weight.normal_(std=(2 / n_inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong other
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=(2 / n_inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer.weight

# %% 5 wrong error
def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=(2 / inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong uniform

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong by_outputs

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong other

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    torch.manual_seed(0)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong biases

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return layer

# %% 5 wrong no_factor

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong other

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    layer.weight = nn.Parameter(torch.randn(n_outputs, 1).expand(n_outputs, n_inputs).clone() * (2 / n_inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong detached

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    layer.weight = nn.Parameter(torch.randn(n_outputs, n_inputs) * (2 / n_inputs) ** 0.5, requires_grad=False)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong other

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=0.05)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong other

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.trunc_normal_(layer.weight, std=(2 / n_inputs) ** 0.5, a=-((2 / n_inputs) ** 0.5), b=(2 / n_inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer

# %% 5 wrong biases

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.normal_(layer.weight, std=(2 / n_inputs) ** 0.5)
    nn.init.normal_(layer.bias, std=1e-3)
    return layer

# %% 5 wrong other

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs, bias=False)
    nn.init.normal_(layer.weight, std=(2 / n_inputs) ** 0.5)
    return layer

# %% 5 wrong other

def kaiming_layer(n_inputs, n_outputs):
    layer = nn.Linear(n_inputs, n_outputs).double()
    nn.init.normal_(layer.weight, std=(2 / n_inputs) ** 0.5)
    nn.init.zeros_(layer.bias)
    return layer

# %% 6 right
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean.lerp_(mean.detach(), 0.1)
            self.var.lerp_(batch.var(dim=0).detach(), 0.1)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 right
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer('mean', torch.zeros(n_features))
        self.register_buffer('var', torch.ones(n_features))

    def forward(self, batch):
        return nn.functional.batch_norm(batch, self.mean, self.var, training=self.training) if not self.training else self.learn(batch)

    def learn(self, batch):
        var, mean = torch.var_mean(batch, dim=0, correction=0)
        self.mean = self.mean * 0.9 + mean.detach() * 0.1
        self.var = self.var * 0.9 + batch.detach().var(dim=0) * 0.1
        return (batch - mean) / torch.sqrt(var + 1e-5)

# %% 6 right
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        return nn.functional.batch_norm(batch, self.mean, self.var, training=self.training)

# %% 6 right

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
    def forward(self, batch):
        if self.training:
            var, mean = torch.var_mean(batch, dim=0, correction=0)
            n = len(batch)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * (var * n / (n - 1)).detach()
        else:
            mean, var = self.mean, self.var
        return (batch - mean) * torch.rsqrt(var + 1e-5)

# %% 6 right

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.mean = nn.Buffer(torch.zeros(n_features))
        self.var = nn.Buffer(torch.ones(n_features))
    def forward(self, batch):
        if self.training:
            mean, var = batch.mean(0, keepdim=True), batch.var(0, keepdim=True, correction=0)
            with torch.no_grad():
                self.mean.mul_(0.9).add_(mean[0], alpha=0.1)
                self.var.mul_(0.9).add_(batch.var(0), alpha=0.1)
            return (batch - mean) / (var + 1e-5).sqrt()
        return (batch - self.mean) / (self.var + 1e-5).sqrt()

# %% 6 right

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(n_features), requires_grad=False)
        self.var = nn.Parameter(torch.ones(n_features), requires_grad=False)
    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean.data += 0.1 * (mean.detach() - self.mean)
            self.var.data += 0.1 * (batch.detach().var(dim=0) - self.var)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 right

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
    def forward(self, x):
        if not self.training:
            return (x - self.mean) / torch.sqrt(self.var + 1e-5)
        m = x.mean(dim=0)
        centred = x - m
        v = (centred ** 2).mean(dim=0)
        n = x.shape[0]
        self.mean.copy_(torch.lerp(self.mean, m.detach(), 0.1))
        self.var.copy_(torch.lerp(self.var, v.detach() * n / (n - 1), 0.1))
        return centred / torch.sqrt(v + 1e-5)

# %% 6 wrong rows
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        dim = dict(dim=1, keepdim=True)
        return (batch - batch.mean(**dim)) / (batch.var(correction=0, **dim) + 1e-5).sqrt()

# %% 6 wrong whole
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(), batch.var(correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong corrected
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong not_rooted
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        return (batch - mean) / (var + 1e-5)

# %% 6 wrong running_in_training
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            return (batch - self.mean) / (self.var + 1e-5).sqrt()

# %% 6 wrong moved_first
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        return (batch - self.mean) / (self.var + 1e-5).sqrt()

# %% 6 wrong not_kept
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong replaced
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean, self.var = mean, var
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong nine_tenths
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.1 * self.mean + 0.9 * mean
            self.var = 0.1 * self.var + 0.9 * var
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong added
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = self.mean + 0.1 * mean.detach()
            self.var = self.var + 0.1 * batch.var(dim=0).detach()
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong batch_in_eval
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if True:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong moves_in_eval
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        if not self.training:
            before = mean, var
            self.mean = 0.9 * self.mean + 0.1 * batch.mean(dim=0)
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong eval_not_scaled
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        if not self.training:
            return batch
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong other
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        return batch - mean

# %% 6 wrong biased
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * var.detach()
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong not_in_state_dict
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.mean = torch.zeros(n_features)
        self.var = torch.ones(n_features)

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean.detach()
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0).detach()
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong learned
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(n_features))
        self.var = nn.Parameter(torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            with torch.no_grad():
                self.mean.lerp_(mean, 0.1)
                self.var.lerp_(batch.var(dim=0), 0.1)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong graph_kept
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.var = 0.9 * self.var + 0.1 * batch.var(dim=0)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong all_in_no_grad
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    @torch.no_grad()
    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean.lerp_(mean, 0.1)
            self.var.lerp_(batch.var(dim=0), 0.1)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong forgets
class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))

    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean = 0.1 * mean.detach()
            self.var = 0.9 + 0.1 * batch.var(dim=0).detach()
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong missing
class Norm(nn.Module):
    pass

# %% 6 wrong other

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            with torch.no_grad():
                mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
                self.mean += 0.1 * (mean - self.mean)
                self.var += 0.1 * (batch.var(dim=0) - self.var)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong not_in_state_dict

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features), persistent=False)
        self.register_buffer("var", torch.ones(n_features), persistent=False)
    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            with torch.no_grad():
                self.mean += 0.1 * (mean - self.mean)
                self.var += 0.1 * (batch.var(dim=0) - self.var)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong forgets

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            with torch.no_grad():
                self.mean = 0.1 * mean
                self.var = 0.1 * batch.var(dim=0) + 0.9
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong other

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            with torch.no_grad():
                self.mean += 0.1 * (mean - self.mean)
                self.var += 0.1 * (batch.var(dim=0) - self.var)
        return (batch - mean) / (var.sqrt() + 1e-5)

# %% 6 wrong other

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
        self.scale = nn.Parameter(torch.ones(n_features))
    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            with torch.no_grad():
                self.mean += 0.1 * (mean - self.mean)
                self.var += 0.1 * (batch.var(dim=0) - self.var)
        return self.scale * (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong batch_in_eval

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
    def forward(self, batch):
        mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
        with torch.no_grad():
            self.mean += 0.1 * (mean - self.mean)
            self.var += 0.1 * (batch.var(dim=0) - self.var)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong other

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(1, n_features))
        self.register_buffer("var", torch.ones(1, n_features))
    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            with torch.no_grad():
                self.mean += 0.2 * (mean - self.mean)
                self.var += 0.2 * (batch.var(dim=0) - self.var)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong not_in_state_dict

class BatchNorm(nn.Module):
    mean, var = torch.zeros(3), torch.ones(3)
    def __init__(self, n_features):
        super().__init__()
    def forward(self, batch):
        mean, var = self.mean, self.var
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
        return (batch - mean) / (var + 1e-5).sqrt()

# %% 6 wrong error

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
    def forward(self, batch):
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean += 0.1 * (mean.detach() - self.mean)
            self.var += 0.1 * (batch.var(dim=0).detach() - self.var)
            batch -= mean
            batch /= (var + 1e-5).sqrt()
            return batch
        return (batch - self.mean) / (self.var + 1e-5).sqrt()

# %% 6 wrong other

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
    def forward(self, batch):
        if self.training:
            mean, var = batch.mean(dim=0).detach(), batch.var(dim=0, correction=0).detach()
            self.mean.lerp_(mean, 0.1)
            self.var.lerp_(batch.detach().var(dim=0), 0.1)
            return (batch - mean) / (var + 1e-5).sqrt()
        return (batch - self.mean) / (self.var + 1e-5).sqrt()

# %% 6 wrong other

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.zeros(n_features))
    def forward(self, batch):
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean.lerp_(mean.detach(), 0.1)
            self.var.lerp_(batch.detach().var(dim=0), 0.1)
            return (batch - mean) / (var + 1e-5).sqrt()
        return (batch - self.mean) / (self.var + 1e-5).sqrt()

# %% 6 wrong detached

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
    def forward(self, batch):
        if self.training:
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean.lerp_(mean.detach(), 0.1)
            self.var.lerp_(batch.detach().var(dim=0), 0.1)
            return (batch - mean) / (var + 1e-5).sqrt()
        with torch.no_grad():
            return (batch - self.mean) / (self.var + 1e-5).sqrt()

# %% 6 wrong replaced

class BatchNorm(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("var", torch.ones(n_features))
        self.count = 0
    def forward(self, batch):
        if self.training:
            self.count += 1
            mean, var = batch.mean(dim=0), batch.var(dim=0, correction=0)
            self.mean.lerp_(mean.detach(), 1 / self.count)
            self.var.lerp_(batch.detach().var(dim=0), 1 / self.count)
            return (batch - mean) / (var + 1e-5).sqrt()
        return (batch - self.mean) / (self.var + 1e-5).sqrt()
