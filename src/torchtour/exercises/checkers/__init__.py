"""What is checked of each lesson's tasks, and the hints: one module for each lesson."""
