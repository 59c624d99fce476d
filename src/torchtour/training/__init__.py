"""What the core stands on: batches, metrics and checks of generated data."""
