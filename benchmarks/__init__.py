"""How fast, as ratios: both sides in one run, on one machine. `make bench` prints them."""
