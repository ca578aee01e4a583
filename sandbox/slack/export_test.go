package slack

// MethodNames are the methods that the workspace knows, sorted.
func MethodNames() []string { return sortedKeys(methods) }
