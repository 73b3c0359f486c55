//go:build !linux

package main

// machineMemory returns the memory that this process may take, in bytes; 0: not known here.
func machineMemory() int64 { return 0 }
