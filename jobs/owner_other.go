//go:build !linux

package jobs

func machine() (boot, namespace string) { return "-", "-" }

func startTime(int) (string, life) { return "-", unknown }
