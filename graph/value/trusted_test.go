package value

import (
	"testing"

	"pgregory.net/rapid"
)

// TestDecodeTrusted_AgreesWithDecode reads what was encoded both ways, each cut short too: then there is an error or
// another value, never a panic.
func TestDecodeTrusted_AgreesWithDecode(t *testing.T) {
	same := func(t *rapid.T, encoded []byte) {
		want, _, err := Decode(encoded)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeTrusted(encoded)
		if err != nil || got.Kind() != want.Kind() || !Equivalent(got, want) {
			t.Fatalf("%x: %v %v, expected %v", encoded, got, err, want)
		}
		for n := range min(len(encoded), 64) {
			_, _ = DecodeTrusted(encoded[:n])
		}
	}
	rapid.Check(t, func(t *rapid.T) { same(t, AppendEncoded(nil, anyValue(3).Draw(t, "value"))) })
	rapid.Check(t, func(t *rapid.T) {
		for _, n := range []int64{0, 127, 128, 255, 256, 65535, 65536, 1<<32 - 1, 1 << 32, 1<<63 - 1, -1, -32, -33, -1 << 63} {
			same(t, AppendEncoded(nil, Int(n)))
		}
		same(t, AppendEncoded(nil, Float(anyFloat().Draw(t, "float"))))
	})
}
