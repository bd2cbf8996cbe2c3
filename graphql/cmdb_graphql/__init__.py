"""The front door: reports in, questions and commands by GraphQL."""
