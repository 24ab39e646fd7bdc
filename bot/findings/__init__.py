"""What is wrong with an installation, decided from facts that the rooms above have gathered."""
