package value

import (
	"strconv"
	"testing"
)

// record is a map as a node's properties are, of n entries.
func record(n int) Value {
	var b MapBuilder
	for i := range n {
		switch key := "property" + strconv.Itoa(i); i % 4 {
		case 0:
			b.Set(key, Int(int64(i)*1_000_003))
		case 1:
			b.Set(key, String("a text of a common length"))
		case 2:
			b.Set(key, Float(float64(i)/3))
		default:
			b.Set(key, DateOf(Date{int64(i)}))
		}
	}
	return MapOf(b.Map())
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{4, 64} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			v, dst := record(n), []byte(nil)
			for b.Loop() {
				dst = AppendEncoded(dst[:0], v)
			}
			b.SetBytes(int64(len(dst)))
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{4, 64} {
		encoded := AppendEncoded(nil, record(n))
		for _, mode := range []struct {
			name   string
			decode func([]byte) (Value, []byte, error)
		}{{"copying", Decode}, {"aliasing", DecodeAliasing}} {
			b.Run(mode.name+"/"+strconv.Itoa(n), func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(encoded)))
				for b.Loop() {
					if _, _, err := mode.decode(encoded); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	for _, pair := range []struct {
		name string
		a, b Value
	}{
		{"ints", Int(1), Int(2)}, {"int and float", Int(1), Float(1.5)}, {"strings", String("property1"), String("property2")},
		{"maps", record(8), record(8)},
	} {
		b.Run(pair.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Compare(pair.a, pair.b)
			}
		})
	}
}

func BenchmarkHash(b *testing.B) {
	v := record(8)
	b.ReportAllocs()
	for b.Loop() {
		Hash(v, 1)
	}
}

func BenchmarkFromJSON(b *testing.B) {
	text := AppendJSON(nil, record(16))
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := FromJSON(text); err != nil {
			b.Fatal(err)
		}
	}
}
