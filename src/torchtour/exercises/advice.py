"""What helps with any code: advice for Python's commonest errors, and slips that Python runs without a word."""

import ast
import difflib
import itertools
import re
import traceback
from collections.abc import Iterator

GENERAL = "Python names the kind of error first, and then what it met."
ADVICE = {  # a pattern in Python's or torch's message
    r"name '\w+' is not defined": "Is the name spelled as where it got its value with `=`, and does that come first? "
    "Is an `import` missing?",
    "cannot access local variable|referenced before assignment": "On some way through the function this has no value "
    "yet. Give it one before the `if` or the loop.",
    "'NoneType'": "Something is None here: a function without `return` gives that, as do `print` and `list.append`.",
    r"takes \d+ positional arguments? but": "Count what the call hands over. A method of a class has `self` first.",
    "takes exactly one argument": "A pair needs round brackets of its own to be handed over as one thing.",
    r"missing \d+ required positional": "Count what the call hands over, and what the `def` asks for.",
    "is not callable": "Round brackets call a function. An element is taken with square ones.",
    "is not subscriptable": "Square brackets take an element. A function is called with round ones.",
    "cannot be interpreted as an integer": "A whole number is needed here: `/` gives a float, `//` a whole number.",
    "before Module.__init__|'_(backward_hooks|buffers|modules|parameters|state_dict)":
    "The first line of `__init__` must be `super().__init__()`.",
    'missing the required "forward"': "Is `forward` spelled right, and does it stand inside the class?",
    "'list' object has no attribute": "A list has no methods of a tensor. Go through its elements, or make one tensor.",
    "has no attribute": "What stands before the dot has nothing of this name. Is it spelled right?",
    "cannot assign '.*' as parameter": "A weight must stay an nn.Parameter. Write into the one that is there.",
    "out of range|out of bounds": "Places count from 0, and the last is one below the length. Of which dimension?",
    "too many indices": "Print the shape: there is a place in the brackets for each dimension, and no more.",
    "unsupported operand .* \\^": "A power is written `**`. In Python `^` is something else.",
    r"must be \w+, not|is not iterable": "This needs a value of another type. Print `type(...)` of what you hand over.",
    "infer output dtype": "Only floats have a mean. Turn the numbers into floats first.",
    "only one element tensors": "A list of tensors cannot become one tensor like this. Go through its elements.",
    "size of tensor a|shapes cannot be multiplied|same number of dimensions|equal size|is invalid for input":
    "Print the shapes of what meets here, and compare them with those that you expect.",
}  # fmt: skip


def advice(error: str) -> str:
    """What --hint adds to an error that no task knows."""
    return next((text for pattern, text in ADVICE.items() if re.search(pattern, error)), GENERAL)


def did_you_mean(error: BaseException) -> str:
    """A name that is nearly the one that Python does not know, as a question."""
    if not isinstance(error, AttributeError | NameError) or not error.name or not error.__traceback__:
        return ""
    if isinstance(error, AttributeError):
        known = dir(error.obj)
    else:
        *_, (frame, _) = traceback.walk_tb(error.__traceback__)
        known = [*frame.f_locals, *frame.f_globals, *frame.f_builtins]
    known = [name for name in known if not name.startswith("_")]
    close = [name for name in known if name.lower() == error.name.lower()]
    close = close or difflib.get_close_matches(error.name, known, 1, 0.75)
    return f". Did you mean `{close[0]}`?" if close else ""


def suspicious_lines(code: str) -> list[str]:
    """A line for each statement that does nothing, or cuts a loop short; nothing if the code is no Python."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError):
        return []
    return [f"Look at line {line}: {text}" for line, text in sorted(found(tree))]


def found(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Attribute):
            yield node.lineno, f"`{ast.unparse(node)}` alone does nothing. A method is called with `()`."
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Compare):
            yield node.lineno, "`==` compares, and nothing is done with the answer. `=` gives a value."
        elif isinstance(node, ast.For | ast.While) and isinstance(node.body[-1], ast.Return):
            yield node.body[-1].lineno, "this `return` ends the loop in its first turn."
        for body in (getattr(node, "body", None), getattr(node, "orelse", None)):
            statements = body if isinstance(body, list) else []
            for before, after in itertools.pairwise(statements):
                if isinstance(before, ast.Return):
                    yield after.lineno, "nothing runs after a `return`."
