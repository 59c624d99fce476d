# Answers to the tasks of lesson 9, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
sum_in_bfloat16 = 256

# %% 1 right
sum_in_bfloat16 = "256.0"

# %% 1 wrong exact
sum_in_bfloat16 = 266

# %% 1 wrong by_twos
sum_in_bfloat16 = 276

# %% 1 wrong half
sum_in_bfloat16 = 261

# %% 1 wrong overflow
sum_in_bfloat16 = float("inf")

# %% 1 wrong once
sum_in_bfloat16 = 258

# %% 1 wrong other
sum_in_bfloat16 = 250

# %% 2 right
def cosine_rate(step, steps, highest):
    return highest * math.cos(math.pi / 2 * step / steps) ** 2

# %% 2 right
def cosine_rate(step, steps, highest):
    return (highest / 2 * (1 + torch.cos(torch.tensor(torch.pi * step / steps)))).item()

# %% 2 wrong not_halved
def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(math.pi * step / steps))

# %% 2 wrong bare_cosine
def cosine_rate(step, steps, highest):
    return highest * math.cos(math.pi * step / steps)

# %% 2 wrong quarter
def cosine_rate(step, steps, highest):
    return highest * math.cos(math.pi / 2 * step / steps)

# %% 2 wrong whole_wave
def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(2 * math.pi * step / steps)) / 2

# %% 2 wrong degrees
def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(180 * step / steps)) / 2

# %% 2 wrong straight
def cosine_rate(step, steps, highest):
    return highest * (1 - step / steps)

# %% 2 wrong rising
def cosine_rate(step, steps, highest):
    return highest * (1 - math.cos(math.pi * step / steps)) / 2

# %% 2 wrong no_pi
def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(step / steps)) / 2

# %% 2 wrong factor_only
def cosine_rate(step, steps, highest):
    return (1 + math.cos(math.pi * step / steps)) / 2

# %% 2 wrong one_short
def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(math.pi * step / (steps - 1))) / 2

# %% 2 wrong other
def cosine_rate(step, steps, highest):
    return [highest * (1 + math.cos(math.pi * step / steps)) / 2]

# %% 3 right
def to_device(batch, device):
    moved = []
    for tensor in batch:
        moved.append(tensor.to(device))
    return moved

# %% 3 right
def to_device(batch, device):
    return list(map(lambda tensor: tensor.to(device), batch))

# %% 3 wrong not_moved
def to_device(batch, device):
    for tensor in batch:
        tensor = tensor.to(device)
    return batch

# %% 3 wrong only_one
def to_device(batch, device):
    return [batch[0].to(device), batch[1]]

# %% 3 wrong changed
def to_device(batch, device):
    return [tensor.to(device, torch.float32) for tensor in batch]

# %% 3 wrong same_list
def to_device(batch, device):
    for i, tensor in enumerate(batch):
        batch[i] = tensor.to(device)
    return batch

# %% 3 wrong no_module
def to_device(batch, device):
    return batch.to(device)

# %% 3 wrong other
def to_device(batch, device):
    for tensor in batch:
        return tensor.to(device)

# %% 4 right
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().sum() > 0 and not found:
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0] if found else None

# %% 4 right
def first_nan(net, features):
    names = {layer: name for name, layer in net.named_children()}
    seen = {}
    def look(layer, inputs, output):
        seen[names[layer]] = bool((output != output).any())
    handles = [layer.register_forward_hook(look) for layer in net.children()]
    net(features)
    [handle.remove() for handle in handles]
    return next((name for name, bad in seen.items() if bad), None)

# %% 4 wrong number
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                found.append(int(name) if name.isdigit() else 0)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0] if found else None

# %% 4 wrong layer
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                found.append(layer)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0] if found else None

# %% 4 wrong all
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found

# %% 4 wrong last
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output):
            if output.isnan().any():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0] if found else None

# %% 4 wrong first_layer
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if True:
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0] if found else None

# %% 4 wrong whole_net
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_modules():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[-1] if found else None

# %% 4 wrong hooks_left
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    return found[0] if found else None

# %% 4 wrong order
def first_nan(net, features):
    bad, handles = set(), []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                bad.add(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    for name, layer in net.named_children():
        if name in bad:
            return name

# %% 4 wrong infinity
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if not output.isfinite().all():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0] if found else None

# %% 4 wrong other
def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    print(found)

# %% 5 right
def noise(n, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.randn(n)

# %% 5 right
def noise(n, seed):
    generator = torch.Generator()
    generator.manual_seed(seed)
    return torch.empty(n).normal_(generator=generator)

# %% 5 wrong not_repeated
def noise(n, seed):
    generator = torch.Generator()
    generator.seed()
    return torch.randn(n, generator=generator)

# %% 5 wrong seed_ignored
def noise(n, seed):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(n, generator=generator)

# %% 5 wrong disturbs
def noise(n, seed):
    torch.manual_seed(seed)
    return torch.randn(n)

# %% 5 wrong uniform
def noise(n, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(n, generator=generator)

# %% 5 wrong other
def noise(n, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, n, generator=generator)

# %% 6 right
def range_test(loss_of_step, low, high, steps):
    losses = []
    for lr in torch.logspace(math.log10(low), math.log10(high), steps, dtype=torch.float64).tolist():
        losses.append(loss_of_step(lr))
        if not losses[-1] <= 4 * min(losses):
            return lr / 10
    return lr / 10

# %% 6 right
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = math.exp(math.log(high / low) / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if not loss <= 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong even_steps
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low + (high - low) * i / (steps - 1)
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong high_not_reached
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / steps)
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong not_a_tenth
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong of_first
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong of_last
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = loss
    return high / 10

# %% 6 wrong all_tried
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss):
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong before_it
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / factor / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong best
def range_test(loss_of_step, low, high, steps):
    lowest, best = math.inf, None
    for i in range(steps):
        lr = low * (high / low) ** (i / (steps - 1))
        loss = loss_of_step(lr)
        if loss < lowest:
            lowest, best = loss, lr
    return best

# %% 6 wrong does_not_stop
def range_test(loss_of_step, low, high, steps):
    rates = [low * (high / low) ** (i / (steps - 1)) for i in range(steps)]
    losses = [loss_of_step(lr) for lr in rates]
    for i, lr in enumerate(rates):
        if not losses[i] <= 4 * min(losses[: i + 1]):
            return lr / 10
    return high / 10

# %% 6 wrong nan
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong no_end
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    print(lowest)

# %% 6 wrong other
def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return loss
        lowest = min(lowest, loss)
    return high / 10
