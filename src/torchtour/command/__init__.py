"""The command torchtour."""
