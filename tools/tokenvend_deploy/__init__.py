"""`make deploy` and `make release`: from this folder to what runs in an AWS account."""
