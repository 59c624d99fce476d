"""The command's front door: help and version at once, all else by torchtour.cli."""

import gc
import signal
import sys
from types import FrameType

from torchtour import __version__

HELP = """\
usage: torchtour COMMAND [-c CONFIG ...] [--KEY VALUE ...]

  fit       train a net; its files land in checkpoints/<run.name>/version_<n>/
  validate  loss and accuracy of a checkpoint on the validation points
  test      loss and accuracy of a checkpoint on points that no training saw
  predict   write predictions.csv next to a checkpoint
  eject     take a net home: its weights and a script, for torch alone; or ONNX

Try:
  torchtour fit --data.problem circle --model.hidden_size 20
  torchtour test --ckpt_path best          the best epoch of the newest run
  torchtour predict --ckpt_path last       its last epoch
  torchtour eject --ckpt_path best --to my_net
  torchtour fit --help                     every setting

  -h, --help     this page
  --version      the version
"""


def stop(signum: int, _: FrameType | None) -> None:
    """Ctrl-C and SIGTERM: leave at once, by way of every `finally`, with the shell's status for the signal."""
    raise SystemExit(128 + signum)


def main() -> int:
    arguments = sys.argv[1:]
    if arguments in ([], ["-h"], ["--help"]):
        print(HELP, end="")
        return 0
    if arguments == ["--version"]:
        print(f"torchtour {__version__}")
        return 0
    signals = (signal.SIGINT, signal.SIGTERM)
    for signum in signals:
        signal.signal(signum, signal.SIG_DFL)  # an exception amid the import of a C++ module would end in abort()
    gc.disable()  # half a second would go into looking for garbage among what is imported here, and stays
    from torchtour.cli import run  # takes seconds: torch and Lightning

    gc.freeze()
    gc.enable()
    for signum in signals:
        signal.signal(signum, stop)
    try:
        return run(arguments)
    finally:
        for signum in signals:
            signal.signal(signum, signal.SIG_DFL)  # nor has an exception a place to go while Python shuts down


if __name__ == "__main__":
    sys.exit(main())
