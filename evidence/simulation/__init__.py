"""Many environments at once, in simulated time, over the project's own vending code."""
