package fsm

import (
	"github.com/hivellm/nexus/graph"
	"github.com/hivellm/nexus/tenancy"
	"github.com/hivellm/nexus/tenancy/ledger"
)

// Command is one thing that the log can say. The commands are the pointer types of this file.
type Command interface {
	header() *Header
	kind() commandKind
	write(*writer)
	read(*reader)
}

// Header stands at the head of every command.
type Header struct {
	// Term is the term the command was made in; in an entry of another term it is refused.
	Term uint64
	// TimeMs is the leader's wall clock in Unix milliseconds: log time, as proposed.
	TimeMs int64
	// Request is what a watch knows the command by; zero for none.
	Request RequestID
}

func (h *Header) header() *Header { return h }

// RequestID is one of our own ids of a request, random. The zero value is none.
type RequestID [16]byte

// IsZero reports whether it is none.
func (id RequestID) IsZero() bool { return id == RequestID{} }

// Kept is a client's own id of a write, which the machine remembers (R10).
type Kept struct {
	// Key is the client's idempotency key, or a transaction's id: 1 to 255 bytes of visible ASCII.
	Key string
	// Hash is over what was asked; another hash under one key is a mismatch.
	Hash [32]byte
	// ArrivedMs is the log time at which the request arrived at the door, Unix milliseconds.
	ArrivedMs int64
	// Part counts the commands of one request from 0; only the last one writes the request's own record.
	Part uint32
	Last bool
}

// TermStart opens a term (R1).
type TermStart struct {
	Header
	NodeID string
}

// ClusterInit makes the cluster; once.
type ClusterInit struct {
	Header
	ClusterID string
	// Epoch counts recoveries from a backup; 0 at birth.
	Epoch uint32
	// OperatorKey is the first key: only its hash is in it.
	OperatorKey  tenancy.KeyRecord
	FeatureLevel uint32
	// MaxDatabaseBytes bounds every database's storage bytes (R21); 0 = DefaultMaxDatabaseBytes.
	MaxDatabaseBytes uint64
}

// CreateTenant makes a tenant with its default database. Its number comes from the log. Result.Value is its
// *tenancy.Account.
type CreateTenant struct {
	Header
	Name, UserID, Plan string
	// Explicit is what was asked for; Limits is complete: the plan's where nothing was.
	Explicit, Limits tenancy.Limits
}

// UpdateTenant puts an account in the place of the one of its id. Its limit version may not go back (ErrConflict);
// number, user id, time of creation and deletion cannot be changed by it. Result.Value is the *tenancy.Account.
type UpdateTenant struct {
	Header
	Account tenancy.Account
}

// DeleteTenant refuses the tenant from now on and drops its keys, databases and kept ids. Result.Value is its last
// *tenancy.Account.
type DeleteTenant struct {
	Header
	Tenant tenancy.ID
}

// Rotation names the key that a new one replaces.
type Rotation struct {
	KeyID string
	// GraceMs is how long the old key lives on, in milliseconds.
	GraceMs int64
}

// CreateKey makes a key. Result.Value is its *tenancy.KeyRecord.
type CreateKey struct {
	Header
	Record tenancy.KeyRecord
	// Rotation bounds the old key in the same step; nil where none is replaced.
	Rotation *Rotation
}

// RevokeKey ends a key. Result.Value is its *tenancy.KeyRecord.
type RevokeKey struct {
	Header
	KeyID string
}

// CreateDatabase makes an empty database. Result.Value is its *Database.
type CreateDatabase struct {
	Header
	Tenant tenancy.ID
	Name   string
}

// DropDatabase removes a database with all it holds. Result.Value is its *Database.
type DropDatabase struct {
	Header
	Tenant   tenancy.ID
	Database tenancy.DatabaseID
}

// GraphWrite changes one database.
type GraphWrite struct {
	Header
	Tenant   tenancy.ID
	Database tenancy.DatabaseID
	// Kept is set for a client's own id, nil for none.
	Kept    *Kept
	Changes graph.Changes
	// Stats is opaque to the machine; whoever only sees the command applied answers with it.
	Stats []byte
	// Rows is the answer of a write with a kept id where it is small; opaque.
	Rows []byte
	// Refusal is the answer of a write with a kept id that the graph itself refused (a constraint); opaque. Changes
	// holds no operations then.
	Refusal []byte
}

// RaiseFeatureLevel lets the leader propose what earlier versions of the program cannot apply (R17).
type RaiseFeatureLevel struct {
	Header
	Level uint32
}

// DigestMark tells every node which digests the leader had, so that each can compare (R18).
type DigestMark struct {
	Header
	// Digests holds at most MaxMarkDigests of the leader's.
	Digests []StampedDigest
}

// StampedDigest is the digest that a database has at a stamp.
type StampedDigest struct {
	Tenant   tenancy.ID
	Database tenancy.DatabaseID
	Stamp    graph.Stamp
	Digest   graph.Digest
}

// SetClock sets log time, forwards or back: an operator's (R29).
type SetClock struct {
	Header
	NowMs int64
}

// RemoveMember notes that a node was removed for good (R32). There is no way back: its id is never a member's again.
type RemoveMember struct {
	Header
	NodeID string
}

// MarkMember marks a node as draining, or takes the mark away. A removed one is refused (ErrMemberRemoved).
type MarkMember struct {
	Header
	NodeID   string
	Draining bool
}

// LedgerTick is a step of the ledger: what nodes spent, and what each may spend from now. Result.Value are the items that
// were not taken, a []*ledger.RefusedError.
type LedgerTick struct {
	Header
	// Tick is never nil.
	Tick *ledger.Tick
	// Resident are tenants that the leader has in memory, ascending, at most MaxResident; nil says nothing (R22).
	Resident []tenancy.ID
}

// Bounds of commands.
const (
	// MaxCommandBytes bounds an encoded command (R7).
	MaxCommandBytes = 4 << 20
	// MaxMarkDigests bounds the digests of one DigestMark.
	MaxMarkDigests = 4096
	// MaxKeptKey bounds a client's own id in bytes.
	MaxKeptKey = 255
	// DefaultMaxDatabaseBytes is what one database may hold in storage bytes unless said otherwise (R21).
	DefaultMaxDatabaseBytes = 2 << 30
	// FeatureLevel is the highest level that this program can apply.
	FeatureLevel = 1

	maxNodeID    = 128
	maxClusterID = 128
)
