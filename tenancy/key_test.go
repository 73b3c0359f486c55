package tenancy

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

type keyVector struct {
	Kind         KeyKind    `json:"kind"`
	IDRandom     string     `json:"id_random"`
	SecretRandom string     `json:"secret_random"`
	Key          string     `json:"key"`
	ID           string     `json:"id"`
	SecretSHA256 SecretHash `json:"secret_sha256"`
}

// keyVectors reads the golden vectors, which were computed by another program from the format's description.
func keyVectors(t testing.TB) []keyVector {
	t.Helper()
	data, err := os.ReadFile("testdata/keys.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []keyVector
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors) < 7 {
		t.Fatalf("%d golden vectors", len(vectors))
	}
	return vectors
}

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestKey_GoldenVectors(t *testing.T) {
	for _, vector := range keyVectors(t) {
		text, part, err := NewKeySecret(vector.Kind, fromHex(t, vector.IDRandom), fromHex(t, vector.SecretRandom))
		if err != nil {
			t.Fatal(err)
		}
		if text.Reveal() != vector.Key || part.ID != vector.ID || part.SecretHash != vector.SecretSHA256 {
			t.Errorf("made %s id %s hash %s, golden %+v", text.Reveal(), part.ID, part.SecretHash, vector)
		}
		parsed, err := ParseKey(vector.Key)
		if err != nil {
			t.Fatalf("%s: %v", vector.Key, err)
		}
		if want := (ParsedKey{vector.Kind, vector.ID, vector.SecretSHA256}); parsed != want {
			t.Errorf("parsed %+v, golden %+v", parsed, want)
		}
	}
}

func TestGenerateKey_ReadsItsRandomnessAndParsesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]KeyKind{KeyLive, KeyTest, KeyOperator}).Draw(t, "kind")
		random := rapid.SliceOfN(rapid.Byte(), 48, 48).Draw(t, "random")
		text, part, err := GenerateKey(kind, bytes.NewReader(random))
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ParseKey(text.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if parsed.Kind != kind || parsed.ID != part.ID || !parsed.SecretHash.Equal(part.SecretHash) {
			t.Fatalf("parsed %+v, made %+v", parsed, part)
		}
	})
}

func TestGenerateKey_RefusesShortRandomnessAndUnknownKind(t *testing.T) {
	if _, _, err := GenerateKey(KeyLive, bytes.NewReader(make([]byte, 47))); err == nil {
		t.Error("47 random bytes were enough")
	}
	if _, _, err := GenerateKey("prod", bytes.NewReader(make([]byte, 48))); err == nil {
		t.Error("kind prod was made")
	}
	if _, _, err := NewKeySecret(KeyLive, make([]byte, 15), make([]byte, 32)); err == nil {
		t.Error("15 bytes made an id")
	}
}

// Every single-character change of every golden key, to every byte, is caught: not sampled but walked.
func TestParseKey_CatchesAnySingleCharacterChange(t *testing.T) {
	for _, vector := range keyVectors(t) {
		changed := []byte(vector.Key)
		for at := range changed {
			for c := range 256 {
				if byte(c) == vector.Key[at] {
					continue
				}
				changed[at] = byte(c)
				if _, err := ParseKey(string(changed)); !errors.Is(err, ErrKeySyntax) {
					t.Fatalf("%q was taken: %v", changed, err)
				}
			}
			changed[at] = vector.Key[at]
		}
	}
}

func TestParseKey_CatchesSwapsCutsAndAdditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rapid.SliceOfN(rapid.Byte(), 48, 48).Draw(t, "random")
		text, _, err := GenerateKey(KeyTest, bytes.NewReader(random))
		if err != nil {
			t.Fatal(err)
		}
		key := text.Reveal()
		at := rapid.IntRange(0, len(key)-2).Draw(t, "at")
		swapped := key[:at] + key[at+1:at+2] + key[at:at+1] + key[at+2:]
		for _, bad := range []string{key[:at], key[at+1:], key[:at] + key[at+1:], key[:at] + "0" + key[at:], key + " ", " " + key, key + key, swapped} {
			if _, err := ParseKey(bad); err == nil && bad != key {
				t.Fatalf("%q was taken for %q", bad, key)
			}
		}
	})
}

// A secret outside the alphabet is refused though its checksum is right.
func TestParseKey_RefusesForeignAlphabetWithRightChecksum(t *testing.T) {
	for _, body := range []string{
		"nx_live_" + strings.Repeat("-", 16) + "_" + strings.Repeat("0", 43),
		"nx_live_" + strings.Repeat("0", 16) + "_" + strings.Repeat("é", 21) + "0",
		"nx_live_" + strings.Repeat("0", 16) + "x" + strings.Repeat("0", 43),
		"nx_prod_" + strings.Repeat("0", 16) + "_" + strings.Repeat("0", 43),
		"ny_live_" + strings.Repeat("0", 16) + "_" + strings.Repeat("0", 43),
		"nx_live_" + strings.Repeat("0", 16) + "_" + strings.Repeat("0", 44),
	} {
		sum := checksumDigits(checksum(body))
		if _, err := ParseKey(body + string(sum[:])); !errors.Is(err, ErrKeySyntax) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestSecretHash_TextFormIsLowerCaseHexOnly(t *testing.T) {
	hash := HashSecret("x")
	back, err := ParseSecretHash(hash.String())
	if err != nil || back != hash {
		t.Fatalf("%v, %v", back, err)
	}
	for _, bad := range []string{"", strings.ToUpper(hash.String()), hash.String() + "0", "g" + hash.String()[1:]} {
		if _, err := ParseSecretHash(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func FuzzParseKey(f *testing.F) {
	for _, vector := range keyVectors(f) {
		f.Add(vector.Key)
		f.Add(vector.Key[1:])
	}
	f.Add("")
	f.Add("nx_")
	f.Fuzz(func(t *testing.T, text string) {
		key, err := ParseKey(text)
		if err != nil {
			if err != ErrKeySyntax || key != (ParsedKey{}) {
				t.Fatalf("%q: %v with %+v", text, err, key)
			}
			return
		}
		if !key.Kind.Known() || CheckKeyID(key.ID) != nil || !strings.HasPrefix(text, "nx_"+string(key.Kind)+"_"+key.ID+"_") {
			t.Fatalf("%q parsed as %+v", text, key)
		}
		secret := text[len(text)-49 : len(text)-6]
		if HashSecret(secret) != key.SecretHash {
			t.Fatalf("%q: another secret's hash", text)
		}
	})
}
