"""The tables: their items, and the ports that read and write them."""
