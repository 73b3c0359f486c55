package value

import (
	"bytes"
	"runtime"
	"testing"

	"pgregory.net/rapid"
)

func TestEncoding_DecodesToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyValue(2).Draw(t, "value")
		encoded := AppendEncoded([]byte("x"), v)[1:]
		if n := EncodedLen(v); n != len(encoded) {
			t.Fatalf("EncodedLen %d, encoded %d", n, len(encoded))
		}
		decoded, rest, err := Decode(append(bytes.Clone(encoded), 0xc1))
		if err != nil || !bytes.Equal(rest, []byte{0xc1}) {
			t.Fatalf("rest %x, error %v", rest, err)
		}
		if again := AppendEncoded(nil, decoded); !bytes.Equal(again, encoded) || !Equivalent(decoded, v) || decoded.Kind() != v.Kind() {
			t.Fatalf("decoded to another value: %x, not %x", again, encoded)
		}
		if _, err := SkipEncoded(encoded); err != nil {
			t.Fatal(err)
		}
		if aliasing, _, err := DecodeAliasing(encoded); err != nil || !Equivalent(aliasing, v) {
			t.Fatalf("aliasing: %v", err)
		}
	})
}

func TestDecode_CutAnywhereIsAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		encoded := AppendEncoded(nil, anyValue(1).Draw(t, "value"))
		cut := rapid.IntRange(0, len(encoded)-1).Draw(t, "cut")
		if _, _, err := Decode(encoded[:cut]); err == nil {
			t.Fatalf("%d of %d bytes decoded", cut, len(encoded))
		}
		if _, err := SkipEncoded(encoded[:cut]); err == nil {
			t.Fatalf("%d of %d bytes skipped", cut, len(encoded))
		}
	})
}

func TestDecode_DeepNestingIsRefused(t *testing.T) {
	deep := bytes.Repeat([]byte{0x91}, MaxNesting+1)
	if _, _, err := Decode(append(deep, 0xc0)); err == nil {
		t.Error("nesting beyond the limit was accepted")
	}
	if _, _, err := Decode(append(deep[:MaxNesting], 0xc0)); err != nil {
		t.Error(err)
	}
}

// TestDecode_ClaimedCountsCostNothing: nested lists that each claim a hundred thousand items must not have memory set
// aside for each claim.
func TestDecode_ClaimedCountsCostNothing(t *testing.T) {
	const size = 1 << 17
	claims := bytes.Repeat([]byte{0xdd, 0, 0x01, 0, 0}, MaxNesting-1)
	claims = append(claims, make([]byte, size)...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, err := Decode(claims[:size]); err == nil {
		t.Fatal("decoded")
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 200*size {
		t.Errorf("%d bytes for an encoding of %d", allocated, size)
	}
}

func TestCompare_IsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := anyValue(1)
		a, b, c := g.Draw(t, "a"), g.Draw(t, "b"), g.Draw(t, "c")
		if Compare(a, a) != 0 {
			t.Fatal("a value differs from itself")
		}
		if Compare(a, b) != -Compare(b, a) {
			t.Fatal("not antisymmetric")
		}
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Fatal("not transitive")
		}
	})
}

func TestCompare_NumbersAreATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyNumber().Draw(t, "a"), anyNumber().Draw(t, "b"), anyNumber().Draw(t, "c")
		if Compare(a, b) != -Compare(b, a) || Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Fatal("not an order")
		}
	})
}

func TestHash_AgreesWithEquivalent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		for _, g := range []*rapid.Generator[Value]{anyNumber(), anyValue(1)} {
			a, b := g.Draw(t, "a"), g.Draw(t, "b")
			if Equivalent(a, b) && Hash(a, seed) != Hash(b, seed) {
				t.Fatal("equivalent values with other hashes")
			}
			if Equal(a, b) == True && !Equivalent(a, b) {
				t.Fatal("equal and not equivalent")
			}
		}
		n := rapid.Int64Range(-(1<<53), 1<<53).Draw(t, "n")
		if Hash(Int(n), seed) != Hash(Float(float64(n)), seed) {
			t.Fatal("an integer and its float have other hashes")
		}
	})
}

func TestAppendOrdered_AgreesWithCompare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, g := range []*rapid.Generator[Value]{anyNumber(), anyText(), anyScalar(), rapid.Map(rapid.SliceOfN(anyScalar(), 0, 3), List)} {
			a, b := g.Draw(t, "a"), g.Draw(t, "b")
			x, y := AppendOrdered(nil, a), AppendOrdered(nil, b)
			if bytes.Compare(x, y) != Compare(a, b) {
				t.Fatalf("keys %x and %x, values %d", x, y, Compare(a, b))
			}
			if !bytes.Equal(x, y) && (bytes.HasPrefix(x, y) || bytes.HasPrefix(y, x)) {
				t.Fatal("a key is the beginning of another")
			}
		}
	})
}

func TestJSON_ReadsBackWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.Map(anyInt(), Int), rapid.Map(rapid.Float64(), Float), anyText(),
			rapid.Map(rapid.SliceOfN(anyText(), 0, 4), List)).Draw(t, "value")
		text := AppendJSON(nil, v)
		back, err := FromJSON(text)
		if err != nil || back.Kind() != v.Kind() || !Equivalent(back, v) {
			t.Fatalf("%s: %v", text, err)
		}
	})
}

func TestTemporal_TextsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := anyTemporal().Draw(t, "value")
		text := FormatTemporal(v)
		back, err := ParseTemporal(v.Kind(), text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !Equivalent(back, v) {
			t.Fatalf("%s read back as %s", text, FormatTemporal(back))
		}
	})
}

func TestDuration_BetweenMovesThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.Int64Range(-200_000, 200_000)
		second := rapid.Int64Range(0, SecondsPerDay-1)
		a := LocalDateTimeOf(LocalDateTime{day.Draw(t, "a")*SecondsPerDay + second.Draw(t, "as"), rapid.Int32Range(0, 999_999_999).Draw(t, "an")})
		b := LocalDateTimeOf(LocalDateTime{day.Draw(t, "b")*SecondsPerDay + second.Draw(t, "bs"), rapid.Int32Range(0, 999_999_999).Draw(t, "bn")})
		d, err := DurationBetween(a, b)
		if err != nil {
			t.Fatal(err)
		}
		there, err := Add(a, d)
		if err != nil || !Equivalent(there, b) {
			t.Fatalf("%s + %s = %s, want %s (%v)", FormatTemporal(a), FormatTemporal(d), FormatTemporal(there), FormatTemporal(b), err)
		}
	})
}

func TestCalendar_CountsDays(t *testing.T) {
	if got := daysOf(MinYear, 1, 1); got != firstDay {
		t.Errorf("the first day is %d", got)
	}
	if got := daysOf(MaxYear, 12, 31); got != lastDay {
		t.Errorf("the last day is %d", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.Int64Range(firstDay, lastDay).Draw(t, "days")
		year, month, day := civil(days)
		if daysOf(year, month, day) != days || day > daysInMonth(year, month) {
			t.Fatalf("%d-%d-%d", year, month, day)
		}
		weekYear, week := isoWeek(days)
		if weekOne(weekYear)+int64(week-1)*7+int64(weekDay(days))-1 != days {
			t.Fatalf("week %d-%d", weekYear, week)
		}
	})
}
