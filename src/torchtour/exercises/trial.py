"""A trial of an answer: inputs drawn for the occasion, calls that are watched, and what they showed.

A check is written as one function that takes a Trial and the answer. It runs first with the reference, whose results
are recorded, and then with the learner's answer, which is compared step by step: the first difference ends the trial.
"""

import ast
import contextlib
import copy
import inspect
import itertools
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from torchtour.exercises.compare import RELATIVE, article, difference, show

NOTHING = object()  # None is something that an answer may return
MAX_LISTED = 1000  # elements taken from an iterator of the learner's


class WrongAnswer(Exception):  # noqa: N818
    """What an answer did wrong: `key` names the mistake, `seen` shows the input, what came out and what was expected.

    `what` and `got` say what was seen, so that two answers can be compared.
    """

    def __init__(self, key: str, message: str, seen: str = "", what: str = "", got: Any = NOTHING) -> None:
        super().__init__(message)
        self.key, self.message, self.seen = key, message, seen
        self.what, self.got = what or message, got

    @property
    def is_telling(self) -> bool:
        """A general remark does not tell one mistake from another."""
        return self.got is not NOTHING or self.key != "other"

    def equals(self, other: "Finding") -> bool:
        """Was the same seen of both answers?"""
        if not isinstance(other, WrongAnswer) or (self.key, self.what) != (
            other.key,
            other.what,
        ):
            return False
        if self.got is NOTHING or other.got is NOTHING:
            return self.got is other.got
        if self.got is None or other.got is None:
            return self.got is other.got
        return difference(self.got, other.got) is None


class AnswerError(Exception):
    """The learner's code raised; `cause` is the error, `seen` the call in which it happened."""

    def __init__(self, cause: BaseException, seen: str) -> None:
        super().__init__(str(cause))
        self.cause, self.seen = cause, seen
        self.text = f"{type(cause).__name__}: {cause}"

    is_telling = True

    def equals(self, other: "Finding") -> bool:
        return isinstance(other, AnswerError) and self.text == other.text


Finding = WrongAnswer | AnswerError


@dataclass(frozen=True)
class Ban:
    """Something that a task forbids. It is observed while the answer runs.

    `torch_functions` are names of torch's own functions, `python_functions` are functions of Python whose calls count,
    `loops` forbids loops: in the code, and as a number of calls that grows with the input.
    """

    what: str
    torch_functions: tuple[str, ...] = ()
    python_functions: tuple[Callable[..., Any], ...] = ()
    loops: bool = False

    def codes(self) -> set[CodeType]:
        return {inspect.unwrap(function).__code__ for function in self.python_functions}


class Draw:
    """Draws the inputs of one case. Sizes differ from case to case, and values as well."""

    def __init__(self, seed: int, case: int) -> None:
        self.case = case
        self.random = random.Random(f"{seed} {case}")
        self._sizes = random.Random(f"{seed}")  # the same in each case, which moves on from it
        self.generator = torch.Generator().manual_seed(self.random.getrandbits(32))

    def size(self, low: int, high: int) -> int:
        """A size from low to high, another one than in the case before."""
        span = high - low + 1
        return low + (self._sizes.randrange(span) + self.case) % span

    def sizes(self, count: int, low: int, high: int) -> list[int]:
        """Sizes that differ from each other."""
        values = list(range(low, high + 1))
        self._sizes.shuffle(values)
        shift = self.case % len(values)
        return (values[shift:] + values[:shift])[:count]

    def number(self, low: float, high: float, digits: int = 2) -> float:
        return round(self.random.uniform(low, high), digits)

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Normal numbers with two decimals, so that they can be shown."""
        return (torch.randn(shape, generator=self.generator) * scale * 100).round() / 100

    def quarters(self, *shape: int) -> Tensor:
        """Multiples of 1/4 from -3 to 3, with which float32 calculates exactly."""
        return self.integers(-12, 13, *shape) / 4

    def integers(self, low: int, high: int, *shape: int) -> Tensor:
        """Whole numbers from low to high - 1."""
        return torch.randint(low, high, shape, generator=self.generator)

    def labels(self, n: int, n_classes: int) -> Tensor:
        """Labels [n] in which each class occurs, in a random order."""
        labels = torch.cat([torch.arange(n_classes), self.integers(0, n_classes, n - n_classes)])
        return labels[torch.randperm(n, generator=self.generator)]

    def fill(self, module: nn.Module, scale: float = 1.0) -> None:
        """Give all parameters drawn values."""
        with torch.no_grad():
            for parameter in module.parameters():
                fan_in = parameter.shape[-1] if parameter.dim() > 1 else 4
                parameter.copy_(scale * torch.randn(parameter.shape, generator=self.generator) / fan_in**0.5)

    def net(self, n_features: int, n_classes: int, scale: float = 2.0) -> nn.Sequential:
        """A small net with a hidden layer and drawn weights."""
        hidden = self.random.randrange(4, 8)
        net = nn.Sequential(nn.Linear(n_features, hidden), nn.ReLU(), nn.Linear(hidden, n_classes))
        self.fill(net, scale)
        return net


@dataclass
class Trial:
    """One case. `expected` is what the reference showed, or None while the reference itself runs."""

    draw: Draw
    names: dict[int, str] = field(default_factory=dict)  # of the answers, by their id
    bans: Sequence[Ban] = ()
    code: str = ""  # the learner's
    expected: list[tuple[str, Any]] | None = None
    recorded: list[tuple[str, Any]] = field(default_factory=list)
    findings: list["Finding"] = field(default_factory=list)  # of calls after which the trial went on
    n_parts: int = 0
    place: int = 0  # in expected
    n_calls: int = 0  # of torch's functions in the last call
    last_call: str = ""  # its arguments, as they are shown

    def call(
        self,
        function: Callable[..., Any],
        *args: Any,
        shown: str = "",
        names: str = "",
        changes: Iterable[str] = (),
        compare: bool = True,
        listed: bool = False,
        go_on: bool = False,
        tolerance: float = RELATIVE,
        **kwargs: Any,
    ) -> Any:
        """Call the answer, see that only what is in `changes` has changed, and compare what it returned.

        Args:
            shown: the function's name; default: that of the answer.
            names: the names of the arguments, apart by spaces; default: a, b ... from the signature.
            listed: an iterator may take the place of a list.
            go_on: the call is a part of the trial; what is wrong with it returns None.
        """
        if go_on:
            with self.part():
                return self.call(function, *args, shown=shown, names=names, changes=changes, compare=compare,
                                 listed=listed, tolerance=tolerance, **kwargs)  # fmt: skip
            return None
        title = shown or self.names.get(id(function), "answer")
        labels = names.split() or _argument_names(function, len(args))
        named = {**dict(zip(labels, args, strict=False)), **kwargs}
        before = {name: snapshot(value) for name, value in named.items()}
        seen = "\n".join(f"{name} = {show(value)}" for name, value in named.items())
        seen = f"{title}({', '.join(named)}) with\n{seen}" if named else f"{title}()"
        self.last_call = seen
        grad_mode = torch.is_grad_enabled()
        with self.watched(seen):
            result = function(*args, **kwargs)
            if listed and isinstance(result, Iterator):
                result = list(itertools.islice(result, MAX_LISTED))
        if torch.is_grad_enabled() != grad_mode:
            torch.set_grad_enabled(grad_mode)
            self.require(False, f"`{title}` leaves gradients switched off.", key="grad_mode")
        for name, value in named.items():
            change = changed(before[name], snapshot(value)) if name not in changes else None
            if change:
                text = f"`{title}` changes `{name}`, which was handed in: {change}. It should stay as it is."
                got = NOTHING if isinstance(value, nn.Module) else _frozen(value)
                raise WrongAnswer("input_changed", text, seen, f"{name} after {title}", got)
        if compare:
            self.see(f"What `{title}` returns", result, seen=seen, tolerance=tolerance)
        return result

    @contextlib.contextmanager
    def watched(self, seen: str = "") -> Iterator[None]:
        """Errors in here are the learner's, and bans are observed. Errors elsewhere are the checker's."""
        watch = Watch(self.bans)
        try:
            with watch:
                yield
        except (WrongAnswer, AnswerError):
            raise
        except Exception as error:
            raise AnswerError(error, seen) from error
        except SystemExit as error:
            raise AnswerError(error, seen) from error
        finally:
            self.n_calls = watch.n_calls
        if self.expected is not None:
            for ban in self.bans:
                if ban in watch.broken or (ban.loops and has_loop(self.code)):
                    raise WrongAnswer("forbidden", f"The task asks you to do without {ban.what}.", "", ban.what)

    def see(self, what: str, value: Any, seen: str = "", tolerance: float = RELATIVE, key: str = "") -> None:
        """Record what the reference showed; of an answer, compare with it.

        Raises:
            WrongAnswer: it differs.
        """
        if self.expected is None:
            self.recorded.append((what, _frozen(value)))
            return
        if self.place >= len(self.expected) or self.expected[self.place][0] != what:
            raise RuntimeError(f"the reference did not show: {what}")
        expected = self.expected[self.place][1]
        self.place += 1
        text = difference(value, expected, tolerance)
        if text:
            shown = [*([seen] if seen else []), f"got {_brief(value)}", f"expected {_brief(expected)}"]
            raise WrongAnswer(key or "other", f"{what} {text}", "\n".join(shown), what, _frozen(value))

    @contextlib.contextmanager
    def part(self) -> Iterator[list[Any]]:
        """A part of the trial, which goes on after it if something is wrong: a mistake is known by all parts.

        What is put into the list that it yields belongs to what was seen.
        """
        got: list[Any] = []
        try:
            yield got
        except (WrongAnswer, AnswerError) as found:
            if self.expected is None:
                raise
            if got and isinstance(found, WrongAnswer):
                found.got = _frozen(got)
            self.findings.append(found)
        self.n_parts += 1
        mark = (f"end of part {self.n_parts}", None)
        if self.expected is None:
            self.recorded.append(mark)
        else:
            self.place = self.expected.index(mark) + 1

    def gradients(self, result: Tensor, seen: str = "", **inputs: Tensor) -> None:
        """Compare the gradients that reach the inputs through the result."""
        weights = torch.linspace(0.5, 1.5, result.numel()).reshape(result.shape)
        tensors = list(inputs.values())
        if not result.requires_grad:
            if self.expected is None:
                raise RuntimeError("no gradient reaches the reference's inputs")
            text = (
                "The value is right, but autograd cannot go back through it: it is detached, so nothing can be trained."
            )
            raise WrongAnswer("detached", text, seen)
        with self.watched(seen):
            found = torch.autograd.grad((result * weights).sum(), tensors, allow_unused=True, retain_graph=True)
        for name, gradient in zip(inputs, found, strict=True):
            if gradient is None and self.expected is not None:
                text = f"The value is right, but no gradient reaches `{name}`: somewhere on the way it is detached."
                raise WrongAnswer("detached", text, seen, name)
            self.see(f"The gradient that reaches `{name}`", gradient, seen, 1e-4)

    def require(self, condition: bool, message: str, key: str = "other", seen: str = "") -> None:
        """A property that every right answer has.

        Raises:
            WrongAnswer: the answer does not have it.
        """
        key = key or "other"
        if condition:
            return
        if self.expected is None:
            raise RuntimeError(f"the reference fails: {message}")
        raise WrongAnswer(key, message, seen)

    def unchanged(self, name: str, before: Any, value: Any, seen: str) -> None:
        """See that a value is still as its snapshot `before`; for what `call` cannot compare at once."""
        change = changed(before, snapshot(value))
        if change:
            raise WrongAnswer(
                "input_changed", f"Your code changes `{name}`, which was handed in: {change}.", seen, name
            )

    def fail(self, key: str, message: str, seen: str = "") -> None:
        """The answer is wrong."""
        self.require(False, message, key, seen)

    def tensor(self, value: Any, what: str, shape: Sequence[int] | None = None, integer: bool | None = None) -> Tensor:
        """The value, once it is seen to be a tensor of this shape and kind of number."""
        self.require(isinstance(value, Tensor), f"{what} is {article(value)}, expected a tensor.")
        if shape is not None:
            text = f"{what} has the shape {list(value.shape)}, expected {list(shape)}."
            self.require(value.shape == torch.Size(shape), text)
        if integer is not None:
            whole = not value.is_floating_point() and not value.is_complex() and value.dtype != torch.bool
            kind = "whole numbers" if integer else "floats"
            self.require(whole is integer, f"{what} holds numbers of type {value.dtype}, expected {kind}.")
        return value  # type: ignore[no-any-return]

    def instance(self, value: Any, kind: type, what: str, seen: str = "") -> None:
        """The value is seen to be of this class."""
        wanted = f"an nn.{kind.__name__}" if kind.__module__.startswith("torch.nn") else article(kind)
        self.require(isinstance(value, kind), f"{what} is {article(value)}, expected {wanted}.", seen=seen)

    def pair(self, value: Any, what: str, length: int = 2) -> Sequence[Any]:
        """The value, once it is seen to be a tuple or list of this length."""
        kind = isinstance(value, tuple | list)
        got = f"{len(value)} values" if kind else article(value)
        self.require(kind and len(value) == length, f"{what} is {got}, expected {length} values: `return a, b`.")
        return value  # type: ignore[no-any-return]


class Watch(contextlib.ExitStack):
    """Counts the calls of torch's functions, and notes the bans that are broken."""

    def __init__(self, bans: Sequence[Ban]) -> None:
        super().__init__()
        self.bans, self.broken, self.n_calls = bans, set[Ban](), 0
        self.names = {name: ban for ban in bans for name in ban.torch_functions}
        self.codes = {code: ban for ban in bans for code in ban.codes()}

    def __enter__(self) -> "Watch":
        super().__enter__()
        if not self.bans:
            return self
        self.enter_context(_Functions(self))
        if self.codes:
            self.callback(sys.setprofile, sys.getprofile())
            sys.setprofile(self.profile)
        return self

    def profile(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in self.codes:
            self.broken.add(self.codes[frame.f_code])

    def note(self, name: str) -> None:
        self.n_calls += 1
        if name in self.names:
            self.broken.add(self.names[name])


class _Functions(TorchFunctionMode):
    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.watch.note(getattr(function, "__name__", ""))
        return function(*args, **(kwargs or {}))


def has_loop(code: str) -> bool:
    """Is there a loop in the code, written as a statement, a comprehension or `map`?"""
    kinds = (ast.For, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, kinds):
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "map":
            return True
    return False


def as_int64(value: Any) -> Any:
    """A tensor of whole numbers of any size as int64; anything else as it is. For tasks that ask for whole numbers."""
    whole = isinstance(value, Tensor) and value.dtype in (torch.int32, torch.int16, torch.int8, torch.uint8)
    return value.long() if whole else value


def snapshot(value: Any) -> Any:
    """What must stay as it is in an argument: numbers, types and gradients, whatever contains them."""
    if isinstance(value, Tensor):
        gradient = value.grad.detach().clone() if value.is_leaf and value.grad is not None else None
        return (value.detach().clone(), value.requires_grad, gradient)
    if isinstance(value, nn.Module):
        hooks = [(len(module._forward_hooks), len(module._forward_pre_hooks)) for module in value.modules()]
        parameters = [(name, snapshot(parameter)) for name, parameter in value.named_parameters()]
        return [type(value), list(dict(value.named_modules())), parameters,
                [(name, snapshot(buffer)) for name, buffer in value.named_buffers()], hooks]  # fmt: skip
    if isinstance(value, list | tuple):
        return [type(value), *map(snapshot, value)]
    if isinstance(value, dict):
        return [dict, *((key, snapshot(one)) for key, one in value.items())]
    return value if isinstance(value, int | float | str | bytes | bool) else None


def changed(before: Any, after: Any) -> str | None:
    """What differs between two snapshots, in words."""
    if isinstance(before, Tensor) and isinstance(after, Tensor):
        if before.shape != after.shape or before.dtype != after.dtype or before.device != after.device:
            return f"it was {before.dtype} {list(before.shape)}, now it is {after.dtype} {list(after.shape)}"
        same = before.is_meta or torch.equal(before.nan_to_num(), after.nan_to_num())
        return None if same else f"it was {show(before)}, now it is {show(after)}"
    if isinstance(before, list | tuple) and isinstance(after, list | tuple):
        if len(before) != len(after):
            return f"it had {len(before) - 1} elements, now it has {len(after) - 1}"
        return next(filter(None, itertools.starmap(changed, zip(before, after, strict=True))), None)
    if before is None and isinstance(after, Tensor):
        return "a gradient is left in it"
    if type(before) is bool and before is not after:
        return f"requires_grad was {before}, now it is {after}"
    return None if type(before) is type(after) and bool(before == after) else f"it was {before}, now it is {after}"


def _frozen(value: Any) -> Any:
    """A copy that stays as it is; what cannot be copied is named."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(map(_frozen, value))
    if isinstance(value, dict):
        return {key: _frozen(one) for key, one in value.items()}
    if value is None or isinstance(value, int | float | str | bytes | bool):
        return value
    with contextlib.suppress(Exception):
        return copy.deepcopy(value)
    return article(value)


def _brief(value: Any) -> str:
    """A value with its shape, where it is a tensor."""
    if isinstance(value, Tensor):
        return f"tensor {list(value.shape)} {show(value)}" if value.dim() else f"tensor({show(value)})"
    return show(value)


def _argument_names(function: Callable[..., Any], count: int) -> list[str]:
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    return [*names, *(f"argument {i + 1}" for i in range(len(names), count))]
