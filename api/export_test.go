package api

import (
	"context"

	"github.com/hivellm/nexus/tenancy"
)

// Charge is charge without a query, for measuring.
func (s *Service) Charge(ctx context.Context, p tenancy.Principal, writes bool) error {
	return s.charge(ctx, Request{Principal: p}, writes)
}
