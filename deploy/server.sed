# What serving asks for, of a requirements*.txt: all but the tests' tools and what the
# others bring along. Installed with the whole file as constraints (`deploy/install`), so
# that all of it has the file's versions.
/^# Tests and checks/,/^$/d
/^# What these bring along/,$d
