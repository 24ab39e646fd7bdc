"""The console commands for help: backups, the support bundle without content, and the replay of a bundle's turn."""
