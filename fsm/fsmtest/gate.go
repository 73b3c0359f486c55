// Package fsmtest holds a node's machine back on purpose, for tests of what a slow apply may not break. No product code
// imports it.
package fsmtest

import (
	"sync"

	hraft "github.com/hashicorp/raft"

	"github.com/hivellm/nexus/fsm"
)

// Gate makes a node's machine slow: while it is held, the log goes on and nothing is applied there.
type Gate struct {
	mu      sync.Mutex
	held    chan struct{} // guarded by mu; not nil while held
	waiting int           // guarded by mu: batches that stand before it
}

// Hold closes the gate until release is called.
func (g *Gate) Hold() (release func()) {
	held := make(chan struct{})
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = held
	return sync.OnceFunc(func() {
		g.mu.Lock()
		if g.held == held {
			g.held = nil
		}
		g.mu.Unlock()
		close(held)
	})
}

// Waiting tells whether something stands before the gate.
func (g *Gate) Waiting() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.waiting > 0
}

func (g *Gate) pass() {
	g.mu.Lock()
	held := g.held
	if held == nil {
		g.mu.Unlock()
		return
	}
	g.waiting++
	g.mu.Unlock()
	<-held
	g.mu.Lock()
	g.waiting--
	g.mu.Unlock()
}

// Machine is a machine behind a gate, as Raft sees it.
type Machine struct {
	*fsm.Machine
	Gate *Gate
}

// Apply implements hraft.FSM.
func (m *Machine) Apply(entry *hraft.Log) any {
	m.Gate.pass()
	return m.Machine.Apply(entry)
}

// ApplyBatch implements hraft.BatchingFSM.
func (m *Machine) ApplyBatch(entries []*hraft.Log) []any {
	m.Gate.pass()
	return m.Machine.ApplyBatch(entries)
}
