"""A provider that runs on this machine, behaves as the real ones do, and misbehaves on request.

| module         | what                                                              |
|----------------|-------------------------------------------------------------------|
| `http`         | requests and answers as values; the server around them            |
| `clients`      | what it issued: clients, tokens, and a record of each exchange    |
| `token_endpoint` | client credentials in two flavours, and revocation              |
| `api`          | what the tokens are for: `/users/me`, `/jobs`, `/reports`         |
| `misbehaviour` | late, refused, garbled and odd answers                            |
| `control`      | a second listener, with a key, that sets all this up and counts   |
| `client`       | how the tests and the demo talk to `control`                      |
"""
