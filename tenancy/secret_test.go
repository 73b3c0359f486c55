package tenancy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

func TestSecret_NeverPrints(t *testing.T) {
	const hidden = "hunter2"
	secret := NewSecret(hidden)
	holder := struct{ Key Secret }{secret}
	var shown []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%10s", "%t"} {
		shown = append(shown, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, &secret), fmt.Sprintf(verb, holder))
	}
	for _, marshal := range []func(any) ([]byte, error){json.Marshal, msgpack.Marshal} {
		data, err := marshal(holder)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, string(data))
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key made", "key", secret, "holder", holder)
	slog.New(slog.NewTextHandler(&log, nil)).Info("key made", "key", secret, "holder", holder)
	shown = append(shown, log.String(), fmt.Sprint(secret), secret.GoString())
	for _, text := range shown {
		if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) || !strings.Contains(text, "***") {
			t.Errorf("shown as %q", text)
		}
	}
	if secret.Reveal() != hidden || secret.IsZero() || !(Secret{}).IsZero() {
		t.Error("the secret is lost")
	}
}
