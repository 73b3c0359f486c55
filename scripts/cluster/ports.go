package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// Ports of the harness lie below the range from which kernels give ports to clients. A slot is a cluster's.
const (
	firstPort    = 20_000
	portsPerNode = 10 // as INTERFACE spaces them
	portsPerSlot = 100
	slots        = 120
	maxNodes     = portsPerSlot / portsPerNode
)

// Offsets of a node's ports from its first (INTERFACE).
const (
	peerOffset   = 2
	gossipOffset = 3
	pprofOffset  = 5
)

// errNoPorts says that every slot is in use.
var errNoPorts = errors.New("no range of free ports is left for a cluster")

// reserve takes a slot: its first port, and how to give it back.
func reserve(nodes int) (base int, release func(), err error) {
	if nodes < 1 || nodes > maxNodes {
		return 0, nil, fmt.Errorf("a cluster has 1 to %d nodes, not %d", maxNodes, nodes)
	}
	dir := filepath.Join(harnessDir(), "ports")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, nil, fmt.Errorf("make a folder for port locks: %w", err)
	}
	for _, slot := range rand.Perm(slots) {
		base := firstPort + slot*portsPerSlot
		file, err := os.OpenFile(filepath.Join(dir, strconv.Itoa(base)), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return 0, nil, fmt.Errorf("lock ports from %d: %w", base, err)
		}
		if locked, err := tryLock(file); err == nil && locked && free(base, nodes) {
			return base, func() { _ = file.Close() }, nil
		}
		_ = file.Close()
	}
	return 0, nil, errNoPorts
}

// free tells whether every port of the nodes can be listened on.
func free(base, nodes int) bool {
	for node := range nodes {
		for offset := range pprofOffset + 1 {
			address := net.JoinHostPort("127.0.0.1", strconv.Itoa(base+node*portsPerNode+offset))
			stream, err := net.Listen("tcp", address)
			if err != nil {
				return false
			}
			packets, err := net.ListenPacket("udp", address)
			_ = stream.Close()
			if err != nil {
				return false
			}
			_ = packets.Close()
		}
	}
	return true
}

// Alone waits until no other whole-product check runs on this machine: clusters side by side spoil each other's
// timing. The lock is let go by the returned function, or when this process ends.
func Alone(ctx context.Context) (release func(), err error) {
	if err := os.MkdirAll(harnessDir(), 0o700); err != nil {
		return nil, fmt.Errorf("make a folder for locks: %w", err)
	}
	return lockFile(ctx, filepath.Join(harnessDir(), "alone.lock"))
}
