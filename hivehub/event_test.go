package hivehub

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hivellm/nexus/tenancy"
)

var eventsSecret = tenancy.NewSecret("events-secret-of-tests")

func signedEvent(at time.Time, nonce, body string) SignedEvent {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	return SignedEvent{SignEvent(eventsSecret, timestamp, nonce, []byte(body)), timestamp, nonce, []byte(body)}
}

func verifier(t *testing.T) *Verifier {
	t.Helper()
	v, err := NewVerifier(eventsSecret)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerifier_GoldenSignature(t *testing.T) {
	const want = "dc949ba77be30e65772eefc8fadf93c09b3fdbf8e9e21d6f023783836ced1077" // openssl dgst -sha256 -hmac
	got := SignEvent(tenancy.NewSecret("0123456789abcdef"), "1700000000", "nonce-0123456789", []byte(`{"type":"key.revoked","id":"k"}`))
	if got != want {
		t.Fatalf("%s, not %s", got, want)
	}
}

func TestVerifier_TakesWhatTheHubSignedOnce(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	const body = `{"type":"key.revoked","id":"k"}`
	v := verifier(t)
	good := signedEvent(now, "nonce-0123456789", body)
	if pull, err := v.Verify(now, good); err != nil || pull.Reason != "key.revoked" {
		t.Fatal(pull, err)
	}
	for _, age := range []int{0, 1, 299} {
		if _, err := v.Verify(now.Add(time.Duration(age)*time.Second), good); !errors.Is(err, ErrEventSignature) {
			t.Errorf("taken again after %d s: %v", age, err)
		}
	}
	for name, change := range map[string]func(*SignedEvent){
		"unsigned":      func(e *SignedEvent) { e.Signature = "" },
		"wrong":         func(e *SignedEvent) { e.Signature = strings.Repeat("0", 64) },
		"short":         func(e *SignedEvent) { e.Signature = e.Signature[:62] },
		"body":          func(e *SignedEvent) { e.Body = []byte(`{"type":"key.revoked","id":"j"}`) },
		"other nonce":   func(e *SignedEvent) { e.Nonce = "nonce-0123456780" },
		"moved dot":     func(e *SignedEvent) { e.Nonce, e.Body = "nonce-01234567", append([]byte("89."), e.Body...) },
		"other time":    func(e *SignedEvent) { e.Timestamp += "0" },
		"no time":       func(e *SignedEvent) { e.Timestamp = "" },
		"too long body": func(e *SignedEvent) { e.Body = make([]byte, MaxEventBody+1) },
	} {
		event := signedEvent(now, "nonce-of-"+strings.ReplaceAll(name, " ", "-")+"-01", body)
		change(&event)
		if _, err := v.Verify(now, event); !errors.Is(err, ErrEventSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestVerifier_Windows(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		distance time.Duration
		good     bool
	}{{-EventWindow - time.Second, false}, {-EventWindow, true}, {0, true}, {EventWindow, true}, {EventWindow + time.Second, false}} {
		_, err := verifier(t).Verify(now, signedEvent(now.Add(c.distance), "nonce-0123456789", `{"type":"x"}`))
		if (err == nil) != c.good {
			t.Errorf("%s away: %v", c.distance, err)
		}
	}
	// An event that came early is refused a second time for as long as it is timely.
	v := verifier(t)
	early := signedEvent(now.Add(EventWindow), "nonce-0123456789", `{"type":"x"}`)
	if _, err := v.Verify(now, early); err != nil {
		t.Fatal(err)
	}
	for after := time.Duration(0); after <= 2*EventWindow+time.Second; after += 50 * time.Second {
		if _, err := v.Verify(now.Add(after), early); !errors.Is(err, ErrEventSignature) {
			t.Fatalf("taken again after %s", after)
		}
	}
}

func TestVerifier_SignedBodiesThatAreNoEvents(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	v := verifier(t)
	for i, body := range []string{``, `x`, `{}`, `{"type":7}`, `{"type":"` + strings.Repeat("x", 65) + `"}`, `{"type":"a\u0000b"}`} {
		if _, err := v.Verify(now, signedEvent(now, fmt.Sprintf("nonce-%012d", i), body)); !errors.Is(err, ErrEventBody) {
			t.Errorf("%q: %v", body, err)
		}
	}
	if _, err := NewVerifier(tenancy.NewSecret("short")); !errors.Is(err, ErrConfiguration) {
		t.Error(err)
	}
}

func TestVerifier_MemoryIsBoundedAndForgetsNothingEarly(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	v := verifier(t)
	for i := range MaxNonces {
		if err := v.remember(now, strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.Verify(now, signedEvent(now, "nonce-0123456789", `{"type":"x"}`)); !errors.Is(err, ErrEventOverload) {
		t.Error(err)
	}
	later := now.Add(NonceMemory + 1)
	if _, err := v.Verify(later, signedEvent(later, "nonce-0123456789", `{"type":"x"}`)); err != nil {
		t.Error(err)
	}
	if len(v.nonces) != 1 || len(v.order) != 1 {
		t.Errorf("%d nonces are kept", len(v.nonces))
	}
}

func TestWindows_State(t *testing.T) {
	w := Windows{Fresh: DefaultFresh, Stale: DefaultStale}
	now := time.Unix(1_800_000_000, 0)
	for _, c := range []struct {
		age                  time.Duration
		want                 State
		tenants, read, write bool
	}{
		{-time.Second, StateFresh, true, true, true}, {0, StateFresh, true, true, true}, {60 * time.Second, StateFresh, true, true, true},
		{61 * time.Second, StateStale, false, true, true}, {24 * time.Hour, StateStale, false, true, true},
		{24*time.Hour + 1, StateExpired, false, true, false},
	} {
		got := w.State(now, now.Add(-c.age))
		if got != c.want || got.AllowsNewTenants() != c.tenants || got.AllowsReads(ExpiredPolicy{}) != c.read || got.AllowsWrites(ExpiredPolicy{}) != c.write {
			t.Errorf("%s: %s", c.age, got)
		}
	}
	if w.State(now, time.Time{}) != StateExpired || StateExpired.AllowsReads(ExpiredPolicy{RefuseReads: true}) || !StateExpired.AllowsWrites(ExpiredPolicy{AllowWrites: true}) {
		t.Error("never pulled, or a plan's own policy")
	}
	for _, bad := range []Windows{{}, {Fresh: 2, Stale: 1}, {Fresh: -1, Stale: 1}} {
		if !errors.Is(bad.Check(), ErrConfiguration) {
			t.Errorf("%+v passed", bad)
		}
	}
}
