"""The main use case: vend a token to a caller. It imports the domain and the ports only."""
