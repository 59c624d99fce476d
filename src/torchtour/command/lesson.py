"""`torchtour lesson`: list the lessons, or run one in a process of its own."""

import os
import subprocess
import sys

from torchtour.lessons import LESSONS, listing, script
from torchtour.settings import UserError, short_repr

USAGE = f"""\
usage: torchtour lesson [NUMBER or NAME]

Run a lesson, or list them all. Pictures open in windows, if there is a screen.

{listing()}"""

# As a script of its own; but where the reader of a pipe has seen enough, it ends without a traceback.
PROGRAM = """\
import sys
sys.path[:] = filter(None, sys.path)  # not the working directory
import runpy, signal
if hasattr(signal, "SIGPIPE"):
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def lesson(args: list[str]) -> int:
    """Run the lesson that `args` names, and return its exit status; without a name, list them.

    Raises:
        UserError: There is no such lesson, or more than one is named.
    """
    words = args
    if not words or words in (["-h"], ["--help"]):
        print(USAGE)
        return 0
    if len(words) > 1:
        raise UserError(f"lesson: name one lesson, got {len(words)} words")
    try:
        path = script(words[0])
    except KeyError:
        allowed = f"a number from 1 to {len(LESSONS)} or a name that `torchtour lesson` lists"
        raise UserError(f"lesson: must be {allowed}, got {short_repr(words[0])}") from None
    sys.stdout.flush()
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}  # the command set it
    status = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], env=environment, check=False).returncode
    return status if status >= 0 else 128 - status  # of a signal, as a shell says it
