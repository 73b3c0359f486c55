package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/hivellm/nexus/cmd/nexus/config"
)

// lockName is the file that a running node holds locked in its data directory; it says the process.
const lockName = "LOCK.pid"

// dataLock keeps a second process out of a data directory. The kernel lets go of it when the process ends, however.
type dataLock struct{ file *os.File }

// lockData locks a data directory, which must exist.
func lockData(dir string) (*dataLock, error) {
	path := filepath.Join(dir, lockName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder := make([]byte, 20)
		n, _ := file.ReadAt(holder, 0) // whoever holds it; unknown is fine
		return nil, errors.Join(fmt.Errorf("data directory %s is in use by process %s: one node runs on it already",
			dir, strings.TrimSpace(string(holder[:n]))), file.Close())
	}
	err = file.Truncate(0)
	if err == nil {
		_, err = fmt.Fprintf(file, "%d\n", os.Getpid())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock the data directory: %w", err), file.Close())
	}
	return &dataLock{file}, nil
}

func (l *dataLock) release() error { return l.file.Close() }

// explainStart says what to do about an error that keeps a node from starting.
func explainStart(err error, c *config.Config) error {
	advice := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		advice = fmt.Sprintf("the disk under %s is full: make room on it and start again; nothing that was acknowledged is lost", c.DataDir)
	case errors.Is(err, syscall.EADDRINUSE):
		advice = "another process listens there: stop it, or give this node other ports in " + c.File()
	case errors.Is(err, fs.ErrPermission):
		advice = "the process may not use that file: start it as the files' owner"
	case errors.Is(err, fs.ErrNotExist):
		advice = "a file is missing: \"nexus cluster init\" writes them all, and a node needs its whole folder"
	default:
		return err
	}
	return fmt.Errorf("%w\n  %s", err, advice)
}
