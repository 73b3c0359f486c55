package value

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

func FuzzDecode(f *testing.F) {
	for _, g := range goldenValues() {
		f.Add(AppendEncoded(nil, g.value))
	}
	f.Add([]byte{0xdd, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, err := Decode(b)
		skipped, skipErr := SkipEncoded(b)
		if err != nil {
			return
		}
		if skipErr != nil || len(skipped) != len(rest) {
			t.Fatalf("decoded, but skipped with %v to %d, not %d", skipErr, len(skipped), len(rest))
		}
		if again := AppendEncoded(nil, v); !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Fatalf("%x is accepted and not canonical: %x", b, again)
		}
		AppendOrdered(nil, v)
		AppendJSON(nil, v)
		if Compare(v, v) != 0 {
			t.Fatal("differs from itself")
		}
	})
}

func FuzzFromJSON(f *testing.F) {
	for _, text := range []string{`{"a":[1,-2.5e3,"x\u00e9\ud834\udd1e",null,true]}`, `[[]]`, `-0`, `"\ud800"`, `{"a":1,"a":2}`, `9223372036854775808`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := FromJSON(text)
		if err != nil {
			return
		}
		written := AppendJSON(nil, v)
		if !utf8.Valid(text) || !utf8.Valid(written) {
			t.Fatalf("%q was read as %q", text, written)
		}
		back, err := FromJSON(written)
		if err != nil || !Equivalent(back, v) {
			t.Fatalf("%q read, written as %q, then %v", text, written, err)
		}
	})
}

func FuzzParseTemporal(f *testing.F) {
	for _, g := range goldenValues() {
		if isTemporal(g.value.Kind()) || g.value.Kind() == KindDuration {
			f.Add(uint8(g.value.Kind()), FormatTemporal(g.value))
		}
	}
	f.Add(uint8(KindDate), "2015-W53-7")
	f.Add(uint8(KindDateTime), "2017-10-29T02:30+01:00[Europe/Stockholm]")
	f.Add(uint8(KindDuration), "-P1Y-2M3.5W4,5DT-6H7.25M-8.000000001S")
	f.Fuzz(func(t *testing.T, kind uint8, text string) {
		k := KindDate + Kind(kind)%6
		v, err := ParseTemporal(k, text)
		if err != nil {
			return
		}
		if v.Kind() != k {
			t.Fatalf("%q is a %s, not a %s", text, v.Kind(), k)
		}
		written := FormatTemporal(v)
		back, err := ParseTemporal(k, written)
		if err != nil || !Equivalent(back, v) {
			t.Fatalf("%q was written as %q: %v", text, written, err)
		}
	})
}
