"""How a caller gets in: each entry turns an event into a proof and a request."""
