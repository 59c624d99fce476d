"""`torchtour completion`: a script for bash, zsh or fish that completes commands and settings."""

from typing import Any, NoReturn

from torchtour.command.cli import DATA
from torchtour.command.main import COMMANDS, MODULES
from torchtour.command.options import Options
from torchtour.command.parser import Parser
from torchtour.command.subcommands import Command

BASH = """_torchtour() {{
  local word=${{COMP_WORDS[COMP_CWORD]}}
  if [ "$COMP_CWORD" -eq 1 ]; then COMPREPLY=($(compgen -W "{commands}" -- "$word")); return; fi
  case ${{COMP_WORDS[1]}} in
{cases}
  esac
}}
complete -o default -F _torchtour torchtour
"""
CASE = '    {command}) COMPREPLY=($(compgen -W "{flags}" -- "$word"));;'
ZSH = "autoload -Uz bashcompinit && bashcompinit\n"  # zsh takes bash's script
FISH = "complete -c torchtour -n '__fish_seen_subcommand_from {command}' -l {flag}"


def completion(args: list[str]) -> int:
    """Print the script of a shell."""
    options = Options("torchtour completion", description="Print what makes a shell complete torchtour's words.")
    options.add_argument("shell", choices=("bash", "zsh", "fish"), help='bash: eval "$(torchtour completion bash)"')
    shell = options.parse_args(args).shell
    Parser.data = tuple(DATA.values())
    flags = {command: settings(command) for command in COMMANDS if command in MODULES}
    print(fish(flags) if shell == "fish" else ZSH * (shell == "zsh") + bash(flags), end="")
    return 0


def bash(flags: dict[str, list[str]]) -> str:
    cases = [CASE.format(command=name, flags=" ".join(f"--{key}" for key in keys)) for name, keys in flags.items()]
    return BASH.format(commands=" ".join(COMMANDS), cases="\n".join(cases))


def fish(flags: dict[str, list[str]]) -> str:
    lines = [
        f"complete -c torchtour -n __fish_use_subcommand -f -a {name} -d '{text.replace(chr(39), '')}'"
        for name, text in COMMANDS.items()
    ]
    lines += [FISH.format(command=name, flag=key) for name, keys in flags.items() for key in keys]
    return "\n".join(lines) + "\n"


class _ParserMadeError(Exception):
    """Ends the command when its parser is made, and brings the settings that it takes."""


class _Probe(Command):
    def parse_arguments(self, parser: Any, args: Any) -> NoReturn:
        made: Any = self._parser(next(iter(self.subcommands())))
        raise _ParserMadeError(made.keys())


def settings(command: str) -> list[str]:
    """The settings that one of Lightning's subcommands takes."""
    try:
        _Probe([command])
    except _ParserMadeError as found:
        keys: list[str] = found.args[0]
        return [key for key in keys if key not in ("help", "subcommand")]
    raise AssertionError("a parser is always made")
