"""The six lessons and the quick reference: plain scripts, each run by its path."""
