"""What tokenvend decides, as pure values and functions.

Nothing here does I/O, reads a clock or imports boto3, requests, pydantic or Powertools.
"""
