package cluster

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// attributes has the kernel end the process when this one dies, so that nothing is left behind.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// cpuTicks reads user and system time of a process: fields 14 and 15 of its stat.
func cpuTicks(pid int) (uint64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	_, rest, found := bytes.Cut(content, []byte(") ")) // the name may hold spaces
	fields := bytes.Fields(rest)
	if !found || len(fields) < 13 {
		return 0, fmt.Errorf("read processor time: %q", content)
	}
	var total uint64
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseUint(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read processor time: %w", err)
		}
		total += ticks
	}
	return total, nil
}

// residentBytes reads what a process holds of memory: the second number of its statm, in pages.
func residentBytes(pid int) (uint64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	fields := bytes.Fields(content)
	if len(fields) < 2 {
		return 0, fmt.Errorf("read memory: %q", content)
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	return pages * uint64(os.Getpagesize()), nil
}

// privateBytes reads the line "RssAnon: 12345 kB" of a process's status.
func privateBytes(pid int) (uint64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range bytes.Lines(content) {
		fields := bytes.Fields(line)
		if len(fields) < 2 || string(fields[0]) != "RssAnon:" {
			continue
		}
		kib, err := strconv.ParseUint(string(fields[1]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read memory: %w", err)
		}
		return kib << 10, nil
	}
	return 0, fmt.Errorf("read memory: no RssAnon in %q", content)
}
