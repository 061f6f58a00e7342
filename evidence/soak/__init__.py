"""A quarter of an hour of real time: real workers, the real schedule, requests all along."""
