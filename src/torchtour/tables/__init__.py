"""From a file of rows to raw columns and labels in three sets, split before anything is learned from them."""
