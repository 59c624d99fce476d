# %% [markdown]
"""
Text: attention and a small GPT
===============================

**About 90 minutes.** You need modules from lesson 3 and training from lessons 4 and 9.
After this lesson you can

- turn text into numbers, and judge a language model by its loss per token;
- write attention by hand, and say what goes wrong without the causal mask;
- build a small GPT: embeddings, heads, residual stream, layer norm;
- generate text greedily, with a temperature and with top-k;
- adapt a trained net with LoRA, by training a few per cent of its weights.

A language model does one thing: it reads the text so far and gives a probability to
each token that may come next. All else follows from repeating that. Here you build one,
from a table of pairs to a small GPT. The lesson takes about 35 seconds on one core, and
most of that is training.
"""

# %%

import copy
import math
import re
from itertools import pairwise

import matplotlib.pyplot as plt
import torch
from torch import nn
from torch.nn.functional import cross_entropy, scaled_dot_product_attention

from torchtour.lessons import headline

torch.set_num_threads(1)  # sharing tensors this small costs more than it saves

# %% [markdown]
# A language whose answers can be checked
# ---------------------------------------
#
# With a novel, you could only say that the generated text looks good. So we make up a
# language in which right and wrong are facts: sums of two numbers of two digits.

# %%


def line(a, b):
    return f"{a:02}+{b:02}={a + b:03}"


headline("Two lines of the language")
print(line(27, 58), line(99, 9))

# %% [markdown]
# A net reads numbers. The pieces of text that get a number each are called *tokens*.
# Here each character is a token; real models use pieces of words. One more token, a
# line break, marks the start.

# %%

VOCABULARY = "\n+=0123456789"
START = VOCABULARY.index("\n")


def encode(text):
    return [VOCABULARY.index(character) for character in text]


def decode(tokens):
    return "".join(VOCABULARY[token] for token in tokens)


def lines_of(pairs, line=line):
    """All lines as one tensor: [line, 1 + 9 tokens], the first one START."""
    return torch.tensor([encode("\n" + line(a, b)) for a, b in pairs])


_ = torch.manual_seed(0)
order = torch.randperm(10_000).tolist()
pairs = [divmod(number, 100) for number in order]  # all pairs from 0 to 99, shuffled
train_lines, held_out = lines_of(pairs[1000:]), lines_of(pairs[:1000])

headline("The first line as tokens, and back")
print(train_lines[0].tolist())
print(decode(train_lines[0].tolist()).strip())

# %% checks

assert line(27, 58) == "27+58=085"
for row, (a, b) in zip(held_out.tolist(), pairs, strict=False):
    text = decode(row[1:])
    assert (int(text[:2]), int(text[3:5])) == (a, b)
    assert int(text[6:]) == a + b
assert len(set(pairs)) == 100 * 100
assert not set(pairs[1000:]) & set(pairs[:1000])  # no line is in both parts

# %% [markdown]
# A table of pairs
# ----------------
#
# The simplest language model looks at one token only. Count, in the training lines,
# which token follows which. Divided by the sum of its row, each row is a list of
# probabilities. This is a *bigram* model.

# %%

now, following = train_lines[:, :-1], train_lines[:, 1:]  # [9000, 9] each
counts = torch.zeros(13, 13)
counts.index_put_(
    (now.flatten(), following.flatten()), torch.ones(now.numel()), accumulate=True
)
table = counts / counts.sum(dim=1, keepdim=True)  # [token now, token next]

headline("After '+' and after '3'")
for character in "+3":
    row = table[VOCABULARY.index(character)]
    likely = row.topk(3).indices.tolist()
    shown = [f"{VOCABULARY[token]!r} {row[token]:.2f}" for token in likely]
    print(f"{character!r}: {', '.join(shown)}")

# %% [markdown]
# How good is it? For each token of a held-out line, take the probability that the model
# gave it. Minus the logarithm of that, averaged over tokens, is the *cross-entropy per
# token*: the loss of all language models. Its exponential is the *perplexity*: the
# model is as unsure as if it chose among that many equally likely tokens.

# %%

held_now, held_next = held_out[:, :-1], held_out[:, 1:]
bigram_loss = -table[held_now, held_next].log().mean().item()
blind_loss = math.log(13)  # the same probability for each token

headline("Loss per token, and perplexity")
for name, loss in {"no idea": blind_loss, "bigram table": bigram_loss}.items():
    print(f"{name:12} {loss:.2f} {math.exp(loss):5.1f}")

# %% [markdown]
# What is the best that any model can do? The four digits of the question are random, so
# each of them costs log(10) on average. The other five tokens can be known. Per token:

# %%

floor = 4 * math.log(10) / 9
headline("The lowest possible loss")
print(f"{floor:.2f}, perplexity {math.exp(floor):.1f}")

# %% checks

chances = [table[a, b].item() for row in held_out.tolist() for a, b in pairwise(row)]
by_hand = -sum(math.log(chance) for chance in chances) / len(chances)
assert math.isclose(bigram_loss, by_hand, rel_tol=1e-4)
torch.testing.assert_close(table.sum(dim=1), torch.ones(13))
logits = table.clamp(min=1e-9).log()[held_now]  # as a net would give them
torch.testing.assert_close(
    cross_entropy(logits.flatten(0, 1), held_next.flatten()).item(),
    by_hand,
    rtol=1e-4,
    atol=0,
)
assert floor < bigram_loss < blind_loss
assert held_next.shape[1] == 4 + 5

# %% [markdown]
# Generating is: draw a next token from the row, append it, repeat. The table knows
# which characters may be neighbours, and nothing else.

# %%

_ = torch.manual_seed(0)
headline("Three lines by the table")
for _ in range(3):
    tokens = [START]
    for _ in range(9):
        tokens.append(torch.multinomial(table[tokens[-1]], 1).item())
    print(decode(tokens[1:]))

# %% [markdown]
# Embeddings and positions
# ------------------------
#
# To use more than one token back, a net works with vectors. An *embedding* is a table
# with a row of learned numbers for each token, and looking a token up means taking its
# row. It is a linear layer for an input that is 1 at one place and 0 at all others.
#
# A digit means something else at another place, so a second table has a vector for each
# *position*. The net gets the sum of both.

# %%

_ = torch.manual_seed(0)
width = 64
token_table = nn.Embedding(13, width)
position_table = nn.Embedding(9, width)

inputs = train_lines[:2, :9]  # [line, position]
x = token_table(inputs) + position_table(torch.arange(9))  # [line, position, width]
headline("From tokens to vectors")
print(list(inputs.shape), "becomes", list(x.shape))

# %% checks

one_hot = nn.functional.one_hot(inputs, 13).float()
torch.testing.assert_close(one_hot @ token_table.weight, token_table(inputs))
third = token_table.weight[inputs[1, 3]] + position_table.weight[3]
torch.testing.assert_close(x[1, 3], third)

# %% [markdown]
# One attention head
# ------------------
#
# So far each position knows only its own token. *Attention* lets it fetch something
# from the others. Three linear layers make three vectors at each position:
#
# - the *query*: what am I looking for?
# - the *key*: what do I have?
# - the *value*: what do I hand over?
#
# The product of a query with a key says how well they match. Softmax turns the matches
# into weights with the sum 1, and the result is the weighted mean of the values.
#
# A position may look at itself and at what came before it, not at what follows. The
# *causal mask* sets all later matches to minus infinity, and softmax makes 0 of them.

# %%


def attend(query, key, value, mask):
    """All of shape [..., position, size]; the mask is True where looking is allowed."""
    matches = query @ key.mT / math.sqrt(query.shape[-1])  # [..., position, position]
    weights = matches.masked_fill(~mask, -math.inf).softmax(dim=-1)
    return weights @ value, weights


to_query, to_key, to_value = (nn.Linear(width, 16, bias=False) for _ in range(3))
query, key, value = to_query(x), to_key(x), to_value(x)  # [2, 9, 16]
causal = torch.ones(9, 9, dtype=torch.bool).tril()  # True on and below the diagonal
result, weights = attend(query, key, value, causal)

headline("Weights of the third position")
print("looks at the first three, and no further:", (weights[0, 2] > 0).tolist()[:5])
print(f"sum of its weights: {weights[0, 2].sum():.1f}")

# %% [markdown]
# torch has it as ``scaled_dot_product_attention``, the same numbers, faster. Why the
# square root? The product of two random vectors with n numbers of size 1 has a typical
# size of root(n). Dividing brings the matches back to size 1, where softmax still
# spreads its weight.

# %% checks

by_torch = scaled_dot_product_attention(query, key, value, is_causal=True)
torch.testing.assert_close(result, by_torch)
for position in range(9):  # softmax and mean, written out
    scores = [(query[0, position] @ key[0, k]).item() / 4 for k in range(position + 1)]
    shares = [math.exp(score) / sum(map(math.exp, scores)) for score in scores]
    mean = sum(share * value[0, k] for k, share in enumerate(shares))
    torch.testing.assert_close(result[0, position], mean, atol=1e-5, rtol=1e-4)
a, b = torch.randn(2, 10_000, 64)
assert math.isclose((a * b).sum(dim=1).std().item(), math.sqrt(64), rel_tol=0.05)
assert torch.equal(weights[0] > 0, causal)

# %% [markdown]
# Attention itself has no sense of order: shuffle the positions, and without a mask the
# results come out shuffled in the same way. The check shows it. Only the position
# vectors tell a net that 12 is not 21.
#
# *Several heads* are several attentions side by side, each with queries, keys and
# values of its own. Four heads of 16 numbers cost as much as one of 64, and can look at
# four places at once. In code, one reshape makes the heads, another joins them.

# %%


class Attention(nn.Module):
    """Several heads: [line, position, width] to the same shape."""

    def __init__(self, width, n_heads, causal=True):
        super().__init__()
        self.n_heads, self.causal = n_heads, causal
        self.to_qkv = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)

    def forward(self, x):
        heads = (self.n_heads, x.shape[-1] // self.n_heads)
        query, key, value = (  # [line, head, position, size]
            part.unflatten(-1, heads).transpose(1, 2)
            for part in self.to_qkv(x).chunk(3, dim=-1)
        )
        result = scaled_dot_product_attention(query, key, value, is_causal=self.causal)
        return self.join(result.transpose(1, 2).flatten(2))


attention = Attention(width, n_heads=4)
headline("Four heads")
print(list(x.shape), "stays", list(attention(x).shape))

# %% checks

everything = torch.ones(9, 9, dtype=torch.bool)
shuffled = torch.randperm(9)
unordered, _ = attend(query, key, value, everything)
again, _ = attend(query[:, shuffled], key[:, shuffled], value[:, shuffled], everything)
torch.testing.assert_close(again, unordered[:, shuffled])
q, k, v = attention.to_qkv(x).split(width, dim=-1)
each = [
    attend(q[..., i : i + 16], k[..., i : i + 16], v[..., i : i + 16], causal)[0]
    for i in (0, 16, 32, 48)
]  # head by head
torch.testing.assert_close(attention(x), attention.join(torch.cat(each, dim=-1)))

# %% [markdown]
# The block, and the GPT
# ----------------------
#
# A *block* has two steps. Attention moves information between positions. Then a small
# net, the same at each position, works on what has arrived. Each step *adds* its result
# to x, as in a residual block (lesson 11). So x runs through the whole net as a
# *residual stream* that each step reads and adds to.
#
# Before each step comes *layer norm*: it gives the numbers of each position mean 0 and
# size 1. Batch norm takes means over the batch; layer norm needs no batch and no
# buffers, and does the same in training and in ``eval`` mode.

# %%


class Block(nn.Module):
    def __init__(self, width, n_heads, causal=True):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = Attention(width, n_heads, causal)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    """Tokens [line, position] to logits [line, position, token]."""

    def __init__(self, width=64, n_heads=4, n_blocks=2, length=9, causal=True):
        super().__init__()
        self.tokens = nn.Embedding(13, width)
        self.positions = nn.Embedding(length, width)
        self.blocks = nn.Sequential(
            *(Block(width, n_heads, causal) for _ in range(n_blocks))
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, 13)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1]))
        return self.head(self.norm(self.blocks(x)))


_ = torch.manual_seed(0)
net = GPT()
headline("A GPT of two blocks")
print("weights:", sum(weight.numel() for weight in net.parameters()))
print("from", list(inputs.shape), "to", list(net(inputs).shape))

# %% [markdown]
# GELU is a ReLU with a rounded corner. The models that you can talk to are built of the
# same parts, with more of everything: tokens, numbers per vector, heads and blocks.

# %% checks

per_block = 2 * 2 * 64 + (64 * 192 + 192) + (64 * 64 + 64)  # norms, attention
per_block += (64 * 256 + 256) + (256 * 64 + 64)  # mlp
expected = 13 * 64 + 9 * 64 + 2 * per_block + 2 * 64 + (64 * 13 + 13)
assert sum(weight.numel() for weight in net.parameters()) == expected
norm, sample = nn.LayerNorm(64), torch.randn(5, 64) * 7 + 3
spread = (sample.var(dim=1, correction=0, keepdim=True) + 1e-5).sqrt()
by_hand = (sample - sample.mean(dim=1, keepdim=True)) / spread
torch.testing.assert_close(norm(sample), by_hand)
assert list(norm.buffers()) == []
changed = inputs.clone()
changed[:, 5] = START
assert torch.equal(net(changed)[:, :5], net(inputs)[:, :5])  # nothing flows backwards
assert not torch.equal(net(changed)[:, 5:], net(inputs)[:, 5:])

# %% [markdown]
# Training
# --------
#
# One line of nine tokens is nine exercises at once: at each position, predict the next
# token. The loop is the one you know, with AdamW. The learning rate rises for a tenth
# of the steps and then falls almost to zero (``OneCycleLR``, once a batch). The
# rise is the *warm-up*. It keeps the steps short while the weights are still random.

# %%


def loss_on(net, lines):
    """The mean cross-entropy per token."""
    logits = net(lines[:, :-1])  # [line, position, token]
    return cross_entropy(logits.flatten(0, 1), lines[:, 1:].flatten())


def train(net, lines, steps, lr=0.004, warm_up=0.1, until=None):
    """Train, perhaps only until a step; returns the loss of each step."""
    weights = [weight for weight in net.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=lr, total_steps=steps, pct_start=warm_up
    )
    net.train()
    losses = []
    for _ in range(until or steps):
        batch = lines[torch.randint(len(lines), (128,))]
        loss = loss_on(net, batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


STEPS = 800
_ = torch.manual_seed(0)
losses = train(net, train_lines, STEPS)
with torch.inference_mode():
    held_out_loss = loss_on(net, held_out).item()

headline("Held-out loss per token")
print(f"GPT ~{held_out_loss:.2f}, lowest possible {floor:.2f}, table {bigram_loss:.2f}")

# %% [markdown]
# The net is at the limit: on lines that it has never seen, it is unsure about the
# random digits of the question, and about nothing else.
#
# Loss is an average. What you want to know is: how many held-out lines does it complete
# with every digit right? *Greedy* generation takes the most likely token each time.

# %%


def complete(net, tokens, length=10):
    """Append the most likely token, again and again: [line, position] grows."""
    net.eval()
    with torch.inference_mode():
        while tokens.shape[1] < length:
            best = net(tokens)[:, -1].argmax(dim=-1, keepdim=True)
            tokens = torch.cat([tokens, best], dim=1)
    return tokens


def exactly_right(net, lines):
    """The share of lines whose result is right in every digit."""
    answers = complete(net, lines[:, :7])  # START and "12+34="
    return (answers == lines).all(dim=1).float().mean().item()


exact = exactly_right(net, held_out)
headline("Held-out sums that are exactly right")
print(f"~{exact:.0%}")
question = torch.tensor([encode("\n27+58=")])
print(decode(complete(net, question)[0].tolist()).strip())

# %% checks

assert exact >= 0.95
assert abs(held_out_loss - floor) < 0.02
assert decode(complete(net, question)[0].tolist()) == "\n27+58=085"
by_parts = [decode(row)[1:] for row in complete(net, held_out[:, :7]).tolist()]
sums = [int(text[:2]) + int(text[3:5]) == int(text[6:]) for text in by_parts]
assert math.isclose(sum(sums) / len(sums), exact, abs_tol=1e-6)

# %% [markdown]
# Where does it look while it writes the last digit? Each row of the picture is a head.
# The brighter a square, the larger its weight. The digits that the answer depends on
# are in the question and in what the net has written so far.

# %%


def attention_weights(net, tokens):
    """Of each block: [head, position, position]."""
    x = net.tokens(tokens) + net.positions(torch.arange(tokens.shape[1]))
    allowed = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool).tril()
    found = []
    for block in net.blocks:
        parts = block.attention.to_qkv(block.norm1(x)).chunk(3, dim=-1)
        query, key, value = (
            part.unflatten(-1, (4, 16)).transpose(1, 2) for part in parts
        )
        found.append(attend(query, key, value, allowed)[1][0])
        x = block(x)
    return found


answered = complete(net, question)[:, :9]  # what the net reads to write the last digit
with torch.no_grad():
    per_block = attention_weights(net, answered)
headline("Attention weights")
print("blocks:", len(per_block), "shape of each:", list(per_block[0].shape))

# %% checks

for found in per_block:
    torch.testing.assert_close(found.sum(dim=-1), torch.ones(4, 9))
    assert (found.triu(diagonal=1) == 0).all()  # nothing that comes later

# %% plot

figure, panels = plt.subplots(2, 1, figsize=(7, 4.6), layout="constrained")
figure.suptitle("Attention of the last position, by head, in both blocks")
for number, (axes, found) in enumerate(zip(panels, per_block, strict=True), start=1):
    axes.imshow(found[:, -1].numpy(), vmin=0, vmax=1, cmap="cividis")
    names = ["start", *decode(answered[0, 1:].tolist())]
    axes.set_xticks(range(9), names)
    axes.set(title=f"block {number}", ylabel="head", yticks=range(4))

# %% [markdown]
# Which way round?
# ----------------
#
# On paper you add from the right: the last digit needs no carry. So it is often said
# that a net learns sums better if it writes the result *backwards*, last digit first.
# Measure it: the same net and the same steps, 058 written as 850.

# %%


def backwards(a, b):
    return f"{a:02}+{b:02}={f'{a + b:03}'[::-1]}"


_ = torch.manual_seed(0)
backwards_losses = train(GPT(), lines_of(pairs[1000:], backwards), STEPS, until=300)
headline("Mean loss of the steps 250 to 300")
early = {"forwards": losses, "backwards": backwards_losses}
for name, curve in early.items():
    print(f"{name:9} ~{sum(curve[250:300]) / 50:.2f}")
print(f"two digits of the result unknown: {floor + 2 * math.log(10) / 9:.2f}")

# %% [markdown]
# Here backwards is *slower*. It hangs where two digits of the result are still pure
# guesswork. Why? Compare what each new digit depends on, when those before it are
# written down already:
#
# - backwards, the first digit is (a + b) modulo 10, which jumps from 9 to 0;
# - forwards, the first digit only says whether the sum is large. The second is about
#   the sum of the tens minus 10 times the first. For the last digit the first two give
#   away the carry, and it is an exact sum of the others.
#
# So forwards, each digit is nearly a straight line in the digits before it, and that is
# easy for a net. How near? Fit one by least squares and take the share of the spread
# that it explains, R squared.

# %%


def explained(target, known):
    """R squared of the best straight line through all 10,000 sums."""
    columns = torch.stack([*known, torch.ones_like(target)], dim=1)  # [sum, column]
    fitted = columns @ torch.linalg.lstsq(columns, target[:, None]).solution
    return 1 - ((target - fitted[:, 0]) ** 2).mean().item() / target.var().item()


a, b = torch.cartesian_prod(torch.arange(100.0), torch.arange(100.0)).T
digits = [a // 10, a % 10, b // 10, b % 10]
first, second, third = (a + b) // 100, (a + b) // 10 % 10, (a + b) % 10

headline("Share of each digit that a straight line explains, in the order of writing")
shares = {
    "forwards": [
        explained(first, digits),
        explained(second, [*digits, first]),
        explained(third, [*digits, first, second]),
    ],
    "backwards": [
        explained(third, digits),
        explained(second, [*digits, third]),
        explained(first, [*digits, third, second]),
    ],
}
for name, row in shares.items():
    print(f"{name:9}", *(f"{abs(share):.2f}" for share in row))

# %% [markdown]
# So much for two digits. Carries through long numbers speak for backwards, because
# forwards the first digit needs all of them at once. Advice like this depends on the
# problem. Measure before you believe it.

# %% checks

assert sum(losses[250:300]) / 50 < 1.4
unknown = floor + 2 * math.log(10) / 9
assert abs(sum(backwards_losses[250:300]) / 50 - unknown) < 0.05
torch.testing.assert_close(
    third, a % 10 + b % 10 - 10 * (second + 10 * first - a // 10 - b // 10)
)  # the carry, from the digits written first
assert abs(shares["forwards"][2] - 1) < 1e-4
assert shares["forwards"][1] > 0.9
assert abs(shares["backwards"][0]) < 0.01
assert abs(shares["backwards"][1]) < 0.05

# %% plot

figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
for (name, curve), (colour, dash) in zip(
    early.items(), (("#0072B2", "-"), ("#D55E00", "--")), strict=True
):
    axes.plot(curve, dash, color=colour, label=name)
axes.axhline(floor, color="black", linestyle=":", label="lowest possible")
axes.set(title="Training loss of sums, by the order of writing", xlabel="step")
axes.set(ylabel="cross-entropy per token", ylim=(0.9, 2.6))
axes.legend()

# %% [markdown]
# What goes wrong: no causal mask
# -------------------------------
#
# Take the mask away, and each position may look at the token that it should predict.
# The training loss looks wonderful.

# %%

_ = torch.manual_seed(0)
leaky = GPT(causal=False)
leaky_losses = train(leaky, train_lines, steps=100)
leaky_loss = sum(leaky_losses[-10:]) / 10
headline("Without the mask, after 100 steps")
print(f"training loss ~{leaky_loss:.2f}, lowest possible: {floor:.2f}")
print(f"held-out sums exactly right: ~{exactly_right(leaky, held_out):.0%}")

# %% [markdown]
# The net has learned to copy the next token from its own input. Only the last token is
# not in there, and remains pure guesswork: log(10) / 9 is 0.26. When the net generates,
# there is no next token to copy.
#
# A loss *below what is possible* is never good news: it is a leak. Know the lowest
# possible loss of your problem before you train.

# %% checks

assert abs(leaky_loss - math.log(10) / 9) < 0.02
assert leaky_loss < floor / 2
assert exactly_right(leaky, held_out) < 0.1
answer_changed = held_out[:1, :9].clone()
answer_changed[:, 7] = START
assert not torch.allclose(leaky(answer_changed)[:, :7], leaky(held_out[:1, :9])[:, :7])

# %% [markdown]
# Greedy, temperature, top-k
# --------------------------
#
# From the start token alone, greedy generation writes the same line each time. To get
# different lines, draw from the probabilities. Divide the logits by a *temperature*
# first: below 1 it makes likely tokens still more likely, above 1 it evens all out.
# *Top-k* keeps the k most likely tokens and sets all others to probability 0.

# %%


def next_probabilities(logits, temperature=1.0, top_k=None):
    """Logits [..., token] to probabilities to draw from."""
    if top_k is not None:
        limit = logits.topk(top_k, dim=-1).values[..., -1:]
        logits = logits.masked_fill(logits < limit, -math.inf)
    return (logits / temperature).softmax(dim=-1)


def sample(net, n, **how):
    """Draw n new lines."""
    net.eval()
    tokens = torch.full((n, 1), START)
    with torch.inference_mode():
        while tokens.shape[1] < 10:
            probabilities = next_probabilities(net(tokens)[:, -1], **how)
            tokens = torch.cat([tokens, torch.multinomial(probabilities, 1)], dim=1)
    return [decode(row[1:]) for row in tokens.tolist()]


def is_true(text):
    """Whether a line is a sum and right."""
    parts = re.fullmatch(r"(\d\d)\+(\d\d)=(\d\d\d)", text)
    return parts is not None and int(parts[1]) + int(parts[2]) == int(parts[3])


settings = {
    "top-k 1 (greedy)": {"top_k": 1},
    "temperature 1": {},
    "temperature 3": {"temperature": 3.0},
    "temperature 3, top-k 10": {"temperature": 3.0, "top_k": 10},
}
headline("500 new lines each")
drawn = {}
for name, how in settings.items():
    _ = torch.manual_seed(0)
    drawn[name] = sample(net, 500, **how)
    different = len(set(drawn[name])) / 500
    true = sum(map(is_true, drawn[name])) / 500
    print(f"{name}: different ~{different:.0%}, true ~{true:.0%}")

# %% [markdown]
# At temperature 1 nearly all lines are true, and of many kinds. At 3 the net often
# draws a digit that it knows to be wrong. Top-k with 10 doesn't save it: all ten digits
# may stay. Choose by what you need: one right answer, or variety.

# %% checks

three = torch.tensor([1.0, 2.0, 4.0])
by_hand = [math.exp(x / 2) for x in three.tolist()]
by_hand = torch.tensor([x / sum(by_hand) for x in by_hand])
torch.testing.assert_close(next_probabilities(three, temperature=2.0), by_hand)
assert next_probabilities(three, top_k=2)[0] == 0
torch.testing.assert_close(
    next_probabilities(three, top_k=2)[1:], torch.tensor([2.0, 4.0]).softmax(dim=0)
)
assert len(set(drawn["top-k 1 (greedy)"])) == 1
greedy = complete(net, torch.tensor([[START]]))[0].tolist()
assert drawn["top-k 1 (greedy)"][0] == decode(greedy[1:])
true = {name: sum(map(is_true, lines)) / 500 for name, lines in drawn.items()}
assert true["temperature 1"] > 0.9
assert true["temperature 3"] < true["temperature 1"] - 0.2
assert is_true("07+05=012")
assert not is_true("07+05=013")

# %% [markdown]
# Lines of different lengths
# --------------------------
#
# A batch is one tensor, so shorter lines are filled up on the right: *padding*. The
# causal mask already keeps real tokens from looking at it, because it comes later. But
# the loss must leave it out. ``cross_entropy`` skips targets of -100, its
# ``ignore_index``.

# %%

long, short = encode("\n27+58=085"), encode("\n27+")
padding = [START] * (len(long) - len(short))  # any token will do
inputs = torch.tensor([long, short + padding])[:, :-1]
targets = torch.tensor([long[1:], short[1:] + [-100] * len(padding)])
with torch.inference_mode():
    logits = net(inputs)
    skipped = cross_entropy(logits.flatten(0, 1), targets.flatten()).item()
    wrong_targets = torch.tensor([long[1:], short[1:] + padding])
    counted = cross_entropy(logits.flatten(0, 1), wrong_targets.flatten()).item()

headline("Loss of two lines of 9 and 3 tokens")
print(f"padding skipped ~{skipped:.1f}, padding counted: more: {counted > skipped + 1}")

# %% [markdown]
# A net that looks both ways, as most classifiers of text do, needs a *padding mask* as
# well: the keys of padding get minus infinity, as later positions do here.

# %% checks

with torch.inference_mode():
    loss_sum = 0.0
    for tokens in (long, short):
        alone = net(torch.tensor([tokens[:-1]]))[0].log_softmax(dim=-1)
        loss_sum -= sum(alone[i, token].item() for i, token in enumerate(tokens[1:]))
assert math.isclose(skipped, loss_sum / (9 + 3), rel_tol=1e-3)
assert counted > skipped + 1
is_real = torch.tensor([True, True, True, True, False, False])
few = torch.randn(1, 6, 16)
with_mask, _ = attend(few, few, few, is_real[None, None])  # no key of the padding
alone, _ = attend(few[:, :4], few[:, :4], few[:, :4], is_real[None, None, :4])
torch.testing.assert_close(with_mask[:, :4], alone)

# %% [markdown]
# LoRA: a new dialect for a trained net
# -------------------------------------
#
# In a dialect of our language each result is one more: 27+58=086. You could train all
# weights further, but then you need a full copy of the net for each dialect, and the
# net forgets the old one.
#
# *LoRA* (low-rank adaptation) freezes each linear layer and adds a product of two thin
# matrices: first down from the width to r numbers, then up again. With r = 4 that is
# few weights. The second matrix starts at zero, so at first nothing changes.

# %%


class LoRA(nn.Module):
    """A frozen linear layer plus a learned product of rank r."""

    def __init__(self, linear, rank=4):
        super().__init__()
        self.linear = linear.requires_grad_(False)
        start = torch.randn(rank, linear.in_features) / math.sqrt(linear.in_features)
        self.down = nn.Parameter(start)  # [rank, in]
        self.up = nn.Parameter(torch.zeros(linear.out_features, rank))  # [out, rank]

    def forward(self, x):
        return self.linear(x) + x @ self.down.T @ self.up.T


def with_lora(net):
    """A frozen copy with a LoRA around each linear layer of its blocks."""
    net = copy.deepcopy(net).requires_grad_(False)
    for block in net.blocks:
        for module in (block.attention, block.mlp):
            for name, child in list(module.named_children()):
                if isinstance(child, nn.Linear):
                    setattr(module, name, LoRA(child))
    return net


def dialect(a, b):
    return f"{a:02}+{b:02}={a + b + 1:03}"


dialect_train, dialect_held = (
    lines_of(pairs[1000:], dialect),
    lines_of(pairs[:1000], dialect),
)

_ = torch.manual_seed(0)
adapted = with_lora(net)
trained = sum(weight.numel() for weight in adapted.parameters() if weight.requires_grad)
_ = train(adapted, dialect_train, steps=150, lr=0.02)

_ = torch.manual_seed(0)
further = copy.deepcopy(net)
_ = train(further, dialect_train, steps=150, lr=0.001)

headline("150 steps in the dialect: right in the dialect, and in the old language")
in_dialect = exactly_right(adapted, dialect_held)
print(f"LoRA, {trained} of 102349 weights: ~{in_dialect:.0%}", end=", ")
print(f"and ~{exactly_right(net, held_out):.0%} with LoRA taken off")
in_dialect = exactly_right(further, dialect_held)
print(f"all weights trained further: ~{in_dialect:.0%}", end=", ")
print(f"and ~{exactly_right(further, held_out):.0%}")

# %% [markdown]
# After training you can add the product to the frozen weight once and for all. The net
# is then as fast as before. Or you keep one net and many small LoRAs, one a task.

# %% checks

assert trained == 2 * 4 * ((64 + 192) + (64 + 64) + (64 + 256) + (256 + 64))
assert trained < 0.1 * 102349
assert exactly_right(adapted, dialect_held) > 0.9
assert exactly_right(further, held_out) < 0.2
untrained = with_lora(net)
assert torch.equal(untrained(held_out[:, :9]), net(held_out[:, :9]))  # up is zero
now, before = adapted.blocks[0].mlp[0], net.blocks[0].mlp[0]
assert torch.equal(now.linear.weight, before.weight)
merged = nn.Linear(64, 256)
merged.weight.data = now.linear.weight + now.up @ now.down
merged.bias.data = now.linear.bias
sample_x = torch.randn(5, 64)
torch.testing.assert_close(merged(sample_x), now(sample_x), atol=1e-5, rtol=1e-4)

# %% [markdown]
# Challenge: three digits
# -----------------------
#
# Teach the net sums of three digits, such as 123+456=0579, from random pairs: at least
# 95 % of 1,000 held-out lines exactly right, within 1,500 steps of 128 lines, forwards
# or backwards. Then count the mistakes of both in sums whose middle digits add up to 9,
# where a carry may run through.

# %% plot

if plt.get_backend().lower() != "agg":  # agg draws without a screen
    plt.show()

# %% [markdown]
# Recap
# -----
#
# - A language model gives probabilities for the next token; perplexity is exp(loss).
# - Attention: query times key, mask, softmax, weighted mean of the values.
# - A block adds to the residual stream; layer norm first. Warm-up steadies the start.
# - Know the lowest possible loss: below it, tokens leak. The causal mask prevents it.
# - LoRA trains a thin product beside frozen weights, and can be merged or taken off.
#
# Next: whether you can believe what a net says about its own certainty.
