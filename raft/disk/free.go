package disk

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Free returns the bytes a process may still write on the disk of a directory.
func Free(directory string) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(directory, &stat); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", directory, err)
	}
	return stat.Bavail * uint64(stat.Bsize), nil
}
