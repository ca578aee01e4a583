//go:build !linux

package checkup

import "errors"

// diskOf is known for Linux only.
func diskOf(string) (disk, error) { return disk{}, errors.ErrUnsupported }
