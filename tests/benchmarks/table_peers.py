"""Other libraries on a table, each with its defaults: functions from (rows, seed) to what they say of the test rows.

Linear models and nets get standardised numbers and one-hot categories; trees get raw columns.
"""

import numpy as np
import torch
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor


def _standard(make, classes):
    def predict(rows, seed):
        model = make(seed).fit(rows.z, _learned(rows, classes))
        return _all_classes(model, model.predict_proba(rows.z_test), rows) if classes else _back(model, rows)

    return predict


def _learned(rows, classes):
    return rows.y if classes else (rows.y - rows.y.mean()) / rows.y.std()


def _back(model, rows):
    return model.predict(rows.z_test) * rows.y.std() + rows.y.mean()


def _raw(make, classes):
    def predict(rows, seed):
        model = make(seed).fit(rows.x, rows.y)
        return _all_classes(model, model.predict_proba(rows.x_test), rows) if classes else model.predict(rows.x_test)

    return predict


def _all_classes(model, probabilities, rows):
    """Probabilities [n, n_classes] also of classes that no training row had."""
    found = np.zeros((len(probabilities), rows.data.n_classes))
    found[:, np.asarray(model.classes_, dtype=int)] = probabilities
    return found


def _catboost(kind):
    def make(seed):
        import catboost

        return getattr(catboost, kind)(
            iterations=500, random_seed=seed, verbose=0, thread_count=1, allow_writing_files=False
        )

    return make


def _lightgbm(kind):
    def make(seed):
        import lightgbm

        return getattr(lightgbm, kind)(random_state=seed, verbose=-1, n_jobs=1)

    return make


def _realmlp(kind):
    def make(seed):
        import pytabkit

        return getattr(pytabkit, kind)(random_state=seed, n_threads=1, device="cpu")

    return make


def _tabm(classes, epochs=100, patience=16):
    """TabM (k 32, as its package makes it), AdamW of its authors, stopped on a fifth of the training rows."""

    def predict(rows, seed):
        import tabm
        from torch.nn.functional import cross_entropy

        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(rows.z))
        val, train = np.split(order, [len(order) // 5])
        x, test = torch.from_numpy(rows.z).float(), torch.from_numpy(rows.z_test).float()
        y = torch.from_numpy(rows.y if classes else ((rows.y - rows.y.mean()) / rows.y.std()).astype(np.float32))
        n_outputs = rows.data.n_classes if classes else 1
        net = tabm.TabM.make(n_num_features=x.shape[1], cat_cardinalities=None, d_out=n_outputs)
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.002, weight_decay=0.0003)

        def losses(out, target):
            if classes:
                return cross_entropy(out.flatten(0, 1), target.repeat_interleave(out.shape[1]))
            return (out[..., 0] - target[:, None]).square().mean()

        def answer(part):
            with torch.no_grad():
                out = net.eval()(part)
            return out.softmax(2).mean(1) if classes else out[..., 0].mean(1)

        best, since, kept = float("inf"), 0, None
        for _ in range(epochs):
            net.train()
            for batch in np.array_split(rng.permutation(train), max(1, len(train) // 256)):
                optimizer.zero_grad()
                losses(net(x[batch]), y[batch]).backward()
                optimizer.step()
            out = answer(x[val])
            value = float(
                -out[range(len(val)), y[val]].clamp_min(1e-7).log().mean()
                if classes
                else (out - y[val]).square().mean()
            )
            if value < best:
                best, since, kept = value, 0, {name: p.clone() for name, p in net.state_dict().items()}
            else:
                since += 1
                if since > patience:
                    break
        net.load_state_dict(kept)
        out = answer(test).numpy()
        return out if classes else out * rows.y.std() + rows.y.mean()

    return predict


CLASS_PEERS = {
    "LogisticRegression": _standard(lambda seed: LogisticRegression(max_iter=1000), True),
    "RandomForest": _standard(lambda seed: RandomForestClassifier(random_state=seed), True),
    "HistGradientBoosting": _raw(lambda seed: HistGradientBoostingClassifier(random_state=seed), True),
    "MLPClassifier": _standard(lambda seed: MLPClassifier(max_iter=500, random_state=seed), True),
    "CatBoost": _raw(_catboost("CatBoostClassifier"), True),
    "LightGBM": _raw(_lightgbm("LGBMClassifier"), True),
    "TabM": _tabm(True),
    "RealMLP": _standard(_realmlp("RealMLP_TD_Classifier"), True),
}
AMOUNT_PEERS = {
    "Ridge": _standard(lambda seed: Ridge(), False),
    "RandomForest": _standard(lambda seed: RandomForestRegressor(random_state=seed), False),
    "HistGradientBoosting": _raw(lambda seed: HistGradientBoostingRegressor(random_state=seed), False),
    "MLPRegressor": _standard(lambda seed: MLPRegressor(max_iter=500, random_state=seed), False),
    "CatBoost": _raw(_catboost("CatBoostRegressor"), False),
    "LightGBM": _raw(_lightgbm("LGBMRegressor"), False),
    "TabM": _tabm(False),
    "RealMLP": _standard(_realmlp("RealMLP_TD_Regressor"), False),
}
SLOW = ("TabM", "RealMLP")
