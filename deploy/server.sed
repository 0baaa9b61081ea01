# What serving asks for, of a requirements*.txt: without the tests' tools, without a Spark
# (a server of its own) and without what the others bring along. Installed with the whole
# file as constraints (`deploy/install`), so that all of it has the file's versions.
/^# Tests/,/^$/d
/^# A whole Spark/,/^$/d
/^# What these bring along/,$d
