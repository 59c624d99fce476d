# Answers to the tasks of lesson 12, right and wrong: `# %% TASK right` or `# %% TASK wrong KEY`.

# %% 1 right
weights_of_second = (0.5, 0.5, 0)

# %% 1 right
weights_of_second = "[0.5, 0.5, 0.0]"

# %% 1 right
weights_of_second = torch.tensor([0.5, 0.5, 0.0])

# %% 1 wrong no_mask
weights_of_second = [1 / 3, 1 / 3, 1 / 3]

# %% 1 wrong only_itself
weights_of_second = [0, 1, 0]

# %% 1 wrong looks_ahead
weights_of_second = [0, 0.5, 0.5]

# %% 1 wrong first_row
weights_of_second = [1, 0, 0]

# %% 1 wrong no_softmax
weights_of_second = [0, 0, float("-inf")]

# %% 1 wrong other
weights_of_second = [0.25, 0.75, 0]

# %% 2 right
def attend(query, key, value):
    matches = (query @ key.transpose(0, 1)) * query.shape[1] ** -0.5
    matches = matches + torch.full_like(matches, -math.inf).triu(1)
    return torch.softmax(matches, dim=-1) @ value

# %% 2 right
def attend(query, key, value):
    rows = []
    for i in range(len(query)):
        matches = key[: i + 1] @ query[i] / query.shape[1] ** 0.5
        rows.append(matches.softmax(dim=0) @ value[: i + 1])
    return torch.stack(rows)

# %% 2 right
def attend(query, key, value):
    matches = (query / math.sqrt(query.size(-1))) @ key.mT
    shares = matches.exp().tril()
    return shares / shares.sum(dim=1, keepdim=True) @ value

# %% 2 wrong no_root
def attend(query, key, value):
    allowed = torch.ones(len(query), len(query), dtype=torch.bool).tril()
    return (query @ key.T / query.shape[1]).masked_fill(~allowed, -math.inf).softmax(dim=1) @ value

# %% 2 wrong not_scaled
def attend(query, key, value):
    allowed = torch.ones(len(query), len(query), dtype=torch.bool).tril()
    return (query @ key.T).masked_fill(~allowed, -math.inf).softmax(dim=1) @ value

# %% 2 wrong by_positions
def attend(query, key, value):
    allowed = torch.ones(len(query), len(query), dtype=torch.bool).tril()
    return (query @ key.T / len(query) ** 0.5).masked_fill(~allowed, -math.inf).softmax(dim=1) @ value

# %% 2 wrong no_mask
def attend(query, key, value):
    return (query @ key.T / query.shape[1] ** 0.5).softmax(dim=1) @ value

# %% 2 wrong masked_with_zero
def attend(query, key, value):
    return (query @ key.T / query.shape[1] ** 0.5).tril().softmax(dim=1) @ value

# %% 2 wrong masked_after
def attend(query, key, value):
    return (query @ key.T / query.shape[1] ** 0.5).softmax(dim=1).tril() @ value

# %% 2 wrong columns
def attend(query, key, value):
    allowed = torch.ones(len(query), len(query), dtype=torch.bool).tril()
    return (query @ key.T / query.shape[1] ** 0.5).masked_fill(~allowed, -math.inf).softmax(dim=0) @ value

# %% 2 wrong looks_ahead
def attend(query, key, value):
    allowed = torch.ones(len(query), len(query), dtype=torch.bool).triu()
    return (query @ key.T / query.shape[1] ** 0.5).masked_fill(~allowed, -math.inf).softmax(dim=1) @ value

# %% 2 wrong forbidden
def attend(query, key, value):
    return torch.nn.functional.scaled_dot_product_attention(query[None], key[None], value[None], is_causal=True)[0]

# %% 2 wrong detached
def attend(query, key, value):
    with torch.no_grad():
        matches = query @ key.T / math.sqrt(query.shape[1])
        mask = torch.ones(len(query), len(query), dtype=torch.bool).tril()
        weights = matches.masked_fill(~mask, -math.inf).softmax(dim=1)
    return weights @ value

# %% 3 right
def loss_per_token(logits, tokens):
    return cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:])

# %% 3 right
def loss_per_token(logits, tokens):
    chances = logits[:, :-1].log_softmax(dim=2)
    return -chances.gather(2, tokens[:, 1:, None]).mean()

# %% 3 right
def loss_per_token(logits, tokens):
    targets = tokens.roll(-1, dims=1)
    targets[:, -1] = -100
    return cross_entropy(logits.flatten(0, 1), targets.flatten())

# %% 3 wrong same_token
def loss_per_token(logits, tokens):
    return cross_entropy(logits.transpose(1, 2), tokens)

# %% 3 wrong backwards
def loss_per_token(logits, tokens):
    return cross_entropy(logits[:, 1:].flatten(0, 1), tokens[:, :-1].flatten())

# %% 3 wrong wraps
def loss_per_token(logits, tokens):
    return cross_entropy(logits.flatten(0, 1), tokens.roll(-1, dims=1).flatten())

# %% 3 wrong summed
def loss_per_token(logits, tokens):
    return cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum")

# %% 3 wrong by_line
def loss_per_token(logits, tokens):
    return cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="sum") / len(tokens)

# %% 3 wrong detached
def loss_per_token(logits, tokens):
    return torch.tensor(cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).item())

# %% 4 right
def next_probabilities(logits, top_k, temperature):
    best = logits.topk(top_k, dim=-1)
    shares = (best.values / temperature).softmax(dim=-1)
    return torch.zeros_like(logits).scatter(-1, best.indices, shares)

# %% 4 right
def next_probabilities(logits, top_k, temperature):
    limit = logits.sort(dim=-1, descending=True).values[..., top_k - 1 : top_k]
    shares = torch.where(logits >= limit, (logits / temperature).softmax(dim=-1), 0.0)
    return shares / shares.sum(dim=-1, keepdim=True)

# %% 4 right
def next_probabilities(logits, top_k, temperature):
    logits = logits.clone()
    ranks = logits.argsort(dim=-1, descending=True).argsort(dim=-1)
    logits[ranks >= top_k] = -math.inf
    return torch.softmax(logits / temperature, -1)

# %% 4 wrong no_temperature
def next_probabilities(logits, top_k, temperature):
    limit = logits.topk(top_k, dim=-1).values[..., -1:]
    return logits.masked_fill(logits < limit, -math.inf).softmax(dim=-1)

# %% 4 wrong multiplied
def next_probabilities(logits, top_k, temperature):
    limit = logits.topk(top_k, dim=-1).values[..., -1:]
    return (logits.masked_fill(logits < limit, -math.inf) * temperature).softmax(dim=-1)

# %% 4 wrong not_renormalised
def next_probabilities(logits, top_k, temperature):
    limit = logits.topk(top_k, dim=-1).values[..., -1:]
    return (logits / temperature).softmax(dim=-1).masked_fill(logits < limit, 0)

# %% 4 wrong filled_with_zero
def next_probabilities(logits, top_k, temperature):
    limit = logits.topk(top_k, dim=-1).values[..., -1:]
    return (logits.masked_fill(logits < limit, 0) / temperature).softmax(dim=-1)

# %% 4 wrong no_top_k
def next_probabilities(logits, top_k, temperature):
    return (logits / temperature).softmax(dim=-1)

# %% 4 wrong smallest
def next_probabilities(logits, top_k, temperature):
    limit = logits.topk(top_k, dim=-1, largest=False).values[..., -1:]
    return (logits.masked_fill(logits > limit, -math.inf) / temperature).softmax(dim=-1)

# %% 4 wrong one_less
def next_probabilities(logits, top_k, temperature):
    limit = logits.topk(top_k, dim=-1).values[..., -1:]
    kept = logits.masked_fill(logits <= limit, -math.inf) if top_k > 1 else logits
    return (kept / temperature).softmax(dim=-1)

# %% 4 wrong other
def next_probabilities(logits, top_k, temperature):
    least = logits.topk(top_k, dim=-1).values[..., -1:]
    return (logits.masked_fill(logits < least, -100.0) / temperature).softmax(dim=-1)

# %% 4 wrong other
def next_probabilities(logits, top_k, temperature):
    least = logits.topk(top_k, dim=-1).values.min()
    return (logits.masked_fill(logits < least, -math.inf) / temperature).softmax(dim=-1)
