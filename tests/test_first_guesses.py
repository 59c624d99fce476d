"""What newcomers type first: each is answered by one line that leads on, in plain words."""

import re

import pytest
from test_cli import help_of

GUESSES = {
    "fit --lr 0.1": "did you mean --model.lr?",
    "fit --epochs 5": "did you mean --trainer.max_epochs?",
    "fit --batch-size 32": "did you mean --data.batch_size?",
    "train": "did you mean `torchtour fit`?",
    "fit spiral": "--data.problem spiral",
    "fit --data.file mine.csv": "did you mean --data.path?",
    "fit --hidden 20": "did you mean --model.hidden_size?",
    "fit --learning-rate 0.1": "did you mean --model.lr?",
    "fit --dataset circle": "did you mean --data.problem?",
    "evaluate": "did you mean `torchtour test`?",
    "fit --model.lr abc": "model.lr must be a number, got abc",
    "fit --data.n_train many": "data.n_train must be a whole number, got many",
    "fit --plots.enabled maybe": "plots.enabled must be true or false, got maybe",
    "fit --model.optimizer lion": "must be one of sgd, adam, adamw, got lion",
}


@pytest.mark.parametrize("guess", GUESSES)
def test_a_first_guess_leads_on(torchtour, guess):
    answer = torchtour(*guess.split())
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert GUESSES[guess] in answer.err
    assert not re.search(r"<class|typing\.|Union|NoneType|Literal", answer.err)


def test_an_optimizer_is_chosen_without_touching_momentum(torchtour):
    small = "--data.n_train 40 --data.n_val 20 --trainer.max_epochs 1 --plots.enabled false"
    answer = torchtour("fit", "--model.optimizer", "adam", *small.split())
    assert (answer.status, answer.err) == (0, "")


def test_the_help_of_fit_fits_two_screens(torchtour, capsys):
    text = help_of(capsys, torchtour, "fit", "--help")
    assert len(text.splitlines()) <= 50  # of 25 lines
    assert max(map(len, text.splitlines())) <= 80
    for plain in ("line, circle, xor, gauss, spiral", "sgd, adam or adamw", "--data.label", "--help trainer"):
        assert plain in text
    assert not re.search(r"--model\.(n_features|n_classes|columns|classes)", text)  # the data say them


@pytest.mark.parametrize("command", ["fit", "validate", "test", "predict"])
def test_no_sentence_of_a_help_page_is_cut_in_half(torchtour, capsys, command):
    page = help_of(capsys, torchtour, command, "--help")
    settings = re.split(r"\n(?=  -)", re.sub(r"\n\nWith --data.*?\n\n", "\n\n", page, flags=re.DOTALL))[1:]
    for setting in settings:
        text = re.split(r"\n\n", setting)[0].rstrip()
        assert text.endswith("."), text
