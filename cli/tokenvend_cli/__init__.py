"""The `tokenvend` command: it compiles the configuration, and writes secrets and blocks.

`configuration` is the file, `deployment` what is deployed, `commands` what a person types.
"""
