package store

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/hivellm/nexus/tenancy"
)

// TestKey_Golden: keys in testdata/keys.txt are for ever. A line is a name and the key in hexadecimal.
func TestKey_Golden(t *testing.T) {
	raw, err := os.ReadFile("testdata/keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string][]byte{
		"applied":                 systemKey(systemApplied, nil),
		"format":                  systemKey(systemFormat, nil),
		"tenant-7":                systemKey(Tenants, AppendID(nil, 7)),
		"node-5-of-tenant-1":      Space{prefix: spacePrefix(id(1), 0)}.key(Node, AppendID(nil, 5)),
		"relationship-258-of-t77": Space{prefix: spacePrefix(id(77), 3)}.key(Relationship, AppendID(nil, 258)),
		"name-of-the-last-tenant": Space{prefix: spacePrefix(id(1<<64-1), 1<<32-1)}.key(Name, []byte{0, 0, 0, 0, 9}),
		"schema":                  Space{prefix: spacePrefix(id(1), 0)}.key(Schema, AppendID(nil, 1)),
		"meta":                    Space{prefix: spacePrefix(id(1), 0)}.key(Meta, nil),
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) != len(keys) {
		t.Fatalf("%d golden keys, %d known", len(lines), len(keys))
	}
	for _, line := range lines {
		name, want, _ := strings.Cut(line, " ")
		if got := hex.EncodeToString(keys[name]); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}

func TestAfter(t *testing.T) {
	for prefix, want := range map[string]string{"a": "b", "a\xff": "b", "a\xff\xff": "b", "\x10\x00": "\x10\x01", "\xff": "", "": ""} {
		if got := after([]byte(prefix)); string(got) != want {
			t.Errorf("after %q comes %q, not %q", prefix, got, want)
		}
	}
}

// FuzzKeyDecode: whatever comes, no panic; a key that is decoded is built alike.
func FuzzKeyDecode(f *testing.F) {
	f.Add(systemKey(Tenants, AppendID(nil, 7)))
	f.Add(Space{prefix: spacePrefix(id(1), 2)}.key(Node, AppendID(nil, 5)))
	f.Add([]byte{partTenant})
	f.Fuzz(func(t *testing.T, key []byte) {
		d, err := DecodeKey(key)
		if err != nil {
			return
		}
		again := systemKey(d.SystemKind, d.Suffix)
		if !d.System {
			if d.Tenant == (tenancy.ID{}) {
				t.Fatal("a key of nobody was decoded")
			}
			again = Space{prefix: spacePrefix(d.Tenant, d.Database)}.key(d.Kind, d.Suffix)
		}
		if !bytes.Equal(again, key) {
			t.Fatalf("%x became %x", key, again)
		}
	})
}
