package bookmark

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/tenancy"
)

func sealer(t *testing.T, secret, cluster string) *Sealer {
	t.Helper()
	s, err := NewSealer([]byte(secret), cluster)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSealer_OpensWhatItSealed(t *testing.T) {
	s := sealer(t, "secret", "cluster")
	rapid.Check(t, func(t *rapid.T) {
		p := Position{Epoch: rapid.Uint32().Draw(t, "epoch"), Index: rapid.Uint64().Draw(t, "index")}
		tenant := tenancy.IDFromNumber(rapid.Uint64Min(1).Draw(t, "tenant"))
		got, err := s.Open(tenant, s.Seal(tenant, p))
		if err != nil || got != p {
			t.Fatalf("got %v, %v; want %v", got, err, p)
		}
	})
}

func TestSealer_RefusesWhatIsNotItsOwn(t *testing.T) {
	s, one, two := sealer(t, "secret", "cluster"), tenancy.IDFromNumber(1), tenancy.IDFromNumber(2)
	text := s.Seal(one, Position{Epoch: 1, Index: 7})
	for name, open := range map[string]func() (Position, error){
		"another tenant":  func() (Position, error) { return s.Open(two, text) },
		"another cluster": func() (Position, error) { return sealer(t, "secret", "other").Open(one, text) },
		"another secret":  func() (Position, error) { return sealer(t, "other", "cluster").Open(one, text) },
		"changed":         func() (Position, error) { return s.Open(one, text[:len(text)-2]+"AA") },
		"cut":             func() (Position, error) { return s.Open(one, text[:20]) },
		"long":            func() (Position, error) { return s.Open(one, prefix+strings.Repeat("A", 1000)) },
		"empty":           func() (Position, error) { return s.Open(one, "") },
		"no prefix":       func() (Position, error) { return s.Open(one, strings.TrimPrefix(text, prefix)) },
	} {
		if _, err := open(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
}
