"""Call AWS without botocore: signatures, credentials and Regions."""
