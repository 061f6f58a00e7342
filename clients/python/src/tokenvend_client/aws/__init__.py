"""What AWS asks of whoever calls it, without botocore: signatures, credentials, Regions."""
