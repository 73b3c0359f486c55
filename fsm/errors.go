package fsm

import (
	"errors"
	"fmt"

	"github.com/hivellm/nexus/tenancy"
)

// What Apply refuses a command with, besides *tenancy.QuotaError and *graph.LimitError. All are decided by the log and
// the store alone, so every node answers the same.
var (
	// ErrConflict says that the command was made in another term, or on another version than the current one: it did
	// not happen, and may be run again.
	ErrConflict = errors.New("made in another term or on another version")
	// ErrTenantUnknown says that there is no such tenant, or none any more.
	ErrTenantUnknown = errors.New("there is no such tenant")
	// ErrTenantSuspended says that the tenant may not write now.
	ErrTenantSuspended = tenancy.ErrTenantSuspended
	// ErrTenantExists says that a living tenant has that name.
	ErrTenantExists = errors.New("a tenant of that name exists already")
	// ErrUserTaken says that a user of the hub has a tenant already.
	ErrUserTaken = errors.New("the user has a tenant already")
	// ErrDatabaseUnknown says that the tenant has no such database.
	ErrDatabaseUnknown = errors.New("there is no such database")
	// ErrDatabaseExists says that the tenant has a database of that name.
	ErrDatabaseExists = errors.New("a database of that name exists already")
	// ErrDatabaseDefault says that the default database cannot be dropped.
	ErrDatabaseDefault = errors.New("the default database cannot be dropped")
	// ErrKeyUnknown says that there is no such key.
	ErrKeyUnknown = errors.New("there is no such key")
	// ErrKeyExists says that a key of that id exists.
	ErrKeyExists = errors.New("a key of that id exists already")
	// ErrClusterExists says that the cluster was made already, under another id.
	ErrClusterExists = errors.New("the cluster was made already")
	// ErrMemberRemoved says that the node was removed from the cluster for good.
	ErrMemberRemoved = errors.New("the node was removed from this cluster for good")
	// ErrIdempotencyMismatch says that a client's key was used for another request.
	ErrIdempotencyMismatch = errors.New("the idempotency key was used for another request")
	// ErrIdempotencyFull says that the tenant has as many kept ids as one may have.
	ErrIdempotencyFull = errors.New("the tenant has too many remembered idempotency keys")
	// ErrIdempotencyExpired says that the request arrived so long ago that its id may be forgotten: whether an earlier
	// attempt was applied is unknown.
	ErrIdempotencyExpired = errors.New("the request is older than its idempotency key is remembered")
)

// ErrMalformed is wrapped by every failure to decode a command, an entry or a stored record.
var ErrMalformed = errors.New("malformed")

// ErrMemoryFull says that a database could not be loaded: memory.budget is taken by tenants that are in use.
var ErrMemoryFull = errors.New("memory.budget is taken by tenants that are in use")

// errNoRoom says the same of one attempt.
var errNoRoom = errors.New("no room in memory")

// TooBigError says that a tenant is too large for this node's memory.budget: it cannot be loaded, or with Growth, a write
// would make it so. Nothing is lost: what is stored stays, and a node with a larger budget serves it.
type TooBigError struct {
	// SizeBytes is what the tenant would take in memory, at least; of databases that are not in memory it is a guess.
	SizeBytes   uint64
	BudgetBytes uint64
	Growth      bool
}

// Error implements error.
func (e *TooBigError) Error() string {
	if e.Growth {
		return fmt.Sprintf("with this write the tenant would take %d bytes of memory; of this node's memory.budget of %d bytes a tenant may grow to %d eighths",
			e.SizeBytes, e.BudgetBytes, growthShare)
	}
	return fmt.Sprintf("the tenant takes at least %d bytes in memory, more than this node's memory.budget of %d bytes", e.SizeBytes, e.BudgetBytes)
}

// InvalidError says that a command asks for something that contradicts itself. It was refused on every node.
type InvalidError struct{ Err error }

func (e *InvalidError) Error() string { return "invalid command: " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *InvalidError) Unwrap() error { return e.Err }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}
