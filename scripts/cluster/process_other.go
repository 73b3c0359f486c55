//go:build !linux

package cluster

import (
	"errors"
	"syscall"
)

// attributes: other systems cannot tie a process's life to its parent's; Close ends what was started.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func cpuTicks(int) (uint64, error) {
	return 0, errors.New("processor time is read from /proc, which this system lacks")
}

func residentBytes(int) (uint64, error) {
	return 0, errors.New("memory is read from /proc, which this system lacks")
}

func privateBytes(pid int) (uint64, error) { return residentBytes(pid) }
