"""Implementations of the ports: AWS services, providers' and issuers' endpoints, the clock."""
