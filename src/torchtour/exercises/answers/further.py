# Answers to the tasks of lesson 9, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
sum_in_bfloat16 = 256

# %% 1 right
sum_in_bfloat16 = "256.0"

# %% 1 right

sum_in_bfloat16 = torch.tensor(256.0, dtype=torch.bfloat16)

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

# %% 2 right

def cosine_rate(step, steps, highest):
    return 0.5 * highest * (1 + math.cos(step * math.pi / steps))

# %% 2 right

def cosine_rate(step, steps, highest):
    return highest * (1 - math.sin(math.pi / 2 * step / steps) ** 2)

# %% 2 right

import numpy as np
def cosine_rate(step, steps, highest):
    return float(highest * (1 + np.cos(np.pi * step / steps)) / 2)

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

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return torch.tensor(highest * (1 + math.cos(math.pi * step / steps)) / 2)

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return 0.1 * (1 + math.cos(math.pi * step / steps)) / 2

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(3.14 * step / steps)) / 2

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(math.pi * step / 100)) / 2

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return round(highest * (1 + math.cos(math.pi * step / steps)) / 2, 3)

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return max(highest * math.cos(math.pi * step / steps), 0)

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(math.pi * (step + 1) / steps)) / 2

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return highest * (1 + math.cos(math.pi * (step // steps))) / 2

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return highest / 2 + math.cos(math.pi * step / steps) / 2 * highest if step < steps else 1e-5

# %% 2 wrong other

def cosine_rate(step, steps, highest):
    return highest * (1 - step / steps) ** 2

# %% 3 right
def to_device(batch, device):
    moved = []
    for tensor in batch:
        moved.append(tensor.to(device))
    return moved

# %% 3 right
def to_device(batch, device):
    return list(map(lambda tensor: tensor.to(device), batch))

# %% 3 right

def to_device(batch, device):
    return [*map(lambda t: t.to(device=device), batch)]

# %% 3 right

def to_device(batch, device):
    moved = list(batch)
    for i in range(len(moved)):
        moved[i] = moved[i].to(device, non_blocking=True)
    return moved

# %% 3 right

def to_device(batch, device):
    result = []
    for t in batch:
        result += [t.to(device, copy=True)]
    return result

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

# %% 3 wrong other

def to_device(batch, device):
    return tuple(t.to(device) for t in batch)

# %% 3 wrong other

def to_device(batch, device):
    return (t.to(device) for t in batch)

# %% 3 wrong other

def to_device(batch, device):
    return [t.to("meta") for t in batch]

# %% 3 wrong other

def to_device(batch, device):
    return [t.to(device) for t in batch[:2]]

# %% 3 wrong error

def to_device(batch, device):
    features, labels = batch
    return [features.to(device), labels.to(device)]

# %% 3 wrong changed

def to_device(batch, device):
    return [t.to(device).float() for t in batch]

# %% 3 wrong other

def to_device(batch, device):
    return [torch.zeros_like(t, device=device) for t in batch]

# %% 3 wrong same_list

def to_device(batch, device):
    for i in range(len(batch)):
        batch[i] = batch[i].to(device)
    return list(batch)

# %% 3 wrong error

def to_device(batch, device):
    return torch.stack(batch).to(device)

# %% 3 wrong changed

def to_device(batch, device):
    return [t.to(device)[:-1] for t in batch]

# %% 3 wrong other

def to_device(batch, device):
    return [t.to(device) for t in reversed(batch)]

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

# %% 4 right

def first_nan(net, features):
    name_of = {m: n for n, m in net.named_children()}
    order = []
    handles = [m.register_forward_hook(lambda m, i, o: order.append((name_of[m], torch.isnan(o).any().item()))) for m in name_of]
    try:
        net(features)
    finally:
        [h.remove() for h in handles]
    for name, bad in order:
        if bad:
            return name
    return None

# %% 4 right

def first_nan(net, features):
    class Found(Exception):
        pass
    handles = []
    def make(name):
        def hook(module, args, output):
            if torch.isnan(output).any():
                raise Found(name)
        return hook
    for name, child in net.named_children():
        handles.append(child.register_forward_hook(make(name)))
    try:
        net(features)
        result = None
    except Found as e:
        result = e.args[0]
    for h in handles:
        h.remove()
    return result

# %% 4 right

from functools import partial
def first_nan(net, features):
    found = {}
    def look(name, layer, inputs, output):
        if output.isnan().any():
            found.setdefault("first", name)
    handles = [layer.register_forward_hook(partial(look, name)) for name, layer in net.named_children()]
    with torch.no_grad():
        net(features)
    for handle in handles:
        handle.remove()
    return found.get("first")

# %% 4 right

def first_nan(net, features):
    result = None
    def watch(name):
        def hook(module, inputs, output):
            nonlocal result
            if result is None and bool(torch.isnan(output).any()):
                result = name
        return hook
    hooks = {name: child.register_forward_hook(watch(name)) for name, child in net._modules.items()}
    net.forward(features)
    for h in hooks.values():
        h.remove()
    return result

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

# %% 4 wrong other

def first_nan(net, features):
    for name, layer in net.named_children():
        features = layer(features)
        if features.isnan().any():
            return name

# %% 4 wrong other

def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().all():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0] if found else None

# %% 4 wrong other

def first_nan(net, features):
    found = []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                found.append(name)
        layer.register_forward_hook(hook)
    net(features)
    for layer in net.modules():
        layer._forward_hooks.clear()
    return found[0] if found else None

# %% 4 wrong other

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
    return found[0] if found else None

# %% 4 wrong other

def first_nan(net, features):
    if not net(features).isnan().any():
        return None
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0]

# %% 4 wrong other

def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, name=name):
            if inputs[0].isnan().any():
                found.append(name)
        handles.append(layer.register_forward_pre_hook(hook))
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
    return found[0] if found else ""

# %% 4 wrong hooks_left

def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.isnan().any():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    handles[0].remove()
    return found[0] if found else None

# %% 4 wrong other

def first_nan(net, features):
    found, handles = [], []
    for i, layer in enumerate(net.children()):
        def hook(layer, inputs, output, name=str(i)):
            if output.isnan().any():
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0] if found else None

# %% 4 wrong infinity

def first_nan(net, features):
    found, handles = [], []
    for name, layer in net.named_children():
        def hook(layer, inputs, output, name=name):
            if output.sum().isnan():
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
            if output[0].isnan().any():
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
            if "nan" in str(output):
                found.append(name)
        handles.append(layer.register_forward_hook(hook))
    net(features)
    for handle in handles:
        handle.remove()
    return found[0] if found else None

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

# %% 5 right

def noise(n, seed):
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    result = torch.randn(n)
    torch.set_rng_state(state)
    return result

# %% 5 right

import random
def noise(n, seed):
    rng = random.Random(seed)
    return torch.tensor([rng.gauss(0, 1) for _ in range(n)])

# %% 5 right

import numpy as np
def noise(n, seed):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(n, dtype=np.float32))

# %% 5 right

def noise(n, seed):
    g = torch.Generator()
    g.manual_seed(seed)
    return torch.normal(torch.zeros(n), torch.ones(n), generator=g)

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

# %% 5 wrong disturbs

def noise(n, seed):
    result_state = torch.get_rng_state()
    torch.manual_seed(seed)
    return torch.randn(n)

# %% 5 wrong not_repeated

G = torch.Generator()
def noise(n, seed):
    if G.initial_seed() != seed:
        G.manual_seed(seed)
    return torch.randn(n, generator=G)

# %% 5 wrong other

def noise(n, seed):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed)).abs()

# %% 5 wrong other

def noise(n, seed):
    return torch.randn(4, generator=torch.Generator().manual_seed(seed))

# %% 5 wrong other

def noise(n, seed):
    return 2 * torch.randn(n, generator=torch.Generator().manual_seed(seed)) + 1

# %% 5 wrong disturbs

import numpy as np
def noise(n, seed):
    np.random.seed(seed)
    return torch.tensor(np.random.randn(n), dtype=torch.float32)

# %% 5 wrong other

def noise(n, seed):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed)).tolist()

# %% 5 wrong other

def noise(n, seed):
    return torch.rand(n, generator=torch.Generator().manual_seed(seed)) * 3.46 - 1.73

# %% 5 wrong disturbs

import random
def noise(n, seed):
    random.seed(seed)
    return torch.tensor([random.gauss(0, 1) for _ in range(n)])

# %% 5 wrong disturbs

def noise(n, seed):
    torch.manual_seed(seed)
    result = torch.randn(n)
    torch.seed()
    return result

# %% 5 wrong disturbs

CACHE = {}
def noise(n, seed):
    if seed not in CACHE:
        CACHE[seed] = torch.randn(n)
    return CACHE[seed]

# %% 5 wrong seed_ignored

def noise(n, seed):
    g = torch.Generator().manual_seed(n)
    return torch.randn(n, generator=g)

# %% 5 wrong disturbs
def noise(n, seed):
    before = torch.initial_seed()
    torch.manual_seed(seed)
    numbers = torch.randn(n)
    torch.manual_seed(before)
    return numbers

# %% 5 wrong other
import functools
@functools.cache
def noise(n, seed):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed))

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

# %% 6 right

import numpy as np
def range_test(loss_of_step, low, high, steps):
    lowest = float("inf")
    for lr in np.geomspace(low, high, steps):
        loss = loss_of_step(float(lr))
        if not (loss <= 4 * lowest):
            return float(lr) / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 right

def range_test(loss_of_step, low, high, steps):
    lr, factor, lowest = low, (high / low) ** (1 / (steps - 1)), None
    for _ in range(steps):
        loss = loss_of_step(lr)
        if loss != loss or (lowest is not None and loss > 4 * lowest):
            return 0.1 * lr
        lowest = loss if lowest is None else min(loss, lowest)
        lr *= factor
    return 0.1 * high

# %% 6 right

def range_test(loss_of_step, low, high, steps):
    losses = []
    for i in range(steps):
        lr = low ** (1 - i / (steps - 1)) * high ** (i / (steps - 1))
        losses.append(loss_of_step(lr))
        if math.isnan(losses[-1]) or losses[-1] > 4 * min(losses):
            return lr / 10
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

# %% 6 wrong other

def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    for i in range(steps):
        lr = low * 10**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong other

def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 2 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong other

def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high

# %% 6 wrong of_last

def range_test(loss_of_step, low, high, steps):
    factor = (high / low) ** (1 / (steps - 1))
    first = None
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        first = loss if first is None else first
        if math.isnan(loss) or loss > 4 * first:
            return lr / 10
    return high / 10

# %% 6 wrong other

def range_test(loss_of_step, low, high, steps):
    lowest = 1e9
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps + 1):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong other

def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        if math.isnan(loss_of_step(lr)) or loss_of_step(lr) > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss_of_step(lr))
    return high / 10

# %% 6 wrong other

def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = round(low * factor**i, 4)
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong other

def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = high / factor**i
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong other

def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        lowest = min(lowest, loss)
        if math.isnan(loss) or loss >= 4 * lowest and i:
            return lr / 10
    return high / 10

# %% 6 wrong other

def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    factor = (high / low) ** (1 / (steps - 1))
    for i in range(steps):
        lr = low * factor**i
        loss = loss_of_step(lr)
        if not math.isfinite(loss) or loss > lowest + 4:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong high_not_reached

def range_test(loss_of_step, low, high, steps):
    lowest = math.inf
    for i in range(10):
        lr = low * (high / low) ** (i / 9)
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
    return high / 10

# %% 6 wrong other
def range_test(loss_of_step, low, high, steps):
    factor = (high / low) ** (1 / (steps - 1))
    lowest, lr = 100.0, low
    for _ in range(steps):
        loss = loss_of_step(lr)
        if math.isnan(loss) or loss > 4 * lowest:
            return lr / 10
        lowest = min(lowest, loss)
        lr *= factor
    return high / 10
