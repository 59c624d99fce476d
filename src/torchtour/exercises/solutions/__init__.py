"""The solved files: the tests check them and the site shows them."""
