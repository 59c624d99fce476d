"""Judge the code of one task: solved, open, or what is wrong, with the hint that fits."""

import ast
import contextlib
import io
import math
import re
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from reprlib import Repr
from typing import Any, Literal

import numpy as np
import torch

from torchtour.exercises.advice import advice, meant, slips
from torchtour.exercises.cells import same_code

MISSING = object()
PRINTED = 1000  # characters of the learner's own output that are kept


@dataclass(frozen=True)
class Result:
    """What the check says of one task. `key` names the mistake, `more` is what --hint adds."""

    task: int
    state: Literal["solved", "open", "wrong"]
    key: str = ""
    message: str = ""
    more: str = ""
    printed: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Output(io.StringIO):
    """Keeps the first characters of what the learner's code prints, so that an endless loop cannot fill the memory."""

    def write(self, text: str) -> int:
        room = PRINTED - self.tell()
        if room > 0:
            super().write(text if len(text) <= room else text[:room] + "...\n")
        return len(text)


class NotRight(Exception):  # noqa: N818
    """An answer that is wrong in no known way; the message says what was seen."""


@dataclass(frozen=True)
class Check:
    """How a task is checked.

    `test` takes what the learner's code defines as `name`; several names stand apart by spaces. It returns None for a
    right answer, or the key of a mistake, or raises NotRight. `mistakes` holds two hints for each key. `errors` maps a
    pattern to the key of the mistake that makes torch raise such an error.
    """

    name: str
    test: Callable[..., str | None]
    hint: str
    mistakes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    puzzle: str = ""  # the function whose output is to be predicted: run once the prediction is right


def predict(number: int, name: str, answer: Any, hint: str, /, **mistakes: tuple[Any, str, str]) -> Check:
    """A check of a prediction; each mistake is (the wrong value, the first hint, the second hint)."""

    def test(given: Any) -> str | None:
        value, right = plain(given), plain(answer)
        if same(value, right):
            return None
        for key, (wrong, *_) in mistakes.items():
            if same(value, plain(wrong)):
                return key
        if type(value) is not type(right) and not (is_number(value) and is_number(right)):
            kind = article(value if isinstance(given, str) else given)
            raise NotRight(f"`{name}` is {kind}, and the prediction is to be {article(right)}.")
        raise NotRight(f"`{name}` is not what the code prints. Go through it line by line, with pencil and paper.")

    texts = {key: (first, more) for key, (_, first, more) in mistakes.items()}
    return Check(name, test, hint, texts, puzzle=f"puzzle_{number}")


def plain(value: Any) -> Any:
    """A prediction as numbers, strings and lists, however the learner wrote it."""
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, tuple | list | set | range):
        return [plain(item) for item in (sorted(value) if isinstance(value, set) else value)]
    if isinstance(value, str):
        text = value.strip().removeprefix("torch.Size(")
        try:
            return plain(ast.literal_eval(text if text == value.strip() else text[:-1]))
        except (SyntaxError, ValueError):
            return text
    return value


def same(got: Any, right: Any, tolerance: float = 1e-4) -> bool:
    """Equal in value, up to rounding; a tensor must have the same shape and kind of number."""
    if isinstance(right, torch.Tensor):
        if not isinstance(got, torch.Tensor) or got.shape != right.shape:
            return False
        if got.is_floating_point() != right.is_floating_point() or got.device != right.device:
            return False
        return torch.allclose(got.detach().double(), right.detach().double(), tolerance, tolerance, equal_nan=True)
    if is_number(right):
        if isinstance(got, torch.Tensor | np.ndarray | np.generic) and math.prod(got.shape) == 1:
            got = got.item()
        return is_number(got) and math.isclose(got, right, rel_tol=tolerance, abs_tol=tolerance)
    if isinstance(right, list | tuple):
        if not isinstance(got, list | tuple) or len(got) != len(right):
            return False
        return all(same(one, other, tolerance) for one, other in zip(got, right, strict=True))
    return type(got) is type(right) and bool(got == right)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def verdict(name: str, got: Any, right: Any, /, **wrong: Any) -> str | None:
    """None if the learner's value is right, else the key of the mistake that gives this value.

    Raises:
        NotRight: no known mistake gives it.
    """
    if same(got, right):
        return None
    for key, value in wrong.items():
        if same(got, value):
            return key
    raise NotRight(unlike(name, got, right))


def unlike(name: str, got: Any, right: Any) -> str:
    """What can be said of a wrong value without giving the right one away."""
    if got is None:
        return f"`{name}` returns None. Does each way through it end in a `return`?"
    if got is ...:
        return f"`{name}` still returns `...`."
    if isinstance(right, torch.Tensor) and isinstance(got, torch.Tensor):
        if got.shape != right.shape:
            return f"`{name}` returns the shape {list(got.shape)}, and {list(right.shape)} is asked for."
        if got.is_floating_point() != right.is_floating_point():
            return f"`{name}` returns numbers of type {got.dtype}, and {right.dtype} is asked for."
    elif is_number(right) and isinstance(got, torch.Tensor) and got.numel() == 1:
        got = got.item()
    elif type(got) is not type(right) and not (is_number(got) and is_number(right)):
        return f"`{name}` returns {article(got)}, and {article(right)} is asked for."
    elif isinstance(right, list | tuple) and len(got) != len(right):
        return f"`{name}` returns {len(got)} value{'s' * (len(got) != 1)}, and {len(right)} are asked for."
    return f"`{name}` returns {shown(got)}, and that is not right."


def article(value: Any) -> str:
    """`a tensor`, `an int`: what kind of thing a value is."""
    if is_number(value):
        return "a number"
    if value is None:
        return "None"
    name = {"Tensor": "tensor", "str": "string"}.get(type(value).__name__, type(value).__name__)
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def shown(value: Any) -> str:
    """A value in a few words."""
    if isinstance(value, torch.Tensor):
        value = value.detach().tolist()
    short = Repr()
    short.maxlist = short.maxtuple = short.maxdict = 6
    short.maxother = short.maxstring = 60
    text = " ".join(short.repr(rounded(value)).split())
    return text if len(text) <= 120 else f"{text[:117]}..."


def rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    return type(value)(map(rounded, value)) if type(value) in (list, tuple) else value


def judge(number: int, check: Check, code: str, start: str, namespace: dict[str, Any], file: str) -> Result:
    """Run the code of a task in the namespace and check what it defines; the learner's output is kept."""
    output = Output()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output), settled():
        result = run(number, code, namespace, file) if code.strip() else None
        if result is None and same_code(code, start):
            result = Result(number, "open", more=check.hint)
        elif result is None:
            result = assess(number, check, namespace, file)
        elif result.key == "error":
            result = recognised(result, check, result.message) or result
        if result.state == "wrong":
            result = replace(result, message="\n".join([result.message, *slips(code)]))
    return replace(result, printed=output.getvalue())


@contextlib.contextmanager
def settled() -> Iterator[None]:
    """Each task starts from the same state of torch, whatever the tasks before it did, and warnings are printed."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float32)
    with warnings.catch_warnings(record=True) as caught, torch.set_grad_enabled(True):
        warnings.simplefilter("default")
        yield
        for warning in caught:
            print(f"warning: {str(warning.message).splitlines()[0]}")


def run(number: int, code: str, namespace: dict[str, Any], file: str) -> Result | None:
    """Run the learner's code; a Result says that it failed."""
    try:
        exec(compile(code, file, "exec"), namespace)
    except SyntaxError as error:
        if error.filename == file:
            text = f"line {error.lineno}: this is not Python: {error.msg}" + "." * (error.msg[-1:] != "?")
            return Result(number, "wrong", "syntax", text, "Look at that line and the one above it.")
        return failed(number, error, file)
    except BaseException as error:
        return failed(number, error, file)
    return None


def assess(number: int, check: Check, namespace: dict[str, Any], file: str) -> Result:
    """Put what the learner's code defines to the test."""
    answers = []
    for name in check.name.split():
        answer = namespace.get(name, MISSING)
        if answer is MISSING:
            text = f"Nothing here is called `{name}` any more. Keep the names of the start file."
            return Result(
                number, "wrong", "missing", text, "`torchtour exercises NEW_FOLDER` writes a fresh start file."
            )
        if answer is ...:
            return Result(number, "open", more=check.hint)
        if callable(answer) is bool(check.puzzle):
            kind = "a value" if check.puzzle else "a function or a class"
            text = f"`{name}` is {article(answer)}, and should be {kind}."
            return Result(number, "wrong", "kind", text, check.hint)
        answers.append(answer)
    try:
        torch.manual_seed(0)
        key = check.test(*answers)
        if key is None and check.puzzle in namespace:
            namespace[check.puzzle]()
    except NotRight as wrong:
        return Result(number, "wrong", "other", str(wrong), check.hint)
    except BaseException as error:
        result = failed(number, error, file)
        return recognised(result, check, f"{type(error).__name__}: {error}") or result
    if key is None:
        return Result(number, "solved")
    return Result(number, "wrong", key, *check.mistakes[key])


def recognised(result: Result, check: Check, error: str) -> Result | None:
    """The hint for an error that a known mistake makes torch raise."""
    for pattern, key in check.errors.items():
        if re.search(pattern, error):
            first, more = check.mistakes[key]
            return Result(result.task, "wrong", key, f"{first}\n({result.message})", more)
    return None


def failed(number: int, error: BaseException, file: str) -> Result:
    """An error in the learner's code, in a line: where, and what Python says."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    where = f"line {lines[-1]}: " if lines else ""
    text = " ".join(str(error).split("\n")[0].split())[:200]
    more = advice(text)
    text = re.sub(r" \(\S+\.py\)$", "", text)  # the path at the end of an ImportError
    with contextlib.suppress(Exception):  # of an object of the learner's that does not say what it has
        text += meant(error)
    name = type(error).__name__
    if isinstance(error, SystemExit):
        text = f"{where}your code ends the program (`sys.exit`, `exit` or `quit`). Take that out."
        return Result(number, "wrong", "exit", text, "A function hands its result back with `return`.")
    if isinstance(error, ModuleNotFoundError):
        text = f"{where}there is no module `{error.name}` here. The tasks need only torch and numpy."
        return Result(number, "wrong", "import", text, "Is the name spelled right?")
    if isinstance(error, RecursionError):
        text = f"{where}the function calls itself without end (RecursionError)."
        return Result(number, "wrong", "recursion", text, "When should it stop? Return there without a further call.")
    if not lines:
        text = f"What your code made fails when it is used: {name}: {text}"
    else:
        text = f"{where}{name}: {text}" if text else f"{where}{name}"
    return Result(number, "wrong", "error", text, more)
