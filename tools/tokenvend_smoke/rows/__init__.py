"""What each row of docs/not-proven-locally.md does on a real account, by what it looks at."""
