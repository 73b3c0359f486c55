package control_test

import (
	"testing"
	"time"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/api/control"
)

// TestPlane_ABadHubCostsKnownTenantsNothing: slow, failing, losing answers, doubling and reordering: requests of known
// tenants go on, and when the hub is well it has been told exactly what was admitted.
func TestPlane_ABadHubCostsKnownTenantsNothing(t *testing.T) {
	t.Parallel()
	hub := apitest.StartHub(t)
	c := apitest.StartWith(t, 3, apitest.Options{Control: hub.Settings(func(s *control.Settings) {
		s.Poll, s.UsageEvery = 50*time.Millisecond, 50*time.Millisecond
	})})
	user, token := hub.User("ann@example.org", "enterprise")
	_, key := hub.Key(token, "")
	for _, n := range c.Nodes {
		apitest.Authenticate(t, n, key)
	}
	var admitted uint64
	for _, faults := range []string{
		`{"latency_ms":100}`, `{"error_rate":0.5}`, `{"status":500}`, `{"drop":0.5}`, `{"duplicate":true}`, `{"reorder":true}`, `{"drop":true}`, `{}`,
	} {
		hub.Faults(faults)
		for range 10 {
			for _, n := range c.Nodes {
				if got := code(t, n, key, "CREATE (n)"); got == "" {
					admitted++
				} else if got != api.CodeRateLimitExceeded {
					t.Errorf("with faults %s: %q", faults, got)
				}
			}
		}
	}
	var billed uint64
	apitest.WaitFor(t, "the hub told of everything", func() bool {
		billed = hub.Billed(user)
		return billed >= admitted
	})
	if billed != admitted || admitted < 200 {
		t.Errorf("%d requests were admitted, and %d billed", admitted, billed)
	}
}
