"""The pages for people: their files in `static`, and those of installed packages."""
