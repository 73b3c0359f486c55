package api

import (
	"context"
	"errors"

	"github.com/hivellm/nexus/api/control"
	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/hivehub"
	"github.com/hivellm/nexus/tenancy"
)

// learn asks the hub for a key that nobody here knows, at most hivehub.LearnWait, and tells whether it may be known now.
// A key that is known is never asked for, whatever is wrong with it.
func (s *Service) learn(registry *fsm.Registry, credential string, refused error) bool {
	if s.control == nil || !errors.Is(refused, tenancy.ErrInvalidToken) {
		return false
	}
	key, err := tenancy.ParseKey(credential)
	if err != nil || key.Kind == tenancy.KeyOperator {
		return false
	}
	if _, known := registry.Key(key.ID); known {
		return false
	}
	return s.control.Learn(key.ID)
}

// checkControl refuses what may not go on because the control plane was not heard of for too long.
func (s *Service) checkControl(principal tenancy.Principal, function tenancy.Function) error {
	if s.control == nil || principal.Tenant().IsZero() {
		return nil
	}
	account, ok := s.machine.Registry().Account(principal.Tenant())
	if !ok {
		return nil // whoever looks for the tenant finds that it is gone
	}
	err := s.gate.CheckControlPlane(s.control.Rule(account), function)
	if err != nil {
		s.control.Refused()
	}
	return err
}

// checkBirth refuses to make a tenant over /admin while that is the hub's affair, or while the hub is not heard of.
func (s *Service) checkBirth(userID string) error {
	switch {
	case s.control == nil:
		return nil
	case userID != "":
		return Refuse(CodeConflict, "A hub is configured: a user's tenant is made when the hub tells of the user, not over /admin")
	case !s.control.NewTenants():
		return Refuse(CodeControlPlaneExpired, "The hub was not heard of lately: no new tenant is made until it is")
	}
	return nil
}

// checkLocal refuses a change of what is the hub's.
func (s *Service) checkLocal(account *tenancy.Account, what string) error {
	if s.control == nil || !s.control.Owns(account) {
		return nil
	}
	return Refuse(CodeConflict, "Tenant %s is a user of the hub: %s at the hub, not over /admin", account.ID, what)
}

// hubLets tells whether the hub, where one decides, lets the tenant be active.
func (s *Service) hubLets(account *tenancy.Account) bool {
	if s.control == nil || !s.control.Owns(account) {
		return true
	}
	row, ok := s.machine.Hub().User(account.UserID)
	return !ok || row.Status == tenancy.StatusActive
}

// HubEvent acts on an event that the hub pushed: when nil is returned, this node knows what the hub knew. Errors are *Error.
func (s *Service) HubEvent(ctx context.Context, event hivehub.SignedEvent) error {
	err := hivehub.ErrEventSignature // without a hub nobody can sign
	if s.control != nil {
		err = s.control.Event(ctx, event)
	}
	if err != nil {
		return s.explain(err)
	}
	return nil
}

// ControlStatus reads how this node stands with the control plane; any node answers.
func (s *Service) ControlStatus(ctx context.Context, p tenancy.Principal) (control.Status, error) {
	if err := s.Allow(p, tenancy.FunctionClusterRead); err != nil {
		return control.Status{}, err
	}
	if s.control == nil {
		return control.Status{State: hivehub.StateOff}, nil
	}
	return s.control.Status(ctx), nil
}

// ControlCounts are what the control plane's side of this node did since it started; false where no hub is configured.
func (s *Service) ControlCounts() (hivehub.Counts, control.Counts, bool) {
	if s.control == nil {
		return hivehub.Counts{}, control.Counts{}, false
	}
	reconciler, plane := s.control.Counts()
	return reconciler, plane, true
}
