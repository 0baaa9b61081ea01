"""What the tests share: servers, projects, and what they compare answers with."""
