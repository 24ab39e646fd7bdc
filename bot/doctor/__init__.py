"""The check of an installation (`check`), its repairs (`--fix`), and setting one up (`init`)."""
