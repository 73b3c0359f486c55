package hivehub

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/hivellm/nexus/scripts/planted"
	"github.com/hivellm/nexus/tenancy"
)

// The headers of a pushed event.
const (
	HeaderSignature = "X-Hivehub-Signature"
	HeaderTimestamp = "X-Hivehub-Timestamp"
	HeaderNonce     = "X-Hivehub-Nonce"
)

const (
	// EventWindow is how far an event's time may lie from now, either way.
	EventWindow = 300 * time.Second
	// NonceMemory is how long a nonce is remembered: an event may come EventWindow early and stay good until
	// EventWindow late.
	NonceMemory = 600 * time.Second
	// MaxEventBody bounds an event's body, in bytes.
	MaxEventBody = 64 << 10
	// MaxNonces bounds the memory of nonces: 163 events a second, all of them signed.
	MaxNonces = 100_000
	// MinEventsSecret is the shortest secret, in bytes.
	MinEventsSecret = 16

	minNonce, maxNonce = 16, 64
	maxEventType       = 64
)

// What a Verifier refuses with.
var (
	// ErrEventSignature says that an event is unsigned, wrongly signed, out of its time or seen before. Which of
	// these, a caller does not learn.
	ErrEventSignature = errors.New("the event is not signed by the hub")
	// ErrEventBody says that the hub signed something that is no event.
	ErrEventBody = errors.New("the event's body is not what the contract says")
	// ErrEventOverload says that more events came than nonces can be remembered; none is forgotten early.
	ErrEventOverload = errors.New("too many events")
)

// SignedEvent is an event as it came: three headers and the body, none of them believed.
type SignedEvent struct {
	Signature, Timestamp, Nonce string
	Body                        []byte
}

// PullNow is all that an event says: ask the hub, now. The body is never data.
type PullNow struct {
	// Reason is the event's type, for the log; printable and short.
	Reason string
}

// SignEvent is the signature of an event: HMAC-SHA256 over timestamp.nonce.body in lower-case hexadecimal.
func SignEvent(secret tenancy.Secret, timestamp, nonce string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write([]byte(timestamp + "." + nonce + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Verifier judges events. It has no clock of its own: now is passed in, and never goes back by more than clocks do.
// Its method may be called at the same time.
type Verifier struct {
	secret tenancy.Secret

	mu     sync.Mutex
	nonces map[string]struct{} // guarded by mu
	order  []rememberedNonce   // guarded by mu; oldest first
}

type rememberedNonce struct {
	nonce string
	until time.Time
}

// NewVerifier makes a verifier of events signed with a secret of at least MinEventsSecret bytes. The error is
// ErrConfiguration.
func NewVerifier(secret tenancy.Secret) (*Verifier, error) {
	if len(secret.Reveal()) < MinEventsSecret {
		return nil, fmt.Errorf("%w: the events' secret is shorter than %d bytes", ErrConfiguration, MinEventsSecret)
	}
	return &Verifier{secret: secret, nonces: map[string]struct{}{}}, nil
}

// Format prints a name and never the secret, whatever the verb.
func (v *Verifier) Format(state fmt.State, _ rune) { _, _ = state.Write([]byte("hivehub.Verifier")) }

// Verify judges one event. A nonce is remembered once its event's signature holds, so nobody but the hub can fill the
// memory.
func (v *Verifier) Verify(now time.Time, event SignedEvent) (PullNow, error) {
	if len(event.Body) > MaxEventBody || (!v.signed(event) && !planted.On("hub-event-unsigned")) || !timely(now, event.Timestamp) {
		return PullNow{}, ErrEventSignature
	}
	if err := v.remember(now, event.Nonce); err != nil {
		return PullNow{}, err
	}
	var body struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(event.Body, &body); err != nil {
		return PullNow{}, fmt.Errorf("%w: it is not JSON", ErrEventBody)
	}
	if body.Type == "" || len(body.Type) > maxEventType || !readable(body.Type) {
		return PullNow{}, fmt.Errorf("%w: no type of at most %d printable bytes", ErrEventBody, maxEventType)
	}
	return PullNow{Reason: body.Type}, nil
}

// signed reports whether the hub's secret made the signature. A nonce has no dot, so what was signed can be cut in one
// way only.
func (v *Verifier) signed(event SignedEvent) bool {
	given, err := hex.DecodeString(event.Signature)
	if err != nil || len(given) != sha256.Size || !nonceShaped(event.Nonce) || !digits(event.Timestamp) {
		return false
	}
	mac := hmac.New(sha256.New, []byte(v.secret.Reveal()))
	mac.Write([]byte(event.Timestamp + "." + event.Nonce + "."))
	mac.Write(event.Body)
	return hmac.Equal(given, mac.Sum(nil))
}

// timely reports whether a time in whole seconds since 1970 is near enough to now.
func timely(now time.Time, timestamp string) bool {
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return false
	}
	distance := now.Sub(time.Unix(seconds, 0)) // saturates
	return distance >= -EventWindow && distance <= EventWindow
}

func (v *Verifier) remember(now time.Time, nonce string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.order) > 0 && now.After(v.order[0].until) {
		delete(v.nonces, v.order[0].nonce)
		v.order = v.order[1:]
	}
	if _, seen := v.nonces[nonce]; seen && !planted.On("hub-event-replayed") {
		return ErrEventSignature
	}
	if len(v.order) >= MaxNonces {
		return ErrEventOverload
	}
	v.nonces[nonce] = struct{}{}
	v.order = append(v.order, rememberedNonce{nonce, now.Add(NonceMemory)})
	return nil
}

func digits(text string) bool {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

func nonceShaped(text string) bool {
	if len(text) < minNonce || len(text) > maxNonce {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return false
		}
	}
	return true
}
