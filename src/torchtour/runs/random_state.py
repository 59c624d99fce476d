"""The state of torch's random generators, so that a resumed run with dropout repeats an uninterrupted one."""

from collections.abc import Sequence

import torch
from torch import Tensor, distributed


def random_states(world_size: int = 1) -> list[dict[str, Tensor]]:
    """The generators' states of each process; a generator that a machine lacks is left out."""
    own = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        own["cuda"] = torch.cuda.get_rng_state()
    if torch.backends.mps.is_available():
        own["mps"] = torch.mps.get_rng_state()
    if world_size == 1:
        return [own]
    states: list[dict[str, Tensor]] = [{}] * world_size
    distributed.all_gather_object(states, own)
    return states


def restore_random_state(states: Sequence[dict[str, Tensor]], rank: int) -> None:
    """Continue with a process's states; a process that the interrupted run did not have keeps its own."""
    if rank >= len(states):
        return
    state = states[rank]
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and torch.cuda.is_available():
        torch.cuda.set_rng_state(state["cuda"])
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])
