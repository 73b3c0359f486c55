package graph

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTree_IsItsModel sets and removes keys, freezing now and then, and walks both ways from every place.
func TestTree_IsItsModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type version struct {
			tree  tree[uint64, uint64]
			model map[uint64]uint64
		}
		var kept []version
		current, model, token := tree[uint64, uint64]{}, map[uint64]uint64{}, uint64(1)
		span := rapid.SampledFrom([]uint64{50, 5000}).Draw(rt, "span")
		ascending := rapid.Bool().Draw(rt, "ascending")
		steps := rapid.IntRange(1, 40).Draw(rt, "steps")
		for step := range steps {
			from := rapid.Uint64Range(0, span).Draw(rt, "from")
			n := rapid.Uint64Range(1, 200).Draw(rt, "n")
			remove := rapid.IntRange(0, 2).Draw(rt, "what") == 0
			for i := range n {
				key := from + i
				if !ascending {
					key = (from + i*7919) % span
				}
				_, found := model[key]
				if remove {
					if current.remove(key, token) != found {
						rt.Fatalf("remove %d", key)
					}
					delete(model, key)
				} else {
					current.set(key, uint64(step), token)
					model[key] = uint64(step)
				}
			}
			if rapid.Bool().Draw(rt, "freeze") {
				kept = append(kept, version{current, maps.Clone(model)})
				token++
			}
		}
		for _, v := range append(kept, version{current, model}) {
			checkTree(rt, &v.tree, v.model)
		}
	})
}

func checkTree(t *rapid.T, tr *tree[uint64, uint64], model map[uint64]uint64) {
	keys := slices.Sorted(maps.Keys(model))
	if tr.size != uint64(len(keys)) {
		t.Fatalf("size %d, not %d", tr.size, len(keys))
	}
	for key, want := range model {
		if got, ok := tr.get(key); !ok || got != want {
			t.Fatalf("key %d has %d", key, got)
		}
	}
	starts := []uint64{0, 1, 25, 2500, 1 << 40}
	if len(keys) > 0 {
		starts = append(starts, keys[len(keys)/2], keys[len(keys)-1], keys[len(keys)/3]+1)
	}
	for _, start := range starts {
		at, _ := slices.BinarySearch(keys, start)
		var up, down []uint64
		c := tr.from(start)
		for key, _, ok := c.next(); ok; key, _, ok = c.next() {
			up = append(up, key)
		}
		c = tr.below(start)
		for key, _, ok := c.previous(); ok; key, _, ok = c.previous() {
			down = append(down, key)
		}
		slices.Reverse(down)
		if !slices.Equal(up, keys[at:]) || !slices.Equal(down, keys[:at]) {
			t.Fatalf("walks from %d: %v up, %v down of %v", start, up, down, keys)
		}
	}
}

// TestSpine_FindsPages places pages far apart, among them in the highest numbers that ids reach.
func TestSpine_FindsPages(t *testing.T) {
	var s spine[bitPage]
	numbers := []uint64{0, 1, 31, 32, 63, 64, 1023, 1024, 4096, 70_000, 1 << 20}
	for _, n := range numbers {
		*s.slot(n, 1) = &bitPage{token: n}
	}
	var found []uint64
	for i, p := s.next(0); p != nil; i, p = s.next(i + 1) {
		if p.token != i {
			t.Fatalf("page %d is %d", i, p.token)
		}
		found = append(found, i)
	}
	if !slices.Equal(found, numbers) {
		t.Fatalf("found %v", found)
	}
	for _, n := range numbers {
		if p := s.page(n); p == nil || p.token != n {
			t.Fatalf("page %d is missing", n)
		}
		if s.page(n+2) != nil && !slices.Contains(numbers, n+2) {
			t.Fatalf("page %d is there", n+2)
		}
	}
}

// TestPacked_KeepsRecords replaces records of every size, inline and large, in an order that makes the arena compact.
func TestPacked_KeepsRecords(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var p packed
		var model [pageSize][]byte
		for range rapid.IntRange(1, 120).Draw(rt, "steps") {
			slot := rapid.Uint64Range(0, pageSize-1).Draw(rt, "slot")
			size := rapid.SampledFrom([]int{0, 1, 40, 400, maxInline, maxInline + 1, 5000}).Draw(rt, "size")
			record := make([]byte, size)
			for i := range record {
				record[i] = byte(slot) + byte(size) + byte(i)
			}
			before := p
			before.share()
			p.set(slot, record)
			for i := range model {
				if !slices.Equal(before.at(uint64(i)), model[i]) {
					rt.Fatalf("a copy lost slot %d", i)
				}
			}
			model[slot] = record
			if rapid.IntRange(0, 9).Draw(rt, "trim") == 0 {
				p.trim()
			}
			for i := range model {
				if !slices.Equal(p.at(uint64(i)), model[i]) {
					rt.Fatalf("slot %d has %d bytes, not %d", i, len(p.at(uint64(i))), len(model[i]))
				}
			}
		}
	})
}
