package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/hivellm/nexus/fsm"
	"github.com/hivellm/nexus/tenancy"
)

// errNoValue says that the machine applied a command without the value it promises: a broken invariant.
var errNoValue = errors.New("a command was applied without its value")

// KeySpec is what a new key is made of. Tenant is "" for an operator's key.
type KeySpec struct {
	Tenant      string
	Operator    bool
	Test        bool
	Name        string
	Functions   tenancy.FunctionSet
	ExpiresAtMs int64
}

// NewKey is a key as its maker sees it, once: Text is never shown again.
type NewKey struct {
	Record tenancy.KeyRecord
	Text   string
}

// KeyRotation asks for a new key in place of one that lives on for GraceMs.
type KeyRotation struct {
	ID      string
	GraceMs int64
}

// CreateKey makes a key for a tenant or for the operator.
func (s *Service) CreateKey(ctx context.Context, p tenancy.Principal, spec KeySpec) (NewKey, error) {
	return do[KeySpec, NewKey](s, ctx, p, "key.create", spec)
}

// RevokeKey ends a key: effective on every connected node when applied there.
func (s *Service) RevokeKey(ctx context.Context, p tenancy.Principal, id string) (tenancy.KeyRecord, error) {
	return do[string, tenancy.KeyRecord](s, ctx, p, "key.revoke", id)
}

// RotateKey makes a new key with the old one's rights and lets the old one live on for the grace.
func (s *Service) RotateKey(ctx context.Context, p tenancy.Principal, rotation KeyRotation) (NewKey, error) {
	return do[KeyRotation, NewKey](s, ctx, p, "key.rotate", rotation)
}

// Keys lists the records of all keys, by id, as a strong read would see them. Never a secret.
func (s *Service) Keys(ctx context.Context, p tenancy.Principal) ([]tenancy.KeyRecord, error) {
	registry, err := s.strongRegistry(ctx, p, tenancy.FunctionKeyRead)
	if err != nil {
		return nil, err
	}
	return registry.Keys(), nil
}

func (s *Service) createKey(ctx context.Context, _ tenancy.Principal, spec KeySpec) (NewKey, uint64, error) {
	record := tenancy.KeyRecord{
		Name: spec.Name, Role: tenancy.RoleOperator, Kind: tenancy.KeyOperator,
		AllowedFunctions: spec.Functions, ExpiresAtMs: spec.ExpiresAtMs, AuthVersion: 1,
	}
	if !spec.Operator {
		account, err := findTenant(s.machine.Registry(), spec.Tenant)
		if err != nil {
			return NewKey{}, 0, err
		}
		record.Role, record.Kind, record.Tenant = tenancy.RoleTenant, tenancy.KeyLive, account.ID
		if spec.Test {
			record.Kind = tenancy.KeyTest
		}
	}
	return s.proposeKey(ctx, record, nil)
}

func (s *Service) revokeKey(ctx context.Context, _ tenancy.Principal, id string) (tenancy.KeyRecord, uint64, error) {
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		return &fsm.RevokeKey{Header: h, KeyID: id}
	})
	if err != nil {
		return tenancy.KeyRecord{}, 0, err
	}
	record, ok := result.Value.(*tenancy.KeyRecord)
	if !ok {
		return tenancy.KeyRecord{}, 0, errNoValue
	}
	return *record, result.Index, nil
}

func (s *Service) rotateKey(ctx context.Context, _ tenancy.Principal, rotation KeyRotation) (NewKey, uint64, error) {
	old, ok := s.machine.Registry().Key(rotation.ID)
	if !ok {
		return NewKey{}, 0, fsm.ErrKeyUnknown
	}
	if !old.Live(nowMs()) {
		return NewKey{}, 0, Refuse(CodeConflict, "The key %s is not live: only a live key can be rotated", rotation.ID)
	}
	record := *old
	record.RevokedAtMs, record.GraceUntilMs, record.AuthVersion = 0, 0, 1
	return s.proposeKey(ctx, record, &fsm.Rotation{KeyID: rotation.ID, GraceMs: rotation.GraceMs})
}

// proposeKey gives a record its id and secret and proposes it; with a rotation the old key is bounded in the same
// command.
func (s *Service) proposeKey(ctx context.Context, record tenancy.KeyRecord, rotation *fsm.Rotation) (NewKey, uint64, error) {
	text, id, hash, err := newKeyText(record.Kind)
	if err != nil {
		return NewKey{}, 0, err
	}
	record.ID, record.SecretSHA256 = id, hash
	if err := record.Check(); err != nil {
		return NewKey{}, 0, Refuse(CodeBadRequest, "%s", err)
	}
	result, err := s.command(ctx, func(h fsm.Header) fsm.Command {
		record.CreatedAtMs = h.TimeMs
		return &fsm.CreateKey{Header: h, Record: record, Rotation: rotation}
	})
	if err != nil {
		return NewKey{}, 0, err
	}
	return NewKey{Record: record, Text: text}, result.Index, nil
}

func newKeyText(kind tenancy.KeyKind) (text, id string, hash tenancy.SecretHash, err error) {
	key, part, err := tenancy.GenerateKey(kind, rand.Reader)
	if err != nil {
		return "", "", tenancy.SecretHash{}, fmt.Errorf("make a key: %w", err)
	}
	return key.Reveal(), part.ID, part.SecretHash, nil
}
