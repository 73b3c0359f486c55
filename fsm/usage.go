package fsm

import (
	"sync/atomic"

	"github.com/hivellm/nexus/tenancy"
)

// usageCell is what one tenant uses: exact, kept incrementally.
type usageCell struct {
	// working is that of the running batch; guarded by the machine's apply lock.
	working tenancy.Usage
	shown   atomic.Pointer[tenancy.Usage]
}

func (c *usageCell) publish() {
	u := c.working
	c.shown.Store(&u)
}

func (c *usageCell) load() tenancy.Usage { return *c.shown.Load() }

// replaced is the usage with one database's figures in the place of others.
func replaced(u, before, after tenancy.Usage) tenancy.Usage {
	u.Nodes = u.Nodes - before.Nodes + after.Nodes
	u.Relationships = u.Relationships - before.Relationships + after.Relationships
	u.Bytes = u.Bytes - before.Bytes + after.Bytes
	u.Databases = u.Databases - before.Databases + after.Databases
	return u
}
