package disk

import (
	"errors"
	"testing"
	"time"

	hraft "github.com/hashicorp/raft"
	"pgregory.net/rapid"
)

// TestCache_AnswersLikeTheLogBeneath runs random histories of a Raft log against both.
func TestCache_AnswersLikeTheLogBeneath(t *testing.T) {
	blank := make([]byte, 200_000)
	rapid.Check(t, func(t *rapid.T) {
		log := Watch(hraft.NewInmemStore(), time.Minute, func(string) {})
		cache := NewCache(log)
		next, first := uint64(1), uint64(1)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				var entries []*hraft.Log
				for range rapid.IntRange(1, 100).Draw(t, "entries") {
					entries = append(entries, &hraft.Log{Index: next, Term: uint64(len(entries)), Data: blank[:rapid.IntRange(0, len(blank)).Draw(t, "size")]})
					next++
				}
				if err := cache.StoreLogs(entries); err != nil {
					t.Fatal(err)
				}
			case 2: // a new leader overwrites the tail
				if next > first {
					from := rapid.Uint64Range(first, next-1).Draw(t, "from")
					if err := cache.DeleteRange(from, next-1); err != nil {
						t.Fatal(err)
					}
					next = from
				}
			case 3: // compaction
				if next > first {
					to := rapid.Uint64Range(first, next-1).Draw(t, "to")
					if err := cache.DeleteRange(first, to); err != nil {
						t.Fatal(err)
					}
					first = to + 1
				}
			}
		}
		if len(cache.entries) > maxCachedEntries || cache.sizeBytes > maxCachedBytes {
			t.Fatalf("%d entries of %d bytes are cached", len(cache.entries), cache.sizeBytes)
		}
		for index := uint64(0); index <= next+1; index++ {
			var cached, stored hraft.Log
			errCached, errStored := cache.GetLog(index, &cached), log.GetLog(index, &stored)
			if !errors.Is(errCached, errStored) || cached.Term != stored.Term || len(cached.Data) != len(stored.Data) {
				t.Fatalf("index %d: %v and %v", index, errCached, errStored)
			}
		}
	})
}
