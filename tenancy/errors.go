package tenancy

import (
	"errors"
	"fmt"
)

// What the gate refuses with. A door maps them to codes in one place.
var (
	// ErrAuthenticationRequired says that no credential was given.
	ErrAuthenticationRequired = errors.New("a credential is required")
	// ErrInvalidToken says that a credential is malformed, unknown, wrong, of another kind than its record, revoked
	// or expired. Which of these, nobody learns.
	ErrInvalidToken = errors.New("the credential is not valid")
	// ErrAuthStale says that this node has been cut off from the leader for too long to authorize.
	ErrAuthStale = errors.New("this node's keys may be out of date")
	// ErrClusterNotReady says that the cluster has no registry yet: ClusterInit is not applied here.
	ErrClusterNotReady = errors.New("the cluster is not initialized yet")
	// ErrTenantSuspended says that the principal's tenant is suspended.
	ErrTenantSuspended = errors.New("the tenant is suspended")
	// ErrControlPlaneExpired says that the control plane was not heard of for so long that the call may not go on.
	ErrControlPlaneExpired = errors.New("the control plane was not heard of for too long")
	// ErrFunctionNotAllowed is what every [*FunctionNotAllowedError] is.
	ErrFunctionNotAllowed = errors.New("the key may not use this function")
)

// FunctionNotAllowedError names the function that a key lacks. errors.Is finds ErrFunctionNotAllowed.
type FunctionNotAllowedError struct{ Function Function }

// Error implements error.
func (e *FunctionNotAllowedError) Error() string {
	return fmt.Sprintf("the key may not use the function %s", e.Function)
}

// Is makes every one of these errors an ErrFunctionNotAllowed.
func (e *FunctionNotAllowedError) Is(target error) bool { return target == ErrFunctionNotAllowed }

// FunctionNameError says that a name in allowed_functions cannot be granted to the role.
type FunctionNameError struct {
	// Name is what was given, clipped to a bounded length.
	Name string
	Role Role
	// Known reports whether a function of that name exists at all.
	Known bool
}

// Error implements error.
func (e *FunctionNameError) Error() string {
	if !e.Known {
		return fmt.Sprintf("allowed_functions: there is no function %q", e.Name)
	}
	return fmt.Sprintf("allowed_functions: %q can never be granted to a key of role %s", e.Name, e.Role)
}
