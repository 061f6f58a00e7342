"""Hostile input for every parser and entry, guided by what it makes the code do.

| module      | what                                                                   |
|-------------|------------------------------------------------------------------------|
| `hostile`   | texts, JSON, events and documents as somebody with bad intentions makes them |
| `target`    | one thing that is fuzzed: its inputs, and what must hold for each      |
| `targets`   | all of them                                                            |
| `drive`     | one target under atheris, in an environment of its own                 |
| `__main__`  | every target for its share of the time: `make fuzz`                    |

A target draws its inputs with Hypothesis. So the tests run the same targets without atheris, for
seconds and with the same inputs each time (tests/fuzzing), and atheris, which chooses the bytes
that Hypothesis draws from, follows the branches that they reach.
"""
