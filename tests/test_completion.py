"""The scripts that complete the command's words, played in the shells that are installed."""

import shutil
import subprocess
from pathlib import Path

import pytest


def written(torchtour, shell: str) -> Path:
    answer = torchtour("completion", shell)
    assert (answer.status, answer.err) == (0, "")
    path = Path(f"completion.{shell}")
    path.write_text(answer.out)
    return path.resolve()


def bash_completes(script: Path, *words: str) -> list[str]:
    given = " ".join(f"'{word}'" for word in words)
    play = f"source {script}; COMP_WORDS=({given}); COMP_CWORD={len(words) - 1}; _torchtour; echo ${{COMPREPLY[@]}}"
    return subprocess.check_output(["bash", "-c", play], text=True).split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_commands_and_settings(torchtour):
    script = written(torchtour, "bash")
    assert bash_completes(script, "torchtour", "pre") == ["predict"]
    assert bash_completes(script, "torchtour", "fit", "--model.l") == ["--model.lr"]
    assert "--data.label" in bash_completes(script, "torchtour", "fit", "--data.")
    assert bash_completes(script, "torchtour", "fit", "mine") == []  # the shell's own: files


@pytest.mark.skipif(shutil.which("zsh") is None, reason="zsh is not installed")
def test_zsh_takes_the_script(torchtour):
    script = written(torchtour, "zsh")
    play = f"autoload -Uz compinit && compinit -u; source {script}; echo $_comps[torchtour]"
    assert "_torchtour" in subprocess.check_output(["zsh", "-fc", play], text=True)


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish_completes_commands_and_settings(torchtour):
    script = written(torchtour, "fish")
    play = f"source {script}; complete -C 'torchtour pre'; complete -C 'torchtour fit --model.l'"
    said = subprocess.check_output(["fish", "--no-config", "-c", play], text=True)
    assert [line.split("\t")[0] for line in said.splitlines()] == ["predict", "--model.lr"]


def test_another_shell_is_one_line(torchtour):
    answer = torchtour("completion", "tcsh")
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
