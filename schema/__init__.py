"""What is stored, sent and announced: tables, migrations, requests, responses, events, problems, settings. No I/O."""
