package api_test

import (
	"testing"

	"github.com/hivellm/nexus/api"
	"github.com/hivellm/nexus/api/apitest"
	"github.com/hivellm/nexus/tenancy"
)

// BenchmarkAdmission is all that stands between a request and its run, but for the waits of R9: whose key it is, whether this
// node may judge, the tenant, the function, the rate and the period. Target: 1 µs, no allocation.
func BenchmarkAdmission(b *testing.B) {
	c := apitest.Start(b, 1)
	node := c.Nodes[0]
	for name, limits := range map[string]tenancy.Limits{
		"unlimited": {},
		"limited": {
			RequestsPerSecond: tenancy.LimitOf(10_000_000), Burst: tenancy.LimitOf(1_000_000_000),
			RequestsPerMonth: tenancy.LimitOf(1 << 40), WritesPerMonth: tenancy.LimitOf(1 << 40),
		},
	} {
		account, err := node.Service.CreateTenant(b.Context(), c.Operator(b, node), api.TenantSpec{Name: name, Limits: limits})
		if err != nil {
			b.Fatal(err)
		}
		made, err := node.Service.CreateKey(b.Context(), c.Operator(b, node), api.KeySpec{Tenant: account.ID.String(), Name: name, Functions: tenancy.EveryFunction()})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			admit := func() error {
				p, err := node.Service.Authenticate(made.Text)
				if err == nil {
					err = node.Service.Allow(p, tenancy.FunctionCypherRead)
				}
				if err == nil {
					err = node.Service.Rate(b.Context(), p)
				}
				if err == nil {
					err = node.Service.Charge(b.Context(), p, false)
				}
				return err
			}
			apitest.WaitFor(b, "a first part of the rate", func() bool { return admit() == nil })
			b.ReportAllocs()
			for b.Loop() {
				if err := admit(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
