"""What a net is worth: plots, confidence intervals, permutation importance."""
