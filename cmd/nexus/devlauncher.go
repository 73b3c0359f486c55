package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// fromGoRun tells whether this program was built by "go run": its file goes when it ends.
func fromGoRun() bool {
	executable, err := os.Executable()
	return err == nil && slices.Contains(strings.Split(filepath.ToSlash(filepath.Dir(executable)), "/"), "exe") &&
		strings.Contains(executable, "go-build")
}

// commandName is how to call this program from the shell that it was started in.
func commandName() string {
	if fromGoRun() {
		return "go run ./cmd/nexus"
	}
	executable, err := os.Executable()
	if err != nil {
		return "nexus"
	}
	return executable
}

// followLauncher ends dev when the "go run" that started it is gone: that passes a Ctrl-C on, but no other signal.
func followLauncher(ctx context.Context, cancel context.CancelCauseFunc) {
	parent := os.Getppid()
	if !fromGoRun() || parent == 1 {
		return
	}
	go func() {
		look := time.NewTicker(500 * time.Millisecond)
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
				if os.Getppid() != parent {
					cancel(errors.New("the process that started this one is gone"))
				}
			}
		}
	}()
}
