"""Checks an installation (`check`), repairs it (`check --fix`), and sets one up (`init`)."""
