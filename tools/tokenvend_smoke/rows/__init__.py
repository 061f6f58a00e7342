"""The code of each row of docs/not-proven-locally.md on a real account, by subject."""
