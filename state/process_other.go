//go:build !linux

package state

func machine() (boot, namespace string) { return "-", "-" }

func startTime(int) (string, life) { return "-", unknown }
