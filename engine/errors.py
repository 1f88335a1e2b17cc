"""Errors a person can do something about: printed as one sentence, never as a traceback."""


class UserError(ValueError):
    """Bad input: the text names the thing and the remedy. The command line prints it and exits with 2."""
