"""What a terminal shows beside the text, and what the command says of the device: on a pipe nothing but text."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SMALL
from lightning.pytorch.accelerators import Accelerator, AcceleratorRegistry, CPUAccelerator

from torchtour.command import terminal

pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")
RED, BOLD, PLAIN = "\033[31m", "\033[1m", "\033[0m"
CALL = "import sys; from torchtour.command.main import main; sys.argv = ['torchtour', *sys.argv[1:]]; sys.exit(main())"


def on_a_terminal(folder: Path, *arguments: object, **variables: str) -> str:
    """What the command writes to a pseudo-terminal, as its stdout and stderr."""
    apart = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "WT_SESSION")}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", CALL, *map(str, arguments)], cwd=folder, stdout=theirs, stderr=theirs,
        env=apart | variables,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the last one has closed it
            break
        written += piece
        if not piece:
            break
    process.wait(60)
    os.close(ours)
    return written.decode().replace("\r\n", "\n")


def test_a_terminal_shows_the_word_before_an_error_in_red(tmp_path):
    said = on_a_terminal(tmp_path, "trian", TERM="xterm-256color")
    assert said.startswith(f"{RED}torchtour:{PLAIN} 'trian' is not a command; ")
    assert said.count("\033") == 2


@pytest.mark.parametrize("variables", [{"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_no_colour_where_it_is_not_wanted_or_not_shown(tmp_path, variables):
    said = on_a_terminal(tmp_path, "trian", **variables)
    assert said.startswith("torchtour: 'trian' is not a command; ")
    assert "\033" not in said


def test_an_empty_no_color_does_not_count(tmp_path):  # as no-color.org has it
    assert RED in on_a_terminal(tmp_path, "trian", TERM="xterm", NO_COLOR="")


def test_the_summary_is_bold_on_a_terminal_and_the_same_words_elsewhere(small_run, torchtour, monkeypatch):
    plain = torchtour("test", "--plots.enabled", "false").out
    assert "\033" not in plain
    monkeypatch.setattr(terminal, "_shows_styles", lambda _: True)
    styled = torchtour("test", "--plots.enabled", "false").out
    assert re.fullmatch(rf"{re.escape(BOLD)}Accuracy .*{re.escape(PLAIN)}\n[^\033]*", styled)
    assert re.sub(r"\033\[\d+m", "", styled) == plain


@pytest.mark.slow
def test_a_whole_run_on_a_terminal_has_the_words_of_a_pipe(tmp_path):
    flags = ["fit", *SMALL, "--trainer.enable_progress_bar", "false"]
    said = on_a_terminal(tmp_path, *flags, TERM="xterm")
    piped = subprocess.check_output([sys.executable, "-c", CALL, *map(str, flags)], cwd=tmp_path, text=True)
    assert said.count(BOLD) == 1
    assert re.sub(r"\033\[\d+m", "", said) == piped.replace("version_1", "version_0")


# The device.


class Pretended(Accelerator):
    """An accelerator of another name than the CPU's, which calculates there."""

    setup_device = CPUAccelerator.setup_device
    get_device_stats = CPUAccelerator.get_device_stats
    teardown = CPUAccelerator.teardown
    parse_devices = staticmethod(CPUAccelerator.parse_devices)
    get_parallel_devices = staticmethod(CPUAccelerator.get_parallel_devices)
    auto_device_count = staticmethod(lambda: 1)
    is_available = staticmethod(lambda: True)
    name = staticmethod(lambda: "pretended")


@pytest.fixture
def accelerator(monkeypatch: pytest.MonkeyPatch):
    """Trainer finds an accelerator other than the CPU."""
    connector = "lightning.pytorch.trainer.connectors.accelerator_connector"
    AcceleratorRegistry.register("pretended", Pretended, override=True)
    monkeypatch.setattr(f"{connector}._select_auto_accelerator", lambda: "pretended")
    yield
    del AcceleratorRegistry["pretended"]


NOTE = (
    "Note: this runs on pretended; small nets are no faster there, and digits may differ from the CPU's. "
    "To use the CPU: --trainer.accelerator cpu\n"
)


@pytest.mark.parametrize("command", [["fit", *SMALL], ["test"], ["validate"], ["predict"]])
def test_the_command_says_once_that_it_runs_on_another_accelerator(small_run, torchtour, accelerator, command):
    answer = torchtour(*command)
    assert (answer.status, answer.err) == (0, "")
    assert answer.out.count(NOTE) == answer.out.count("Note:") == 1


def test_a_range_test_of_the_rate_says_so_too(torchtour, accelerator):
    assert torchtour("lr-find", "--data.n_train", 60, "--steps", 20).out.startswith(NOTE)


def test_who_chooses_the_device_is_told_nothing(torchtour, accelerator):
    for name in ("cpu", "pretended"):
        answer = torchtour("fit", *SMALL, "--trainer.accelerator", name)
        assert (answer.status, answer.err) == (0, "")
        assert "Note:" not in answer.out


def test_the_tutorial_fixes_the_cpu(torchtour, accelerator):
    answer = torchtour("fit", "-c", "tutorial", "--trainer.max_epochs", 20, "--data.n_val", 30)
    assert (answer.status, answer.err) == (0, "")
    assert "Note:" not in answer.out


def test_the_cpu_is_not_worth_a_word(small_run, torchtour):
    assert "Note:" not in torchtour("test").out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["--help"], 1), (["fit", "--help", "trainer"], 1), (["fit", "--model.lr", "-1"], 2), (["nonsense"], 2)],
)
def test_on_a_full_disk_the_status_says_how_it_went(arguments, status):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with open("/dev/full", "w") as full:
        call = [sys.executable, "-m", "torchtour", *arguments]
        for streams in ({"stdout": full, "stderr": subprocess.PIPE}, {"stdout": full, "stderr": full}):
            done = subprocess.run(call, **streams, env=environment, text=True, timeout=60)
            assert done.returncode == status
            if done.stderr is not None:
                assert done.stderr.count("\n") == 1
