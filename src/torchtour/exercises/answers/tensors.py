# Answers to the tasks of lesson 1, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
shape_of_difference = (4, 4)

# %% 1 right
shape_of_difference = "[4, 4]"

# %% 1 right
shape_of_difference = torch.Size([4, 4])

# %% 1 wrong pairwise
shape_of_difference = [4]

# %% 1 wrong column
shape_of_difference = [4, 1]

# %% 1 wrong flat
shape_of_difference = [16]

# %% 1 wrong number
shape_of_difference = 4

# %% 1 wrong other
shape_of_difference = [1, 4]

# %% 2 right
after_writing = (100, 1)

# %% 2 right
after_writing = "100, 1"

# %% 2 right

after_writing = torch.tensor([100, 1])

# %% 2 wrong view_copies
after_writing = [1, 1]

# %% 2 wrong reshape_shares
after_writing = [100, 100]

# %% 2 wrong not_turned
after_writing = [100, 2]

# %% 2 wrong other_way
after_writing = [1, 100]

# %% 2 wrong kind
def after_writing():
    return [100, 1]

# %% 3 right
def column_by_column(table):
    return table.t().flatten()

# %% 3 right
def column_by_column(table):
    return torch.cat([table[:, i] for i in range(table.shape[1])])

# %% 3 right
def column_by_column(table):
    return table.T.contiguous().view(table.numel())

# %% 3 right
def column_by_column(table):
    return table.permute(1, 0).reshape(-1)

# %% 3 right

def column_by_column(table):
    return torch.tensor([x for column in zip(*table.tolist()) for x in column], dtype=table.dtype)

# %% 3 right

def column_by_column(table):
    return torch.ravel(table.mT)

# %% 3 right

def column_by_column(table):
    return torch.einsum("ij->ji", table).flatten()

# %% 3 right

def column_by_column(table):
    rows, columns = table.shape
    out = torch.empty(rows * columns, dtype=table.dtype)
    for j in range(columns):
        out[j * rows : (j + 1) * rows] = table[:, j]
    return out

# %% 3 right

def column_by_column(table):
    out = []
    for j in range(table.size(1)):
        for i in range(table.size(0)):
            out.append(table[i, j])
    return torch.stack(out)

# %% 3 right

def column_by_column(table):
    return torch.hstack(table.unbind(dim=1))

# %% 3 wrong row_by_row
def column_by_column(table):
    return table.reshape(-1)

# %% 3 wrong table
def column_by_column(table):
    return table.T

# %% 3 wrong listed
def column_by_column(table):
    return table.T.reshape(-1).tolist()

# %% 3 wrong backwards
def column_by_column(table):
    return table.T.reshape(-1).flip(0)

# %% 3 wrong view
def column_by_column(table):
    return table.T.view(-1)

# %% 3 wrong other
def column_by_column(table):
    return table.T.reshape(1, -1)

# %% 3 wrong other

def column_by_column(table):
    return table.float().T.reshape(-1)

# %% 3 wrong error

def column_by_column(table):
    return table.T.reshape(6)

# %% 3 wrong other

def column_by_column(table):
    return table.reshape(-1).sort().values

# %% 3 wrong other

def column_by_column(table):
    return torch.tensor([1, 4, 2, 5, 3, 6])

# %% 3 wrong other

def column_by_column(table):
    return table.T.reshape(-1).numpy()

# %% 3 wrong input_changed

def column_by_column(table):
    out = table.T.reshape(-1).clone()
    table.zero_()
    return out

# %% 3 wrong other

def column_by_column(table):
    return table.T.flatten().to(torch.float32)

# %% 3 wrong error

def column_by_column(table):
    return torch.cat([table[:, 0], table[:, 1], table[:, 2]])

# %% 3 wrong other

def column_by_column(table):
    n = table.numel()
    return table.flatten()[torch.arange(n).reshape(2, -1).T.flatten()]

# %% 4 right
def standardised(table):
    centred = table - table.mean(dim=0, keepdim=True)
    return centred / centred.std(dim=0, keepdim=True)

# %% 4 right
def standardised(table):
    std, mean = torch.std_mean(table, dim=0)
    return table.sub(mean).div(std)

# %% 4 right
def standardised(table):
    columns = [(column - column.mean()) / column.std() for column in table.T]
    return torch.stack(columns, dim=1)

# %% 4 right

def standardised(table):
    return (table - table.mean(0)) / (table.var(0) ** 0.5)

# %% 4 right

def standardised(table):
    n = len(table)
    m = table.sum(dim=0) / n
    s = ((table - m) ** 2).sum(dim=0).div(n - 1).sqrt()
    return (table - m) / s

# %% 4 right

import numpy as np
def standardised(table):
    x = table.numpy()
    return torch.from_numpy((x - x.mean(axis=0)) / x.std(axis=0, ddof=1))

# %% 4 right

def standardised(table):
    result = table.clone()
    for j in range(table.shape[1]):
        result[:, j] = (table[:, j] - table[:, j].mean()) / table[:, j].std()
    return result

# %% 4 right

def standardised(table):
    return (table - table.mean(dim=0)) / (table.std(dim=0) + 1e-8)

# %% 4 right

def standardised(table):
    z = table - torch.mean(table, axis=0)
    return z / torch.sqrt((z * z).sum(0) / (z.shape[0] - 1))

# %% 4 wrong in_place
def standardised(table):
    table -= table.mean(dim=0)
    table /= table.std(dim=0)
    return table

# %% 4 wrong whole
def standardised(table):
    return (table - table.mean()) / table.std()

# %% 4 wrong rows
def standardised(table):
    return (table - table.mean(dim=1, keepdim=True)) / table.std(dim=1, keepdim=True)

# %% 4 wrong mixed
def standardised(table):
    return (table - table.mean(dim=1)) / table.std(dim=1)

# %% 4 wrong variance
def standardised(table):
    return (table - table.mean(dim=0)) / table.var(dim=0)

# %% 4 wrong not_divided
def standardised(table):
    return table - table.mean(dim=0)

# %% 4 wrong not_centred
def standardised(table):
    return table / table.std(dim=0)

# %% 4 wrong brackets
def standardised(table):
    return table - table.mean(dim=0) / table.std(dim=0)

# %% 4 wrong min_max
def standardised(table):
    low, high = table.amin(dim=0), table.amax(dim=0)
    return (table - low) / (high - low)

# %% 4 wrong short
def standardised(table):
    return (table[:, :2] - table.mean(dim=1)) / table.std(dim=1)

# %% 4 wrong other

def standardised(table):
    return (table - table.mean(dim=0)) / table.std(dim=0, unbiased=False)

# %% 4 wrong other

def standardised(table):
    return ((table - table.mean(dim=0)) / table.std(dim=0)).double()

# %% 4 wrong other

def standardised(table):
    return torch.nn.functional.normalize(table - table.mean(dim=0), dim=0)

# %% 4 wrong other

def standardised(table):
    return (table - table.median(dim=0).values) / table.std(dim=0)

# %% 4 wrong input_changed

def standardised(table):
    table.sub_(table.mean(dim=0))
    return table / table.std(dim=0)

# %% 4 wrong other

def standardised(table):
    return ((table - table.mean(dim=0)) / table.std(dim=0)).round(decimals=2)

# %% 4 wrong other

def standardised(table):
    return torch.nn.functional.layer_norm(table, table.shape[1:])

# %% 4 wrong other

def standardised(table):
    return torch.nn.functional.batch_norm(table, None, None, training=True)

# %% 4 wrong other

def standardised(table):
    return (table - table.mean(dim=0)).abs() / table.std(dim=0)

# %% 5 right
def mean_squared_error(predicted, truth):
    return torch.nn.functional.mse_loss(predicted[:, 0], truth)

# %% 5 right
def mean_squared_error(predicted, truth):
    return (predicted - truth[:, None]).pow(2).mean()

# %% 5 right
def mean_squared_error(predicted, truth):
    return ((predicted.flatten() - truth) ** 2).sum() / len(truth)

# %% 5 right

def mean_squared_error(predicted, truth):
    return ((predicted - truth.unsqueeze(1)) ** 2).mean()

# %% 5 right

def mean_squared_error(predicted, truth):
    return torch.mean(torch.square(predicted.view(-1) - truth))

# %% 5 right

def mean_squared_error(predicted, truth):
    e = predicted[..., 0] - truth
    return e @ e / len(e)

# %% 5 right

def mean_squared_error(predicted, truth):
    return torch.nn.MSELoss()(predicted, truth.view_as(predicted))

# %% 5 right

def mean_squared_error(predicted, truth):
    return (predicted.T - truth).square().mean()

# %% 5 right

def mean_squared_error(predicted, truth):
    return (predicted.reshape(truth.shape) - truth).pow(2).sum().div(truth.numel())

# %% 5 wrong all_pairs
def mean_squared_error(predicted, truth):
    return torch.nn.functional.mse_loss(predicted, truth)

# %% 5 wrong first_only
def mean_squared_error(predicted, truth):
    return (predicted[0] - truth).square().mean()

# %% 5 wrong summed
def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).square().sum()

# %% 5 wrong absolute
def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).abs().mean()

# %% 5 wrong not_squared
def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).mean()

# %% 5 wrong not_averaged
def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).square()

# %% 5 wrong rooted
def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).square().mean().sqrt()

# %% 5 wrong single
def mean_squared_error(predicted, truth):
    predicted = predicted.squeeze()
    return sum((predicted[i] - truth[i]) ** 2 for i in range(len(predicted))) / len(truth)

# %% 5 wrong other
def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) + truth).square().mean()

# %% 5 wrong detached

def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).square().mean().detach()

# %% 5 wrong other

def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).square().mean().item()

# %% 5 wrong other

def mean_squared_error(predicted, truth):
    return (predicted - truth).diagonal().square().sum() / 3

# %% 5 wrong other

def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).square().median()

# %% 5 wrong other

def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).mean().square()

# %% 5 wrong detached

def mean_squared_error(predicted, truth):
    with torch.no_grad():
        return (predicted.squeeze(1) - truth).square().mean()

# %% 5 wrong other

def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).square().mean().double()

# %% 5 wrong detached

def mean_squared_error(predicted, truth):
    return torch.tensor((predicted.squeeze(1) - truth).square().mean().item())

# %% 5 wrong other

def mean_squared_error(predicted, truth):
    return (predicted.squeeze(1) - truth).var()

# %% 5 wrong other

def mean_squared_error(predicted, truth):
    return ((predicted - truth) ** 2).mean(dim=0).min()

# %% 6 right
def distances(a, b):
    return torch.linalg.vector_norm(a.unsqueeze(1) - b.unsqueeze(0), dim=-1)

# %% 6 right
def distances(a, b):
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return squares.clamp(min=0).sqrt()

# %% 6 right

def distances(a, b):
    return torch.norm(a[:, None] - b[None], dim=2)

# %% 6 right

def distances(a, b):
    return ((a.unsqueeze(1) - b) ** 2).sum(-1) ** 0.5

# %% 6 right

def distances(a, b):
    n, m = len(a), len(b)
    return (a.repeat_interleave(m, 0) - b.repeat(n, 1)).pow(2).sum(1).sqrt().view(n, m)

# %% 6 right

def distances(a, b):
    return torch.linalg.norm(a[:, None, :] - b[None, :, :], axis=-1)

# %% 6 right

def distances(a, b):
    return torch.nn.functional.pairwise_distance(a[:, None], b[None], eps=0)

# %% 6 right

import numpy as np
def distances(a, b):
    return torch.from_numpy(np.linalg.norm(a.numpy()[:, None] - b.numpy()[None], axis=2))

# %% 6 right

def distances(a, b):
    return torch.vmap(lambda p: (p - b).norm(dim=1))(a)

# %% 6 right

def distances(a, b):
    aa, bb = (a * a).sum(1, keepdim=True), (b * b).sum(1, keepdim=True)
    return (aa + bb.T - 2 * a @ b.T).sqrt()

# %% 6 wrong turned
def distances(a, b):
    return (a - b[:, None]).square().sum(dim=2).sqrt()

# %% 6 wrong squared
def distances(a, b):
    return (a[:, None] - b).square().sum(dim=2)

# %% 6 wrong manhattan
def distances(a, b):
    return (a[:, None] - b).abs().sum(dim=2)

# %% 6 wrong not_summed
def distances(a, b):
    return a[:, None] - b

# %% 6 wrong signed
def distances(a, b):
    return (a[:, None] - b).sum(dim=2)

# %% 6 wrong no_pairs
def distances(a, b):
    return (a - b).square().sum(dim=1).sqrt()

# %% 6 wrong other
def distances(a, b):
    return (a[:, None] - b).square().sum(dim=1).sqrt()

# %% 6 wrong forbidden

def distances(a, b):
    return torch.cdist(a, b)

# %% 6 wrong forbidden

def distances(a, b):
    result = torch.zeros(len(a), len(b))
    for i in range(len(a)):
        for j in range(len(b)):
            result[i, j] = (a[i] - b[j]).square().sum().sqrt()
    return result

# %% 6 wrong forbidden

def distances(a, b):
    return torch.stack([(p - b).square().sum(1).sqrt() for p in a])

# %% 6 wrong other

def distances(a, b):
    return (a[:, None] - b).abs().amax(dim=2)

# %% 6 wrong forbidden

from torch import cdist as far
def distances(a, b):
    return far(a, b, p=2.0)

# %% 6 wrong forbidden

def distances(a, b):
    return torch.stack(list(map(lambda p: (p - b).norm(dim=1), a)))

# %% 6 wrong other

def distances(a, b):
    return (a[:, None] - b).square().sum(2).sqrt().long()

# %% 6 wrong forbidden

def distances(a, b):
    def rec(i):
        return [] if i == len(a) else [(a[i] - b).norm(dim=1)] + rec(i + 1)
    return torch.stack(rec(0))

# %% 6 wrong no_pairs

def distances(a, b):
    return torch.nn.functional.pairwise_distance(a, b)

# %% 6 wrong forbidden

def distances(a, b):
    i = 0
    rows = []
    while i < len(a):
        rows.append((a[i] - b).norm(dim=1))
        i += 1
    return torch.stack(rows)

# %% 6 wrong forbidden

def distances(a, b):
    return torch.tensor([[torch.dist(p, q).item() for q in b] for p in a])

# %% 6 wrong forbidden

def distances(a, b):
    return torch.cdist(a, b, p=2.0, compute_mode="donot_use_mm_for_euclid_dist")

# %% 6 wrong other

def distances(a, b):
    d = a[:, None, :2] - b[None, :, :2]
    return d.square().sum(dim=2).sqrt()
