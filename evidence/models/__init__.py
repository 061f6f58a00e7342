"""What cannot be tested to the end is modelled and searched to the end: the lease and the journal.

`make model` runs spin over each model, every interleaving of a few requests, with every fault
at every step. `spin` says how; `catalogue` what; the `.pml` files say what they promise.
"""
