package main

import (
	"bufio"
	"bytes"
	"os"
	"strconv"
	"strings"
)

// machineMemory returns the memory that this process may take, in bytes: the machine's, or what its control group leaves
// it. 0: not known.
func machineMemory() int64 {
	least := int64(0)
	for _, found := range []int64{
		totalMemory("/proc/meminfo"),
		groupLimit("/sys/fs/cgroup/memory.max"),
		groupLimit("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
	} {
		if found > 0 && (least == 0 || found < least) {
			least = found
		}
	}
	return least
}

// totalMemory reads the line "MemTotal: 12345 kB".
func totalMemory(path string) int64 {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) == 3 && fields[0] == "MemTotal:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				return 0
			}
			return kib << 10
		}
	}
	return 0
}

// groupLimit reads a control group's limit, 0 where there is none ("max", or no such file).
func groupLimit(path string) int64 {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
	if err != nil {
		return 0
	}
	return limit
}
