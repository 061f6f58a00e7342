"""`make deploy` and `make release`: deploy this folder to an AWS account, or package it."""
