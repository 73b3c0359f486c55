package api

import (
	"context"
	"slices"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/tenancy"
)

// TenantSpec is what a new tenant is made of. Absent limits are the plan's.
type TenantSpec struct {
	Name, UserID, Plan string
	Limits             tenancy.Limits
}

// TenantChange changes what is set of a tenant; nil leaves as it is.
type TenantChange struct {
	ID     string
	Name   *string
	Plan   *string
	Status *tenancy.AccountStatus
	Limits *tenancy.Limits
}

// CreateTenant makes a tenant with its database "default".
func (s *Service) CreateTenant(ctx context.Context, p tenancy.Principal, spec TenantSpec) (tenancy.Account, error) {
	return do[TenantSpec, tenancy.Account](s, ctx, p, "tenant.create", spec)
}

// UpdateTenant changes a tenant: its name, plan, limits or status.
func (s *Service) UpdateTenant(ctx context.Context, p tenancy.Principal, change TenantChange) (tenancy.Account, error) {
	return do[TenantChange, tenancy.Account](s, ctx, p, "tenant.update", change)
}

// DeleteTenant refuses the tenant from now on and drops what it holds.
func (s *Service) DeleteTenant(ctx context.Context, p tenancy.Principal, id string) error {
	_, err := do[string, struct{}](s, ctx, p, "tenant.delete", id)
	return err
}

// Tenants lists the accounts, by number, as a strong read would see them.
func (s *Service) Tenants(ctx context.Context, p tenancy.Principal) ([]tenancy.Account, error) {
	registry, err := s.strongRegistry(ctx, p, tenancy.FunctionTenantRead)
	if err != nil {
		return nil, err
	}
	return registry.Tenants(), nil
}

// Tenant finds one account, as a strong read would see it.
func (s *Service) Tenant(ctx context.Context, p tenancy.Principal, id string) (tenancy.Account, error) {
	registry, err := s.strongRegistry(ctx, p, tenancy.FunctionTenantRead)
	if err != nil {
		return tenancy.Account{}, err
	}
	account, err := findTenant(registry, id)
	if err != nil {
		return tenancy.Account{}, s.explain(err)
	}
	return *account, nil
}

// strongRegistry returns the registry after a read round, for one who may use the function.
func (s *Service) strongRegistry(ctx context.Context, p tenancy.Principal, function tenancy.Function) (*fsm.Registry, error) {
	if err := s.checkFunction(p, function); err != nil {
		return nil, s.explain(err)
	}
	if err := s.catchUp(ctx); err != nil {
		return nil, s.explain(err)
	}
	return s.machine.Registry(), nil
}

// catchUp waits until this node's machine has what a strong read now would see.
func (s *Service) catchUp(ctx context.Context) error {
	index, err := s.readIndex(ctx)
	if err != nil {
		return err
	}
	return s.node.WaitApplied(ctx, index)
}

func findTenant(registry *fsm.Registry, id string) (*tenancy.Account, error) {
	parsed, err := tenancy.ParseID(id)
	if err != nil {
		return nil, Refuse(CodeNotFound, "There is no tenant %q", id)
	}
	account, ok := registry.Account(parsed)
	if !ok {
		return nil, Refuse(CodeNotFound, "There is no tenant %q", id)
	}
	return account, nil
}

func (s *Service) createTenant(ctx context.Context, _ tenancy.Principal, spec TenantSpec) (tenancy.Account, uint64, error) {
	plan, limits, err := tenancy.ResolveLimits(spec.Plan, spec.Limits)
	if err != nil {
		return tenancy.Account{}, 0, err
	}
	if err := s.checkBirth(spec.UserID); err != nil {
		return tenancy.Account{}, 0, err
	}
	if err := tenancy.CheckAccountName(spec.Name); err != nil {
		return tenancy.Account{}, 0, Refuse(CodeBadRequest, "%s", err)
	}
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		return &fsm.CreateTenant{Header: h, Name: spec.Name, UserID: spec.UserID, Plan: plan, Explicit: spec.Limits, Limits: limits}
	})
	return accountOf(result, err)
}

func (s *Service) updateTenant(ctx context.Context, _ tenancy.Principal, change TenantChange) (tenancy.Account, uint64, error) {
	account, err := findTenant(s.machine.Registry(), change.ID)
	if err != nil {
		return tenancy.Account{}, 0, err
	}
	if change.Plan != nil || change.Limits != nil {
		if err := s.checkLocal(account, "its plan and limits are changed"); err != nil {
			return tenancy.Account{}, 0, err
		}
	}
	if change.Status != nil && *change.Status == tenancy.StatusActive && !s.hubLets(account) {
		return tenancy.Account{}, 0, Refuse(CodeConflict, "Tenant %s is suspended by the hub: it is resumed there, not over /admin", account.ID)
	}
	next := *account
	if change.Name != nil {
		next.Name = *change.Name
	}
	if change.Status != nil {
		if !slices.Contains([]tenancy.AccountStatus{tenancy.StatusActive, tenancy.StatusSuspended}, *change.Status) {
			return tenancy.Account{}, 0, Refuse(CodeBadRequest, "status %q is not one of active, suspended", string(*change.Status))
		}
		next.Status = *change.Status
	}
	if change.Plan != nil {
		next.Plan = *change.Plan
	}
	if change.Limits != nil {
		next.Explicit = change.Limits.Over(next.Explicit)
	}
	if change.Plan != nil || change.Limits != nil {
		if next.Plan, next.Limits, err = tenancy.ResolveLimits(next.Plan, next.Explicit); err != nil {
			return tenancy.Account{}, 0, err
		}
		next.LimitVersion++
	}
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		return &fsm.UpdateTenant{Header: h, Account: next}
	})
	return accountOf(result, err)
}

func (s *Service) deleteTenant(ctx context.Context, _ tenancy.Principal, id string) (struct{}, uint64, error) {
	account, err := findTenant(s.machine.Registry(), id)
	if err != nil {
		return struct{}{}, 0, err
	}
	if err := s.checkLocal(account, "it is deleted"); err != nil {
		return struct{}{}, 0, err
	}
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		return &fsm.DeleteTenant{Header: h, Tenant: account.ID}
	})
	return struct{}{}, result.Index, err
}

func accountOf(result fsm.Result, err error) (tenancy.Account, uint64, error) {
	if err != nil {
		return tenancy.Account{}, 0, err
	}
	account, ok := result.Value.(*tenancy.Account)
	if !ok {
		return tenancy.Account{}, 0, errNoValue
	}
	return *account, result.Index, nil
}
