"""`make smoke`: proves on a real AWS account what the local stack cannot show."""
