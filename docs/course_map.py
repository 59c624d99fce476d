"""The map of the course: a line for each lesson, and arcs from what it needs, drawn from the lessons' own openings."""

import ast
import re
from pathlib import Path

from torchtour.lessons import LESSONS

SOURCES = Path(__file__).parents[1] / "src/torchtour/lessons"
WIDE, ROW, X = 510, 34, 118  # the picture's width, the height of a line, and where the dots stand
COLOURS = ("blue", "orange", "green", "purple")


def opening(name: str) -> str:
    return ast.get_docstring(ast.parse((SOURCES / f"{name}.py").read_text("utf-8"))) or ""


def numbers_in(sentence: str) -> set[int]:
    """The lessons that a sentence names: "lesson 1", "lessons 4 and 6", "lessons 2 to 4"."""
    found: set[int] = set()
    for first, word, second in re.findall(r"lessons? (\d+)(?: (and|to|or) (\d+))?", sentence):
        found.add(int(first))
        if second:
            found |= set(range(int(first), int(second) + 1)) if word == "to" else {int(second)}
    return found


def needs() -> dict[int, set[int]]:
    """For each lesson's number the numbers of those it names after "You need", without what those need themselves."""
    named = {}
    for number, name in enumerate(LESSONS, 1):
        words = " ".join(opening(name).split())
        (sentence,) = re.findall(r"You need (.*?)After this lesson", words)
        named[number] = {needed for needed in numbers_in(sentence) if needed < number}
    return {number: named[number] - all_below(named[number], named) for number in named}


def all_below(numbers: set[int], named: dict[int, set[int]]) -> set[int]:
    """What these lessons need, and what that needs, and so on."""
    found: set[int] = set()
    waiting = [below for number in numbers for below in named[number]]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += named[number]
    return found


def picture() -> str:
    """The map as SVG."""
    y = {number: ROW * (number - 0.5) for number in range(1, len(LESSONS) + 1)}
    arcs, lines = [], []
    for number, below in needs().items():
        for needed in sorted(below):
            radius = (y[number] - y[needed]) / 2
            reach = min(radius, X - 8)
            colour = COLOURS[needed % len(COLOURS)]
            path = f"M{X} {y[needed]:.0f}A{reach:.0f} {radius:.0f} 0 0 0 {X} {y[number]:.0f}"
            arcs.append(f'<path class="{colour}" d="{path}"/>')
    for number, name in enumerate(LESSONS, 1):
        title = opening(name).split("\n")[0]
        colour = COLOURS[number % len(COLOURS)]
        lines.append(
            f'<a href="lessons/{name}.html"><circle class="{colour}" cx="{X}" cy="{y[number]:.0f}" r="6"/>'
            f'<text x="{X + 16}" y="{y[number] + 5:.0f}">{number} {title}</text></a>'
        )
    high = ROW * len(LESSONS)
    label = "Map of the course: an arc leads from each lesson to those that need it"
    return (
        f'<svg class="course-map" viewBox="0 0 {WIDE} {high}" role="group" aria-label="{label}">'
        f"{''.join(arcs)}{''.join(lines)}</svg>"
    )
