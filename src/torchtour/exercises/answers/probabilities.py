# Answers to the tasks of lesson 13, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
auc = 3 / 4

# %% 1 right
auc = "0.75"

# %% 1 right
auc = torch.tensor(0.75)

# %% 1 wrong accuracy
auc = 0.5

# %% 1 wrong perfect
auc = 1.0

# %% 1 wrong inverted
auc = 0.25

# %% 1 wrong counted
auc = 3

# %% 1 wrong other
auc = 0.6

# %% 2 right
def mean_cost(probability, ill, miss, alarm):
    called = probability > alarm / (alarm + miss)
    total = ((1 - ill[called]) * alarm).sum() + (ill[~called] * miss).sum()
    return total.item() / len(ill)

# %% 2 right
def mean_cost(probability, ill, miss, alarm):
    total = 0.0
    for p, sick in zip(probability.tolist(), ill.tolist(), strict=True):
        if p * miss > (1 - p) * alarm:
            total += 0 if sick else alarm
        else:
            total += miss if sick else 0
    return total / len(ill)

# %% 2 right
def mean_cost(probability, ill, miss, alarm):
    called = (probability * (miss + alarm) > alarm).float()
    return (called * (1 - ill) * alarm + (1 - called) * ill * miss).mean().item()

# %% 2 wrong one_half
def mean_cost(probability, ill, miss, alarm):
    called = probability > 0.5
    return torch.where(called, (1 - ill) * alarm, ill * miss).mean().item()

# %% 2 wrong swapped
def mean_cost(probability, ill, miss, alarm):
    called = probability > miss / (alarm + miss)
    return torch.where(called, (1 - ill) * alarm, ill * miss).mean().item()

# %% 2 wrong ratio
def mean_cost(probability, ill, miss, alarm):
    called = probability > alarm / miss
    return torch.where(called, (1 - ill) * alarm, ill * miss).mean().item()

# %% 2 wrong costs_swapped
def mean_cost(probability, ill, miss, alarm):
    called = probability > alarm / (alarm + miss)
    return torch.where(called, (1 - ill) * miss, ill * alarm).mean().item()

# %% 2 wrong summed
def mean_cost(probability, ill, miss, alarm):
    called = probability > alarm / (alarm + miss)
    return torch.where(called, (1 - ill) * alarm, ill * miss).sum().item()

# %% 2 wrong expected
def mean_cost(probability, ill, miss, alarm):
    return torch.minimum(probability * miss, (1 - probability) * alarm).mean().item()

# %% 3 right
def calibration_error(probability, ill, n_bins):
    bins = (probability * n_bins).long().clamp(max=n_bins - 1)
    said = torch.zeros(n_bins).index_add(0, bins, probability)
    true = torch.zeros(n_bins).index_add(0, bins, ill)
    return (said - true).abs().sum().item() / len(ill)

# %% 3 right
def calibration_error(probability, ill, n_bins):
    bins = (probability * n_bins).floor().clamp(max=n_bins - 1)
    total = 0.0
    for k in range(n_bins):
        total += (probability[bins == k] - ill[bins == k]).sum().abs().item()
    return total / len(probability)

# %% 3 right
def calibration_error(probability, ill, n_bins):
    groups = {}
    for p, sick in zip(probability.tolist(), ill.tolist(), strict=True):
        groups.setdefault(min(int(p * n_bins), n_bins - 1), []).append((p, sick))
    gaps = [abs(sum(p - sick for p, sick in group)) for group in groups.values()]
    return sum(gaps) / len(ill)

# %% 3 wrong unweighted
def calibration_error(probability, ill, n_bins):
    bins = (probability * n_bins).long().clamp(max=n_bins - 1)
    used = [bins == k for k in range(n_bins) if (bins == k).any()]
    return sum((probability[b].mean() - ill[b].mean()).abs().item() for b in used) / len(used)

# %% 3 wrong by_bins
def calibration_error(probability, ill, n_bins):
    bins = (probability * n_bins).long().clamp(max=n_bins - 1)
    used = [bins == k for k in range(n_bins) if (bins == k).any()]
    return sum((probability[b].mean() - ill[b].mean()).abs().item() for b in used) / n_bins

# %% 3 wrong signed
def calibration_error(probability, ill, n_bins):
    return (probability - ill).mean().item()

# %% 3 wrong overall
def calibration_error(probability, ill, n_bins):
    return abs((probability - ill).mean().item())

# %% 3 wrong by_person
def calibration_error(probability, ill, n_bins):
    return (probability - ill).abs().mean().item()

# %% 3 wrong largest
def calibration_error(probability, ill, n_bins):
    bins = (probability * n_bins).long().clamp(max=n_bins - 1)
    used = [bins == k for k in range(n_bins) if (bins == k).any()]
    return max((probability[b].mean() - ill[b].mean()).abs().item() for b in used)

# %% 3 wrong one_lost
def calibration_error(probability, ill, n_bins):
    bins = (probability * n_bins).long()
    total = 0.0
    for k in range(n_bins):
        total += (probability[bins == k] - ill[bins == k]).sum().abs().item()
    return total / len(ill)

# %% 3 wrong other
def calibration_error(probability, ill, n_bins):
    total = 0.0
    for k in range(n_bins):
        inside = (probability > k / n_bins) & (probability <= (k + 1) / n_bins)
        if inside.any():
            gap = (probability[inside].mean() - ill[inside].mean()).abs().item()
            total += gap * inside.sum().item() / len(ill)
    return total

# %% 4 right
def mcnemar(a_right, b_right):
    differ = a_right != b_right
    n, k = differ.sum().item(), (a_right & differ).sum().item()
    few = sum(math.comb(n, i) for i in range(n + 1) if abs(2 * i - n) >= abs(2 * k - n))
    return few / 2**n

# %% 4 right
def mcnemar(a_right, b_right):
    pairs = [*zip(a_right.tolist(), b_right.tolist(), strict=True)]
    one, other = sorted((pairs.count((True, False)), pairs.count((False, True))))
    tail = sum(math.comb(one + other, k) for k in range(one + 1)) / 2 ** (one + other)
    return min(1.0, 2 * tail)

# %% 4 right
def mcnemar(a_right, b_right):
    b = int((a_right.int() > b_right.int()).sum())
    c = int((b_right.int() > a_right.int()).sum())
    if b == c:
        return 1.0
    most = max(b, c)
    return 2 * sum(math.comb(b + c, k) for k in range(most, b + c + 1)) * 0.5 ** (b + c)

# %% 4 wrong one_sided
def mcnemar(a_right, b_right):
    b, c = (a_right & ~b_right).sum().item(), (b_right & ~a_right).sum().item()
    return sum(math.comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)

# %% 4 wrong above_one
def mcnemar(a_right, b_right):
    b, c = (a_right & ~b_right).sum().item(), (b_right & ~a_right).sum().item()
    return 2 * sum(math.comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c)

# %% 4 wrong this_split
def mcnemar(a_right, b_right):
    b, c = (a_right & ~b_right).sum().item(), (b_right & ~a_right).sum().item()
    return min(1.0, 2 * math.comb(b + c, b) / 2 ** (b + c))

# %% 4 wrong all_right
def mcnemar(a_right, b_right):
    b, c = a_right.sum().item(), b_right.sum().item()
    return min(1.0, 2 * sum(math.comb(b + c, k) for k in range(min(b, c) + 1)) / 2 ** (b + c))

# %% 4 wrong one_short
def mcnemar(a_right, b_right):
    b, c = (a_right & ~b_right).sum().item(), (b_right & ~a_right).sum().item()
    return min(1.0, 2 * sum(math.comb(b + c, k) for k in range(min(b, c))) / 2 ** (b + c))

# %% 4 wrong a_only
def mcnemar(a_right, b_right):
    b, c = (a_right & ~b_right).sum().item(), (b_right & ~a_right).sum().item()
    return min(1.0, 2 * sum(math.comb(b + c, k) for k in range(b + 1)) / 2 ** (b + c))
