package mongo

// commands are all that the server answers, by the names that clients use.
var commands map[string]command

func init() { // not a literal, since listCommands reads it
	read := func(run func(*call) error) command { return command{run: run, read: true} }
	write := func(run func(*call) error) command { return command{run: run, write: true} }
	admin := func(run func(*call) error) command { return command{run: run, adminOnly: true} }
	adminWrite := func(run func(*call) error) command { return command{run: run, adminOnly: true, write: true} }
	open := func(run func(*call) error) command { return command{run: run, open: true} }
	plain := func(run func(*call) error) command { return command{run: run} }
	commands = map[string]command{
		"hello": open(helloCommand), "isMaster": open(helloCommand), "ismaster": open(helloCommand), "ping": open(ping),
		"buildInfo": open(buildInfo), "buildinfo": open(buildInfo), "connectionStatus": open(connectionStatus), "whatsmyuri": open(whatsMyURI),
		"saslStart": open(saslStart), "saslContinue": open(saslContinue), "logout": open(logout), "authenticate": open(authenticate),
		"listCommands": open(listCommands), "endSessions": open(endSessions),

		"find": read(findCommand), "getMore": plain(getMore), "killCursors": plain(killCursors), "count": read(countCommand),
		"distinct": read(distinct), "aggregate": read(aggregate), "collStats": read(collStats), "collstats": read(collStats),
		"dbStats": read(dbStats), "dbstats": read(dbStats), "validate": read(validateCommand), "listCollections": read(listCollections),
		"listIndexes": read(listIndexes), "listDatabases": {run: listDatabases, adminOnly: true, read: true},

		"insert": write(insertCommand), "update": write(updateCommand), "delete": write(deleteCommand),
		"findAndModify": write(findAndModify), "findandmodify": write(findAndModify), "create": write(createCommand), "drop": write(dropCommand),
		"dropDatabase": write(dropDatabase), "collMod": write(collMod), "createIndexes": write(createIndexes), "dropIndexes": write(dropIndexes),
		"deleteIndexes": write(dropIndexes), "convertToCapped": write(convertToCapped), "cloneCollectionAsCapped": write(cloneCollectionAsCapped),
		"renameCollection": adminWrite(renameCollection), "applyOps": adminWrite(applyOps), "appendOplogNote": adminWrite(appendOplogNote),
		"commitTransaction": adminWrite(commitTransaction), "abortTransaction": adminWrite(abortTransaction),
		"prepareTransaction": adminWrite(prepareTransaction),

		"startSession": plain(startSession), "refreshSessions": plain(ping), "killSessions": plain(endSessions), "killAllSessions": plain(ping),
		"killAllSessionsByPattern": plain(ping), "usersInfo": plain(usersInfo), "rolesInfo": plain(rolesInfo),
		"serverStatus": plain(serverStatus), "replSetGetStatus": admin(replSetGetStatus), "replSetGetConfig": admin(replSetGetConfig),
		"getParameter": admin(getParameter), "setParameter": admin(setParameter), "getCmdLineOpts": admin(getCmdLineOpts),
		"hostInfo": plain(hostInfo), "currentOp": admin(currentOp), "fsync": admin(fsync), "fsyncUnlock": admin(fsyncUnlock),
		"resetError": plain(ping), "setFreeMonitoring": admin(ping), "_mergeAuthzCollections": adminWrite(mergeUsers),
	}
}
