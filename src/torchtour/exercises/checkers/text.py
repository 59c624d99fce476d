"""Lesson 12."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from torchtour.exercises.judge import Check, prediction_check
from torchtour.exercises.trial import Ban, Trial


def attend(t: Trial, answer: Callable[..., Any]) -> None:
    n, size, width = t.draw.sizes(3, 3, 7)
    for length, value_width in ((n, width), (n + 2, width), (1, width), (n, n + 3)):
        query, key = (t.draw.normal(length, size).requires_grad_() for _ in range(2))
        value = t.draw.normal(length, value_width).requires_grad_()
        with t.part():
            got = t.call(answer, query, key, value, names="query key value")
            t.gradients(got, t.last_call, value=value, query=query, key=key)


def attend_by_torch(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return scaled_dot_product_attention(query, key, value, is_causal=True)


def loss_per_token(t: Trial, answer: Callable[..., Any]) -> None:
    n_tokens, n_lines, length = t.draw.sizes(3, 3, 7)
    for lines, positions in ((n_lines, length), (1, length + 1), (n_lines + 1, 2)):
        logits = t.draw.normal(lines, positions, n_tokens, scale=2).requires_grad_()
        tokens = t.draw.integers(0, n_tokens, lines, positions)
        with t.part():
            got = t.call(answer, logits, tokens, names="logits tokens")
            t.gradients(got, t.last_call, logits=logits)


def loss_by_loops(logits: Tensor, tokens: Tensor) -> Tensor:
    losses = [
        logits[line, place].logsumexp(dim=0) - logits[line, place, tokens[line, place + 1]]
        for line in range(len(tokens))
        for place in range(tokens.shape[1] - 1)
    ]
    return torch.stack(losses).mean()


def next_probabilities(t: Trial, answer: Callable[..., Any]) -> None:
    n_tokens = t.draw.size(5, 8)
    for shape, top_k in (((n_tokens,), 2), ((3, n_tokens), 3), ((2, n_tokens), 1), ((4, n_tokens), n_tokens)):
        order = torch.rand(shape, generator=t.draw.generator).argsort(dim=-1)
        logits = order * 0.5 - 1.25  # no two of a line are equal, none is 0
        if logits.dim() == 2:
            logits += 5.0 * torch.arange(len(logits))[:, None]
        temperature = t.draw.number(0.3, 0.8) if top_k == 3 else t.draw.number(1.5, 3)
        got = t.call(answer, logits, top_k, temperature, names="logits top_k temperature", go_on=True)
        if isinstance(got, Tensor):
            none_left = int((got == 0).sum(dim=-1).min()) == n_tokens - top_k
            text = "The tokens that don't count get tiny probabilities. They should be 0, so that none is ever drawn."
            t.require(none_left, text, seen=t.last_call)


def probabilities_by_lists(logits: Tensor, top_k: int, temperature: float) -> Tensor:
    if logits.dim() == 2:
        return torch.stack([probabilities_by_lists(line, top_k, temperature) for line in logits])
    values = logits.tolist()
    limit = sorted(values)[-top_k]
    shares = [math.exp(value / temperature) if value >= limit else 0.0 for value in values]
    return torch.tensor([share / sum(shares) for share in shares])


CHECKS = {
    1: prediction_check(
        1,
        "weights_of_second",
        [0.5, 0.5, 0.0],
        "Which positions may the second one look at? All matches are equal, so softmax shares evenly among those.",
        no_mask=(
            [1 / 3, 1 / 3, 1 / 3],
            "The third position comes later. The mask keeps the second from looking at it.",
            "Softmax of minus infinity is 0.",
        ),
        only_itself=([0, 1, 0], "It may look at what came before it, too.", "`tril` keeps the diagonal and all below."),
        looks_ahead=([0, 0.5, 0.5], "It looks back, not ahead.", "`tril` is True on and below the diagonal."),
        first_row=([1, 0, 0], "That is the first position, which sees only itself.", "`weights[1]` is the second row."),
        no_softmax=(
            [0, 0, -math.inf],
            "That is the row before softmax.",
            "exp of minus infinity is 0, and what remains is divided by its sum.",
        ),
    ),
    2: Check(
        "attend",
        attend,
        "Matches, mask, softmax, mean of the values: four lines, all in the lesson.",
        {
            "no_root": ("You divide by the size. It should be its root.", "`math.sqrt`."),
            "not_scaled": ("The matches are not divided.", "Divide by the root of the size before softmax."),
            "by_positions": (
                "You divide by the root of the number of positions.",
                "`size` is the length of a query: the last dimension.",
            ),
            "no_mask": ("Positions look at what comes later.", "Set those matches to minus infinity before softmax."),
            "masked_with_zero": (
                "A match of 0 still gets a weight, because exp(0) is 1.",
                "Minus infinity gets none.",
            ),
            "masked_after": (
                "You mask after softmax, so the weights no longer sum to 1.",
                "Mask first, then softmax.",
            ),
            "columns": (
                "Softmax goes along the wrong dimension: each row of weights should sum to 1.",
                "A row belongs to a query, and its columns to the keys.",
            ),
            "looks_ahead": ("Your mask is the wrong way round.", "`tril`, not `triu`."),
        },
        reference=attend_by_torch,
        bans=(Ban("torch's own attention", torch_functions=("scaled_dot_product_attention",)),),
    ),
    3: Check(
        "loss_per_token",
        loss_per_token,
        "The logits at a position are about the token after it. Which position has no token after it?",
        {
            "same_token": (
                "Each position is compared with the token that it has just read.",
                "Compare it with the next one.",
            ),
            "backwards": (
                "You compare each position with the token before it.",
                "Leave out the last position of the logits, and the first of the tokens.",
            ),
            "wraps": (
                "The last position is compared with the first token of its line.",
                "It has no next token: leave it out.",
            ),
            "summed": ("You add up the losses. The mean per token is asked for.", "Leave `reduction` as it is."),
            "by_line": ("That is the loss per line.", "Divide by the number of tokens predicted."),
        },
        reference=loss_by_loops,
    ),
    4: Check(
        "next_probabilities",
        next_probabilities,
        "Find the smallest logit that counts in each line, set all below it to minus infinity, divide, softmax.",
        {
            "no_temperature": ("The temperature is not used.", "Divide the logits by it before softmax."),
            "multiplied": ("You multiply by the temperature.", "Above 1 it should make all tokens more alike."),
            "not_renormalised": (
                "The probabilities no longer sum to 1, because you cut off after softmax.",
                "Cut off before it, or divide by the sum.",
            ),
            "filled_with_zero": (
                "A logit of 0 still has a probability above 0.",
                "Use minus infinity for what should never be drawn.",
            ),
            "no_top_k": ("All tokens can still be drawn.", "`topk` finds the largest."),
            "smallest": ("You keep the least likely tokens.", "The largest logits count."),
            "one_less": ("One token too few is kept.", "The k-th largest still counts: `<`, not `<=`."),
        },
        reference=probabilities_by_lists,
    ),
}
