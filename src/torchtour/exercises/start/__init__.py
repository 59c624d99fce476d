"""The files that a learner starts from; `torchtour exercises` copies them."""
