"""Whole flows under sustained concurrency on the local stack, checked while they are measured.

| module     | what                                                                        |
|------------|-----------------------------------------------------------------------------|
| `flows`    | what callers ask, what they may be answered, and what they were answered    |
| `scenario`    | the callers, credentials and grants, and the flows over every entry         |
| `trouble`  | what happens meanwhile: grants go, secrets change, the provider fails       |
| `driver`   | callers that ask one request after another until the time is over           |
| `judge`    | what must hold for every answer and every exchange                          |
| `report`   | the table, on the screen and in build/load.json                             |
"""
