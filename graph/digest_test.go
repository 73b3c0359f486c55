package graph

import (
	"encoding/hex"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/hivellm/nexus/graph/value"
)

// TestDigest_Vector is the vector of docs/specs/digest.md, which another implementation has computed too.
func TestDigest_Vector(t *testing.T) {
	d := NewDraft(Empty(), Stamp{Sequence: 1}, DraftLimits{})
	properties := value.NewMap([]string{"pi", "name"}, []value.Value{value.Float(3.5), value.String("Ada")})
	if _, err := d.CreateNode([]string{"Person"}, properties); err != nil {
		t.Fatal(err)
	}
	if got := d.Graph().Meta().Digest.String(); got != "9a03a4ff09284da5cd48b07bb0922683" {
		t.Fatalf("digest %s", got)
	}
}

// TestDigest_SumsModulo compares sums and differences with big numbers.
func TestDigest_SumsModulo(t *testing.T) {
	modulus := new(big.Int).Lsh(big.NewInt(1), 128)
	number := func(d Digest) *big.Int { return new(big.Int).SetBytes(d[:]) }
	rapid.Check(t, func(rt *rapid.T) {
		var a, b Digest
		copy(a[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "a"))
		copy(b[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "b"))
		sum := new(big.Int).Mod(new(big.Int).Add(number(a), number(b)), modulus)
		if number(a.add(b)).Cmp(sum) != 0 || a.add(b).subtract(b) != a {
			rt.Fatalf("%s + %s = %s", hex.EncodeToString(a[:]), hex.EncodeToString(b[:]), a.add(b))
		}
	})
}
