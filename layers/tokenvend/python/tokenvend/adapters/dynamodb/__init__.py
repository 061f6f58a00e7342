"""DynamoDB: the items of each table, and the ports that read and write them."""
