package peer

import (
	"errors"
	"fmt"
)

// ErrNotTaken is wrapped by every error after which the addressed node definitely did not begin to run the call: the
// dial failed, no byte of the request left this node, or the node refused before running. Only then may a call be sent again.
var ErrNotTaken = errors.New("not taken")

// ErrClosed is answered once the client or listener was closed.
var ErrClosed = errors.New("peer channel closed")

// errConnectionLost ends an exchange whose connection broke; whether it ran is unknown, unless its request never left.
var errConnectionLost = errors.New("peer connection lost")

// errCancelled ends a handler's exchange whose caller no longer waits.
var errCancelled = errors.New("the caller cancelled the peer exchange")

// errNotRead is answered to a sender whose frames the other end of the exchange does not read.
var errNotRead = errors.New("the other end of the peer exchange does not read")

// ErrFrameTooLarge is answered for a frame above [MaxFrameBytes].
var ErrFrameTooLarge = fmt.Errorf("peer frame larger than %d bytes", MaxFrameBytes)

// Codes of refusals made by the channel itself.
const (
	CodeUnknownMethod = "unknown_method"
	CodeNotMember     = "not_member"
	CodeRemoved       = "removed" // the caller was removed from the cluster for good
	CodeFailed        = "failed"
	CodeRefused       = "refused"
	CodeOverloaded    = "overloaded"
)

// Error is what the other node's handler (or its channel) answered instead of a result.
type Error struct {
	Code    string // a word a program can branch on
	Message string
	Refused bool // true: the handler did not begin, so the error also is ErrNotTaken
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Unwrap makes a refusal match ErrNotTaken.
func (e *Error) Unwrap() error {
	if e.Refused {
		return ErrNotTaken
	}
	return nil
}

// Refuse makes the error a handler returns when it has done nothing and will do nothing.
func Refuse(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Refused: true}
}

// Fail makes the error a handler returns when it began and could not finish.
func Fail(code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of the [Error] in err's chain, or "".
func CodeOf(err error) string {
	var answer *Error
	if errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}

// toError turns whatever a handler returned into the form that goes over the wire.
func toError(err error) *Error {
	var answer *Error
	if errors.As(err, &answer) {
		return answer
	}
	if errors.Is(err, ErrNotTaken) {
		return &Error{Code: CodeRefused, Message: err.Error(), Refused: true}
	}
	return &Error{Code: CodeFailed, Message: err.Error()}
}

func notTaken(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, ErrNotTaken, err)
}
