"""What a run leaves behind: its folder, metrics.csv, checkpoints, report and plots."""
