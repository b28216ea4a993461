"""A bundle of evidence for readers: people (HTML, Markdown), code scanning (SARIF) and CI (JUnit)."""
