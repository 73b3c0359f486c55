package api

import (
	"errors"
	"time"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// Authenticate finds whose credential it is, then whether this node may still judge at all, then whether the tenant is
// live: 401, 503, 403, in this order (ARCHITECTURE §3).
func (s *Service) Authenticate(credential string) (tenancy.Principal, error) {
	registry := s.machine.Registry()
	principal, err := s.gate.Authenticate(registry, credential, nowMs())
	if err != nil && s.learn(registry, credential, err) {
		registry = s.machine.Registry()
		principal, err = s.gate.Authenticate(registry, credential, nowMs())
	}
	stale := s.gate.CheckFreshness(s.staleness(), s.maxStaleness.Milliseconds())
	if err != nil && (stale == nil || !maybeUnseen(err, credential)) {
		return tenancy.Principal{}, s.explain(err)
	}
	if stale != nil {
		return tenancy.Principal{}, s.explain(stale)
	}
	if err := s.gate.CheckTenant(registry, principal); err != nil {
		return tenancy.Principal{}, s.explain(err)
	}
	return principal, nil
}

// maybeUnseen tells whether a refused credential may be one that a node which is behind has not seen yet: it is a
// well-formed key. Such a node must not call it invalid.
func maybeUnseen(refused error, credential string) bool {
	if !errors.Is(refused, tenancy.ErrInvalidToken) {
		return false
	}
	_, malformed := tenancy.ParseKey(credential)
	return malformed == nil
}

// Allow asks whether the principal may use a function.
func (s *Service) Allow(principal tenancy.Principal, function tenancy.Function) error {
	if err := s.checkFunction(principal, function); err != nil {
		return s.explain(err)
	}
	return nil
}

// checkFunction is the one place that asks for a function: the key must have it, and the control plane must let it go on.
func (s *Service) checkFunction(principal tenancy.Principal, function tenancy.Function) error {
	if err := s.gate.CheckFunction(principal, function); err != nil && !planted.On("grant-unchecked") {
		return err
	}
	return s.checkControl(principal, function)
}

// reauthorize is the leader's own judgement of a request that another node authenticated.
func (s *Service) reauthorize(keyID string, authVersion uint64) (tenancy.Principal, error) {
	registry := s.machine.Registry()
	principal, err := s.gate.Reauthorize(registry, keyID, authVersion, nowMs())
	if err != nil {
		return tenancy.Principal{}, err
	}
	return principal, s.gate.CheckTenant(registry, principal)
}

// staleness is how old this node's registry may be, measured (R5).
func (s *Service) staleness() tenancy.Staleness {
	age, known := s.node.Freshness()
	return tenancy.Staleness{Ms: int64(age / time.Millisecond), Known: known}
}
