"""python -m torchtour.lessons: list the lessons."""

from torchtour.lessons import listing

print(listing())
print("\ntorchtour lesson 1 runs the first.")
