package hivehub

import (
	"fmt"
	"time"
)

// State is how far what the machine knows of the hub may be trusted.
type State string

// The states.
const (
	// StateOff: no hub is configured.
	StateOff State = "off"
	// StateFresh: the last good pull is recent.
	StateFresh State = "fresh"
	// StateStale: last known limits hold; no new tenants.
	StateStale State = "stale"
	// StateExpired: a tenant's plan says what goes on; reads by default.
	StateExpired State = "expired"
)

// Default windows.
const (
	DefaultFresh = 60 * time.Second
	DefaultStale = 24 * time.Hour
)

// Windows say how the state follows from the age of the last good pull.
type Windows struct {
	Fresh, Stale time.Duration
}

// Check refuses windows that are not positive or not in order.
func (w Windows) Check() error {
	if w.Fresh <= 0 || w.Stale < w.Fresh {
		return fmt.Errorf("%w: fresh %s and stale %s: both must be positive, and stale not below fresh", ErrConfiguration, w.Fresh, w.Stale)
	}
	return nil
}

// State is the state at now, lastPull being the last good pull; the zero time, never, is expired.
func (w Windows) State(now, lastPull time.Time) State {
	age := now.Sub(lastPull)
	switch {
	case lastPull.IsZero() || age > w.Stale:
		return StateExpired
	case age > w.Fresh:
		return StateStale
	}
	return StateFresh
}

// AllowsNewTenants reports whether a tenant may be made.
func (s State) AllowsNewTenants() bool { return s == StateOff || s == StateFresh }

// ExpiredPolicy is what a plan lets go on when the state is expired. The zero value is the default: reads on, writes
// refused.
type ExpiredPolicy struct {
	RefuseReads bool
	AllowWrites bool
}

// AllowsReads reports whether a tenant of the policy may read.
func (s State) AllowsReads(policy ExpiredPolicy) bool {
	return s != StateExpired || !policy.RefuseReads
}

// AllowsWrites reports whether a tenant of the policy may write.
func (s State) AllowsWrites(policy ExpiredPolicy) bool {
	return s != StateExpired || policy.AllowWrites
}
