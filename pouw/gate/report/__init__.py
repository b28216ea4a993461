"""Reports on a bundle of evidence: HTML and Markdown, SARIF for code scanning, JUnit for CI."""
