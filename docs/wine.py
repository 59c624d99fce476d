"""Writes wine.csv and new.csv: 178 wines that scikit-learn brings, by 13 measurements and their cultivar."""

import csv

from sklearn.datasets import load_wine

wine = load_wine()
names = [name.replace("/", "_") for name in wine.feature_names]
with open("wine.csv", "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["bottle", *names, "cultivar"])
    for number, (row, label) in enumerate(zip(wine.data, wine.target, strict=True), 1):
        table.writerow([f"B{number:03}", *row, wine.target_names[label]])
with open("new.csv", "w", newline="") as file:  # three bottles whose cultivar nobody has told
    table = csv.writer(file)
    table.writerow(["bottle", *names])
    table.writerows([f"N{place}", *wine.data[place]] for place in (3, 80, 150))
