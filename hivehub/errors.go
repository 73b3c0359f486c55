package hivehub

import (
	"errors"
	"fmt"
	"net/http"
)

// The kinds of errors, as HiveHub's own SDK names them. errors.Is finds the kind of every error of [Client].
var (
	// ErrAuthentication says that the hub does not know the service key (401, 403).
	ErrAuthentication = errors.New("hivehub: authentication failed")
	// ErrNotFound says that the hub does not know what was asked for (404).
	ErrNotFound = errors.New("hivehub: not found")
	// ErrQuotaExceeded says that the hub refuses for a quota of its own (402, 429).
	ErrQuotaExceeded = errors.New("hivehub: quota exceeded")
	// ErrBadRequest says that the hub does not understand the call (400 and other 4xx).
	ErrBadRequest = errors.New("hivehub: bad request")
	// ErrValidation says that the hub refuses what the call says (409, 422), or that this client does before sending.
	ErrValidation = errors.New("hivehub: validation failed")
	// ErrServiceUnavailable says that the hub cannot answer now (502, 503, 504), or that the breaker is open.
	ErrServiceUnavailable = errors.New("hivehub: service unavailable")
	// ErrHTTP says that no whole answer came, or one with another status (5xx, 3xx).
	ErrHTTP = errors.New("hivehub: http error")
	// ErrSerialization says that an answer is not what the contract says: not JSON, too long, of another tenant.
	ErrSerialization = errors.New("hivehub: serialization error")
	// ErrConfiguration says that the client's settings cannot work.
	ErrConfiguration = errors.New("hivehub: configuration error")
	// ErrUnknown is every other error.
	ErrUnknown = errors.New("hivehub: unknown error")
)

// Beside the kinds.
var (
	// ErrBreakerOpen says that the call was not tried: the last ones failed. It is an ErrServiceUnavailable.
	ErrBreakerOpen = fmt.Errorf("%w: the circuit breaker is open", ErrServiceUnavailable)
	// ErrWrongTenant says that an answer speaks of another tenant or key than the one asked for. It is an
	// ErrSerialization.
	ErrWrongTenant = fmt.Errorf("%w: the answer is about another tenant", ErrSerialization)
	// ErrClosed says that the client is closed. It is an ErrServiceUnavailable.
	ErrClosed = fmt.Errorf("%w: the client is closed", ErrServiceUnavailable)
)

// CallError is a call that failed. errors.Is finds its kind.
type CallError struct {
	// Call is the method and the path's template.
	Call string
	// Status is the answer's, 0 when none came.
	Status int
	// Message is what the hub said, clipped and made printable; it may be empty.
	Message string
	// Kind is one of this package's sentinels.
	Kind error
	// Cause is the network's or the decoder's error, if any.
	Cause error
	// Tries is how often it was tried.
	Tries int
}

// Error implements error.
func (e *CallError) Error() string {
	text := fmt.Sprintf("%v: %s", e.Kind, e.Call)
	if e.Status != 0 {
		text += fmt.Sprintf(": status %d", e.Status)
	}
	if e.Message != "" {
		text += fmt.Sprintf(": %q", e.Message)
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap gives kind and cause.
func (e *CallError) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// kindOfStatus maps the status of a refusal to its kind.
func kindOfStatus(status int) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrAuthentication
	case http.StatusNotFound:
		return ErrNotFound
	case http.StatusPaymentRequired, http.StatusTooManyRequests:
		return ErrQuotaExceeded
	case http.StatusConflict, http.StatusUnprocessableEntity:
		return ErrValidation
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return ErrServiceUnavailable
	}
	switch {
	case status >= 400 && status < 500:
		return ErrBadRequest
	case status >= 300 && status < 600:
		return ErrHTTP
	}
	return ErrUnknown
}

// transient reports whether another try may help: the hub's own failure, a timeout, the network. These are also what
// the breaker counts.
func (e *CallError) transient() bool {
	if e.Status != 0 {
		return e.Status >= 500
	}
	return e.Kind == ErrHTTP
}
